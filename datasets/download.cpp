// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/download.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <system_error>
#include <utility>

#include "core/safe_file.h"
#include "datasets/data_file.h"
#include "datasets/download_request.h"

namespace wavlab {

namespace {

using Milliseconds = std::chrono::milliseconds;

class Download {
public:
    Download(const DownloadTarget& target, const DownloadLimits& limits, DataWatch& watch)
        : target_(target), limits_(limits), watch_(watch) {}

    void run() {
        DataFile file = open_part();
        if (target_.size && file.size() > *target_.size) file.start_anew();
        resumed_ = file.size() > 0;
        watch_.begin(DataPhase::downloading, target_.name, target_.size.value_or(0), file.size());
        for (;;) {
            fetch(file);
            file.sync();
            if (file.finish_sha256() == target_.sha256) break;
            // What an earlier attempt left may be damaged: once it is tried from the beginning.
            file.start_anew();
            forget_part_state();
            if (!resumed_ || tried_anew_)
                fail("the file that " + host_of(address_) +
                     " sends has another checksum than it must have: it was changed there or on the way");
            resumed_ = false;
            tried_anew_ = true;
            watch_.note("the checksum is wrong; downloading it once more from the beginning");
        }
        put_in_place();
    }

private:
    [[noreturn]] void fail(const std::string& problem) const { throw DownloadError(target_.name + ": " + problem); }

    DataFile open_part() {
        std::error_code error;
        const auto there = std::filesystem::file_size(target_.part(), error);
        watch_.begin(DataPhase::checking, target_.name, error ? 0 : static_cast<std::int64_t>(there));
        return DataFile::go_on(target_.part(), [this](std::int64_t done) { watch_.advance(done); });
    }

    /// Until all bytes are there.
    void fetch(DataFile& file) {
        if (target_.size && file.size() == *target_.size) return;
        std::string problem = "there is no address to get it from";
        for (const std::string& address : target_.addresses) {
            address_ = address;
            problem = fetch_from(address, file);
            if (problem.empty()) return;
        }
        file.sync();
        fail(problem);
    }

    /// Empty when it is complete, else why it cannot be had from there.
    std::string fetch_from(const std::string& address, DataFile& file) {
        std::int64_t most_so_far = file.size();
        bool asked_anew = false;
        for (int failures = 0;;) {
            const RequestResult result = request(address, file);
            const bool short_of_size = target_.size && file.size() < *target_.size;
            if (result.end == RequestEnd::complete && !short_of_size) return {};
            std::string problem = result.problem;
            if (result.end == RequestEnd::complete)
                problem = host_of(address) + " ends the file after " + std::to_string(file.size()) + " bytes";
            if (result.end == RequestEnd::wrong || result.end == RequestEnd::start_anew) drop(file);
            if (result.end == RequestEnd::wrong || result.end == RequestEnd::refused) return problem;
            if (result.end == RequestEnd::start_anew && !std::exchange(asked_anew, true)) continue;
            if (file.size() > 0) resumed_ = true;
            failures = file.size() > most_so_far ? 1 : failures + 1;
            most_so_far = std::max(most_so_far, file.size());
            if (failures >= limits_.attempts) return problem;
            watch_.note(problem + "; trying again");
            wait(failures, result.retry_after);
        }
    }

    RequestResult request(const std::string& address, DataFile& file) {
        try {
            return request_rest(target_, address, limits_, file, watch_);
        } catch (...) {
            try {
                file.sync();
            } catch (const WorkError&) {
                // What stopped the download is the better message.
            }
            throw;
        }
    }

    void drop(DataFile& file) {
        file.start_anew();
        forget_part_state();
        resumed_ = false;
    }

    void forget_part_state() const {
        std::error_code ignored;
        std::filesystem::remove(target_.part_state(), ignored);
    }

    /// Longer each time, and never twice the same, so that many machines do not come back at one moment.
    void wait(int failures, std::int64_t retry_after) {
        Milliseconds delay = limits_.first_delay;
        for (int i = 1; i < failures && delay < limits_.longest_delay; ++i) delay *= 2;
        delay = std::min(delay, limits_.longest_delay);
        delay = Milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) *
                                                       std::uniform_real_distribution(0.5, 1.0)(random_)));
        delay = std::max(
            delay, std::min(Milliseconds(1000 * std::min<std::int64_t>(retry_after, 3600)), limits_.longest_delay));
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any never;
        never.wait_for(lock, watch_.stop(), delay, [] { return false; });
        watch_.check();
    }

    void put_in_place() {
        std::error_code error;
        std::filesystem::rename(target_.part(), target_.file(), error);
        if (error) throw WorkError(target_.file().string() + ": cannot be put in its place: " + error.message());
        forget_part_state();
        sync_path(target_.folder);
    }

    const DownloadTarget& target_;
    const DownloadLimits& limits_;
    DataWatch& watch_;
    std::string address_;
    bool resumed_ = false;     // not all of it came in one piece
    bool tried_anew_ = false;  // after a wrong checksum
    std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace

void download(const DownloadTarget& target, const DownloadLimits& limits, DataWatch& watch) {
    Download(target, limits, watch).run();
}

std::string host_of(const std::string& address) {
    const std::size_t scheme = address.find("://");
    const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t end = std::min(address.find_first_of("/?#", begin), address.size());
    const std::string authority = address.substr(begin, end - begin);
    return authority.substr(authority.find('@') == std::string::npos ? 0 : authority.find('@') + 1);
}

}  // namespace wavlab
