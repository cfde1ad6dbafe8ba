// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safe_file.h"
#include "core/safetensors_header.h"
#include "core/sha256.h"

namespace wavlab {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t largest_header = 100'000'000;
constexpr std::size_t alignment = 8;

std::vector<const TensorView*> sorted_by_name(const std::vector<TensorView>& tensors) {
    std::vector<const TensorView*> sorted;
    for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
    // Larger elements first keeps every tensor aligned to its own size; then by name.
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        const std::size_t size_a = size_of(a->type), size_b = size_of(b->type);
        return size_a != size_b ? size_a > size_b : a->name < b->name;
    });
    return sorted;
}

void require_consistent(const std::vector<const TensorView*>& tensors) {
    std::set<std::string_view> names{""};
    for (const TensorView* tensor : tensors) {
        if (tensor_bytes(tensor->type, tensor->shape) != tensor->bytes.size())
            throw WorkError("tensor '" + tensor->name + "' has another number of bytes than its shape says");
        if (!names.insert(tensor->name).second)
            throw WorkError("a tensor to write has no name of its own: '" + tensor->name + "'");
    }
}

std::string header_text(const std::vector<const TensorView*>& tensors, TensorMetadata metadata) {
    nlohmann::ordered_json header;
    nlohmann::json checksums = nlohmann::json::object();
    nlohmann::ordered_json entries;
    std::vector<TensorEntry> described;
    std::uint64_t offset = 0;
    for (const TensorView* tensor : tensors) {
        checksums[tensor->name] = sha256_hex(tensor->bytes);
        const std::uint64_t end = offset + tensor->bytes.size();
        entries[tensor->name] = {
            {"dtype", to_string(tensor->type)}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}};
        described.push_back({tensor->name, tensor->type, tensor->shape, {offset, end}});
        offset = end;
    }
    std::string text;
    try {
        metadata[checksums_key] = checksums.dump();
        metadata[header_checksum_key] = header_checksum(described, metadata);
        header["__metadata__"] = metadata;
        header.update(entries);
        text = header.dump();
    } catch (const nlohmann::json::exception&) {
        throw WorkError("a name or a text to write into a safetensors file is not valid UTF-8");
    }
    text.append((alignment - text.size() % alignment) % alignment, ' ');
    return text;
}

/// Sorted by offset, without gap or overlap, up to the end of the data; every size is what its shape says.
void require_complete(std::vector<TensorEntry>& tensors, std::uint64_t data_bytes) {
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.offsets < b.offsets; });
    std::uint64_t expected = 0;
    for (const TensorEntry& tensor : tensors) {
        const auto [begin, end] = tensor.offsets;
        const auto refuse = [&](const std::string& why) { throw InputError("tensor '" + tensor.name + "' " + why); };
        if (begin > end || end > data_bytes) refuse("lies outside of the file, which may have been cut short");
        if (begin != expected) refuse("does not begin where the tensor before it ends");
        if (tensor_bytes(tensor.type, tensor.shape) != end - begin) refuse("has another size than its shape says");
        expected = end;
    }
    if (expected != data_bytes)
        throw InputError(std::to_string(data_bytes - expected) + " bytes at the end belong to no tensor");
}

void require_checksums(const std::vector<TensorView>& tensors, const TensorMetadata& metadata) {
    const auto text = metadata.find(checksums_key);
    if (text == metadata.end()) return;
    TensorMetadata checksums;
    try {
        checksums = parse_string_map(text->second);
    } catch (const InputError& error) {
        throw InputError(std::string("the checksums cannot be read: ") + error.what());
    }
    for (const TensorView& tensor : tensors) {
        const auto expected = checksums.find(tensor.name);
        if (expected == checksums.end()) continue;
        if (sha256_hex(tensor.bytes) != expected->second)
            throw InputError("the bytes of tensor '" + tensor.name +
                             "' do not match their checksum: the file is damaged");
        checksums.erase(expected);
    }
    if (!checksums.empty())
        throw InputError("there is a checksum of '" + checksums.begin()->first + "' but no such tensor");
}

