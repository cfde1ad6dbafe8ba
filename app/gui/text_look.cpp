// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/text_look.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "datasets/installed_dataset.h"
#include "datasets/text.h"
#include "datasets/token_data.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

/// Of a file of the user's own, in bytes; larger ones are looked at as a whole.
constexpr std::int64_t largest_cut_text = 500'000'000;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Without the bytes of a character that begins before the text, and of one that ends behind it.
std::string whole_characters(std::string text) {
    std::size_t begin = 0;
    while (begin < text.size() && begin < 3 && continues_character(text[begin])) ++begin;
    text.erase(0, begin);
    std::size_t end = text.size();
    for (int i = 0; i < 3 && end > 0 && continues_character(text[end - 1]); ++i) --end;
    if (end > 0 && decode_character(std::string_view(text).substr(end - 1)).incomplete) text.resize(end - 1);
    return text;
}

TextPart file_part(const std::string& name, const std::filesystem::path& path, Normalisation normalisation,
                   const std::string& separator) {
    TextPart part;
    part.name = name;
    part.text = std::make_shared<FileText>(path, normalisation);
    part.excerpt = [path](std::int64_t begin, std::size_t bytes) {
        std::string text;
        FileText(path, Normalisation::none, begin, begin + static_cast<std::int64_t>(bytes))
            .read([&](std::string_view piece) { text += piece; });
        return whole_characters(std::move(text));
    };
    part.separator = separator;
    return part;
}

}  // namespace

void CharacterCounter::add(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size();) {
        const auto byte = static_cast<unsigned char>(piece[i]);
        ++characters_;
        if (byte < 128) {
            ++plain_[byte];
            ++i;
            continue;
        }
        const DecodedCharacter decoded = decode_character(piece.substr(i));
        ++others_[decoded.code_point];
        i += static_cast<std::size_t>(std::max(1, decoded.bytes));
    }
    if (!separator_.empty()) count_separators(piece);
}

void CharacterCounter::count_separators(std::string_view piece) {
    // A separator may begin in one piece and end in the next.
    const std::string text = tail_ + std::string(piece);
    const auto before = static_cast<std::int64_t>(tail_.size());
    since_separator_ -= before;
    std::size_t begin = 0;
    for (std::size_t at = text.find(separator_); at != std::string::npos; at = text.find(separator_, begin)) {
        since_separator_ += static_cast<std::int64_t>(at - begin);
        if (since_separator_ == 0) ++empty_documents_;
        since_separator_ = 0;
        ++separators_;
        begin = at + separator_.size();
    }
    since_separator_ += static_cast<std::int64_t>(text.size() - begin);
    tail_ = text.substr(std::max(begin, text.size() - std::min(text.size(), separator_.size() - 1)));
}

std::int64_t CharacterCounter::different() const {
    return static_cast<std::int64_t>(others_.size()) +
           std::count_if(plain_.begin(), plain_.end(), [](std::int64_t count) { return count > 0; });
}

std::optional<std::int64_t> CharacterCounter::documents() const {
    if (separator_.empty()) return std::nullopt;
    return separators_ - empty_documents_ + (since_separator_ > 0 ? 1 : 0);
}

std::vector<std::pair<char32_t, std::int64_t>> CharacterCounter::frequent(std::size_t most) const {
    std::vector<std::pair<char32_t, std::int64_t>> all(others_.begin(), others_.end());
    for (std::size_t i = 0; i < plain_.size(); ++i)
        if (plain_[i] > 0) all.emplace_back(static_cast<char32_t>(i), plain_[i]);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    if (all.size() > most) all.resize(most);
    return all;
}

std::vector<TextPart> text_parts(const DataRequest& request) {
    std::vector<TextPart> parts;
    if (is_dataset_id(request.dataset) && request.validation.empty()) {
        if (const std::optional<InstalledDataset> installed = installed_dataset(request.dataset)) {
            if (installed->kind != ManifestKind::dataset) throw InputError("it holds no text");
            for (const InstalledFile& file : installed->files)
                parts.push_back(file_part(file.part, file.path, Normalisation::none, installed->document_separator));
            return parts;
        }
    }
    if (request.dataset.starts_with(file_prefix)) {
        // To cut it into parts takes reading all of it.
        const std::filesystem::path path = resolve_text_path(request.dataset, request.base_folder);
        if (FileText(path).bytes() > largest_cut_text) {
            parts.push_back(file_part("whole", path, Normalisation::text, {}));
            return parts;
        }
    }
    const TextCorpus corpus = load_text_corpus(request);
    parts.push_back({"train", corpus.train, {}, {}});
    parts.push_back({"validation", corpus.validation, {}, {}});
    return parts;
}

std::string read_excerpt(const TextPart& part, std::int64_t begin, std::size_t bytes,
                         const std::function<bool()>& is_cancelled) {
    if (part.excerpt) return part.excerpt(begin, bytes);
    struct Enough {};
    std::string text;
    std::int64_t at = 0;
    try {
        part.text->read([&](std::string_view piece) {
            if (is_cancelled()) throw LoadingStopped();
            const std::int64_t skip = std::clamp<std::int64_t>(begin - at, 0, static_cast<std::int64_t>(piece.size()));
            text += piece.substr(static_cast<std::size_t>(skip), bytes - text.size());
            at += static_cast<std::int64_t>(piece.size());
            if (text.size() >= bytes) throw Enough();
        });
    } catch (const Enough&) {
    }
    return whole_characters(std::move(text));
}

}  // namespace wavlab
