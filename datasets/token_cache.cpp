// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/file_lock.h"
#include "core/sha256.h"
#include "datasets/data_folder.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int format_version = 1;
constexpr const char* facts_name = "facts.json";
constexpr const char* train_name = "train.tokens";
constexpr const char* validation_name = "validation.tokens";
constexpr const char* unfinished_suffix = ".new";
constexpr const char* another_place = "; WAVLAB_CACHE can name another place for the tokens of large texts";
constexpr std::size_t largest_facts_file = std::size_t{64} << 20;

/// SHA-256 of some blocks of a file, spread evenly: reading all of it would take longer than starting may.
std::string digest_of_places(const fs::path& file) {
    constexpr std::int64_t places = 64, block = 64 << 10;
    std::ifstream stream(file, std::ios::binary);
    const auto size = static_cast<std::int64_t>(fs::file_size(file));
    Sha256 hash;
    std::vector<char> bytes(block);
    for (std::int64_t i = 0; i < places && stream; ++i) {
        stream.seekg(std::max<std::int64_t>(0, size - block) / (places - 1) * i);
        stream.read(bytes.data(), std::min(block, size));
        hash.update(std::string_view(bytes.data(), static_cast<std::size_t>(stream.gcount())));
    }
    return hash.hex_digest();
}

json part_json(const fs::path& file) {
    return {{"bytes", static_cast<std::int64_t>(fs::file_size(file))}, {"digest_of_places", digest_of_places(file)}};
}

json facts_json(const std::string& key, const TokenData& data, const fs::path& folder) {
    json facts{{"version", format_version},
               {"key", key},
               {"vocabulary", data.tokenizer->vocabulary()},
               {"unigram_entropy", data.unigram_entropy},
               {"bigram_entropy", data.bigram_entropy},
               {"validation_characters", data.validation_characters},
               {"validation_bytes", data.validation_bytes},
               {"sha256", data.sha256},
               {"source_description", data.source_description},
               {"train", part_json(folder / train_name)},
               {"validation", part_json(folder / validation_name)}};
    if (data.validation_floor) facts["validation_floor"] = *data.validation_floor;
    return facts;
}

TokenSequence mapped_part(const fs::path& file, const json& facts, std::int64_t vocabulary) {
    if (static_cast<std::int64_t>(fs::file_size(file)) != facts.at("bytes").get<std::int64_t>() ||
        digest_of_places(file) != facts.at("digest_of_places").get<std::string>())
        throw InputError(file.string() + " is damaged");
    return TokenSequence::map(file, vocabulary);
}

FileLock wait_for_lock(const fs::path& file, const std::function<bool()>& is_cancelled) {
    try {
        for (;;) {
            if (auto lock = FileLock::try_take(file)) return std::move(*lock);
            if (is_cancelled && is_cancelled()) throw LoadingStopped();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    } catch (const InputError& error) {
        throw InputError(error.what() + std::string(another_place));
    }
}

/// Removes what processes that died left behind; nobody else makes this entry now.
void remove_leftovers(const fs::path& entry) {
    std::error_code error;
    const std::string prefix = entry.filename().string() + unfinished_suffix;
    for (const fs::directory_entry& other : fs::directory_iterator(entry.parent_path(), error))
        if (other.path().filename().string().starts_with(prefix)) fs::remove_all(other.path(), error);
}

}  // namespace

fs::path default_cache_folder() {
    const char* own = std::getenv("WAVLAB_CACHE");
    if (own && *own) return fs::absolute(own);
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache && fs::path(cache).is_absolute()) return fs::path(cache) / "wavlab";
    const char* home = std::getenv("HOME");
    return fs::path(home && *home ? home : "/") / ".cache" / "wavlab";
}

void require_room_for_tokens(const fs::path& text, std::int64_t bytes) {
    if (bytes < smallest_kept_text) return;
    constexpr std::int64_t least_share = 8;  // hardly any text has tokens that take less
    try {
        require_disk_space(default_cache_folder(), bytes / least_share,
                           "the tokens of '" + text.string() + "' (" + size_text(bytes) + ")");
    } catch (const WorkError& error) {
        throw WorkError(error.what() + std::string(another_place));
    }
}

