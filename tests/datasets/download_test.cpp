// SPDX-License-Identifier: GPL-3.0-or-later
// Downloads from a server that misbehaves: the right file or one clear error, never a wrong file.
#include "datasets/download.h"

#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/downloading.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using testing::HasSubstr;

TEST_F(Downloading, GetsAFileAndLeavesNothingElse) {
    const ServedFile file{body_};
    const HostileServer server([&](const auto& request, auto& connection) { file.answer(request, connection); });
    get_from(server);
    EXPECT_EQ(result(), body_);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
    EXPECT_THAT(server.requests().at(0).header("user-agent"), HasSubstr("wavlab/"));
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
