// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_sequence.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "core/error.h"
#include "datasets/mapped_file.h"

namespace wavlab {

namespace {

void require_range(std::int64_t start, std::int64_t count, std::int64_t size) {
    if (start < 0 || count < 0 || start > size - count)
        throw std::out_of_range(std::to_string(count) + " tokens from token " + std::to_string(start) +
                                " of a sequence of " + std::to_string(size));
}

}  // namespace

TokenSequence::TokenSequence(std::int64_t vocabulary_size) {
    if (token_bytes(vocabulary_size) == 4) {
        storage_ = std::vector<std::int32_t>();
    } else if (token_bytes(vocabulary_size) == 2) {
        storage_ = std::vector<std::uint16_t>();
    }
}

std::int64_t TokenSequence::token_bytes(std::int64_t vocabulary_size) {
    return vocabulary_size > 65536 ? 4 : vocabulary_size > 256 ? 2 : 1;
}

TokenSequence TokenSequence::map(const std::filesystem::path& file, std::int64_t vocabulary_size) {
    TokenSequence tokens(vocabulary_size);
    tokens.mapped_ = std::make_shared<MappedFile>(file);
    tokens.mapped_token_bytes_ = token_bytes(vocabulary_size);
    tokens.mapped_vocabulary_ = vocabulary_size;
    return tokens;
}

template <class Tokens>
void TokenSequence::require_sound(const Tokens& tokens) const {
    if (!mapped_) return;
    const auto is_unknown = [this](std::int64_t token) { return token < 0 || token >= mapped_vocabulary_; };
    if (std::none_of(tokens.begin(), tokens.end(), is_unknown)) return;
    throw WorkError("the kept tokens in '" + mapped_->path().string() +
                    "' are damaged: one of them is not in the vocabulary; delete the folder " +
                    mapped_->path().parent_path().string() + ", it is made again");
}

void TokenSequence::require_sound() const {
    visit([this](const auto tokens) { require_sound(tokens); });
}

TokenSequence::View TokenSequence::view() const {
    if (mapped_)
        return {mapped_->data(), static_cast<std::int64_t>(mapped_->size()) / mapped_token_bytes_, mapped_token_bytes_};
    return std::visit(
        [](const auto& tokens) {
            return View{tokens.data(), static_cast<std::int64_t>(tokens.size()),
                        static_cast<std::int64_t>(sizeof(tokens[0]))};
        },
        storage_);
}

std::int64_t TokenSequence::size() const { return view().count; }

std::int32_t TokenSequence::operator[](std::int64_t index) const {
    return visit([&](const auto tokens) { return static_cast<std::int32_t>(tokens[static_cast<std::size_t>(index)]); });
}

void TokenSequence::copy(std::int64_t start, std::span<std::int64_t> destination) const {
    const auto count = static_cast<std::int64_t>(destination.size());
    require_range(start, count, size());
    visit([&](const auto tokens) { std::copy_n(tokens.begin() + start, count, destination.begin()); });
    require_sound(destination);
    if (mapped_) mapped_->was_read(static_cast<std::size_t>(count * mapped_token_bytes_));
}

std::vector<std::int32_t> TokenSequence::slice(std::int64_t start, std::int64_t count) const {
    require_range(start, count, size());
    const auto copied = visit([&](const auto tokens) {
        return std::vector<std::int32_t>(tokens.begin() + start, tokens.begin() + start + count);
    });
    require_sound(copied);
    return copied;
}

void TokenSequence::reserve(std::int64_t tokens) {
    std::visit([&](auto& all) { all.reserve(static_cast<std::size_t>(tokens)); }, storage_);
}

void TokenSequence::push_back(std::int32_t token) {
    std::visit(
        [&](auto& tokens) {
            tokens.push_back(static_cast<typename std::decay_t<decltype(tokens)>::value_type>(token));
        },
        storage_);
}

void TokenSequence::append(std::span<const std::int32_t> added) {
    std::visit([&](auto& tokens) { tokens.insert(tokens.end(), added.begin(), added.end()); }, storage_);
}

void TokenSequence::shrink_to_fit() {
    std::visit([](auto& tokens) { tokens.shrink_to_fit(); }, storage_);
}

void TokenSequence::clear() {
    std::visit([](auto& tokens) { tokens.clear(); }, storage_);
}

std::vector<std::int64_t> TokenSequence::counts(std::int64_t vocabulary_size) const {
    std::vector<std::int64_t> result(static_cast<std::size_t>(vocabulary_size), 0);
    visit([&](const auto tokens) {
        for (const auto token : tokens) ++result.at(static_cast<std::size_t>(token));
    });
    return result;
}

std::int64_t TokenSequence::bytes() const {
    const View all = view();
    return all.count * all.token_bytes;
}

}  // namespace wavlab
