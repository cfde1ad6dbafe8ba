// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/frame_codec.h"

#include <cstdint>
#include <cstring>
#include <memory>

#include <zstd.h>

#include "core/error.h"

namespace wavlab {

namespace {

constexpr char version = 1;
constexpr int compression_level = 3;
constexpr std::size_t largest_frame = std::size_t{128} << 20;  // bytes, unpacked

void append_number(std::string& bytes, std::uint32_t value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes bytes off the front of a text and never goes past its end.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

    std::string_view take(std::size_t count) {
        if (count > bytes_.size()) throw InputError("a stored frame is damaged: it ends too early");
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::uint32_t number() {
        std::uint32_t value = 0;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    bool empty() const { return bytes_.empty(); }

private:
    std::string_view bytes_;
};

std::string decompress(std::string_view packed) {
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > largest_frame)
        throw InputError("a stored frame is damaged: its size is not given or impossible");
    std::string bytes(static_cast<std::size_t>(size), '\0');
    const std::size_t result = ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
    if (ZSTD_isError(result) || result != bytes.size())
        throw InputError("a stored frame is damaged: it cannot be unpacked");
    return bytes;
}

}  // namespace

std::string pack_fields(std::span<const FrameField> fields) {
    std::string bytes;
    append_number(bytes, static_cast<std::uint32_t>(fields.size()));
    for (const FrameField& field : fields) {
        append_number(bytes, static_cast<std::uint32_t>(field.name.size()));
        bytes += field.name;
        append_number(bytes, static_cast<std::uint32_t>(field.values.size()));
        bytes.append(reinterpret_cast<const char*>(field.values.data()), field.values.size_bytes());
    }
    if (bytes.size() > largest_frame) throw WorkError("a frame is too large to be stored");

    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, compression_level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);  // damage is noticed
    std::string blob(1 + ZSTD_compressBound(bytes.size()), version);
    const std::size_t packed =
        ZSTD_compress2(context.get(), blob.data() + 1, blob.size() - 1, bytes.data(), bytes.size());
    if (ZSTD_isError(packed)) throw WorkError("a frame cannot be packed");
    blob.resize(1 + packed);
    return blob;
}

std::vector<UnpackedField> unpack_fields(std::string_view blob) {
    if (blob.empty() || blob.front() != version)
        throw InputError("a stored frame has a form that this version does not know");
    const std::string bytes = decompress(blob.substr(1));
    ByteReader reader(bytes);
    std::vector<UnpackedField> fields;
    const std::uint32_t count = reader.number();
    for (std::uint32_t i = 0; i < count; ++i) {
        UnpackedField field;
        field.name = reader.take(reader.number());
        const std::uint32_t length = reader.number();
        const std::string_view values = reader.take(std::size_t{length} * sizeof(float));
        field.values.resize(length);
        if (length > 0) std::memcpy(field.values.data(), values.data(), values.size());
        fields.push_back(std::move(field));
    }
    if (!reader.empty()) throw InputError("a stored frame is damaged: it is longer than it should be");
    return fields;
}

}  // namespace wavlab
