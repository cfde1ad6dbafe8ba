// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/safe_file.h"
#include "core/sha256.h"
#include "datasets/download.h"
#include "tests/datasets/hostile_server.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {

inline std::string random_bytes(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

inline DownloadLimits quick_limits() {
    DownloadLimits limits;
    limits.connect_timeout = std::chrono::milliseconds(2000);
    limits.stall_timeout = std::chrono::milliseconds(300);
    limits.first_delay = std::chrono::milliseconds(1);
    limits.longest_delay = std::chrono::milliseconds(4);
    limits.attempts = 4;
    return limits;
}

/// Gets one file, of random bytes, from a server of the test's.
class Downloading : public testing::Test {
protected:
    void SetUp() override {
        // The machine's own proxy must not stand between the test and its server.
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"})
            ::unsetenv(name);
    }

    void TearDown() override {
        // Whatever happened, nothing but the verified file has its name.
        if (!std::filesystem::exists(target().file())) return;
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
            EXPECT_FALSE(std::filesystem::exists(target().file()));
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

}  // namespace wavlab
