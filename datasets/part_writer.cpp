// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/part_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

#include "core/error.h"
#include "core/safe_file.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

/// floor(count · fraction), without the rounding of products of doubles.
std::int64_t share(std::int64_t count, double fraction) {
    constexpr std::int64_t parts = 1'000'000;
    const std::int64_t numerator = std::llround(fraction * static_cast<double>(parts));
    return count / parts * numerator + count % parts * numerator / parts;
}

}  // namespace

void PartWriter::Part::write(std::string_view bytes) {
    constexpr std::size_t enough = std::size_t{1} << 18;
    pending += bytes;
    if (pending.size() >= enough) flush();
}

void PartWriter::Part::flush() {
    file->append(pending);
    pending.clear();
}

PartWriter::PartWriter(const DatasetManifest& manifest, fs::path folder, DataWatch& watch)
    : manifest_(manifest), folder_(std::move(folder)), watch_(watch) {}

fs::path PartWriter::path_of(std::size_t index) const { return folder_ / (std::string(part_names[index]) + ".txt"); }

void PartWriter::fail(const std::string& what) const { throw InputError(manifest_.id + ": " + what); }

PartWriter::Part& PartWriter::part(std::size_t index) {
    Part& part = parts_[index];
    if (!part.file) part.file = std::make_unique<DataFile>(path_of(index));
    return part;
}

void PartWriter::begin(const std::string& name) {
    const ManifestSplits& splits = manifest_.splits;
    current_ = 0;
    skipped_ = false;
    if (splits.by_name()) {
        const auto fits = [&](std::size_t part) {
            const std::string& pattern = splits.names[part];
            return !pattern.empty() && (fits_pattern(name, pattern) || fits_pattern(file_name_, pattern));
        };
        // The training part comes last: its pattern may be "*", whatever is not another part's.
        constexpr std::array<std::size_t, 3> order{1, 2, 0};
        const auto found = std::find_if(order.begin(), order.end(), fits);
        skipped_ = found == order.end();
        if (skipped_) return;
        current_ = *found;
    }
    ++documents_;
    if (splits.validation_every > 0 && documents_ % splits.validation_every == 0) current_ = 1;
    const bool first = splits.bytes.empty() ? part(current_).documents++ == 0 : documents_ == 1;
    if (!first) put(manifest_.document_separator);
    if (!splits.fractions.empty()) note_start();
}

/// Only where the first cut may still come to lie: the text grows, so cuts move forward.
void PartWriter::note_start() {
    const std::int64_t size = part(0).size();
    starts_.push_back(size);
    const std::int64_t first_cut = share(size, manifest_.splits.fractions.front());
    while (!starts_.empty() && starts_.front() < first_cut) starts_.pop_front();
}

void PartWriter::append(std::string_view bytes) {
    if (!skipped_) put(bytes);
}

void PartWriter::put(std::string_view bytes) {
    if (!manifest_.splits.bytes.empty()) return put_by_position(bytes);
    if (!manifest_.splits.fractions.empty()) characters_ += count_characters(bytes);
    part(current_).write(bytes);
}

void PartWriter::put_by_position(std::string_view bytes) {
    const std::vector<std::int64_t>& lengths = manifest_.splits.bytes;
    std::int64_t end = 0;
    for (std::size_t i = 0; i < lengths.size() && !bytes.empty(); ++i) {
        end += lengths[i];
        if (position_ >= end) continue;
        const std::string_view here = bytes.substr(0, static_cast<std::size_t>(end - position_));
        part(i).write(here);
        position_ += static_cast<std::int64_t>(here.size());
        bytes.remove_prefix(here.size());
    }
    position_ += static_cast<std::int64_t>(bytes.size());  // too much: finish() says so
}

