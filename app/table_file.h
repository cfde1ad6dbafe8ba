// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/table_format.h"

namespace wavlab {

/// The writer for a file of this name, by its ending; null where none has it.
const TableWriter* table_writer_of(const std::filesystem::path& file);

/// Writes the table and, where its format has no room for notes and provenance, FILE.provenance.txt beside it. Throws
/// InputError and WorkError.
void write_table_file(const ResultTable& table, const TableStyle& style, const TableWriter& writer,
                      const std::filesystem::path& file);

}  // namespace wavlab
