// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_format.h"

#include <array>

#include "core/result_table.h"
#include "core/table_provenance.h"

namespace wavlab {

std::string table_companion(const ResultTable& table) {
    std::string text;
    for (const std::string& note : table.notes) text += note + "\n";
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
