// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_format.h"

#include <array>

#include "core/result_table.h"
#include "core/table_provenance.h"

namespace wavlab {

std::vector<std::string> sentences_below(const ResultTable& table, const TableStyle& style) {
    std::vector<std::string> sentences = table.notes;
    sentences.insert(sentences.end(), table.legend.begin(), table.legend.end());
    if (style.cost) sentences.insert(sentences.end(), table.cost_legend.begin(), table.cost_legend.end());
    return sentences;
}

std::string table_companion(const ResultTable& table, const TableStyle& style) {
    std::string text;
    for (const std::string& sentence : sentences_below(table, style)) text += sentence + "\n";
    if (!text.empty()) text += "\n";
    for (const std::string& line : table_provenance(table)) text += line + "\n";
    return text;
}

std::span<const TableWriter> table_writers() {
    static constexpr std::array writers{TableWriter{"latex", ".tex", latex_table, false},
                                        TableWriter{"markdown", ".md", markdown_table, false},
                                        TableWriter{"csv", ".csv", csv_table, true}};
    return writers;
}

}  // namespace wavlab
