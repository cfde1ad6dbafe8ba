// SPDX-License-Identifier: GPL-3.0-or-later
// Downloads that break off and go on: the right file or one clear error, never a wrong file.
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/child_process.h"
#include "tests/datasets/downloading.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST_F(Downloading, OneDownloadCutAt200PlacesArrivesWhole) {
    std::mt19937_64 random(200);
    std::vector<std::int64_t> cuts;
    for (int i = 0; i < 200; ++i) cuts.push_back(static_cast<std::int64_t>(random() % body_.size()));
    std::sort(cuts.begin(), cuts.end());
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        const auto index = static_cast<std::size_t>(request.number - 1);
        file.answer(request, connection, index < cuts.size() ? cuts[index] : -1);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().size(), 201U);
    EXPECT_EQ(server.requests().back().header("if-range"), "\"one\"");
}

class SlowDownloading : public Downloading {};

TEST_F(SlowDownloading, AtWhichever200PlacesItIsCutItArrivesWhole) {
    std::mt19937_64 random(201);
    body_ = random_bytes(20'000, 2);
    for (int i = 0; i < 200; ++i) {
        const auto cut = static_cast<std::int64_t>(random() % body_.size());
        const ServedFile file{body_};
        const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
            file.answer(request, connection, request.number == 1 ? cut : -1);
            if (request.number == 1 && cut % 2 == 0) connection.reset();
        });
        get_from(server);
        ASSERT_EQ(result(), body_) << "cut at " << cut;
        fs::remove(target().file());
    }
}