std::byte* map_file(const std::filesystem::path& path, std::size_t& bytes) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        throw InputError(errno == ENOENT ? "there is no such file"
                                         : std::string("cannot be read: ") + std::strerror(errno));
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    const bool regular = known && S_ISREG(status.st_mode);
    bytes = regular ? static_cast<std::size_t>(status.st_size) : 0;
    void* mapping = nullptr;
    if (regular && bytes > 0) mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int reason = errno;
    ::close(descriptor);
    if (known && S_ISDIR(status.st_mode)) throw InputError("this is a folder; give a safetensors file");
    if (!regular) throw InputError("this is not an ordinary file");
    if (mapping == MAP_FAILED) throw InputError(std::string("cannot be read: ") + std::strerror(reason));
    return static_cast<std::byte*>(mapping);
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, const std::vector<TensorView>& tensors,
                       TensorMetadata metadata) {
    const std::vector<const TensorView*> sorted = sorted_by_name(tensors);
    require_consistent(sorted);
    SafeFile target(file);
    const std::string header = header_text(sorted, std::move(metadata));
    const std::uint64_t length = header.size();
    target.write(std::as_bytes(std::span(&length, 1)));
    target.write(header);
    for (const TensorView* tensor : sorted) target.write(tensor->bytes);
    target.commit();
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file) : path_(file) {
    try {
        mapping_ = map_file(path_, mapped_bytes_);
        std::uint64_t length = 0;
        if (mapped_bytes_ < length_bytes) throw InputError("this is no safetensors file: it is too short");
        std::memcpy(&length, mapping_, length_bytes);
        if (length > largest_header || length > mapped_bytes_ - length_bytes)
            throw InputError("this is no safetensors file, or it was cut short: its header would have " +
                             std::to_string(length) + " bytes");
        const auto* text = reinterpret_cast<const char*>(mapping_ + length_bytes);
        SafetensorsHeader header = parse_safetensors_header({text, static_cast<std::size_t>(length)});
        const std::uint64_t data_bytes = mapped_bytes_ - length_bytes - length;
        require_complete(header.tensors, data_bytes);
        metadata_ = std::move(header.metadata);
        const auto checksum = metadata_.find(header_checksum_key);
        if (checksum != metadata_.end() && metadata_.contains(checksums_key) &&
            checksum->second != header_checksum(header.tensors, metadata_))
            throw InputError("the header does not match its checksum: the file is damaged");
        const std::byte* data = mapping_ + length_bytes + length;
        for (TensorEntry& entry : header.tensors)
            tensors_.push_back({std::move(entry.name),
                                entry.type,
                                std::move(entry.shape),
                                {data + entry.offsets[0], data + entry.offsets[1]}});
        require_checksums(tensors_, metadata_);
    } catch (const InputError& error) {
        if (mapping_) ::munmap(mapping_, mapped_bytes_);
        throw InputError(path_.string() + ": " + error.what());
    } catch (...) {
        if (mapping_) ::munmap(mapping_, mapped_bytes_);
        throw;
    }
}

SafetensorsFile::~SafetensorsFile() {
    if (mapping_) ::munmap(mapping_, mapped_bytes_);
}

SafetensorsFile::SafetensorsFile(SafetensorsFile&& other) noexcept
    : path_(std::move(other.path_)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
      tensors_(std::move(other.tensors_)),
      metadata_(std::move(other.metadata_)) {}

const TensorView* SafetensorsFile::find(const std::string& name) const {
    for (const TensorView& tensor : tensors_)
        if (tensor.name == name) return &tensor;
    return nullptr;
}

const std::string& SafetensorsFile::metadata(const std::string& key) const {
    const auto entry = metadata_.find(key);
    if (entry == metadata_.end())
        throw InputError(path_.string() + ": the metadata entry '" + key +
                         "' is missing: WAV Lab did not write this file");
    return entry->second;
}

}  // namespace wavlab
