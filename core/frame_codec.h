// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/run_event.h"

namespace wavlab {

/// One named array of a frame. The values are borrowed.
struct FrameField {
    std::string_view name;
    std::span<const float> values;
};

/// Packs arrays into one blob: a version byte, then zstd over (name, length, values) of each field. By name, so that
/// old files stay readable when fields are added.
std::string pack_fields(std::span<const FrameField> fields);

/// One array of an unpacked blob.
struct UnpackedField {
    std::string name;
    std::vector<float> values;
};

/// The inverse. Throws InputError on damaged blobs; never allocates more than a fixed limit.
std::vector<UnpackedField> unpack_fields(std::string_view blob);

template <class Frame>
std::string pack_frame(const Frame& frame) {
    std::vector<FrameField> fields;
    for (const auto& [name, member] : Frame::fields()) fields.push_back({name, frame.*member});
    return pack_fields(fields);
}

/// Fields that the blob lacks stay empty; those that the frame does not know are passed over.
template <class Frame>
Frame unpack_frame(std::string_view blob, std::int64_t step) {
    Frame frame;
    frame.step = step;
    for (UnpackedField& field : unpack_fields(blob))
        for (const auto& [name, member] : Frame::fields())
            if (field.name == name) frame.*member = std::move(field.values);
    return frame;
}

}  // namespace wavlab
