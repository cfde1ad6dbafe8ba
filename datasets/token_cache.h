// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/safe_file.h"
#include "datasets/token_data.h"

namespace wavlab {

/// WAVLAB_CACHE, else $XDG_CACHE_HOME/wavlab, else ~/.cache/wavlab. All in it can be deleted and comes back when
/// needed.
std::filesystem::path default_cache_folder();

/// Tokens of texts at least this long are kept: shorter ones are quicker read than looked up. Bytes.
inline constexpr std::int64_t smallest_kept_text = std::int64_t{32} << 20;

/// Throws WorkError where the cache cannot possibly hold the tokens of a text file of so many bytes.
void require_room_for_tokens(const std::filesystem::path& text, std::int64_t bytes);

/// What tells a file from any other, and from itself after a change, without reading it: path, size, time, inode.
/// Throws InputError, which calls it `what`, where the file is not there.
std::string file_identity(const std::filesystem::path& file, const std::string& what = "text file");

/// The tokens of large texts, each in a folder of its own below `tokens/` that appears complete, by one rename. Several
/// processes may use one cache; who finds an entry missing fills it while the others wait.
class TokenCache {
public:
    /// `key`: all that the tokens depend on, as text.
    TokenCache(std::filesystem::path cache_folder, std::string key);

    /// The entry, mapped. Empty where there is none or where it is damaged (which is noticed by what it says of itself,
    /// by its files' sizes and by looking at some places of them).
    std::optional<TokenData> find(const TokenizerDescriptor& tokenizer, const OptionValues& options) const;

    /// Writes the tokens of one part, piece by piece.
    class PartWriter {
    public:
        explicit PartWriter(std::filesystem::path file) : file_(std::move(file)) {}
        void append(const TokenSequence& piece);
        void finish() { file_.commit(); }

    private:
        SafeFile file_;
    };

    /// Writes and finishes both parts and gives what is known of them, except the sequences. `validation_file` is the
    /// file of the validation part once that is finished.
    using Fill = std::function<TokenData(const std::filesystem::path& validation_file, PartWriter& train,
                                         PartWriter& validation)>;
    /// Has the entry made, unless `is_there` after another process, for which it waits, made it. `is_cancelled` ends
    /// the wait with LoadingStopped. Throws WorkError where it cannot be written; then nothing is left.
    void make(const Fill& fill, const std::function<bool()>& is_cancelled, const std::function<bool()>& is_there) const;

private:
    std::filesystem::path folder_;  ///< tokens/
    std::filesystem::path entry_;
    std::string key_;
};

/// Bytes that the tokens in a cache take.
std::int64_t token_cache_bytes(const std::filesystem::path& cache_folder);
/// Deletes the tokens of a cache that nobody is making just now. Runs that use them keep them until they end.
void clear_token_cache(const std::filesystem::path& cache_folder);

}  // namespace wavlab
