// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_cache.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/sha256.h"
#include "datasets/installed_dataset.h"
#include "datasets/toy_stories.h"
#include "tests/datasets/small_gpt2_files.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// Uses a cache of its own.
class TokenCacheTest : public testing::Test {
protected:
    TokenCacheTest() { setenv("WAVLAB_CACHE", (folder.path() / "cache").c_str(), 1); }
    ~TokenCacheTest() override { unsetenv("WAVLAB_CACHE"); }

    /// A text of at least so many bytes, with characters beyond ASCII and CRLF.
    DataRequest write_text(std::int64_t bytes, const std::string& ending = "") {
        static const std::string piece = generate_toy_stories(999'000, 3).text + "é漢\r\n";
        std::ofstream out(folder.path() / "text.txt", std::ios::binary);
        for (std::int64_t written = 0; written < bytes; written += static_cast<std::int64_t>(piece.size()))
            out << piece;
        out << ending;
        DataRequest request;
        request.dataset = "file:text.txt";
        request.base_folder = folder.path();
        return request;
    }

    fs::path entry() const {
        for (const fs::directory_entry& file : fs::directory_iterator(folder.path() / "cache" / "tokens"))
            if (file.is_directory()) return file.path();
        return {};
    }

    static constexpr std::int64_t large = 40'000'000;
    TemporaryFolder folder;
};

/// Of the whole process so far, in bytes; reset_peak() starts it anew.
double peak_memory() {
    std::ifstream status("/proc/self/status");
    std::string key;
    double kilobytes = 0;
    while (status >> key)
        if (key == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
    return 0;
}

void reset_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

TEST_F(TokenCacheTest, SmallTextsAreNotKept) {
    const DataRequest request = write_text(1);
    load_token_data(request, 16);
    EXPECT_FALSE(fs::exists(folder.path() / "cache"));
    EXPECT_FALSE(cached_token_data(request));
}

TEST_F(TokenCacheTest, KeptTokensAreThoseOfTheText) {
    const DataRequest request = write_text(large);
    const TokenData made = load_token_data(request, 16);
    ASSERT_TRUE(fs::exists(entry() / "facts.json"));
    const std::optional<TokenData> kept = cached_token_data(request);
    ASSERT_TRUE(kept);

    const TextCorpus corpus = load_text_corpus(request);
    const TokenSequence train = encode_text(*made.tokenizer, *corpus.train);
    const TokenSequence validation = encode_text(*made.tokenizer, *corpus.validation);
    for (const TokenData* data : {&made, &*kept}) {
        ASSERT_EQ(data->train.size(), train.size());
        ASSERT_EQ(data->validation.size(), validation.size());
        EXPECT_EQ(data->train.slice(0, train.size()), train.slice(0, train.size()));
        EXPECT_EQ(data->validation.slice(0, validation.size()), validation.slice(0, validation.size()));
        EXPECT_EQ(data->tokenizer->vocabulary(), made.tokenizer->vocabulary());
        EXPECT_EQ(data->sha256, made.sha256);
        EXPECT_EQ(data->source_description, corpus.source_description);
        EXPECT_EQ(data->validation_characters, validation.size());
        EXPECT_GT(data->validation_bytes, data->validation_characters);
        EXPECT_NEAR(data->unigram_entropy, unigram_entropy(validation, made.tokenizer->vocabulary_size()), 1e-12);
    }
}

TEST_F(TokenCacheTest, AChangedTextOrTokenizerIsReadAgain) {
    DataRequest request = write_text(large);
    const TokenData before = load_token_data(request, 16);
    request = write_text(large, "new");
    EXPECT_FALSE(cached_token_data(request));
    const TokenData after = load_token_data(request, 16);
    EXPECT_NE(before.sha256, after.sha256);
    EXPECT_EQ(after.train.size() + after.validation.size(), before.train.size() + before.validation.size() + 3);
}

TEST_F(TokenCacheTest, AnotherInstalledVocabularyIsAnotherTokenizer) {
    setenv("WAVLAB_DATA", (folder.path() / "data").c_str(), 1);
    const SmallGpt2Files files;
    const auto install = [&](const std::string& merges) {
        const DataFolder data = default_data_folder();
        InstalledDataset dataset;
        dataset.id = "gpt2-bpe";
        dataset.kind = ManifestKind::tokenizer;
        fs::create_directories(data.dataset(dataset.id));
        std::ofstream(files.merges) << merges;
        for (const fs::path& file : {files.vocabulary, files.merges}) {
            const fs::path copy = data.dataset(dataset.id) / file.filename();
            fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
            dataset.files.push_back(
                {file.filename().string(), copy, static_cast<std::int64_t>(fs::file_size(copy)), sha256_of_file(copy)});
        }
        write_installed(dataset, data.dataset(dataset.id));
    };
    DataRequest request = write_text(large);
    request.tokenizer = "gpt2-bpe";
    const std::string merges = read_file(files.merges, 1 << 20);
    install(merges);
    load_token_data(request, 16);
    EXPECT_TRUE(cached_token_data(request));
    install(merges + "\n");
    EXPECT_FALSE(cached_token_data(request));
    unsetenv("WAVLAB_DATA");
}

TEST_F(TokenCacheTest, DamagedEntriesAreMadeAgain) {
    const DataRequest request = write_text(large);
    const TokenData made = load_token_data(request, 16);
    const std::vector<std::function<void()>> damages{
        [&] { fs::resize_file(entry() / "train.tokens", 1000); },
        [&] {
            std::fstream file(entry() / "validation.tokens", std::ios::in | std::ios::out | std::ios::binary);
            file.write("\xFF\xFF", 2);
        },
        [&] { std::ofstream(entry() / "facts.json") << "{"; },
        [&] { std::ofstream(entry() / "facts.json") << "{\"version\": 1}"; },
        [&] { fs::remove(entry() / "validation.tokens"); },
    };
    for (const auto& damage : damages) {
        damage();
        EXPECT_FALSE(cached_token_data(request));
        const TokenData again = load_token_data(request, 16);
        EXPECT_EQ(again.sha256, made.sha256);
        EXPECT_TRUE(cached_token_data(request));
    }
}

/// What is damaged between the places that are looked at when it is found.
TEST_F(TokenCacheTest, ATokenBeyondTheVocabularyIsOneClearError) {
    const DataRequest request = write_text(large);
    load_token_data(request, 16);
    constexpr int place = 100'000;
    {
        std::fstream file(entry() / "train.tokens", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(place);
        file.write("\xFF", 1);
    }
    const std::optional<TokenData> data = cached_token_data(request);
    ASSERT_TRUE(data);
    std::vector<std::int64_t> window(17);
    EXPECT_NO_THROW(data->train.copy(place - 17, window));
    const std::vector<std::function<void()>> uses{[&] { data->train.copy(place - 16, window); },
                                                  [&] { (void)data->train.slice(place, 1); },
                                                  [&] { data->train.require_sound(); }};
    for (const auto& use : uses) {
        try {
            use();
            ADD_FAILURE() << "no error";
        } catch (const WorkError& error) {
            EXPECT_THAT(error.what(), AllOf(HasSubstr("damaged"), HasSubstr("delete the folder " + entry().string())));
        }
    }
    EXPECT_NO_THROW(data->validation.require_sound());
}

TEST_F(TokenCacheTest, ATextThatChangesWhileItIsReadIsRefused) {
    for (const std::int64_t bytes : {std::int64_t{1}, large}) {
        DataRequest request = write_text(bytes);
        bool changed = false;
        request.progress = [&](const std::string& activity, double) {
            if (activity != "encoding the training text" || std::exchange(changed, true)) return;
            std::fstream file(folder.path() / "text.txt", std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(static_cast<std::streamoff>(fs::file_size(folder.path() / "text.txt")) - 10);
            file << "Ω, and so on";  // another character, and a longer text
        };
        try {
            load_token_data(request, 16);
            ADD_FAILURE() << "no error";
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(), HasSubstr("was changed while it was read"));
        }
        EXPECT_FALSE(cached_token_data(request));
    }
    EXPECT_EQ(entry(), fs::path());
}

TEST_F(TokenCacheTest, StopsWhileItLooksThroughTheText) {
    DataRequest request = write_text(large);
    double reached = 0;
    request.progress = [&](const std::string& activity, double fraction) {
        EXPECT_EQ(activity, "looking through the text");
        reached = fraction;
    };
    request.is_cancelled = [&] { return reached > 0.5; };
    EXPECT_THROW(load_token_data(request, 16), LoadingStopped);
    EXPECT_LT(reached, 0.9);
}

TEST_F(TokenCacheTest, StoppedInTheMiddleLeavesNothing) {
    DataRequest request = write_text(large);
    double reached = 0;
    request.progress = [&](const std::string& activity, double fraction) {
        if (activity == "encoding the training text") reached = fraction;
    };
    request.is_cancelled = [&] { return reached > 0.5; };
    EXPECT_THROW(load_token_data(request, 16), LoadingStopped);
    EXPECT_GT(reached, 0.5);
    EXPECT_LT(reached, 0.9);
    EXPECT_EQ(entry(), fs::path());
    request.is_cancelled = nullptr;
    EXPECT_GT(load_token_data(request, 16).train.size(), 0);
}

TEST_F(TokenCacheTest, OneMakesItWhileTheOthersWait) {
    DataRequest request = write_text(large);
    std::atomic<int> encoders = 0;
    const auto load = [&] {
        DataRequest own = request;
        bool counted = false;
        own.progress = [&](const std::string& activity, double) {
            if (activity == "encoding the training text" && !std::exchange(counted, true)) ++encoders;
        };
        EXPECT_GT(load_token_data(own, 16).train.size(), 0);
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(load);
    threads.clear();
    EXPECT_EQ(encoders, 1);
}

TEST_F(TokenCacheTest, AFolderThatCannotBeMadeIsOneClearError) {
    const DataRequest request = write_text(large);
    std::ofstream(folder.path() / "cache") << "a file";
    try {
        load_token_data(request, 16);
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("WAVLAB_CACHE can name another place"));
    }
}

TEST_F(TokenCacheTest, AFullDiskLeavesNothing) {
    const DataRequest request = write_text(large);
    ignore_file_size_signal();
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{10'000'000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    try {
        load_token_data(request, 16);
        ADD_FAILURE() << "no error";
    } catch (const WorkError& error) {
        EXPECT_THAT(error.what(), HasSubstr("WAVLAB_CACHE can name another place"));
    }
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(entry(), fs::path());
    EXPECT_LT(token_cache_bytes(folder.path() / "cache"), 1000);
}

TEST_F(TokenCacheTest, ClearingTakesTheTokensAndRunsKeepTheirs) {
    const DataRequest request = write_text(large);
    const TokenData data = load_token_data(request, 16);
    EXPECT_GE(token_cache_bytes(folder.path() / "cache"), data.train.size());
    const std::int32_t last = data.train[data.train.size() - 1];
    clear_token_cache(folder.path() / "cache");
    EXPECT_EQ(entry(), fs::path());
    EXPECT_EQ(data.train[data.train.size() - 1], last);
}

TEST_F(TokenCacheTest, ClearingLocksTheEntryWhateverTheCacheIsCalled) {
    setenv("WAVLAB_CACHE", (folder.path() / "my.newest cache").c_str(), 1);
    const fs::path cache = default_cache_folder();
    const DataRequest request = write_text(large);
    load_token_data(request, 16);
    clear_token_cache(cache);
    EXPECT_FALSE(cached_token_data(request));
    std::vector<std::string> names;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path()))
        names.push_back(file.path().filename().string());
    EXPECT_THAT(names, testing::UnorderedElementsAre("text.txt", "my.newest cache"));
}

/// A corpus of two gigabytes: made, then read as training does.
class ExtendedTokenCacheTest : public TokenCacheTest {};

TEST_F(ExtendedTokenCacheTest, TwoGigabytesWithinTwoHundredMegabytesOfMemory) {
    const DataRequest request = write_text(2'000'000'000);
    const auto read_windows = [](const TokenData& data) {
        std::vector<std::int64_t> window(129);
        std::uint64_t state = 1;
        for (int i = 0; i < 200'000; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            data.train.copy(
                static_cast<std::int64_t>((state >> 20) % static_cast<std::uint64_t>(data.train.size() - 129)), window);
        }
    };
    reset_peak();
    const double before = peak_memory();
    read_windows(load_token_data(request, 128));
    EXPECT_LT(peak_memory() - before, 200e6);
    const auto start = std::chrono::steady_clock::now();
    const TokenData again = load_token_data(request, 128);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 2.0);
    read_windows(again);
    EXPECT_LT(peak_memory() - before, 200e6);
}

}  // namespace
}  // namespace wavlab
