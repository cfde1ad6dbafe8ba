// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/unpack.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/sha256.h"
#include "datasets/data_file.h"

namespace wavlab {

namespace {

constexpr std::size_t block_size = std::size_t{1} << 18;

struct ArchiveDeleter {
    void operator()(archive* handle) const { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, ArchiveDeleter>;

/// A name from an archive as it can be shown: without control characters, and not endless.
std::string shown_name(std::string name) {
    constexpr std::size_t longest = 120;
    for (char& c : name)
        if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
    if (name.size() > longest) name = name.substr(0, longest) + "...";
    return "'" + name + "'";
}

bool leads_outside(std::string_view path) {
    const bool drive = path.size() > 2 && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
    if (path.starts_with('/') || path.starts_with('\\') || drive) return true;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find_first_of("/\\"), path.size());
        if (path.substr(0, end) == "..") return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

bool is_archive_name(std::string_view name) {
    constexpr std::array endings{".xz", ".tar", ".gz", ".tgz", ".txz", ".bz2", ".zst"};
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

class Unpacker {
public:
    Unpacker(const std::filesystem::path& path, const ManifestFile& file, DocumentSink& sink, DataWatch& watch)
        : path_(path), file_(file), sink_(sink), watch_(watch), buffer_(block_size) {
        std::error_code error;
        const auto size = std::filesystem::file_size(path, error);
        packed_bytes_ = error ? 0 : static_cast<std::int64_t>(size);
        most_bytes_ = std::max(always_allowed_unpacked, highest_unpacking_ratio * packed_bytes_);
        if (const auto known = file.text_bytes()) most_bytes_ = *known;
    }

    void run() {
        watch_.begin(DataPhase::unpacking, file_.name, packed_bytes_);
        if (file_.packing == Packing::none)
            pass_file();
        else
            unpack_archive();
        if (taken_members_ == 0)
            fail("holds none of the members that are wanted" +
                 (file_.members.empty() ? std::string() : ": " + list_text(file_.members)));
        if (file_.unpacked_size && bytes_ != *file_.unpacked_size)
            fail("holds " + std::to_string(bytes_) + " bytes of text, but must hold " +
                 std::to_string(*file_.unpacked_size));
        if (!file_.unpacked_sha256.empty() && hash_.hex_digest() != file_.unpacked_sha256)
            fail("the text in it has another checksum than it must have");
    }

private:
    [[noreturn]] void fail(const std::string& what) const { throw WorkError(path_.string() + ": " + what); }

    [[noreturn]] void fail_in(archive* handle) const {
        const char* reason = archive_error_string(handle);
        fail(std::string("cannot be unpacked: ") + (reason ? reason : "it is damaged"));
    }

    void pass_file() {
        ++taken_members_;
        sink_.begin(file_.name);
        std::int64_t done = 0;
        read_in_pieces(path_, 0, std::numeric_limits<std::int64_t>::max(), [&](std::string_view piece) {
            sink_.append(piece);
            watch_.advance(done += static_cast<std::int64_t>(piece.size()));
        });
        sink_.end();
    }

    /// No filter or format that runs another program.
    static void allow(archive* handle, Packing packing) {
        archive_read_support_filter_gzip(handle);
        archive_read_support_filter_bzip2(handle);
        archive_read_support_filter_xz(handle);
        archive_read_support_filter_zstd(handle);
        if (packing == Packing::zip)
            archive_read_support_format_zip(handle);
        else if (packing == Packing::compressed)
            archive_read_support_format_raw(handle);
        else
            archive_read_support_format_tar(handle);
    }

    void unpack_archive() {
        const ArchiveHandle handle(archive_read_new());
        if (!handle) throw std::bad_alloc();
        outermost_ = handle.get();
        allow(handle.get(), file_.packing);
        if (archive_read_open_filename(handle.get(), path_.c_str(), block_size) != ARCHIVE_OK) fail_in(handle.get());
        if (file_.packing == Packing::tar_of_tars)
            for_each_member(handle.get(), [&](const std::string& name) {
                if (is_archive_name(name)) unpack_inner(handle.get());
            });
        else
            take_members(handle.get());
    }

    /// What libarchive needs to read an archive out of another one.
    struct Inner {
        archive* outer;
        std::vector<char> buffer;
    };

    static la_ssize_t read_outer(archive* inner, void* data, const void** bytes) {
        auto* state = static_cast<Inner*>(data);
        const la_ssize_t count = archive_read_data(state->outer, state->buffer.data(), state->buffer.size());
        *bytes = state->buffer.data();
        if (count >= 0) return count;
        const char* reason = archive_error_string(state->outer);
        archive_set_error(inner, EIO, "%s", reason ? reason : "it is damaged");
        return ARCHIVE_FATAL;
    }

    void unpack_inner(archive* outer) {
        Inner state{outer, std::vector<char>(block_size)};
        const ArchiveHandle handle(archive_read_new());
        if (!handle) throw std::bad_alloc();
        allow(handle.get(), Packing::tar);
        if (archive_read_open(handle.get(), &state, nullptr, &Unpacker::read_outer, nullptr) != ARCHIVE_OK)
            fail_in(handle.get());
        take_members(handle.get());
    }

    void take_members(archive* handle) {
        for_each_member(handle, [&](const std::string& name) {
            if (is_wanted(name)) take_member(handle, name);
        });
    }

    template <class Take>
    void for_each_member(archive* handle, const Take& take) {
        archive_entry* entry = nullptr;
        for (;;) {
            const int result = archive_read_next_header(handle, &entry);
            if (result == ARCHIVE_EOF) return;
            if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail_in(handle);
            if (++members_ > file_.members_at_most)
                fail("holds more than the " + std::to_string(file_.members_at_most) + " members allowed");
            if (file_.packing == Packing::compressed) {
                if (archive_filter_count(handle) < 2) fail("is not compressed with gzip, bzip2, xz or zstd");
                take(file_.name);
                continue;
            }
            const std::string name = name_of(entry);
            if (check_kind(entry, name)) take(name);
        }
    }

    std::string name_of(archive_entry* entry) const {
        const char* name = archive_entry_pathname_utf8(entry);
        if (!name) name = archive_entry_pathname(entry);
        if (!name || !*name) fail("holds a member without a name that can be read");
        std::string_view plain(name);
        while (plain.starts_with("./")) plain.remove_prefix(2);
        return std::string(plain);
    }

    /// False for folders, which need nothing.
    bool check_kind(archive_entry* entry, const std::string& name) const {
        if (leads_outside(name)) fail("holds " + shown_name(name) + ", a path that leads out of the archive: refused");
        const bool link = archive_entry_hardlink(entry) || archive_entry_hardlink_utf8(entry) ||
                          archive_entry_filetype(entry) == AE_IFLNK;
        if (link) fail("holds the link " + shown_name(name) + "; links are refused");
        if (archive_entry_filetype(entry) == AE_IFDIR) return false;
        if (archive_entry_filetype(entry) != AE_IFREG)
            fail("holds " + shown_name(name) + ", which is no ordinary file: refused");
        return true;
    }

    bool is_wanted(const std::string& name) const {
        return file_.members.empty() || std::any_of(file_.members.begin(), file_.members.end(),
                                                    [&](const auto& pattern) { return fits_pattern(name, pattern); });
    }

    void take_member(archive* handle, const std::string& name) {
        ++taken_members_;
        sink_.begin(name);
        for (;;) {
            const la_ssize_t count = archive_read_data(handle, buffer_.data(), buffer_.size());
            if (count < 0) fail_in(handle);
            if (count == 0) break;
            const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
            bytes_ += count;
            if (bytes_ > most_bytes_)
                fail("becomes larger than the " + std::to_string(most_bytes_) + " bytes that are allowed: refused");
            if (!file_.unpacked_sha256.empty()) hash_.update(bytes);
            sink_.append(bytes);
            watch_.advance(std::min<std::int64_t>(archive_filter_bytes(outermost_, -1), packed_bytes_));
        }
        sink_.end();
    }

    const std::filesystem::path& path_;
    const ManifestFile& file_;
    DocumentSink& sink_;
    DataWatch& watch_;
    std::vector<char> buffer_;
    archive* outermost_ = nullptr;
    std::int64_t packed_bytes_ = 0, most_bytes_ = 0;
    std::int64_t members_ = 0, taken_members_ = 0, bytes_ = 0;
    Sha256 hash_;
};

}  // namespace

void unpack(const std::filesystem::path& path, const ManifestFile& file, DocumentSink& sink, DataWatch& watch) {
    Unpacker(path, file, sink, watch).run();
}

}  // namespace wavlab
