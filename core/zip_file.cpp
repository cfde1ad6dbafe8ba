// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/zip_file.h"

#include <array>
#include <exception>
#include <system_error>

#include <archive.h>
#include <archive_entry.h>

#include "core/error.h"
#include "core/safe_file.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

/// A name that stays below the folder into which it is unpacked.
bool is_harmless(const fs::path& name) {
    if (name.empty() || name.is_absolute()) return false;
    for (const fs::path& part : name)
        if (part == ".." || part.empty()) return false;
    return true;
}

}  // namespace

struct ZipWriter::Implementation {
    explicit Implementation(const fs::path& target) : name(target.string()), file(target) {
        archive_write_set_format_zip(zip.get());
        archive_write_zip_set_compression_store(zip.get());
        constexpr int piece = 1 << 18;  // bytes
        archive_write_set_bytes_per_block(zip.get(), piece);
        archive_write_set_bytes_in_last_block(zip.get(), 1);  // no padding
        require(archive_write_open2(zip.get(), this, nullptr, take, nullptr, nullptr));
    }
    // Without a commit the end of the archive must not be written to a file that is given up.
    ~Implementation() { is_given_up = true; }

    /// libarchive's C code must not see an exception. It never hears of a failure, either: an archive that has failed
    /// leaks its buffer when it is freed (libarchive 3.6).
    static la_ssize_t take(archive* /*zip*/, void* self, const void* bytes, std::size_t size) {
        auto& implementation = *static_cast<Implementation*>(self);
        try {
            if (!implementation.is_given_up)
                implementation.file.write(std::string_view(static_cast<const char*>(bytes), size));
        } catch (...) {
            implementation.failure = std::current_exception();
            implementation.is_given_up = true;
        }
        return static_cast<la_ssize_t>(size);
    }

    void require(int result) {
        if (failure) std::rethrow_exception(failure);
        if (result < ARCHIVE_WARN) throw WorkError(name + ": cannot be written: " + archive_error_string(zip.get()));
    }

    std::string name;
    SafeFile file;
    std::exception_ptr failure;
    bool is_given_up = false;  ///< what else libarchive hands over is dropped
    std::uint64_t left = 0;    ///< bytes of the file that are still to come
    std::unique_ptr<archive, decltype(&archive_write_free)> zip{archive_write_new(), archive_write_free};
};

ZipWriter::ZipWriter(const fs::path& target) : implementation_(std::make_unique<Implementation>(target)) {}
ZipWriter::~ZipWriter() = default;

void ZipWriter::begin(const std::string& name, std::uint64_t bytes) {
    const Entry entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
    implementation_->left = bytes;
    implementation_->require(archive_write_header(implementation_->zip.get(), entry.get()));
}

void ZipWriter::write(std::string_view bytes) {
    Implementation& own = *implementation_;
    if (bytes.size() > own.left) throw WorkError(own.name + ": a file in it is longer than was said");
    own.left -= bytes.size();
    while (!bytes.empty()) {
        const la_ssize_t count = archive_write_data(own.zip.get(), bytes.data(), bytes.size());
        own.require(count < 0 ? ARCHIVE_FATAL : ARCHIVE_OK);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void ZipWriter::add(const std::string& name, std::string_view contents) {
    begin(name, contents.size());
    write(contents);
}

void ZipWriter::commit() {
    implementation_->require(archive_write_close(implementation_->zip.get()));
    implementation_->file.commit();
}

std::vector<std::string> unpack_zip(const fs::path& file, const fs::path& folder, std::uint64_t most_bytes) {
    const std::string name = "'" + file.string() + "'";
    const std::unique_ptr<archive, decltype(&archive_read_free)> zip(archive_read_new(), archive_read_free);
    archive_read_support_format_zip_seekable(zip.get());
    const auto refuse = [&] {
        throw InputError(name + " cannot be read as a zip archive: " + archive_error_string(zip.get()));
    };
    if (archive_read_open_filename(zip.get(), file.c_str(), 1 << 18) != ARCHIVE_OK) refuse();
    std::vector<std::string> names;
    archive_entry* entry = nullptr;
    for (int result = archive_read_next_header(zip.get(), &entry); result != ARCHIVE_EOF;
         result = archive_read_next_header(zip.get(), &entry)) {
        if (result != ARCHIVE_OK) refuse();
        const char* path = archive_entry_pathname(entry);
        if (!path || archive_entry_filetype(entry) != AE_IFREG || !is_harmless(path))
            throw InputError(name + " holds something that is no plain file with a relative name");
        std::error_code ignored;
        fs::create_directories((folder / path).parent_path(), ignored);
        SafeFile target(folder / path);
        std::array<char, 1 << 16> piece{};
        la_ssize_t count = 0;
        while ((count = archive_read_data(zip.get(), piece.data(), piece.size())) > 0) {
            if (static_cast<std::uint64_t>(count) > most_bytes) throw InputError(name + " unpacks to more than it may");
            most_bytes -= static_cast<std::uint64_t>(count);
            target.write(std::string_view(piece.data(), static_cast<std::size_t>(count)));
        }
        if (count < 0) refuse();
        target.commit();
        names.emplace_back(path);
    }
    return names;
}

}  // namespace wavlab
