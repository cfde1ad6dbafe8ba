// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wavlab {

struct ResultTable;

enum class TableSpread { deviation, interval, none };

/// How a table's numbers are shown.
struct TableStyle {
    TableSpread spread = TableSpread::deviation;
    int digits = 4;    ///< of losses, after the point
    bool cost = true;  ///< parameters, speed and memory
};

/// One cell as it reads, with "±", "-" and "–" (nothing there) as in plain text.
struct LayoutCell {
    std::string text;
    bool number = false;
    bool bold = false;
    std::string after{};  ///< what stands behind the number in other cells of its column, to be left free for alignment
};

/// A head of two lines: what, and its unit.
struct LayoutHead {
    std::string text;
    std::string unit;

    /// "speed, tokens/s", "parameters (added)".
    std::string in_one_line() const;
};

/// Lines of cells under the same head.
struct LayoutBlock {
    LayoutHead title;  ///< empty where there is only one block
    std::vector<std::vector<LayoutCell>> lines;
};

/// A table for people, whatever its format. Without column keys each quantity is a column; with them each quantity is
/// a block of its own, so that the table stays as wide as a page.
struct TableLayout {
    std::size_t labels = 0;  ///< the first so many columns are texts, the others numbers
    std::vector<LayoutHead> heads;
    std::vector<LayoutBlock> blocks;
};

TableLayout table_layout(const ResultTable& table, const TableStyle& style);

/// 1234567 as "1,234,567".
std::string grouped_digits(std::int64_t number);

/// "nats/token", "bits/character", "bits/byte"; empty for what is no loss.
std::string unit_of_value(const ResultTable& table, const std::string& value);

}  // namespace wavlab
