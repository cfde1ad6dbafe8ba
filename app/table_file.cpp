// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/table_file.h"

#include "core/safe_file.h"

namespace wavlab {

const TableWriter* table_writer_of(const std::filesystem::path& file) {
    const std::string ending = file.extension().string();
    for (const TableWriter& writer : table_writers())
        if (ending == writer.extension) return &writer;
    return nullptr;
}

void write_table_file(const ResultTable& table, const TableStyle& style, const TableWriter& writer,
                      const std::filesystem::path& file) {
    write_file_safely(file, writer.write(table, style));
    if (writer.needs_companion) write_file_safely(file.string() + ".provenance.txt", table_companion(table, style));
}

}  // namespace wavlab
