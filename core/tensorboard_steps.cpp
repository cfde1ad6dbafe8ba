// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensorboard_steps.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/tensorboard_events.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

constexpr std::uint64_t largest_record = std::uint64_t{1} << 28;  // bytes

/// What a record says of the steps.
struct EventHead {
    std::int64_t step = 0;
    bool session_start = false;
    bool version = false;
};

/// Takes fields off the front of a message and never goes past its end.
class FieldReader {
public:
    explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::optional<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
            const auto byte = static_cast<std::uint8_t>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        return std::nullopt;
    }
    std::optional<std::string_view> take(std::uint64_t count) {
        if (count > bytes_.size()) return std::nullopt;
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    /// The bytes of a value that is no varint; empty for kinds that are not in use any more.
    std::optional<std::string_view> value(std::uint64_t kind) {
        if (kind == 1) return take(8);
        if (kind == 5) return take(4);
        const auto length = kind == 2 ? varint() : std::nullopt;
        return length ? take(*length) : std::nullopt;
    }

private:
    std::string_view bytes_;
};

/// Empty for bytes that are no message.
std::optional<EventHead> parse_event(std::string_view data) {
    constexpr std::uint64_t step = 2, file_version = 3, session_log = 7;
    constexpr std::string_view start("\x08\x01", 2);  // status: START
    EventHead head;
    for (FieldReader fields(data); !fields.empty();) {
        const auto tag = fields.varint();
        if (!tag) return std::nullopt;
        const std::uint64_t field = *tag >> 3, kind = *tag & 7;
        if (kind == 0) {
            const auto number = fields.varint();
            if (!number) return std::nullopt;
            if (field == step) head.step = static_cast<std::int64_t>(*number);
            continue;
        }
        const auto bytes = fields.value(kind);
        if (!bytes) return std::nullopt;
        if (field == session_log) head.session_start = bytes->starts_with(start);
        if (field == file_version) head.version = true;
    }
    return head;
}

/// The next record's data; empty at the end of what is whole.
std::optional<std::string> next_record(std::istream& stream) {
    constexpr std::size_t before = 12, after = 4;  // bytes: length and its checksum, the data's checksum
    std::string record(before, '\0');
    if (!stream.read(record.data(), before)) return std::nullopt;
    std::uint64_t length = 0;
    std::memcpy(&length, record.data(), sizeof length);
    if (length > largest_record) return std::nullopt;
    record.resize(before + length + after);
    if (!stream.read(record.data() + before, static_cast<std::streamsize>(length + after))) return std::nullopt;
    std::string data = record.substr(before, length);
    if (tensorboard_record(data) != record) return std::nullopt;
    return data;
}

}  // namespace

std::vector<std::string> tensorboard_files(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (std::string name = entry->path().filename().string(); name.find("tfevents") != std::string::npos)
            names.push_back(std::move(name));
    std::sort(names.begin(), names.end());
    return names;
}

std::int64_t last_tensorboard_step(const fs::path& folder) {
    std::int64_t last = -1;
    for (const std::string& name : tensorboard_files(folder)) {
        std::ifstream stream(folder / name, std::ios::binary);
        while (const auto data = next_record(stream)) {
            const auto event = parse_event(*data);
            if (!event) break;
            if (event->version) continue;
            last = event->session_start ? std::min(last, event->step - 1) : std::max(last, event->step);
        }
    }
    return last;
}

}  // namespace wavlab