TEST_F(Downloading, TheWholeInPlaceOfTheRestStartsAnew) {
    ServedFile file{body_};
    file.knows_ranges = false;
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        file.answer(request, connection, request.number == 1 ? 100'000 : -1);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().size(), 2U);
    EXPECT_EQ(server.requests()[1].range_begin(), 100'000);
}

TEST_F(Downloading, AnotherVersionInTheMiddleStartsAnew) {
    const ServedFile old{random_bytes(body_.size(), 3), "\"old\""}, now{body_, "\"new\""};
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        request.number == 1 ? old.answer(request, connection, 123'456) : now.answer(request, connection);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
}

TEST_F(Downloading, AnotherVersionSentWithoutRegardForIfRangeStartsAnew) {
    const ServedFile old{random_bytes(body_.size(), 3), "\"old\""};
    ServedFile now{body_, "\"new\""};
    const HostileServer server([&](HttpRequest request, HttpConnection& connection) {
        request.headers.erase("if-range");  // as if it did not know what that is
        request.number == 1 ? old.answer(request, connection, 123'456) : now.answer(request, connection);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().size(), 3U);  // cut, refused, whole
}

TEST_F(Downloading, AnotherVersionThatNothingTellsIsFoundByItsChecksum) {
    const ServedFile old{random_bytes(body_.size(), 3), ""}, now{body_, ""};
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        request.number == 1 ? old.answer(request, connection, 123'456) : now.answer(request, connection);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_THAT(notes_, testing::Contains(HasSubstr("checksum is wrong")));
}

TEST_F(Downloading, LastModifiedServesWhereThereIsOnlyAWeakETag) {
    ServedFile file{body_, "W/\"weak\"", "Sun, 01 Feb 2026 10:00:00 GMT"};
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        file.answer(request, connection, request.number == 1 ? 1000 : -1);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests()[1].header("if-range"), "Sun, 01 Feb 2026 10:00:00 GMT");
}

TEST_F(Downloading, AWrongPieceIsRefused) {
    const ServedFile file{body_};
    for (const std::string range : {"bytes 0-299999/300000", "bytes 1001-299999/300000", "elephants", ""}) {
        const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
            if (!request.range_begin()) return file.answer(request, connection, request.number == 1 ? 1000 : -1);
            std::vector<std::string> headers{"ETag: \"one\"", "Content-Length: 299000"};
            if (!range.empty()) headers.push_back("Content-Range: " + range);
            connection.send_head("206 Partial Content", headers);
            connection.send(std::string(299'000, 'x'));
        });
        get_from(server);
        EXPECT_EQ(result(), body_) << range;
        fs::remove(target().file());
    }
}

TEST_F(Downloading, APieceOfALargerFileIsRefused) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        if (request.number == 1) return file.answer(request, connection, 1000);
        connection.send_head("206 Partial Content", {"Content-Range: bytes 1000-399999/400000"});
        connection.send(std::string(399'000, 'x'));
    });
    EXPECT_THAT(error_from(server), HasSubstr("offers a file of 400000 bytes, but it must have 300000"));
}

TEST_F(Downloading, ADamagedPartIsFetchedAnew) {
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    std::string damaged = body_.substr(0, 200'000);
    damaged[1234] = static_cast<char>(damaged[1234] + 1);
    leave_part(damaged, "\\\"one\\\"", server.address("file.bin"));
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().at(0).range_begin(), 200'000);
    EXPECT_EQ(server.requests().at(1).range_begin(), std::nullopt);
}

TEST_F(Downloading, APartThatIsTooLongOrCompleteIsUnderstood) {
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    folder_.write("file.bin.part", body_ + "more");
    get_from(server);
    EXPECT_EQ(result(), body_);
    fs::remove(target().file());
    folder_.write("file.bin.part", body_);
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().size(), 1U);
    fs::remove(target().file());
    folder_.write("file.bin.part", std::string(body_.size(), 'x'));
    get_from(server);
    EXPECT_EQ(result(), body_);
}

TEST_F(Downloading, PauseKeepsThePartAndGoesOn) {
    const ServedFile file{body_};
    std::stop_source pause;
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        file.answer(request, connection, request.number == 1 ? 150'000 : -1);
        if (request.number > 1) return;
        connection.wait_until_closed();
    });
    addresses_ = {server.address("file.bin")};
    DataWatch watch({}, pause.get_token());
    DownloadLimits limits = quick_limits();
    limits.stall_timeout = milliseconds(60'000);
    std::jthread impatient([&, part = target().part()] {
        while (!fs::exists(part) || fs::file_size(part) < 150'000) std::this_thread::yield();
        pause.request_stop();
    });
    EXPECT_THROW(download(target(), limits, watch), DataWorkStopped);
    EXPECT_FALSE(fs::exists(target().file()));
    const auto there = static_cast<std::int64_t>(fs::file_size(target().part()));
    EXPECT_GT(there, 0);
    get(target());
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().back().range_begin(), there);
}

TEST_F(Downloading, AKilledProcessGoesOnWhereItWas) {
    const ServedFile file{body_};
    const fs::path part = target().part();
    std::atomic<pid_t> child = 0;
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        file.answer(request, connection, request.number == 1 ? 200'000 : -1);
        if (request.number > 1) return;
        while (child <= 0 || !fs::exists(part) || fs::file_size(part) < 200'000) std::this_thread::yield();
        ::kill(child, SIGKILL);
    });
    addresses_ = {server.address("file.bin")};
    const pid_t process = ::fork();
    if (process == 0) {
        DataWatch watch({}, {});
        try {
            download(target(), {}, watch);
        } catch (...) {
        }
        ::_exit(0);
    }
    child = process;
    int status = 0;
    ::waitpid(process, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_FALSE(fs::exists(target().file()));
    get(target());
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().back().range_begin(), 200'000);
}

TEST_F(Downloading, AFullDiskIsAClearErrorAndGoesOnLater) {
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    addresses_ = {server.address("file.bin")};
    const int code = run_in_child([&] {
        limit_file_size(100'000);
        try {
            get(target());
        } catch (const DownloadError&) {
            return 2;
        } catch (const WorkError& error) {
            return std::string(error.what()).ends_with("the file is larger than allowed here") ? 0 : 3;
        }
        return 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_FALSE(fs::exists(target().file()));
    EXPECT_EQ(fs::file_size(target().part()), 100'000U);
    get(target());
    EXPECT_EQ(result(), body_);
}

}  // namespace
}  // namespace wavlab
