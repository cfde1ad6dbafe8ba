// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/npz_file.h"
#include "core/routing_export.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using testing::HasSubstr;

/// A .npy file, taken apart.
struct Array {
    std::string header;
    std::string bytes;

    std::vector<float> floats() const {
        std::vector<float> values(bytes.size() / sizeof(float));
        std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
};

std::map<std::string, Array> arrays_of(const fs::path& file) {
    std::map<std::string, Array> arrays;
    const std::unique_ptr<archive, decltype(&archive_read_free)> zip(archive_read_new(), archive_read_free);
    archive_read_support_format_zip(zip.get());
    EXPECT_EQ(archive_read_open_filename(zip.get(), file.c_str(), 1 << 16), ARCHIVE_OK);
    for (archive_entry* entry = nullptr; archive_read_next_header(zip.get(), &entry) == ARCHIVE_OK;) {
        const std::string name = archive_entry_pathname(entry);
        std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
        EXPECT_EQ(archive_read_data(zip.get(), content.data(), content.size()),
                  static_cast<la_ssize_t>(content.size()));
        EXPECT_EQ(content.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8)) << name;
        const std::size_t length =
            static_cast<unsigned char>(content.at(8)) + 256u * static_cast<unsigned char>(content.at(9));
        EXPECT_EQ((10 + length) % 64, 0u) << name;
        arrays[name] = {content.substr(10, length), content.substr(10 + length)};
    }
    return arrays;
}

RunFolder stored_run(const fs::path& folder, const std::vector<RunEvent>& events) {
    fs::create_directories(folder);
    RunStoreWriter writer(folder / "run.db");
    for (const RunEvent& event : events) writer.write(event);
    writer.close();
    return {folder};
}

TEST(NpzFile, AnArrayHasItsTypeItsShapeAndItsValues) {
    const TemporaryFolder folder;
    NpzFile file(folder.path() / "a.npz");
    const std::int64_t numbers[] = {1, -2};
    file.add("numbers", numbers);
    file.add("texts", std::vector<std::string>{"ab", "abc"});
    file.begin("values", {2, 1, 3});
    const float row[] = {1, 2, 3};
    file.write(row);
    file.write(row);
    file.commit();
    const std::map<std::string, Array> arrays = arrays_of(folder.path() / "a.npz");
    EXPECT_THAT(arrays.at("numbers.npy").header,
                HasSubstr("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"));
    EXPECT_EQ(arrays.at("numbers.npy").bytes, std::string("\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", 16));
    EXPECT_THAT(arrays.at("texts.npy").header, HasSubstr("'<U3'"));
    EXPECT_EQ(arrays.at("texts.npy").bytes, std::string("a\0\0\0b\0\0\0\0\0\0\0a\0\0\0b\0\0\0c\0\0\0", 24));
    EXPECT_THAT(arrays.at("values.npy").header, HasSubstr("'<f4', 'fortran_order': False, 'shape': (2, 1, 3), }"));
    EXPECT_EQ(arrays.at("values.npy").floats(), (std::vector<float>{1, 2, 3, 1, 2, 3}));
}

TEST(NpzFile, WithoutACommitNothingIsThere) {
    const TemporaryFolder folder;
    { NpzFile(folder.path() / "a.npz").begin("values", {2}); }
    EXPECT_EQ(folder.entries(), 0);
}

TEST(RoutingExport, HoldsEveryFrameAndNaNWhereARouterReadsNoSuchSource) {
    const TemporaryFolder folder;
    std::vector<RunEvent> events{some_start()};
    for (const RunEvent& event : some_steps(0, 4)) events.push_back(event);  // frames at 0, 2 and 4
    const RunFolder run = stored_run(folder.path() / "run", events);
    export_routing(run, folder.path() / "r.npz");
    const std::map<std::string, Array> arrays = arrays_of(folder.path() / "r.npz");

    EXPECT_THAT(arrays.at("weights.npy").header, HasSubstr("(3, 3, 4)"));
    const float none = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> expected;
    for (const std::int64_t step : {0, 2, 4}) {
        const std::vector<float> w = some_routing(step).weight;
        // Columns: embedding, block1, split1, partial.
        for (const float value : {w[0], none, none, none, w[1], none, none, w[2], w[3], w[4], w[5], none})
            expected.push_back(value);
    }
    EXPECT_TRUE(same_values(arrays.at("weights.npy").floats(), expected));
    EXPECT_THAT(arrays.at("sources.npy").header, HasSubstr("'<U9', 'fortran_order': False, 'shape': (4,)"));
    EXPECT_EQ(arrays.at("query_norm.npy").floats(), std::vector<float>(9, 0.0f));
    EXPECT_FALSE(arrays.contains("attribution.npy"));
    EXPECT_THAT(arrays.at("detail_summary_rms.npy").header, HasSubstr("(3, 2)"));
    EXPECT_EQ(arrays.at("detail_summary_rms.npy").floats(), (std::vector<float>{1, 0, 1, 2, 1, 4}));
    EXPECT_EQ(arrays.at("depth_update_rms.npy").floats(), (std::vector<float>{0.5f, 0, 0.5f, 2, 0.5f, 4}));
    EXPECT_FALSE(arrays.contains("detail_phase_rms.npy"));
}

TEST(RoutingExport, FramesWithoutAFieldHoldNaN) {
    const TemporaryFolder folder;
    RoutingFrame with = some_routing(1);
    with.attribution.assign(6, 0.5f);
    const RunFolder run = stored_run(folder.path() / "run", {some_start(), some_routing(0), with});
    export_routing(run, folder.path() / "r.npz");
    const std::vector<float> values = arrays_of(folder.path() / "r.npz").at("attribution.npy").floats();
    ASSERT_EQ(values.size(), 24u);
    EXPECT_TRUE(std::all_of(values.begin(), values.begin() + 12, [](float value) { return std::isnan(value); }));
    EXPECT_EQ(values[12], 0.5f);
}

TEST(RoutingExport, RefusesWhatItCannotDo) {
    const TemporaryFolder folder;
    RunStarted plain = some_start();
    plain.description.routing = {};
    const RunFolder unrouted = stored_run(folder.path() / "plain", {plain});
    const RunFolder empty = stored_run(folder.path() / "empty", {some_start()});
    const auto refusal = [](const RunFolder& run, const fs::path& target) {
        return message_of<InputError>([&] { export_routing(run, target); });
    };
    EXPECT_THAT(refusal(unrouted, folder.path() / "r.npz"), HasSubstr("no routing"));
    EXPECT_THAT(refusal(empty, folder.path() / "r.npz"), HasSubstr("train.record_every"));
    EXPECT_THAT(refusal(empty, folder.path() / "r.zip"), HasSubstr(".npz"));
    RoutingFrame short_frame;
    short_frame.weight = {1, 2};
    const RunFolder damaged = stored_run(folder.path() / "damaged", {some_start(), short_frame});
    EXPECT_THAT(refusal(damaged, folder.path() / "r.npz"), HasSubstr("as many values"));
    EXPECT_FALSE(fs::exists(folder.path() / "r.npz"));
}

}  // namespace
}  // namespace wavlab
