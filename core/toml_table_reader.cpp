// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/toml_table_reader.h"

#include <algorithm>
#include <limits>

#include "core/experiment_text.h"

namespace wavlab {

void TomlTableReader::fail(const toml::node& node, const std::string& problem) const {
    throw InputError(fmt::format("{}, line {}: {}{}", file_name_, node.source().begin.line,
                                 what_.empty() ? "" : what_ + " ", problem));
}

const toml::node* TomlTableReader::find(const char* key) {
    known_.emplace_back(key);
    return table_.get(key);
}

void TomlTableReader::required_text(const char* key, std::string& value) {
    text(key, value);
    if (value.empty()) fail(fmt::format("lacks '{}', text in quotes", key));
}

void TomlTableReader::end() const {
    for (const auto& [key, node] : table_)
        if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
            fail(node, fmt::format("{}: this key is not known here{}; allowed are {}", key.str(),
                                   suggestion(key.str(), known_), fmt::join(known_, ", ")));
}

bool TomlTableReader::take(const toml::node& node, std::string& value) {
    return node.is_string() && (value = **node.as_string(), true);
}

bool TomlTableReader::take(const toml::node& node, bool& value) {
    return node.is_boolean() && (value = **node.as_boolean(), true);
}

bool TomlTableReader::take(const toml::node& node, double& value) {
    return node.is_number() && (value = *node.value<double>(), std::isfinite(value));
}

bool TomlTableReader::take(const toml::node& node, std::int64_t& value) {
    return node.is_integer() && (value = **node.as_integer(), true);
}

bool TomlTableReader::take(const toml::node& node, int& value) {
    using Limits = std::numeric_limits<int>;
    std::int64_t whole = 0;
    if (!take(node, whole) || whole < Limits::min() || whole > Limits::max()) return false;
    value = static_cast<int>(whole);
    return true;
}

bool TomlTableReader::take(const toml::node& node, std::vector<std::string>& values) {
    const toml::array* list = node.as_array();
    if (!list || list->empty()) return false;
    std::vector<std::string> read;
    for (const toml::node& one : *list) {
        if (!one.is_string()) return false;
        read.push_back(**one.as_string());
    }
    values = std::move(read);
    return true;
}

}  // namespace wavlab
