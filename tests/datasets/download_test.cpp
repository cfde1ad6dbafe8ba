// SPDX-License-Identifier: GPL-3.0-or-later
// Downloads from a server that misbehaves: the right file or one clear error, never a wrong file.
#include "datasets/download.h"

#include <sys/mount.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/safe_file.h"
#include "core/sha256.h"
#include "tests/core/child_process.h"
#include "tests/datasets/hostile_server.h"
#include "tests/datasets/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

std::string random_bytes(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

DownloadLimits quick_limits() {
    DownloadLimits limits;
    limits.connect_timeout = milliseconds(2000);
    limits.stall_timeout = milliseconds(300);
    limits.first_delay = milliseconds(1);
    limits.longest_delay = milliseconds(4);
    limits.attempts = 4;
    return limits;
}

class Downloading : public testing::Test {
protected:
    void SetUp() override {
        // The machine's own proxy must not stand between the test and its server.
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"})
            ::unsetenv(name);
    }

    void TearDown() override {
        // Whatever happened, nothing but the verified file has its name.
        if (!fs::exists(target().file())) return;
        EXPECT_EQ(sha256_of_file(target().file()), sha256_hex(body_));
    }

    DownloadTarget target() const {
        return {addresses_, folder_.path(), "file.bin", static_cast<std::int64_t>(body_.size()), sha256_hex(body_)};
    }

    void get(const DownloadTarget& target, std::stop_token stop = {}) {
        DataWatch watch(
            [this](const DataProgress& progress) {
                if (!progress.note.empty()) notes_.push_back(progress.note);
            },
            std::move(stop));
        download(target, quick_limits(), watch);
    }

    void get_from(const HostileServer& server) {
        addresses_ = {server.address("file.bin")};
        get(target());
    }

    std::string error_from(const HostileServer& server) {
        try {
            get_from(server);
        } catch (const WorkError& error) {
            EXPECT_FALSE(fs::exists(target().file()));
            return error.what();
        }
        return "no error";
    }

    std::string result() const { return read_file(target().file()); }

    void leave_part(std::string_view bytes, const std::string& etag, const std::string& address) {
        folder_.write("file.bin.part", bytes);
        folder_.write("file.bin.part.json",
                      "{\"address\": \"" + address + "\", \"etag\": \"" + etag + "\", \"last_modified\": \"\"}");
    }

    TemporaryFolder folder_;
    std::string body_ = random_bytes(300'000, 1);
    std::vector<std::string> addresses_;
    std::vector<std::string> notes_;
};

TEST_F(Downloading, GetsAFileAndLeavesNothingElse) {
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
    EXPECT_THAT(server.requests().at(0).header("user-agent"), HasSubstr("wavlab/"));
}

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

TEST_F(Downloading, AWrongChecksumIsAnError) {
    const ServedFile file{random_bytes(body_.size(), 4)};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    EXPECT_THAT(error_from(server), HasSubstr("another checksum than it must have"));
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(fs::file_size(target().part()), 0U);
}

TEST_F(Downloading, AnEndlessBodyIsEnded) {
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
        connection.send_head("200 OK", {});
        const std::string piece(65'536, 'x');
        while (connection.send(piece)) {
        }
    });
    EXPECT_THAT(error_from(server), HasSubstr("sends more than the 300000 bytes that the file has"));
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Downloading, AnEndlessFileOfUnknownSizeIsEnded) {
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
        connection.send_head("200 OK", {});
        const std::string piece(65'536, 'x');
        while (connection.send(piece)) {
        }
    });
    DownloadTarget unknown = target();
    unknown.addresses = {server.address("file.bin")};
    unknown.size.reset();
    DownloadLimits limits = quick_limits();
    limits.most_bytes = 1'000'000;
    DataWatch watch({}, {});
    EXPECT_THROW(download(unknown, limits, watch), DownloadError);
    EXPECT_FALSE(fs::exists(target().file()));
}

TEST_F(Downloading, AFileOfUnknownSizeArrives) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, auto& connection) {
        file.answer(request, connection, request.number == 1 ? 5000 : -1);
    });
    addresses_ = {server.address("file.bin")};
    DownloadTarget unknown = target();
    unknown.size.reset();
    get(unknown);
    EXPECT_EQ(result(), body_);
}

TEST_F(Downloading, AWrongContentLengthIsAnError) {
    for (const std::string length : {"299999", "300001"}) {
        const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
            connection.send_head("200 OK", {"Content-Length: " + length});
            connection.send(body_);
        });
        EXPECT_THAT(error_from(server), HasSubstr("offers a file of " + length + " bytes, but it must have 300000"));
    }
}

TEST_F(Downloading, RedirectsGoToWebAddressesOnly) {
    for (const std::string place : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "data:,x"}) {
        const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
            connection.send_head("302 Found", {"Location: " + place, "Content-Length: 0"});
        });
        EXPECT_THAT(error_from(server), HasSubstr("neither HTTP nor HTTPS")) << place;
        EXPECT_EQ(server.requests().size(), 1U);
    }
}

TEST_F(Downloading, RedirectsAreFollowed) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        if (request.target == "/there") return file.answer(request, connection, request.range_begin() ? -1 : 50'000);
        connection.send_head("302 Found", {"Location: /there", "Content-Length: 4", "ETag: \"of the redirect\""});
        connection.send("gone");
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests().back().header("if-range"), "\"one\"");
}

TEST_F(Downloading, ARedirectLoopIsAnError) {
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
        connection.send_head("302 Found", {"Location: /again", "Content-Length: 0"});
    });
    EXPECT_THAT(error_from(server), HasSubstr("sends on from address to address, more than 10 times"));
    EXPECT_EQ(server.requests().size(), 11U);
}