std::string file_identity(const fs::path& file, const std::string& what) {
    struct stat facts {};
    if (stat(file.c_str(), &facts) != 0)
        throw InputError(
            "the " + what + " '" + file.string() + "' " +
            (errno == ENOENT || errno == ENOTDIR ? "does not exist" : "cannot be read: " + reason_text(errno)));
    return fs::absolute(file).lexically_normal().string() + " " + std::to_string(facts.st_size) + " " +
           std::to_string(facts.st_mtim.tv_sec) + "." + std::to_string(facts.st_mtim.tv_nsec) + " " +
           std::to_string(facts.st_ino);
}

TokenCache::TokenCache(fs::path cache_folder, std::string key)
    : folder_(std::move(cache_folder) / "tokens"), key_(std::move(key)) {
    constexpr std::size_t name_length = 32;
    entry_ = folder_ / sha256_hex(key_).substr(0, name_length);
}

std::optional<TokenData> TokenCache::find(const TokenizerDescriptor& tokenizer, const OptionValues& options) const {
    std::error_code error;
    if (!fs::exists(entry_ / facts_name, error)) return std::nullopt;
    try {
        const json facts = json::parse(read_file(entry_ / facts_name, largest_facts_file));
        if (facts.at("version") != format_version || facts.at("key") != key_) return std::nullopt;
        TokenData data;
        data.tokenizer = tokenizer.restore(facts.at("vocabulary"), options);
        const std::int64_t vocabulary = data.tokenizer->vocabulary_size();
        data.train = mapped_part(entry_ / train_name, facts.at("train"), vocabulary);
        data.validation = mapped_part(entry_ / validation_name, facts.at("validation"), vocabulary);
        facts.at("unigram_entropy").get_to(data.unigram_entropy);
        facts.at("bigram_entropy").get_to(data.bigram_entropy);
        facts.at("validation_characters").get_to(data.validation_characters);
        facts.at("validation_bytes").get_to(data.validation_bytes);
        facts.at("sha256").get_to(data.sha256);
        facts.at("source_description").get_to(data.source_description);
        if (facts.contains("validation_floor")) data.validation_floor = facts.at("validation_floor").get<double>();
        return data;
    } catch (const json::exception&) {
    } catch (const InputError&) {
    } catch (const fs::filesystem_error&) {
    }
    return std::nullopt;  // it is made again
}

void TokenCache::PartWriter::append(const TokenSequence& piece) {
    piece.visit([&](const auto tokens) { file_.write(std::as_bytes(tokens)); });
}

void TokenCache::make(const Fill& fill, const std::function<bool()>& is_cancelled,
                      const std::function<bool()>& is_there) const {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error)
        throw InputError("the folder for tokens, " + folder_.string() + ", cannot be made: " + error.message() +
                         another_place);
    const FileLock lock = wait_for_lock(entry_.string() + ".lock", is_cancelled);
    if (is_there()) return;  // another process made it meanwhile
    remove_leftovers(entry_);
    const fs::path temporary = entry_.string() + unfinished_suffix;
    try {
        if (!fs::create_directory(temporary, error))
            throw WorkError(temporary.string() + ": this folder cannot be made: " + reason_text(error.value()));
        PartWriter train(temporary / train_name), validation(temporary / validation_name);
        const TokenData data = fill(temporary / validation_name, train, validation);
        write_file_safely(temporary / facts_name, facts_json(key_, data, temporary).dump());
        commit_folder(temporary, entry_);
    } catch (const WorkError& failure) {
        fs::remove_all(temporary, error);
        throw WorkError(failure.what() + std::string(another_place));
    } catch (...) {
        fs::remove_all(temporary, error);
        throw;
    }
}

std::int64_t token_cache_bytes(const fs::path& cache_folder) {
    std::int64_t bytes = 0;
    std::error_code error;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(cache_folder / "tokens", error))
        if (file.is_regular_file(error)) bytes += static_cast<std::int64_t>(file.file_size(error));
    return bytes;
}

void clear_token_cache(const fs::path& cache_folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache_folder / "tokens", error)) {
        if (!entry.is_directory(error)) continue;
        const std::string name = entry.path().filename().string();
        const fs::path lock_file =
            entry.path().parent_path() / (name.substr(0, name.find(unfinished_suffix)) + ".lock");
        const auto lock = FileLock::try_take(lock_file);
        if (lock) fs::remove_all(entry.path(), error);
    }
}

}  // namespace wavlab
