// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table_layout.h"

namespace wavlab {

struct ResultTable;

/// A `tabular` for LaTeX with the package booktabs, its notes below, and where it comes from as comments.
std::string latex_table(const ResultTable& table, const TableStyle& style);

/// A table of GitHub's Markdown, its notes below, and where it comes from as a comment.
std::string markdown_table(const ResultTable& table, const TableStyle& style);

/// One line for each row, column and value, with every number of it (nine significant digits); nothing but the lines.
/// Intervals of means are given by their ends.
std::string csv_table(const ResultTable& table, const TableStyle& style);

/// Notes and provenance as plain text: what lies beside a CSV file.
std::string table_companion(const ResultTable& table, const TableStyle& style);

/// Notes and legends in their order, without those of what the style leaves out.
std::vector<std::string> sentences_below(const ResultTable& table, const TableStyle& style);

struct TableWriter {
    const char* id;
    const char* extension;
    std::string (*write)(const ResultTable& table, const TableStyle& style);
    bool needs_companion;  ///< its text has no room for notes
};

std::span<const TableWriter> table_writers();

/// Any text as LaTeX shows it, on one line.
std::string latex_text(std::string_view text);
/// Any text as Markdown shows it, on one line.
std::string markdown_text(std::string_view text);

}  // namespace wavlab