std::vector<InstalledFile> PartWriter::finish() {
    watch_.begin(DataPhase::finishing, manifest_.id, 0);
    for (Part& part : parts_)
        if (part.file) part.flush();
    const ManifestSplits& splits = manifest_.splits;
    if (!splits.fractions.empty()) return finish_fractions();
    std::int64_t wanted = 0;
    for (const std::int64_t length : splits.bytes) wanted += length;
    if (!splits.bytes.empty() && position_ != wanted)
        fail("the text has " + std::to_string(position_) + " bytes, but its parts must have " + std::to_string(wanted));
    std::vector<InstalledFile> files;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const bool needed = i < 2 || !splits.names[i].empty();
        if (!parts_[i].file || parts_[i].file->size() == 0) {
            if (needed) fail(std::string("the ") + part_names[i] + " part would be empty");
            continue;
        }
        files.push_back(describe(i));
    }
    return files;
}

InstalledFile PartWriter::describe(std::size_t index) {
    DataFile& file = *parts_[index].file;
    file.sync();
    return {part_names[index], file.path(), file.size(), file.finish_sha256()};
}

std::vector<InstalledFile> PartWriter::finish_fractions() {
    const std::vector<double>& fractions = manifest_.splits.fractions;
    const std::int64_t size = part(0).size();
    std::vector<Cut> cuts;
    double sum = 0;
    for (std::size_t i = 0; i + 1 < fractions.size(); ++i) cuts.push_back(find_cut(sum += fractions[i]));
    cuts.push_back({size, size});
    if (cuts[0].end_before <= 0) fail("the text is too short to be cut: its training part would be empty");
    for (std::size_t i = 1; i < cuts.size(); ++i) {
        const std::int64_t begin = cuts[i - 1].begin_after, end = cuts[i].end_before;
        if (begin >= end)
            fail(std::string("the text is too short to be cut: its ") + part_names[i] + " part would be empty");
        std::int64_t done = 0;
        read_in_pieces(path_of(0), begin, end, [&](std::string_view piece) {
            part(i).file->append(piece);
            watch_.advance(done += static_cast<std::int64_t>(piece.size()));
        });
    }
    std::error_code error;
    fs::resize_file(path_of(0), static_cast<std::uintmax_t>(cuts[0].end_before), error);
    if (error) throw WorkError(path_of(0).string() + ": cannot be cut: " + error.message());
    watch_.begin(DataPhase::finishing, manifest_.id, cuts[0].end_before);
    sync_path(path_of(0));
    const std::string sha256 = watched_sha256(path_of(0), [&](std::int64_t done) { watch_.advance(done); });
    std::vector<InstalledFile> files{{part_names[0], path_of(0), cuts[0].end_before, sha256}};
    for (std::size_t i = 1; i < cuts.size(); ++i) files.push_back(describe(i));
    return files;
}

PartWriter::Cut PartWriter::find_cut(double fraction) const {
    const std::int64_t size = parts_[0].size();
    if (documents_ > 1) {
        const auto start = std::lower_bound(starts_.begin(), starts_.end(), share(size, fraction));
        const auto separator = static_cast<std::int64_t>(manifest_.document_separator.size());
        if (start != starts_.end() && *start < size) return {*start - separator, *start};
    }
    const std::int64_t place = manifest_.normalisation == Normalisation::none
                                   ? share(size, fraction)
                                   : offset_of_character(share(characters_, fraction));
    return {place, place};
}

std::int64_t PartWriter::offset_of_character(std::int64_t character) const {
    std::int64_t at = 0, offset = -1;
    constexpr std::int64_t to_the_end = std::numeric_limits<std::int64_t>::max();
    read_in_pieces(path_of(0), 0, to_the_end, [&](std::string_view piece) {
        const std::int64_t here = count_characters(piece);
        if (offset < 0 && character < here) {
            // A piece may begin inside a character, which is not counted.
            std::size_t begin = 0;
            while (begin < piece.size() && (static_cast<unsigned char>(piece[begin]) & 0xC0) == 0x80) ++begin;
            offset = at + static_cast<std::int64_t>(begin + character_offset(piece.substr(begin), character));
        }
        character -= here;
        at += static_cast<std::int64_t>(piece.size());
    });
    return offset < 0 ? at : offset;
}

}  // namespace wavlab
