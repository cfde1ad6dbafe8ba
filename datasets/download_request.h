// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "datasets/data_file.h"
#include "datasets/data_progress.h"
#include "datasets/download.h"

namespace wavlab {

/// Which version of a file on which server a part belongs to.
struct PartState {
    std::string address, etag, last_modified;
};

/// Null where there is none, or it cannot be understood.
std::optional<PartState> read_part_state(const DownloadTarget& target);
void write_part_state(const DownloadTarget& target, const PartState& state);

/// How one request ended.
enum class RequestEnd {
    complete,    ///< the server says that this was all
    broken,      ///< may go better the next time
    start_anew,  ///< what is there does not fit what the server has now: empty the part and ask again
    refused,     ///< asking again has no sense
    wrong,       ///< nor has what came so far
};

struct RequestResult {
    RequestEnd end = RequestEnd::broken;
    std::string problem;                ///< "mattmahoney.net cannot be reached: ...", empty if complete
    std::int64_t retry_after = 0;       ///< seconds that the server asks for
    std::optional<std::int64_t> total;  ///< bytes of the whole file, as the server says
};

/// One HTTP request for the rest of a file: appends what comes to `file`, which it empties first when the server sends
/// the whole. Throws WorkError of the file and DataWorkStopped.
RequestResult request_rest(const DownloadTarget& target, const std::string& address, const DownloadLimits& limits,
                           DataFile& file, DataWatch& watch);

}  // namespace wavlab
