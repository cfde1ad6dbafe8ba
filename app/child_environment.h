// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

namespace wavlab {

/// The environment of this process, with these variables ("NAME=value") in the place of its own.
inline std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
    std::vector<std::string> all = variables;
    for (char** entry = environ; *entry; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('=') + 1);
        bool replaced = false;
        for (const std::string& variable : variables) replaced = replaced || variable.starts_with(name);
        if (!replaced) all.emplace_back(text);
    }
    return all;
}

/// As exec and its like want arguments and environments: pointers into `texts`, and a null at the end.
inline std::vector<char*> null_terminated(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace wavlab
