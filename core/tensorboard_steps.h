// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wavlab {

/// The names of a folder's event files, in the order in which TensorBoard reads them.
std::vector<std::string> tensorboard_files(const std::filesystem::path& folder);

/// The last step that TensorBoard shows of a folder's event files; -1 where there is none. A file counts up to the
/// first record that is not whole.
std::int64_t last_tensorboard_step(const std::filesystem::path& folder);

}  // namespace wavlab
