// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wavlab {

/// Writes one message of Protocol Buffers, field by field (https://protobuf.dev/programming-guides/encoding). Enough
/// for the few fields that TensorBoard reads of us.
class ProtobufMessage {
public:
    ProtobufMessage& whole(std::uint32_t field, std::int64_t value) {
        add_varint(field << 3);
        add_varint(static_cast<std::uint64_t>(value));
        return *this;
    }
    ProtobufMessage& number(std::uint32_t field, double value) { return add_fixed(field << 3 | 1, value); }
    ProtobufMessage& single(std::uint32_t field, float value) { return add_fixed(field << 3 | 5, value); }
    ProtobufMessage& text(std::uint32_t field, std::string_view value) {
        add_varint(field << 3 | 2);
        add_varint(value.size());
        bytes_ += value;
        return *this;
    }
    ProtobufMessage& message(std::uint32_t field, const ProtobufMessage& value) { return text(field, value.bytes_); }

    const std::string& bytes() const { return bytes_; }

private:
    void add_varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    template <class Value>
    ProtobufMessage& add_fixed(std::uint32_t tag, Value value) {
        add_varint(tag);
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }

    std::string bytes_;
};

}  // namespace wavlab
