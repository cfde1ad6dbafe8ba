// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/safetensors_header.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/sha256.h"

namespace wavlab {

namespace {

constexpr std::size_t most_dimensions = 16;
constexpr std::size_t longest_shown = 60;
constexpr const char* metadata_name = "__metadata__";

std::string in_quotes(const std::string& text) {
    return "'" + (text.size() > longest_shown ? text.substr(0, longest_shown) + "..." : text) + "'";
}

/// Common part of the readers below: any event that a reader does not expect is an error.
class StrictReader : public nlohmann::json_sax<nlohmann::json> {
public:
    bool null() override { return unexpected("null"); }
    bool boolean(bool) override { return unexpected("true or false"); }
    bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
    bool number_unsigned(number_unsigned_t) override { return unexpected("a number"); }
    bool number_float(number_float_t, const string_t&) override {
        return unexpected("a number that is not whole or too large");
    }
    bool string(string_t&) override { return unexpected("text"); }
    bool binary(binary_t&) override { return unexpected("binary data"); }
    bool start_array(std::size_t) override { return unexpected("a list"); }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        throw InputError("the header is not valid JSON at byte " + std::to_string(position));
    }

protected:
    virtual bool unexpected(const std::string& what) const {
        throw InputError("the header has " + what + " where it must not be");
    }
};

/// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {"key": "text", ...}}
class HeaderReader : public StrictReader {
public:
    SafetensorsHeader header;

    bool start_object(std::size_t) override {
        if (depth_ == 2 || in_list_ || (depth_ == 1 && name_.empty())) unexpected("an object");
        ++depth_;
        if (depth_ == 2) begin_entry();
        return true;
    }
    bool key(string_t& text) override {
        if (depth_ == 1) {
            if (text.empty()) throw InputError("the header has a tensor without a name");
            if (!names_.insert(text).second) throw InputError("the header names " + in_quotes(text) + " twice");
            name_ = text;
        } else {
            if (!fields_.insert(text).second)
                throw InputError("the header gives " + in_quotes(text) + " of " + in_quotes(name_) + " twice");
            field_ = text;
        }
        return true;
    }
    bool end_object() override {
        if (--depth_ == 1) end_entry();
        return true;
    }
    bool string(string_t& text) override {
        if (depth_ != 2 || in_list_) unexpected("text");
        if (in_metadata()) {
            header.metadata[field_] = std::move(text);
        } else {
            if (field_ != "dtype") unexpected("text");
            const auto type = parse_tensor_type(text);
            if (!type) throw InputError("tensor " + in_quotes(name_) + " is of the unknown type " + in_quotes(text));
            entry_.type = *type;
        }
        return true;
    }
    bool start_array(std::size_t) override {
        if (depth_ != 2 || in_list_ || in_metadata() || (field_ != "shape" && field_ != "data_offsets"))
            unexpected("a list");
        in_list_ = true;
        offset_count_ = 0;
        return true;
    }
    bool end_array() override {
        if (field_ == "data_offsets" && offset_count_ != 2)
            throw InputError("tensor " + in_quotes(name_) + " must have two data offsets");
        in_list_ = false;
        return true;
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (!in_list_) unexpected("a number");
        if (field_ == "shape") {
            if (entry_.shape.size() == most_dimensions || value > INT64_MAX)
                throw InputError("tensor " + in_quotes(name_) + " has an impossible shape");
            entry_.shape.push_back(static_cast<std::int64_t>(value));
        } else {
            if (offset_count_ == 2) throw InputError("tensor " + in_quotes(name_) + " must have two data offsets");
            entry_.offsets[offset_count_++] = value;
        }
        return true;
    }

private:
    bool in_metadata() const { return name_ == metadata_name; }
    void begin_entry() {
        fields_.clear();
        entry_ = {};
        entry_.name = name_;
    }
    void end_entry() {
        if (!in_metadata()) {
            if (fields_ != std::set<std::string>{"data_offsets", "dtype", "shape"})
                throw InputError("tensor " + in_quotes(name_) +
                                 " must have dtype, shape and data_offsets, and nothing else");
            header.tensors.push_back(std::move(entry_));
        }
        name_.clear();
    }

