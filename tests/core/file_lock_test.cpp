// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/file_lock.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

TEST(FileLock, KeepsOthersOutAndSaysWhoHoldsIt) {
    const TemporaryFolder folder;
    const auto file = folder / "filling.lock";
    EXPECT_FALSE(FileLock::is_held(file));
    EXPECT_EQ(FileLock::holder(file), std::nullopt);
    {
        const std::optional<FileLock> lock = FileLock::try_take(file, "the window");
        ASSERT_TRUE(lock);
        EXPECT_TRUE(FileLock::is_held(file));
        EXPECT_EQ(FileLock::holder(file), "the window, process " + std::to_string(::getpid()));
        EXPECT_FALSE(FileLock::try_take(file, "another"));
        EXPECT_THAT(FileLock::holder(file).value_or(""), HasSubstr("the window"));  // the try has not changed it
    }
    EXPECT_FALSE(FileLock::is_held(file));
    EXPECT_EQ(FileLock::holder(file), std::nullopt);
    const std::optional<FileLock> again = FileLock::try_take(file);
    EXPECT_TRUE(again);
    EXPECT_THROW(FileLock::try_take(folder / "missing" / "lock"), InputError);
}

TEST(FileLock, CanBeHandedOn) {
    const TemporaryFolder folder;
    const auto file = folder / "lock";
    std::optional<FileLock> kept;
    {
        std::optional<FileLock> lock = FileLock::try_take(file);
        ASSERT_TRUE(lock);
        kept.emplace(std::move(*lock));
    }
    EXPECT_TRUE(FileLock::is_held(file));
    kept.reset();
    EXPECT_FALSE(FileLock::is_held(file));
}

TEST(FileLock, GuardsTheNameAlsoWhenTheFileWasRemoved) {
    const TemporaryFolder folder;
    const auto file = folder / "lock";
    std::optional<FileLock> first = FileLock::try_take(file);
    std::filesystem::remove(file);
    const std::optional<FileLock> second = FileLock::try_take(file);
    EXPECT_TRUE(second);
    EXPECT_TRUE(FileLock::is_held(file));
}

TEST(FileLock, WaitsUntilItIsFree) {
    const TemporaryFolder folder;
    const auto file = folder / "lock";
    std::optional<FileLock> first = FileLock::try_take(file);
    std::atomic<bool> was_released{false};
    std::promise<bool> taken_after_release;
    const std::jthread waiting([&](std::stop_token stop) {
        const std::optional<FileLock> lock = FileLock::take(file, stop);
        taken_after_release.set_value(lock && was_released);
    });
    was_released = true;
    first.reset();
    EXPECT_TRUE(taken_after_release.get_future().get());
}

TEST(FileLock, AWaitEndsWhenAskedTo) {
    const TemporaryFolder folder;
    const auto file = folder / "lock";
    const std::optional<FileLock> first = FileLock::try_take(file);
    std::stop_source stop;
    std::future<bool> waiting =
        std::async(std::launch::async, [&] { return FileLock::take(file, stop.get_token()).has_value(); });
    stop.request_stop();
    EXPECT_FALSE(waiting.get());
    EXPECT_TRUE(FileLock::is_held(file));
    EXPECT_FALSE(FileLock::take(folder / "free", stop.get_token()));  // nothing is taken after the request
}

}  // namespace
}  // namespace wavlab
