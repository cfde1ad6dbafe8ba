// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/datasets/archive_maker.h"

#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>

namespace wavlab {

namespace {

la_ssize_t append(archive*, void* text, const void* bytes, std::size_t count) {
    static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
}

void check(int result, archive* handle) {
    if (result != ARCHIVE_OK) throw std::runtime_error(archive_error_string(handle));
}

void add(archive* handle, const ArchiveMember& member) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_filetype(entry, member.folder ? AE_IFDIR : member.fifo ? AE_IFIFO : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.text.size()));
    if (!member.link.empty()) {
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, member.link.c_str());
    }
    if (!member.hardlink.empty()) archive_entry_set_hardlink(entry, member.hardlink.c_str());
    check(archive_write_header(handle, entry), handle);
    if (!member.text.empty()) archive_write_data(handle, member.text.data(), member.text.size());
    archive_entry_free(entry);
}

void set_filter(archive* handle, const std::string& compression) {
    if (compression == "gzip") check(archive_write_add_filter_gzip(handle), handle);
    if (compression == "bzip2") check(archive_write_add_filter_bzip2(handle), handle);
    if (compression == "xz") check(archive_write_add_filter_xz(handle), handle);
    if (compression == "zstd") check(archive_write_add_filter_zstd(handle), handle);
}

std::string write(archive* handle, const std::vector<ArchiveMember>& members) {
    std::string bytes;
    archive_write_set_bytes_in_last_block(handle, 1);
    check(archive_write_open(handle, &bytes, nullptr, append, nullptr), handle);
    for (const ArchiveMember& member : members) add(handle, member);
    check(archive_write_close(handle), handle);
    archive_write_free(handle);
    return bytes;
}

}  // namespace

std::string make_tar(const std::vector<ArchiveMember>& members, const std::string& compression) {
    archive* handle = archive_write_new();
    archive_write_set_format_pax_restricted(handle);
    set_filter(handle, compression);
    return write(handle, members);
}

std::string make_zip(const std::vector<ArchiveMember>& members) {
    archive* handle = archive_write_new();
    archive_write_set_format_zip(handle);
    return write(handle, members);
}

std::string compress(const std::string& text, const std::string& compression) {
    archive* handle = archive_write_new();
    archive_write_set_format_raw(handle);
    set_filter(handle, compression);
    return write(handle, {{"text", text}});
}

}  // namespace wavlab
