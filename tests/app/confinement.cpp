// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace wavlab {

namespace {

// Later than the headers of Debian 12's kernel know.
constexpr std::uint64_t move_between_folders = 1ULL << 13;  // since the second version of the interface
constexpr std::uint64_t truncate_file = 1ULL << 14;         // since the third

std::uint64_t writes(long version) {
    std::uint64_t access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                           LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                           LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                           LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    if (version >= 2) access |= move_between_folders;
    if (version >= 3) access |= truncate_file;
    return access;
}

}  // namespace

bool confine_writes_to(const std::vector<std::filesystem::path>& places) {
    const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return false;
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = writes(version);
    const int rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0));
    if (rules < 0) return false;
    bool done = true;
    for (const std::filesystem::path& place : places) {
        landlock_path_beneath_attr rule{};
        // A file takes only the rights that a file can have; making and removing belong to its folder.
        rule.allowed_access = std::filesystem::is_directory(place)
                                  ? attributes.handled_access_fs
                                  : attributes.handled_access_fs & (LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_file);
        rule.parent_fd = open(place.c_str(), O_PATH | O_CLOEXEC);
        done = done && rule.parent_fd >= 0 &&
               syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
        if (rule.parent_fd >= 0) close(rule.parent_fd);
    }
    done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
}

}  // namespace wavlab
