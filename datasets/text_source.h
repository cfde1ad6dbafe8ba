// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

namespace wavlab {

/// One part of a corpus: a text that is read in pieces, as often as needed, and never has to be in memory as a whole.
class TextSource {
public:
    using Take = std::function<void(std::string_view piece)>;

    virtual ~TextSource() = default;
    /// Calls `take` with one piece after another. No piece is empty, and each ends with a whole character.
    /// Throws InputError where the text cannot be read, and what `take` throws.
    virtual void read(const Take& take) const = 0;
    /// About how many bytes read() gives, for progress and estimates.
    virtual std::int64_t bytes() const = 0;
};

/// The whole text. Only for what is known to be small.
std::string read_all(const TextSource& source);

/// A text in memory.
class MemoryText final : public TextSource {
public:
    explicit MemoryText(std::string text) : text_(std::move(text)) {}
    void read(const Take& take) const override;
    std::int64_t bytes() const override { return static_cast<std::int64_t>(text_.size()); }

private:
    std::string text_;
};

/// How the bytes of a file become text.
enum class Normalisation {
    text,  ///< CRLF is LF, a byte order mark is dropped, invalid bytes are U+FFFD
    none,  ///< bytes as they are; a character tokenizer reads invalid ones as U+FFFD
};

/// Bytes `begin` to `end` of a file, normalised. Throws InputError for a file that cannot be read as text.
class FileText final : public TextSource {
public:
    static constexpr std::int64_t whole = std::numeric_limits<std::int64_t>::max();

    explicit FileText(std::filesystem::path file, Normalisation normalisation = Normalisation::text,
                      std::int64_t begin = 0, std::int64_t end = whole);
    void read(const Take& take) const override;
    std::int64_t bytes() const override { return end_ - begin_; }

private:
    std::filesystem::path file_;
    Normalisation normalisation_;
    std::int64_t begin_, end_;
};

/// What reading a text file once tells.
struct FileTextFacts {
    std::int64_t file_bytes = 0;
    std::int64_t characters = 0;    ///< after normalisation
    std::int64_t replacements = 0;  ///< U+FFFD put in place of invalid bytes
    std::int64_t cut = 0;           ///< where to cut the file's bytes for the part asked for
};

/// Reads a file once, normalised as text, and finds the byte before which the first `numerator`/`denominator` of its
/// characters lie. `watch` is called now and then with the bytes read so far; what it throws ends the work.
/// Throws InputError for a path that is missing, no regular file, unreadable or empty.
FileTextFacts examine_text_file(const std::filesystem::path& file, std::int64_t numerator = 9,
                                std::int64_t denominator = 10,
                                const std::function<void(std::int64_t bytes_read)>& watch = nullptr);

}  // namespace wavlab
