// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace wavlab {

/// Writes a file that is either complete or not there: a temporary file beside it, fsync, rename, fsync of the folder.
/// On destruction without `commit()` nothing is left. Throws InputError when the target cannot be written at all, and
/// WorkError that names the file and the reason when writing fails (disk full, file too large).
class SafeFile {
public:
    explicit SafeFile(std::filesystem::path target);
    ~SafeFile();
    SafeFile(const SafeFile&) = delete;
    SafeFile& operator=(const SafeFile&) = delete;

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    void commit();

private:
    [[noreturn]] void fail(const char* what);

    std::filesystem::path target_;
    std::filesystem::path temporary_;
    int descriptor_ = -1;
};

void write_file_safely(const std::filesystem::path& target, std::string_view contents);

/// What `commit_folder` does with a folder that is there already and not empty.
enum class ExistingFolder { replace, refuse };

/// Renames a finished temporary folder to its place and makes both durable. A folder that is replaced is so at once,
/// never half. Throws WorkError, and InputError when an existing folder is refused.
void commit_folder(const std::filesystem::path& temporary, const std::filesystem::path& target,
                   ExistingFolder existing = ExistingFolder::replace);

/// fsync of a file or folder; errors of folders that do not know fsync are ignored.
void sync_path(const std::filesystem::path& path);

/// Makes the system report files that grow too large (RLIMIT_FSIZE) as errors instead of ending the process. SafeFile
/// and the run store call it.
void ignore_file_size_signal();

/// What an error number of the system (errno) means for files: "the disk is full", "permission denied".
std::string reason_text(int reason);

/// The whole file. Throws InputError that names it and says why (missing, a folder, not readable, larger than
/// `limit` bytes).
std::string read_file(const std::filesystem::path& file, std::size_t limit = std::size_t{1} << 32);

}  // namespace wavlab