    int depth_ = 0;
    bool in_list_ = false;
    std::size_t offset_count_ = 0;
    std::string name_;
    std::string field_;
    std::set<std::string> names_;
    std::set<std::string> fields_;
    TensorEntry entry_;
};

/// {"name": "text", ...}
class StringMapReader : public StrictReader {
public:
    TensorMetadata map;

    bool start_object(std::size_t) override {
        if (inside_) unexpected("an object");
        inside_ = true;
        return true;
    }
    bool end_object() override { return true; }
    bool key(string_t& text) override {
        if (map.contains(text)) throw InputError(in_quotes(text) + " is given twice");
        key_ = text;
        return true;
    }
    bool string(string_t& text) override {
        if (!inside_) unexpected("text");
        map[key_] = std::move(text);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
        throw InputError("not valid JSON");
    }

private:
    bool unexpected(const std::string& what) const override { throw InputError(what + " stands where it must not be"); }

    bool inside_ = false;
    std::string key_;
};

struct TypeText {
    TensorType type;
    std::size_t bytes;
    const char* text;
};

constexpr std::array types{
    TypeText{TensorType::f32, 4, "F32"},   TypeText{TensorType::f64, 8, "F64"},
    TypeText{TensorType::bf16, 2, "BF16"}, TypeText{TensorType::f16, 2, "F16"},
    TypeText{TensorType::i64, 8, "I64"},   TypeText{TensorType::i32, 4, "I32"},
    TypeText{TensorType::u8, 1, "U8"},     TypeText{TensorType::boolean, 1, "BOOL"},
};

}  // namespace

std::size_t size_of(TensorType type) { return types[static_cast<std::size_t>(type)].bytes; }

std::string to_string(TensorType type) { return types[static_cast<std::size_t>(type)].text; }

std::optional<TensorType> parse_tensor_type(std::string_view text) {
    for (const TypeText& known : types)
        if (text == known.text) return known.type;
    return std::nullopt;
}

std::optional<std::uint64_t> tensor_bytes(TensorType type, const std::vector<std::int64_t>& shape) {
    std::uint64_t bytes = size_of(type);
    bool empty = false;
    for (const std::int64_t length : shape) {
        if (length < 0) return std::nullopt;
        empty |= length == 0;
        if (length != 0 && __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes))
            return std::nullopt;
    }
    if (bytes > INT64_MAX) return std::nullopt;
    return empty ? 0 : bytes;
}

SafetensorsHeader parse_safetensors_header(std::string_view json) {
    // The format wants the object to begin at once and allows spaces after it.
    if (!json.starts_with('{')) throw InputError("the header does not begin with {");
    HeaderReader reader;
    nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
    return std::move(reader.header);
}

TensorMetadata parse_string_map(std::string_view json) {
    if (!json.starts_with('{')) throw InputError("not a JSON object");
    StringMapReader reader;
    nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
    return std::move(reader.map);
}

std::string header_checksum(const std::vector<TensorEntry>& tensors, const TensorMetadata& metadata) {
    Sha256 hash;
    // Lengths come before texts, so that no two headers give the same bytes.
    const auto add = [&hash](const std::string& text) { hash.update(std::to_string(text.size()) + ":" + text); };
    for (const auto& [key, value] : metadata) {
        if (key == header_checksum_key || key == checksums_key) continue;
        add(key);
        add(value);
    }
    std::vector<const TensorEntry*> sorted;
    for (const TensorEntry& tensor : tensors) sorted.push_back(&tensor);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    for (const TensorEntry* tensor : sorted) {
        add(tensor->name);
        add(to_string(tensor->type));
        add(std::to_string(tensor->shape.size()));
        for (const std::int64_t length : tensor->shape) add(std::to_string(length));
    }
    return hash.hex_digest();
}

}  // namespace wavlab
