// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_trash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/run_folder.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

fs::path make_run(const fs::path& runs, const std::string& name) {
    fs::create_directories(runs / name / "checkpoints");
    write_text(runs / name / "experiment.toml", "schema = 1\n");
    write_text(runs / name / "run.db", "0123456789");
    return runs / name;
}

TEST(RunTrash, MovesARunAndGivesItBack) {
    const TemporaryFolder folder;
    const fs::path run = make_run(folder.path(), "a");
    const RunTrash trash(folder.path());
    EXPECT_TRUE(trash.list().empty());
    EXPECT_EQ(trash.bytes(), 0u);
    const TrashedRun deleted = trash.remove(run);
    EXPECT_FALSE(fs::exists(run));
    EXPECT_TRUE(is_run_folder(deleted.folder));
    EXPECT_EQ(deleted.name, "a");
    EXPECT_EQ(deleted.deleted_at.size(), 20u) << deleted.deleted_at;
    EXPECT_EQ(trash.bytes(), 21u);
    const RunTrash later(folder.path());  // the program was restarted
    ASSERT_EQ(later.list().size(), 1u);
    EXPECT_EQ(later.list()[0].folder, deleted.folder);
    EXPECT_EQ(later.list()[0].deleted_at, deleted.deleted_at);
    EXPECT_EQ(later.restore(later.list()[0]), run);
    EXPECT_TRUE(is_run_folder(run));
    EXPECT_TRUE(fs::is_empty(trash.folder()));
    EXPECT_THAT(message_of<InputError>([&] { trash.restore(deleted); }), HasSubstr("no longer among the deleted"));
}

TEST(RunTrash, KeepsRunsOfOneNameApartAndListsTheLastFirst) {
    const TemporaryFolder folder;
    const RunTrash trash(folder.path());
    for (int i = 0; i < 3; ++i) trash.remove(make_run(folder.path(), "a"));
    const TrashedRun last = trash.remove(make_run(folder.path(), "b"));
    ASSERT_EQ(trash.list().size(), 4u);
    EXPECT_EQ(trash.list()[0].folder, last.folder);
    make_run(folder.path(), "a");
    EXPECT_EQ(trash.restore(trash.list()[1]), folder / "a-2") << "the name is taken";
    trash.empty();
    EXPECT_TRUE(trash.list().empty());
    EXPECT_FALSE(fs::exists(trash.folder()));
    EXPECT_TRUE(is_run_folder(folder / "a"));
}

TEST(RunTrash, KeepsInMindWhatWasDeletedTogether) {
    const TemporaryFolder folder;
    const RunTrash trash(folder.path());
    trash.remove(make_run(folder.path(), "a"));
    std::vector<std::string> problems;
    const std::vector<TrashedRun> moved =
        trash.remove({make_run(folder.path(), "b"), folder / "none", make_run(folder.path(), "c")}, problems);
    ASSERT_EQ(moved.size(), 2u);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0], HasSubstr("none: it cannot be deleted"));
    const std::vector<TrashedRun> listed = RunTrash(folder.path()).list();
    ASSERT_EQ(listed.size(), 3u);
    EXPECT_EQ(listed[0].action, listed[1].action);
    EXPECT_EQ(listed[0].action, moved[0].action);
    EXPECT_NE(listed[0].action, listed[2].action);
    trash.restore(listed[0]);
    trash.restore(listed[1]);
    EXPECT_TRUE(is_run_folder(folder / "b"));
    EXPECT_TRUE(is_run_folder(folder / "c"));
    EXPECT_EQ(trash.list().size(), 1u);
}

TEST(RunTrash, RefusesRunsThatGoOrLieElsewhere) {
    const TemporaryFolder folder, elsewhere;
    const fs::path run = make_run(folder.path(), "a");
    const RunTrash trash(folder.path());
    {
        const RunLock lock(RunFolder{run});
        EXPECT_THAT(message_of<InputError>([&] { trash.remove(run); }), HasSubstr("it is running; stop it first"));
    }
    EXPECT_THAT(message_of<InputError>([&] { trash.remove(make_run(elsewhere.path(), "b")); }),
                HasSubstr("only runs in the runs folder"));
    EXPECT_TRUE(is_run_folder(elsewhere / "b"));
    EXPECT_THAT(message_of<InputError>([&] { trash.remove(folder / "none"); }), HasSubstr("it cannot be deleted"));
    EXPECT_TRUE(trash.list().empty());
    trash.remove(run);
}

TEST(RunTrash, EmptyingFollowsNoLinks) {
    const TemporaryFolder folder, elsewhere;
    const fs::path outside = make_run(elsewhere.path(), "outside");
    fs::create_directory_symlink(outside, folder / "link");
    const RunTrash trash(folder.path());
    trash.remove(folder / "link");
    trash.empty();
    EXPECT_TRUE(is_run_folder(outside));
    EXPECT_FALSE(fs::exists(fs::symlink_status(folder / "link")));
}

}  // namespace
}  // namespace wavlab
