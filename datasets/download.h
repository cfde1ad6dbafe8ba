// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "datasets/data_progress.h"

namespace wavlab {

/// How long to try. Tests use shorter ones.
struct DownloadLimits {
    std::chrono::milliseconds connect_timeout{20'000};
    std::chrono::milliseconds stall_timeout{60'000};  ///< without a single byte
    std::chrono::milliseconds first_delay{500};       ///< before the second attempt; doubled each time, with jitter
    std::chrono::milliseconds longest_delay{30'000};
    int attempts = 5;  ///< in a row that bring not one byte
    int redirects = 10;
    std::int64_t most_bytes = 1'000'000'000'000;  ///< of a file whose size is not known
};

/// A file to download to `folder`/`name`. While it is unfinished it is called <name>.part, with <name>.part.json beside
/// it, which tells of which version on the server it is a part.
struct DownloadTarget {
    std::vector<std::string> addresses;  ///< tried in turn
    std::filesystem::path folder;
    std::string name;
    std::optional<std::int64_t> size;
    std::string sha256;

    std::filesystem::path file() const { return folder / name; }
    std::filesystem::path part() const { return folder / (name + ".part"); }
    std::filesystem::path part_state() const { return folder / (name + ".part.json"); }
};

/// The file cannot be had from where it is offered: the host cannot be reached, or what it gives is not the file.
class DownloadError : public WorkError {
public:
    using WorkError::WorkError;
};

/// Downloads the file, going on with a part of it that is there. It is called by its name only once its checksum was
/// found right. Throws DownloadError, WorkError (disk full) and DataWorkStopped; the part stays in all these cases,
/// unless what it holds was found to be wrong.
void download(const DownloadTarget& target, const DownloadLimits& limits, DataWatch& watch);

/// "mattmahoney.net" of "http://mattmahoney.net/dc/text8.zip".
std::string host_of(const std::string& address);

}  // namespace wavlab
