// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "core/error.h"

namespace wavlab {

namespace {

constexpr std::size_t most_resident = std::size_t{16} << 20;
// The system maps pages around the one that was asked for, where it has them (64 kB by default), and a read may begin
// in one such range and end in the next.
constexpr std::size_t mapped_around = std::size_t{128} << 10;

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
    throw InputError("'" + file.string() + "' cannot be " + what + ": " +
                     std::error_code(errno, std::generic_category()).message());
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) : path_(file) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail(file, "opened");
    struct stat facts {};
    void* mapped = MAP_FAILED;
    if (fstat(descriptor, &facts) == 0) {
        size_ = static_cast<std::size_t>(facts.st_size);
        if (size_ == 0) {
            close(descriptor);
            return;
        }
        mapped = mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
    }
    close(descriptor);
    if (mapped == MAP_FAILED) fail(file, "mapped into memory");
    data_ = static_cast<std::byte*>(mapped);
    // Windows lie anywhere: reading ahead would only make pages resident that nobody asked for.
    madvise(data_, size_, MADV_RANDOM);
}

MappedFile::~MappedFile() {
    if (data_) munmap(data_, size_);
}

void MappedFile::was_read(std::size_t bytes) {
    const std::size_t touched = bytes + mapped_around;
    if (resident_.fetch_add(touched) + touched < most_resident) return;
    resident_ = 0;
    // They stay in the system's page cache and come back as they were.
    if (data_) madvise(data_, size_, MADV_DONTNEED);
}

}  // namespace wavlab
