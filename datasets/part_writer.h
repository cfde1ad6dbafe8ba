// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/data_file.h"
#include "datasets/data_progress.h"
#include "datasets/document_sink.h"
#include "datasets/installed_dataset.h"
#include "datasets/manifest.h"

namespace wavlab {

/// Writes documents into train.txt, validation.txt and test.txt of a folder, as a manifest's [splits] say, with its
/// separator between them.
class PartWriter final : public DocumentSink {
public:
    PartWriter(const DatasetManifest& manifest, std::filesystem::path folder, DataWatch& watch);

    /// The documents that follow are of this file, which counts for parts by name as their own names do.
    void begin_file(const std::string& name) { file_name_ = name; }
    void begin(const std::string& name) override;
    void append(std::string_view bytes) override;
    void end() override {}

    /// Cuts what is still in one piece, makes the files durable and describes them. Throws InputError when a part would
    /// be empty or the text has not the length that the manifest gives.
    std::vector<InstalledFile> finish();
    std::int64_t documents() const { return documents_; }

private:
    struct Part {
        std::unique_ptr<DataFile> file;
        std::string pending;
        std::int64_t documents = 0;

        std::int64_t size() const { return file->size() + static_cast<std::int64_t>(pending.size()); }
        void write(std::string_view bytes);
        void flush();
    };
    /// A place to cut: what is between the two offsets (a separator) belongs to neither side.
    struct Cut {
        std::int64_t end_before = 0, begin_after = 0;
    };

    Part& part(std::size_t index);
    void put(std::string_view bytes);
    void put_by_position(std::string_view bytes);
    void note_start();
    std::vector<InstalledFile> finish_fractions();
    Cut find_cut(double fraction) const;
    std::int64_t offset_of_character(std::int64_t character) const;
    InstalledFile describe(std::size_t index);
    std::filesystem::path path_of(std::size_t index) const;
    [[noreturn]] void fail(const std::string& what) const;

    const DatasetManifest& manifest_;
    const std::filesystem::path folder_;
    DataWatch& watch_;
    std::array<Part, 3> parts_;
    std::string file_name_;
    std::size_t current_ = 0;
    bool skipped_ = false;  // the document belongs to no part
    std::int64_t documents_ = 0, position_ = 0, characters_ = 0;
    std::deque<std::int64_t> starts_;  // of documents that a cut may still come before
};

}  // namespace wavlab
