// SPDX-License-Identifier: GPL-3.0-or-later
// Every key of the experiment file outside [method], as data.
#include <algorithm>

#include "core/experiment.h"
#include "core/method.h"
#include "core/tokenizer_descriptor.h"
#include "core/translatable.h"

namespace wavlab {

namespace {

constexpr double most_steps = 1e9;
constexpr double largest_seed = 9007199254740991;  // 2^53 - 1: exact as a JSON number

/// Describes a key that is held in `section`.`member` of an Experiment.
template <class Section, class Member>
ExperimentField field(const char* table, Section Experiment::*section, Member Section::*member, Option option) {
    option.default_value = Section{}.*member;
    return {table, std::move(option), [=](const Experiment& e) { return OptionValue(e.*section.*member); },
            [=](Experiment& e, const OptionValue& value) {
                const auto* whole = std::get_if<std::int64_t>(&value);
                if constexpr (std::is_same_v<Member, double>)
                    e.*section.*member = whole ? double(*whole) : std::get<double>(value);
                else
                    e.*section.*member = std::get<Member>(value);
            }};
}

template <class Member>
ExperimentField top_field(Member Experiment::*member, Option option) {
    option.default_value = Experiment{}.*member;
    return {"", std::move(option), [=](const Experiment& e) { return OptionValue(e.*member); },
            [=](Experiment& e, const OptionValue& value) { e.*member = std::get<Member>(value); }};
}

Option number(const char* key, const char* label, const char* help, const char* unit, double minimum, double maximum) {
    return {.key = key, .label = label, .help = help, .unit = unit, .minimum = minimum, .maximum = maximum};
}

Option text(const char* key, const char* label, const char* help, std::vector<std::string> choices = {},
            bool other = false) {
    return {.key = key, .label = label, .help = help, .choices = std::move(choices), .other_text_allowed = other};
}

Option flag(const char* key, const char* label, const char* help) { return {.key = key, .label = label, .help = help}; }

template <class Descriptor>
std::vector<std::string> registered_ids() {
    std::vector<std::string> ids;
    for (const Descriptor& entry : Registry<Descriptor>::all()) ids.push_back(entry.id);
    return ids;
}

/// Whether the tokenizer with this id has the option.
bool has_option(const std::string& tokenizer, const std::string& key) {
    const TokenizerDescriptor* found = TokenizerRegistry::find(tokenizer);
    return found && std::any_of(found->options.begin(), found->options.end(),
                                [&](const Option& option) { return option.key == key; });
}

/// A key of [data] that a tokenizer describes.
ExperimentField tokenizer_field(const Option& option) {
    const std::string key = option.key;
    const OptionValue by_default = option.default_value;
    return {"data", option,
            [=](const Experiment& e) {
                const auto found = e.data.tokenizer_options.find(key);
                return found == e.data.tokenizer_options.end() ? by_default : found->second;
            },
            [=](Experiment& e, const OptionValue& value) {
                if (value == by_default)
                    e.data.tokenizer_options.erase(key);
                else
                    e.data.tokenizer_options[key] = value;
            },
            [=](const Experiment& e) { return has_option(e.data.tokenizer, key); }};
}

void add_top_fields(std::vector<ExperimentField>& fields) {
    fields.push_back(top_field(&Experiment::schema, number("schema", WAVLAB_TEXT("Schema"),
                                                           WAVLAB_TEXT("Version of the file's form."), "", 1, 1)));
    fields.push_back(top_field(&Experiment::name,
                               text("name", WAVLAB_TEXT("Name"), WAVLAB_TEXT("What the run's folder is called."))));
    fields.push_back(
        top_field(&Experiment::seed,
                  number("seed", WAVLAB_TEXT("Seed"),
                         WAVLAB_TEXT("Initial values, the order of the data and dropout are drawn from it. Corpus and "
                                     "evaluation windows do not depend on it."),
                         "", 0, largest_seed)));
}

void add_model_fields(std::vector<ExperimentField>& fields) {
    const auto add = [&](auto member, Option option) {
        fields.push_back(field("model", &Experiment::model, member, std::move(option)));
    };
    using M = ModelSettings;
    add(&M::method,
        text("method", WAVLAB_TEXT("Method"), WAVLAB_TEXT("What enters each sublayer: the residual method."),
             registered_ids<MethodDescriptor>()));
    add(&M::layers, number("layers", WAVLAB_TEXT("Layers"),
                           WAVLAB_TEXT("Depth L. Each layer has two sublayers: attention and MLP."),
                           WAVLAB_TEXT("layers"), 1, 1000));
    add(&M::width, number("width", WAVLAB_TEXT("Width"),
                          WAVLAB_TEXT("Channels d of the residual stream. Width / heads must be whole and even."),
                          WAVLAB_TEXT("channels"), 2, 65536));
    add(&M::heads,
        number("heads", WAVLAB_TEXT("Heads"), WAVLAB_TEXT("Attention heads, each of width / heads channels."),
               WAVLAB_TEXT("heads"), 1, 4096));
    add(&M::mlp_hidden,
        number("mlp_hidden", WAVLAB_TEXT("MLP width"),
               WAVLAB_TEXT("Hidden channels of the SwiGLU MLP. Left out of a file that gives a width: 4 times the "
                           "width."),
               WAVLAB_TEXT("channels"), 1, 1048576));
    add(&M::context, number("context", WAVLAB_TEXT("Context"), WAVLAB_TEXT("Tokens T that the model sees at once."),
                            WAVLAB_TEXT("tokens"), 1, 1048576));
    add(&M::dropout,
        number("dropout", WAVLAB_TEXT("Dropout"),
               WAVLAB_TEXT("Probability of dropping a channel of each update and of the embedding."), "", 0, 0.99));
}

void add_data_fields(std::vector<ExperimentField>& fields) {
    const auto add = [&](auto member, Option option) {
        fields.push_back(field("data", &Experiment::data, member, std::move(option)));
    };
    using D = DataSettings;
    add(&D::dataset,
        text("dataset", WAVLAB_TEXT("Dataset"),
             WAVLAB_TEXT("The text to learn: the built-in toy-stories, a dataset id, or file:PATH of a text file."),
             {"toy-stories"}, true));
    add(&D::tokenizer, text("tokenizer", WAVLAB_TEXT("Tokenizer"), WAVLAB_TEXT("How text becomes tokens."),
                            registered_ids<TokenizerDescriptor>(), TokenizerRegistry::all().empty()));
    Option validation =
        text("validation", WAVLAB_TEXT("Validation text"),
             WAVLAB_TEXT("A text file to validate on. Empty: the dataset's own validation part, or its last tenth."));
    validation.holds_path = true;
    add(&D::validation, std::move(validation));
    add(&D::size, number("size", WAVLAB_TEXT("Corpus size"), WAVLAB_TEXT("Length of the built-in dataset."),
                         WAVLAB_TEXT("bytes"), 1000, 1e9));
    add(&D::seed, number("seed", WAVLAB_TEXT("Corpus seed"), WAVLAB_TEXT("The built-in dataset is generated from it."),
                         "", 0, largest_seed));
    for (const TokenizerDescriptor& tokenizer : TokenizerRegistry::all())
        for (const Option& option : tokenizer.options)
            if (std::none_of(fields.begin(), fields.end(), [&](const ExperimentField& known) {
                    return known.table == "data" && known.option.key == option.key;
                }))
                fields.push_back(tokenizer_field(option));
}

void add_schedule_fields(std::vector<ExperimentField>& fields) {
    const auto add = [&](auto member, Option option) {
        fields.push_back(field("train", &Experiment::train, member, std::move(option)));
    };
    using T = TrainSettings;
    add(&T::steps,
        number("steps", WAVLAB_TEXT("Steps"), WAVLAB_TEXT("Updates to make."), WAVLAB_TEXT("steps"), 1, most_steps));
    add(&T::batch, number("batch", WAVLAB_TEXT("Batch"), WAVLAB_TEXT("Windows of text in one microbatch."),
                          WAVLAB_TEXT("windows"), 1, 65536));
    add(&T::accumulate,
        number("accumulate", WAVLAB_TEXT("Accumulate"), WAVLAB_TEXT("Microbatches whose gradients make one update."),
               WAVLAB_TEXT("microbatches"), 1, 65536));
    Option rate = number("lr", WAVLAB_TEXT("Learning rate"),
                         WAVLAB_TEXT("Highest learning rate, reached at the end of the warm-up."), "", 0, 10);
    rate.minimum_excluded = true;
    add(&T::lr, rate);
    add(&T::min_lr, number("min_lr", WAVLAB_TEXT("Final rate"),
                           WAVLAB_TEXT("Learning rate at the last step, at the end of the cosine."), "", 0, 10));
    add(&T::warmup, number("warmup", WAVLAB_TEXT("Warm-up"),
                           WAVLAB_TEXT("Steps over which the learning rate rises: lr * min(1, t / warmup)."),
                           WAVLAB_TEXT("steps"), 0, most_steps));
    add(&T::weight_decay,
        number("weight_decay", WAVLAB_TEXT("Weight decay"),
               WAVLAB_TEXT("AdamW's decay of the matrices qkv, out, gate, up, down and head; nothing else decays."), "",
               0, 100));
    add(&T::beta1,
        number("beta1", WAVLAB_TEXT("Beta 1"), WAVLAB_TEXT("AdamW's decay of the gradient's mean."), "", 0, 0.999999));
    add(&T::beta2, number("beta2", WAVLAB_TEXT("Beta 2"), WAVLAB_TEXT("AdamW's decay of the gradient's mean square."),
                          "", 0, 0.999999));
    add(&T::grad_clip, number("grad_clip", WAVLAB_TEXT("Gradient clip"),
                              WAVLAB_TEXT("Largest L2 norm of the whole gradient. 0: no clipping."), "", 0, 1e6));
}

void add_device_fields(std::vector<ExperimentField>& fields) {
    const auto add = [&](auto member, Option option) {
        fields.push_back(field("train", &Experiment::train, member, std::move(option)));
    };
    using T = TrainSettings;
    add(&T::precision,
        text("precision", WAVLAB_TEXT("Precision"),
             WAVLAB_TEXT("fp32, or bf16: matrix products in bfloat16 with fp32 master weights."), {"fp32", "bf16"}));
    add(&T::device, text("device", WAVLAB_TEXT("Device"),
                         WAVLAB_TEXT("auto takes a GPU when there is one that works; cuda:1 is the second GPU."),
                         {"auto", "cpu", "cuda"}, true));
    add(&T::deterministic, flag("deterministic", WAVLAB_TEXT("Deterministic"),
                                WAVLAB_TEXT("Only algorithms that give the same bits every time. Slower on a GPU.")));
    add(&T::eval_every, number("eval_every", WAVLAB_TEXT("Evaluate every"),
                               WAVLAB_TEXT("Steps between evaluations. 0: only at the start and after the last step."),
                               WAVLAB_TEXT("steps"), 0, most_steps));
    add(&T::eval_windows, number("eval_windows", WAVLAB_TEXT("Evaluation windows"),
                                 WAVLAB_TEXT("Windows of the validation text, spread evenly, that are evaluated."),
                                 WAVLAB_TEXT("windows"), 1, 1e6));
    add(&T::checkpoint_every, number("checkpoint_every", WAVLAB_TEXT("Checkpoint every"),
                                     WAVLAB_TEXT("Steps between checkpoints. 0: only after the last step."),
                                     WAVLAB_TEXT("steps"), 0, most_steps));
    add(&T::checkpoint_keep,
        number("checkpoint_keep", WAVLAB_TEXT("Checkpoints kept"),
               WAVLAB_TEXT("Newest checkpoints that are kept beside the best and the last. 0: all of them."),
               WAVLAB_TEXT("checkpoints"), 0, 1e6));
    add(&T::record_every, number("record_every", WAVLAB_TEXT("Record every"),
                                 WAVLAB_TEXT("Steps between records of routing, details and depth. 0: never."),
                                 WAVLAB_TEXT("steps"), 0, most_steps));
    add(&T::sample_every,
        number("sample_every", WAVLAB_TEXT("Sample every"), WAVLAB_TEXT("Steps between text samples. 0: never."),
               WAVLAB_TEXT("steps"), 0, most_steps));
    add(&T::threads, number("threads", WAVLAB_TEXT("Threads"), WAVLAB_TEXT("CPU threads. 0: all cores."),
                            WAVLAB_TEXT("threads"), 0, 1024));
}

}  // namespace

std::vector<ExperimentField> experiment_fields() {
    std::vector<ExperimentField> fields;
    add_top_fields(fields);
    add_model_fields(fields);
    add_data_fields(fields);
    add_schedule_fields(fields);
    add_device_fields(fields);
    return fields;
}

}  // namespace wavlab
