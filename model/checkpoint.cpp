// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <charconv>
#include <cstring>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "core/build_info.h"
#include "core/error.h"
#include "core/json_lines.h"
#include "core/method.h"
#include "core/safe_file.h"
#include "datasets/token_data.h"

namespace wavlab {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// In bytes: 1 GiB, a context of a million tokens at a head width of 128.
constexpr double largest_position_table = 1073741824.0;

std::optional<TensorType> tensor_type(at::ScalarType type) {
    switch (type) {
        case at::kFloat:
            return TensorType::f32;
        case at::kDouble:
            return TensorType::f64;
        case at::kLong:
            return TensorType::i64;
        case at::kByte:
            return TensorType::u8;
        default:
            return std::nullopt;
    }
}

/// Tensors to write with the host memory that their views borrow.
class TensorList {
public:
    void add(const std::string& name, const at::Tensor& tensor) {
        const at::Tensor host = tensor.detach().cpu().contiguous();
        const std::optional<TensorType> type = tensor_type(host.scalar_type());
        if (!type) throw WorkError("the tensor '" + name + "' has a type that checkpoints do not know");
        held_.push_back(host);
        views_.push_back(
            {name, *type, host.sizes().vec(), {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}});
    }
    const std::vector<TensorView>& views() const { return views_; }

private:
    std::vector<at::Tensor> held_;
    std::vector<TensorView> views_;
};

[[noreturn]] void bad_file(const SafetensorsFile& file, const std::string& problem) {
    throw InputError("the file '" + file.path().string() + "' " + problem);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

/// Copies a tensor of the file into `target`, which it must fit exactly.
void copy_tensor(const SafetensorsFile& file, const std::string& name, const at::Tensor& target) {
    const TensorView* view = file.find(name);
    if (!view) bad_file(file, "holds no tensor '" + name + "'");
    const std::optional<TensorType> type = tensor_type(target.scalar_type());
    if (!type || view->type != *type)
        bad_file(file, "holds '" + name + "' as " + to_string(view->type) + " where " +
                           (type ? to_string(*type) : "another type") + " is expected");
    if (view->shape != target.sizes().vec())
        bad_file(file, "holds '" + name + "' with the shape " + shape_text(view->shape) + " where " +
                           shape_text(target.sizes().vec()) + " is expected");
    if (view->bytes.empty()) return;
    const at::Tensor host = at::empty(target.sizes(), at::TensorOptions().dtype(target.scalar_type()));
    std::memcpy(host.mutable_data_ptr(), view->bytes.data(), view->bytes.size());
    const at::NoGradGuard no_gradient;
    target.copy_(host);
}

/// Tensors beside those that belong there are an error: the file is of something else.
void require_names(const SafetensorsFile& file, const std::set<std::string>& names) {
    for (const TensorView& tensor : file.tensors())
        if (!names.contains(tensor.name))
            bad_file(file, "holds a tensor '" + tensor.name + "' that does not belong there");
}

std::int64_t step_in(const SafetensorsFile& file) {
    const std::string& text = file.metadata("step");
    std::int64_t step = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step < 0)
        bad_file(file, "has a step that is not a whole number from 0");
    return step;
}

/// The experiment may ask for no more than the file holds, so that nothing is allocated by its word alone.
void require_consistent_size(const SafetensorsFile& file, const Experiment& experiment, std::int64_t vocabulary) {
    const TensorView* embedding = file.find("embed.weight");
    if (!embedding) bad_file(file, "is not a model: it holds no tensor 'embed.weight'");
    const std::vector<std::int64_t> expected{vocabulary, experiment.model.width};
    if (embedding->shape != expected)
        bad_file(file, "holds an embedding of the shape " + shape_text(embedding->shape) +
                           ", its vocabulary and width say " + shape_text(expected));
    // The one thing that grows with a number no tensor has: the table of rotary positions.
    const double positions = 2.0 * sizeof(float) * static_cast<double>(experiment.model.context) *
                             static_cast<double>(experiment.model.width / experiment.model.heads);
    if (positions > largest_position_table)
        bad_file(file, "asks for a context of " + std::to_string(experiment.model.context) +
                           " tokens, more than models of its width can have here");
    std::int64_t elements = 0;
    for (const TensorView& tensor : file.tensors())
        elements += static_cast<std::int64_t>(tensor.bytes.size() / size_of(tensor.type));
    const std::int64_t parameters = estimate_cost(experiment, vocabulary).parameters;
    if (parameters > elements)
        bad_file(file, "holds " + std::to_string(elements) + " numbers, the experiment in it describes a model of " +
                           std::to_string(parameters));
}

json to_json(const ComputeEnvironment& environment) {
    return {{"device", environment.device},
            {"cpu_capability", environment.cpu_capability},
            {"torch_version", environment.torch_version},
            {"implementation", environment.implementation},
            {"threads", environment.threads}};
}

ComputeEnvironment parse_environment(const SafetensorsFile& file) {
    try {
        const json value = json::parse(file.metadata("environment"));
        return {value.at("device").get<std::string>(), value.at("cpu_capability").get<std::string>(),
                value.at("torch_version").get<std::string>(), value.at("implementation").get<std::string>(),
                value.at("threads").get<std::int64_t>()};
    } catch (const json::exception&) {
        bad_file(file, "has an 'environment' entry that cannot be read");
    }
}

std::optional<double> parse_validation_loss(const SafetensorsFile& file) {
    const auto found = file.metadata().find("validation_loss");
    if (found == file.metadata().end()) return std::nullopt;
    double value = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        bad_file(file, "has a 'validation_loss' entry that is not a number");
    return value;
}

at::Tensor cpu_generator_state() {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const std::scoped_lock lock(generator.mutex());
    return generator.get_state();
}

std::string exact_text(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

void write_model(const fs::path& file, const Decoder& decoder, const Tokenizer& tokenizer, std::int64_t step,
                 const TrainingState* state) {
    TensorList tensors;
    for (const Parameter& parameter : decoder.parameters()) tensors.add(parameter.name, parameter.value);
    TensorMetadata metadata{{"experiment", to_toml(decoder.experiment())},
                            {"vocabulary", tokenizer.vocabulary().dump()},
                            {"step", std::to_string(step)},
                            {"wavlab_version", version()},
                            {"commit", commit()}};
    if (state) {
        metadata["data_sha256"] = state->data_sha256;
        metadata["environment"] = to_json(state->environment).dump();
        if (state->origin) metadata["origin"] = json_line(origin_json(state->origin));
    }
    write_safetensors(file, tensors.views(), std::move(metadata));
}

CheckpointFolder save_checkpoint(const RunFolder& run, const Decoder& decoder, const AdamW& optimizer,
                                 const Tokenizer& tokenizer, const TrainingState& state,
                                 const std::function<void()>& before_rename) {
    const CheckpointFolder target{state.step, run.checkpoints() / checkpoint_name(state.step)};
    std::string temporary_name = ".";
    temporary_name += checkpoint_name(state.step) + ".new";
    const CheckpointFolder temporary{state.step, run.checkpoints() / temporary_name};
    std::error_code error;
    fs::remove_all(temporary.path, error);
    fs::create_directories(temporary.path, error);
    if (error) throw InputError("the folder '" + temporary.path.string() + "' cannot be made: " + error.message());
    try {
        write_model(temporary.model(), decoder, tokenizer, state.step, &state);
        TensorList tensors;
        for (const AdamW::Slot& slot : optimizer.slots()) {
            tensors.add("adam.first." + slot.parameter.name, slot.first);
            tensors.add("adam.second." + slot.parameter.name, slot.second);
        }
        tensors.add("generator.cpu", cpu_generator_state());
        TensorMetadata metadata{{"step", std::to_string(state.step)},
                                {"data_sha256", state.data_sha256},
                                {"environment", to_json(state.environment).dump()},
                                {"wavlab_version", version()}};
        if (state.validation_loss) metadata["validation_loss"] = exact_text(*state.validation_loss);
        write_safetensors(temporary.state(), tensors.views(), std::move(metadata));
        before_rename();
        commit_folder(temporary.path, target.path);
    } catch (...) {
        fs::remove_all(temporary.path, error);
        throw;
    }
    return target;
}

ModelHeader read_model_header(const SafetensorsFile& file) {
    ModelHeader header;
    const std::string name = "the experiment in '" + file.path().string() + "'";
    header.experiment = parse_experiment(file.metadata("experiment"), name, {});
    require_valid(header.experiment, name);
    try {
        const TokenizerDescriptor& descriptor = find_tokenizer(header.experiment.data.tokenizer);
        header.tokenizer = descriptor.restore(json::parse(file.metadata("vocabulary")),
                                              resolved_tokenizer_options(header.experiment));
    } catch (const json::exception&) {
        bad_file(file, "has a vocabulary that is not JSON");
    } catch (const InputError& error) {
        bad_file(file, std::string("has no usable vocabulary: ") + error.what());
    }
    header.step = step_in(file);
    const auto origin = file.metadata().find("origin");
    if (origin != file.metadata().end())
        header.origin = parse_origin(json::parse(origin->second, nullptr, /*allow_exceptions=*/false));
    require_consistent_size(file, header.experiment, header.tokenizer->vocabulary_size());
    return header;
}

void load_parameters(const SafetensorsFile& file, const Decoder& decoder) {
    std::set<std::string> names;
    for (const Parameter& parameter : decoder.parameters()) names.insert(parameter.name);
    require_names(file, names);
    for (const Parameter& parameter : decoder.parameters()) copy_tensor(file, parameter.name, parameter.value.detach());
}

LoadedModel load_model(const fs::path& path, at::Device device, const fs::path& base_folder) {
    const SafetensorsFile file(path);
    ModelHeader header = read_model_header(file);
    header.experiment.folder = base_folder;
    DecoderOptions options;
    options.device = device;
    options.compute_type = header.experiment.train.precision == "bf16" ? at::kBFloat16 : at::kFloat;
    LoadedModel model;
    model.decoder = std::make_unique<Decoder>(header.experiment, header.tokenizer->vocabulary_size(), options);
    model.tokenizer = std::move(header.tokenizer);
    model.step = header.step;
    load_parameters(file, *model.decoder);
    return model;
}

TrainingState load_training_state(const fs::path& path, AdamW& optimizer) {
    const SafetensorsFile file(path);
    TrainingState state;
    state.step = step_in(file);
    state.validation_loss = parse_validation_loss(file);
    state.data_sha256 = file.metadata("data_sha256");
    state.environment = parse_environment(file);
    std::set<std::string> names{"generator.cpu"};
    for (const AdamW::Slot& slot : optimizer.slots()) {
        names.insert("adam.first." + slot.parameter.name);
        names.insert("adam.second." + slot.parameter.name);
    }
    require_names(file, names);
    for (const AdamW::Slot& slot : optimizer.slots()) {
        copy_tensor(file, "adam.first." + slot.parameter.name, slot.first);
        copy_tensor(file, "adam.second." + slot.parameter.name, slot.second);
    }
    at::Tensor generator_state = at::empty_like(cpu_generator_state());
    copy_tensor(file, "generator.cpu", generator_state);
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const std::scoped_lock lock(generator.mutex());
    generator.unsafeGetGeneratorImpl()->set_state(*generator_state.unsafeGetTensorImpl());
    return state;
}

}  // namespace wavlab