TEST_F(Downloading, AStallIsTriedAgain) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        if (request.number > 1) return file.answer(request, connection);
        connection.send_head("200 OK", {"ETag: \"one\"", "Content-Length: 300000"});
        connection.send(std::string_view(body_).substr(0, 77'777));
        connection.wait_until_closed();
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(server.requests()[1].range_begin(), 77'777);
    EXPECT_THAT(notes_, testing::Contains(HasSubstr("sends nothing any more")));
}

TEST_F(Downloading, AServerThatNeverAnswersIsAnError) {
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) { connection.wait_until_closed(); });
    EXPECT_THAT(error_from(server), HasSubstr("sends nothing any more"));
    EXPECT_EQ(server.requests().size(), 4U);
}

TEST_F(Downloading, ErrorsOfTheServerAreTriedAgainAndThenFine) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        if (request.number == 1) connection.send_head("500 Internal Server Error", {"Content-Length: 0"});
        if (request.number == 2) connection.send_head("503 Unavailable", {"Retry-After: 1000", "Content-Length: 0"});
        if (request.number == 3) connection.send("no HTTP at all\r\n\r\n");
        if (request.number > 3) file.answer(request, connection);
    });
    get_from(server);
    EXPECT_EQ(result(), body_);
}

TEST_F(Downloading, NotFoundIsAnErrorAtOnceAndTheNextAddressIsTried) {
    const ServedFile file{body_};
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        if (request.target == "/mirror") return file.answer(request, connection);
        connection.send_head("404 Not Found", {"Content-Length: 300000"});
        connection.send(body_);
    });
    EXPECT_THAT(error_from(server), HasSubstr("answers 404 (not found)"));
    EXPECT_EQ(server.requests().size(), 1U);
    addresses_ = {server.address("file.bin"), server.address("mirror")};
    get(target());
    EXPECT_EQ(result(), body_);
}

TEST_F(Downloading, AnErrorPageIsNotTakenForTheFile) {
    leave_part(std::string_view(body_).substr(0, 1000), "\\\"one\\\"", "http://elsewhere/");
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
        connection.send_head("403 Forbidden", {"Content-Range: bytes 1000-299999/300000"});
        connection.send(std::string(299'000, 'x'));
    });
    EXPECT_THAT(error_from(server), HasSubstr("answers 403"));
    EXPECT_EQ(read_file(target().part()), body_.substr(0, 1000));
}

TEST_F(Downloading, NobodyThereIsAnError) {
    int port = 0;
    {
        port = HostileServer([](const auto&, auto&) {}).port();
    }
    addresses_ = {"http://127.0.0.1:" + std::to_string(port) + "/file.bin"};
    try {
        get(target());
        FAIL() << "it got a file from nowhere";
    } catch (const DownloadError& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(port) + " cannot be reached"));
    }
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
    std::jthread impatient([&] {
        while (!pause.stop_requested() && (!fs::exists(target().part()) || fs::file_size(target().part()) < 150'000))
            std::this_thread::yield();
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

TEST_F(Downloading, WaitingBetweenAttemptsCanBeStopped) {
    const HostileServer server([&](const HttpRequest&, HttpConnection& connection) {
        connection.send_head("503 Unavailable", {"Content-Length: 0"});
    });
    addresses_ = {server.address("file.bin")};
    std::stop_source stop;
    DataWatch watch(
        [&](const DataProgress& progress) {
            if (!progress.note.empty()) stop.request_stop();
        },
        stop.get_token());
    DownloadLimits limits;
    limits.first_delay = limits.longest_delay = std::chrono::hours(1);
    EXPECT_THROW(download(target(), limits, watch), DataWorkStopped);
}

TEST_F(Downloading, AKilledProcessGoesOnWhereItWas) {
    const ServedFile file{body_};
    std::atomic<pid_t> child = 0;
    const HostileServer server([&](const HttpRequest& request, HttpConnection& connection) {
        file.answer(request, connection, request.number == 1 ? 200'000 : -1);
        if (request.number > 1) return;
        while (!fs::exists(target().part()) || fs::file_size(target().part()) < 200'000) std::this_thread::yield();
        ::kill(child, SIGKILL);
    });
    addresses_ = {server.address("file.bin")};
    child = ::fork();
    if (child == 0) {
        DownloadLimits patient;
        DataWatch watch({}, {});
        download(target(), patient, watch);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
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

TEST_F(Downloading, AReallyFullDiskIsAClearError) {
    const fs::path mount = folder_.path() / "mount";
    fs::create_directory(mount);
    if (::mount("none", mount.c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "mounting is not allowed here";
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    DownloadTarget full = target();
    full.addresses = {server.address("file.bin")};
    full.folder = mount;
    std::string message;
    try {
        get(full);
    } catch (const WorkError& error) {
        message = error.what();
    }
    const bool there = fs::exists(full.file());
    ::umount(mount.c_str());
    EXPECT_THAT(message, HasSubstr("the disk is full"));
    EXPECT_FALSE(there);
}

TEST_F(Downloading, TheProxyOfTheEnvironmentIsUsed) {
    const ServedFile file{body_};
    const HostileServer proxy([&](const auto& request, auto& connection) { file.answer(request, connection); });
    ::setenv("http_proxy", proxy.address("").c_str(), 1);
    addresses_ = {"http://a-host-that-is-nowhere.invalid/file.bin"};
    get(target());
    ::unsetenv("http_proxy");
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(proxy.requests().at(0).target, "http://a-host-that-is-nowhere.invalid/file.bin");
}

}  // namespace
}  // namespace wavlab
