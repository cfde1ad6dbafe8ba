// SPDX-License-Identifier: GPL-3.0-or-later
// Texts far larger than those that are trained on every day.
#include <fstream>
#include <string>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "datasets/token_data.h"
#include "datasets/toy_stories.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

/// Writes `megabytes` of stories with some characters beyond ASCII, and CRLF.
std::int64_t write_large_text(const std::filesystem::path& file, int megabytes) {
    std::string piece = generate_toy_stories(999'000, 3).text;
    piece.resize(999'000);
    piece += std::string(996, '-') + "é\r\n";
    std::ofstream out(file, std::ios::binary);
    for (int i = 0; i < megabytes; ++i) out << piece;
    return std::int64_t{megabytes} * (static_cast<std::int64_t>(piece.size()) - 2);
}

void load_large_text(int megabytes) {
    const TemporaryFolder folder;
    const std::int64_t characters = write_large_text(folder.path() / "large.txt", megabytes);
    DataRequest request;
    request.dataset = "file:large.txt";
    request.base_folder = folder.path();
    const TokenData data = load_token_data(request, 128);
    EXPECT_EQ(data.train.size() + data.validation.size(), characters);
    EXPECT_EQ(data.train.size(), characters / 10 * 9 + characters % 10 * 9 / 10);
    EXPECT_EQ(data.train.bytes(), data.train.size());
}

TEST(SlowLargeText, SixtyFourMegabytes) { load_large_text(64); }

TEST(ExtendedLargeText, OneGigabyteInUnderThreeOfMemory) {
    load_large_text(1000);
    rusage usage{};
    ASSERT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
    EXPECT_LT(usage.ru_maxrss, 3'000'000) << "kilobytes";
}

}  // namespace
}  // namespace wavlab
