// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/document_sink.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace wavlab {

namespace {

constexpr std::size_t longest_line = std::size_t{64} << 20;
constexpr std::size_t longest_space = std::size_t{1} << 20;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

void NormalisingSink::begin(const std::string& name) {
    normaliser_ = TextNormaliser();
    next_.begin(name);
}

void NormalisingSink::append(std::string_view bytes) {
    normaliser_.append(bytes, text_);
    pass_on();
}

void NormalisingSink::end() {
    normaliser_.finish(text_);
    pass_on();
    replacements_ += normaliser_.replacements();
    next_.end();
}

void NormalisingSink::pass_on() {
    if (!text_.empty()) next_.append(text_);
    text_.clear();
}

void TidyingSink::begin(const std::string& name) {
    name_ = name;
    space_.clear();
    line_ends_ = 0;
    begun_ = false;
}

void TidyingSink::append(std::string_view bytes) {
    constexpr int most_line_ends = 2;
    for (std::size_t i = 0; i < bytes.size();) {
        if (!is_space(bytes[i])) {
            const std::size_t end = static_cast<std::size_t>(
                std::find_if(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.end(), is_space) - bytes.begin());
            if (!begun_)
                next_.begin(name_);
            else
                text_ += space_;
            begun_ = true;
            space_.clear();
            line_ends_ = 0;
            text_ += bytes.substr(i, end - i);
            i = end;
            continue;
        }
        line_ends_ = bytes[i] == '\n' ? line_ends_ + 1 : 0;
        if (line_ends_ <= most_line_ends && begun_ && space_.size() < longest_space) space_ += bytes[i];
        ++i;
    }
    if (!text_.empty()) next_.append(text_);
    text_.clear();
}

void TidyingSink::end() {
    if (begun_) next_.end();
}

void JsonLinesSink::begin(const std::string& name) {
    name_ = name;
    number_ = 0;
}

void JsonLinesSink::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        line_ += bytes.substr(0, end);
        if (line_.size() > longest_line)
            throw InputError(name_ + ", line " + std::to_string(number_ + 1) + ": is longer than the " +
                             std::to_string(longest_line) + " bytes allowed");
        if (end == std::string_view::npos) return;
        take_line(line_);
        line_.clear();
        bytes.remove_prefix(end + 1);
    }
}

void JsonLinesSink::end() {
    take_line(line_);
    line_.clear();
}

void JsonLinesSink::take_line(std::string_view line) {
    ++number_;
    if (std::all_of(line.begin(), line.end(), is_space)) return;
    const auto refuse = [&](const std::string& why) {
        return InputError(name_ + ", line " + std::to_string(number_) + ": " + why);
    };
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
    if (object.is_discarded()) throw refuse("is not valid JSON; each line must be one JSON object");
    if (!object.is_object()) throw refuse("is not a JSON object; each line must be one");
    const auto value = object.find(field_);
    if (value == object.end()) throw refuse("has no field \"" + field_ + "\"");
    if (!value->is_string()) throw refuse("its field \"" + field_ + "\" is no text");
    next_.begin(name_);
    next_.append(value->get_ref<const std::string&>());
    next_.end();
}

}  // namespace wavlab
