// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_evaluations.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_lines.h"
#include "core/safe_file.h"
#include "core/sha256.h"

namespace fs = std::filesystem;
using json = nlohmann::json;

namespace wavlab {

namespace {

constexpr std::size_t largest_file = 16 << 20;  // bytes
constexpr std::uint64_t largest_header = 64 << 20;

fs::path file_of(const RunFolder& run) { return run.path / "evaluations.json"; }

json to_json(const RecordedEvaluation& one) {
    return {{"step", one.step},     {"model", one.model}, {"loss", json_number(one.loss)}, {"windows", one.windows},
            {"tokens", one.tokens}, {"text", one.source}, {"device", one.device}};
}

RecordedEvaluation parse(const json& object) {
    RecordedEvaluation one;
    object.at("step").get_to(one.step);
    object.at("model").get_to(one.model);
    one.loss = parse_json_number(object.at("loss"));
    object.at("windows").get_to(one.windows);
    object.at("tokens").get_to(one.tokens);
    object.at("text").get_to(one.source);
    object.at("device").get_to(one.device);
    return one;
}

}  // namespace

std::string model_identity(const fs::path& model) {
    std::ifstream stream(model, std::ios::binary);
    std::array<unsigned char, 8> length_bytes{};
    if (!stream.read(reinterpret_cast<char*>(length_bytes.data()), length_bytes.size())) return "";
    std::uint64_t length = 0;  // little-endian
    for (std::size_t i = length_bytes.size(); i-- > 0;) length = length << 8 | length_bytes[i];
    if (length > largest_header) return "";
    std::string header(static_cast<std::size_t>(length), '\0');
    if (!stream.read(header.data(), static_cast<std::streamsize>(header.size()))) return "";
    return sha256_hex(header);
}

std::vector<RecordedEvaluation> read_evaluations(const RunFolder& run) {
    const fs::path file = file_of(run);
    std::error_code error;
    if (!fs::exists(file, error)) return {};
    const std::string text = read_file(file, largest_file);
    std::vector<RecordedEvaluation> found;
    try {
        const json document = json::parse(text);
        for (const json& object : document.at("evaluations")) found.push_back(parse(object));
    } catch (const std::exception&) {
        throw InputError(file.string() + ": the evaluations of this run cannot be read (the file may be damaged)");
    }
    return found;
}

void record_evaluation(const RunFolder& run, const RecordedEvaluation& evaluation) {
    std::vector<RecordedEvaluation> all;
    try {
        all = read_evaluations(run);
    } catch (const InputError&) {
        fs::path kept = file_of(run);
        kept += ".damaged";
        std::error_code error;
        fs::rename(file_of(run), kept, error);
    }
    std::erase_if(all, [&](const RecordedEvaluation& one) {
        return one.step == evaluation.step && one.source == evaluation.source && one.windows == evaluation.windows;
    });
    all.push_back(evaluation);
    json list = json::array();
    for (const RecordedEvaluation& one : all) list.push_back(to_json(one));
    const json document{{"schema", 1}, {"evaluations", std::move(list)}};
    write_file_safely(file_of(run), document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace wavlab
