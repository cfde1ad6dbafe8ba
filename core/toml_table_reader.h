// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment_toml.h"

namespace wavlab {

/// Reads the keys of one table of a TOML file. Whatever is wrong is an InputError that names file, line, table and key,
/// and what is allowed; keys that nobody asked for are wrong, too (`end`).
class TomlTableReader {
public:
    /// `what`: the table as it is written, "[figure]"; empty for the whole file. All must outlive the reader.
    TomlTableReader(const toml::table& table, std::string what, const std::string& file_name)
        : table_(table), what_(std::move(what)), file_name_(file_name) {}

    [[noreturn]] void fail(const toml::node& node, const std::string& problem) const;
    [[noreturn]] void fail(const std::string& problem) const { fail(table_, problem); }

    std::int64_t line() const { return table_.source().begin.line; }

    /// Null where the key is not given.
    const toml::node* find(const char* key);

    /// Leaves the value as it is where the key is not given.
    template <class Value>
    void read(const char* key, Value& value, std::string_view allowed) {
        const toml::node* node = find(key);
        if (node && !take(*node, value)) fail(*node, fmt::format("{} = {}: must be {}", key, shown(*node), allowed));
    }
    template <class Value>
    void text(const char* key, Value& value) {
        read(key, value, "text in quotes");
    }
    void required_text(const char* key, std::string& value);
    /// At least one.
    void texts(const char* key, std::vector<std::string>& values) {
        read(key, values, "a list of texts, as in [\"a\", \"b\"]");
    }

    /// One of several words.
    template <class Value>
    void choice(const char* key, Value& value, const std::vector<std::pair<const char*, Value>>& choices) {
        const toml::node* node = find(key);
        if (!node) return;
        std::vector<std::string> allowed;
        for (const auto& [word, meaning] : choices) {
            allowed.emplace_back(word);
            if (node->is_string() && **node->as_string() == word) {
                value = meaning;
                return;
            }
        }
        fail(*node, fmt::format("{} = {}: must be one of {}", key, shown(*node), fmt::join(allowed, ", ")));
    }

    /// The tables written [[key]], each read by `read`. `shown`: how they are written, where not so.
    template <class Read>
    void tables(const char* key, const Read& read, const std::string& shown = {}) {
        const toml::node* node = find(key);
        if (!node) return;
        const std::string name = shown.empty() ? fmt::format("[[{}]]", key) : shown;
        const auto refuse = [&](const toml::node& what) {
            fail(what, fmt::format("{}: must be written as {}, once for each", key, name));
        };
        const toml::array* list = node->as_array();
        if (!list) refuse(*node);
        for (const toml::node& one : *list) {
            const toml::table* table = one.as_table();
            if (!table) refuse(one);
            TomlTableReader reader(*table, name, file_name_);
            read(reader);
            reader.end();
        }
    }

    /// What `work` gives; its InputError is told with file and line of this key, or of the table where it is not given.
    template <class Work>
    auto checked(const char* key, const Work& work) const {
        try {
            return work();
        } catch (const InputError& error) {
            const toml::node* node = table_.get(key);
            if (node) fail(*node, error.what());
            fail(error.what());
        }
    }

    /// Throws InputError for a key that was not asked for.
    void end() const;

private:
    static bool take(const toml::node& node, std::string& value);
    static bool take(const toml::node& node, bool& value);
    static bool take(const toml::node& node, double& value);  ///< any finite number
    static bool take(const toml::node& node, std::int64_t& value);
    static bool take(const toml::node& node, int& value);
    static bool take(const toml::node& node, std::vector<std::string>& values);
    template <class Value>
    static bool take(const toml::node& node, std::optional<Value>& value) {
        Value inner{};
        if (!take(node, inner)) return false;
        value = std::move(inner);
        return true;
    }

    const toml::table& table_;
    std::string what_;
    const std::string& file_name_;
    std::vector<std::string> known_;
};

}  // namespace wavlab
