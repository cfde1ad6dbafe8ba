// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>
#include <random>

#include "core/embedded_resources.h"
#include "core/error.h"
#include "core/ready_experiments.h"
#include "core/sweep.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Experiment parse(std::string_view text) { return parse_experiment(text, "run.toml", "/data"); }

std::string parse_message(std::string_view text) {
    return message_of<InputError>([&] { require_valid(parse(text), "run.toml"); });
}

TEST(Experiment, TheDefaultFileEqualsTheDefaults) {
    Experiment experiment = parse(embedded_resource("experiments/default.toml"));
    EXPECT_EQ(resolved_method_options(experiment), resolved_method_options(Experiment()));
    experiment.method.clear();
    experiment.folder.clear();
    EXPECT_EQ(experiment, Experiment());
    EXPECT_EQ(find_ready_experiment("default")->text, embedded_resource("experiments/default.toml"));
}

TEST(Experiment, AnEmptyFileIsTheDefault) {
    EXPECT_EQ(parse_experiment("", "run.toml", {}), Experiment());
    EXPECT_TRUE(problems(Experiment()).empty());
}

TEST(Experiment, EveryReadyExperimentIsValidAndDescribed) {
    ASSERT_GE(ready_experiments().size(), 6u);
    EXPECT_EQ(ready_experiments().front().id, "default");
    for (const ReadyExperiment& ready : ready_experiments()) {
        const Experiment experiment = parse_experiment(ready.text, ready.id, {});
        EXPECT_NO_THROW(require_valid(experiment, ready.id));
        EXPECT_TRUE(ignored_method_options(experiment).empty()) << ready.id;
        EXPECT_FALSE(ready.title.empty());
        EXPECT_FALSE(ready.description.empty()) << ready.id;
        EXPECT_TRUE(ready.id == "default" || experiment.name == ready.id) << ready.id;
    }
    EXPECT_EQ(find_ready_experiment("nothing"), nullptr);
}

TEST(Experiment, FieldsCoverEveryKeyOnce) {
    std::set<std::string> keys;
    for (const ExperimentField& field : experiment_fields()) {
        EXPECT_TRUE(keys.insert(field.dotted_key()).second) << field.dotted_key();
        EXPECT_EQ(field.get(Experiment()), field.option.default_value) << field.dotted_key();
        EXPECT_FALSE(problem_with(field.option, field.option.default_value)) << field.dotted_key();
        EXPECT_FALSE(field.option.label.empty() || field.option.help.empty()) << field.dotted_key();
    }
    EXPECT_EQ(keys.size(), 3u + 7u + 5u + 20u);
}

TEST(Experiment, FollowsTheWidthUnlessGiven) {
    EXPECT_EQ(parse("[model]\nwidth = 128").model.mlp_hidden, 512);
    EXPECT_EQ(parse("[model]\nwidth = 128\nmlp_hidden = 300").model.mlp_hidden, 300);
    EXPECT_EQ(parse("[model]\nlayers = 3").model.mlp_hidden, 256);
    Experiment experiment = parse("[model]\nlayers = 3");
    apply_setting(experiment, "model.width=32");
    EXPECT_EQ(experiment.model.mlp_hidden, 128);
    apply_setting(experiment, "model.mlp_hidden=100");
    apply_setting(experiment, "model.width=64");
    EXPECT_EQ(experiment.model.mlp_hidden, 100);
}

struct BadFile {
    const char* text;
    std::vector<std::string> parts;  ///< what the message must hold
};

class BadFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreNamedWithFileLineKeyValueAndWhatIsAllowed) {
    const std::string message = parse_message(GetParam().text);
    EXPECT_THAT(message, testing::StartsWith("run.toml, line "));
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& part : GetParam().parts) EXPECT_THAT(message, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Experiment, BadFiles,
    testing::Values(
        BadFile{"[train]\n\nlr = nan", {"line 3: train.lr = nan: must be a number above 0 and at most 10"}},
        BadFile{"[train]\nlr = inf", {"line 2: train.lr = inf: must be a number above 0"}},
        BadFile{"[train]\nlr = 0", {"train.lr = 0: must be a number above 0"}},
        BadFile{"[train]\nlr = \"fast\"", {"train.lr = \"fast\": must be a number"}},
        BadFile{"[train]\nlrr = 1",
                {"line 2: train.lrr = 1: unknown key (did you mean 'lr'?); allowed are steps, batch"}},
        BadFile{"[trian]\nlr = 1",
                {"line 1: [trian] is no table", "did you mean 'train'", "model, method, data, train"}},
        BadFile{"sede = 3", {"sede = 3: unknown key (did you mean 'seed'?)"}},
        BadFile{"zzzzzzzzz = 3", {"zzzzzzzzz = 3: unknown key; allowed are schema, name, seed"}},
        BadFile{"[model]\nlayers = 0", {"line 2: model.layers = 0: must be a whole number from 1 to 1000"}},
        BadFile{"[model]\nlayers = 1000000000", {"model.layers = 1000000000: must be a whole number from 1 to 1000"}},
        BadFile{"[model]\nlayers = 12.0", {"model.layers = 12.0: must be a whole number"}},
        BadFile{"[model]\nlayers = true", {"model.layers = true: must be a whole number"}},
        BadFile{"[model]\nlayers = 1979-05-27", {"model.layers = 1979-05-27: must be a whole number"}},
        BadFile{"[model]\nlayers = [1]", {"model.layers = a list: must be a whole number"}},
        BadFile{"[model.layers]\na = 1", {"model.layers = a table: must be a whole number"}},
        BadFile{"model = 3", {"model = 3: must be a table: write [model]"}},
        BadFile{"[model]\nmethod = \"wavv\"", {"model.method = \"wavv\": must be one of standard, ", "wav"}},
        BadFile{"[model]\n\nheads = 5", {"line 3: model.heads = 5: must divide the width (64)"}},
        BadFile{"[model]\nwidth = 12\nheads = 4",
                {"line 3: model.heads = 4: must leave each head an even number", "3"}},
        BadFile{"[method]\nblocks = 0", {"line 2: method.blocks = 0: must be a whole number from 1 to 2000"}},
        BadFile{"[method]\nblokcs = 1",
                {"method.blokcs = 1: no method has this option (did you mean 'blocks'?); allowed are "}},
        BadFile{"[method]\nblocks = []", {"method.blocks = a list: must be true or false, a number or text"}},
        BadFile{"[method]\nrms_match = \"yes\"", {"method.rms_match = \"yes\": must be one of token, tensor, off"}},
        BadFile{"[method]\ninit = \"x\"", {"method.init = \"x\": must be a number from 0 to 1"}},
        BadFile{"[train]\nlr = 1e-4\nmin_lr = 2e-4", {"line 3: train.min_lr = 2e-4: must be at most train.lr (1e-4)"}},
        BadFile{"[train]\ndevice = \"gpu\"", {"train.device = \"gpu\": must be auto, cpu, cuda or cuda:N"}},
        BadFile{"[train]\nprecision = \"fp16\"", {"train.precision = \"fp16\": must be one of fp32, bf16"}},
        BadFile{"[data]\ndataset = \"\"", {"data.dataset = \"\": must be a dataset id or file:PATH"}},
        BadFile{"name = \"a/b\"", {"name = \"a/b\": must be 1 to 100 bytes of text in one line, without /"}},
        BadFile{"name = \"..\"", {"name = \"..\": must be"}}, BadFile{"schema = 2", {"schema = 2: must be 1"}},
        BadFile{"seed = -1", {"seed = -1: must be a whole number from 0"}},
        BadFile{"seed = 99999999999999999999", {"line 1: this is not valid TOML"}},
        BadFile{"[model]\nlayers = 3\nlayers = 4", {"line 3: this is not valid TOML"}},
        BadFile{"[model\n", {"line 1: this is not valid TOML"}},
        BadFile{"name = \"\xff\"", {"this is not valid TOML"}}));

TEST(Experiment, AcceptsWhatWorks) {
    EXPECT_EQ(parse_message("[train]\nsteps = 10\nwarmup = 100"), "");  // the formula allows it
    EXPECT_EQ(parse_message("[train]\nlr = 1"), "");
    EXPECT_EQ(parse_message("[train]\ndevice = \"cuda:7\""), "");
    EXPECT_EQ(parse_message("[train]\neval_every = 0\nsample_every = 0"), "");
    EXPECT_EQ(parse_message("\xef\xbb\xbfname = \"bom\"\r\n[train]\r\nlr = 1e-2\r\n"), "");
}

TEST(Experiment, KeepsOptionsOfOtherMethodsButNamesThem) {
    const Experiment experiment = parse("[model]\nmethod = \"standard\"\n[method]\nblocks = 3\nrms_match = \"off\"");
    EXPECT_TRUE(problems(experiment).empty());
    EXPECT_TRUE(resolved_method_options(experiment).empty());
    const std::vector<std::string> ignored = ignored_method_options(experiment);
    ASSERT_EQ(ignored.size(), 2u);
    EXPECT_EQ(ignored[0], "method.blocks = 3 is ignored: the method standard has no such option.");
    EXPECT_EQ(ignored[1], "method.rms_match = \"off\" is ignored: the method standard has no such option.");
    EXPECT_TRUE(ignored_method_options(parse("[method]\nblocks = 3")).empty());
}

TEST(Experiment, AppliesSettings) {
    Experiment experiment;
    for (const char* setting : {"model.layers=48", "method.blocks=3", "name=a=b", "seed=7", "train.lr = 1e-2",
                                "train.deterministic=true", "data.dataset=file:a b.txt", "method.phase=false"})
        apply_setting(experiment, setting);
    EXPECT_EQ(experiment.model.layers, 48);
    EXPECT_EQ(experiment.method.at("blocks"), OptionValue(std::int64_t{3}));
    EXPECT_EQ(experiment.method.at("phase"), OptionValue(false));
    EXPECT_EQ(experiment.name, "a=b");
    EXPECT_EQ(experiment.seed, 7);
    EXPECT_EQ(experiment.train.lr, 1e-2);
    EXPECT_TRUE(experiment.train.deterministic);
    EXPECT_EQ(experiment.data.dataset, "file:a b.txt");
}

TEST(Experiment, RefusesBadSettings) {
    const auto message = [](const char* setting) {
        return message_of<InputError>([&] {
            Experiment experiment;
            apply_setting(experiment, setting);
        });
    };
    EXPECT_EQ(message("model.layers"),
              "--set model.layers: must have the form table.key=value, such as model.layers=48");
    EXPECT_EQ(message("=3"), "--set =3: must have the form table.key=value, such as model.layers=48");
    EXPECT_EQ(message("model.layers=0"), "--set model.layers=0: must be a whole number from 1 to 1000");
    EXPECT_EQ(message("model.layers=x"), "--set model.layers=x: must be a whole number from 1 to 1000");
    EXPECT_EQ(message("train.lr=nan"), "--set train.lr=nan: must be a number above 0 and at most 10");
    EXPECT_EQ(
        message("model.layer=3"),
        "--set model.layer=3: there is no key model.layer (did you mean 'model.layers'?); allowed are model.method, "
        "model.layers, model.width, model.heads, model.mlp_hidden, model.context, model.dropout");
    EXPECT_TRUE(message("method.block=3")
                    .starts_with("--set method.block=3: there is no key method.block (did you mean 'method.blocks'?); "
                                 "allowed are method."));
    EXPECT_EQ(message("layers=3"),
              "--set layers=3: there is no key layers; keys have the form table.key, such as model.layers");

    Experiment experiment = parse("[model]\nheads = 4");
    apply_setting(experiment, "model.heads=5");
    EXPECT_THAT(message_of<InputError>([&] { require_valid(experiment, "run.toml"); }),
                testing::StartsWith("--set model.heads = 5: must divide the width (64)"));
}

TEST(Experiment, SettingsMendAFileThatDoesNotFitTogether) {
    Experiment experiment = parse("[model]\nheads = 5");
    EXPECT_THROW(require_valid(experiment, "run.toml"), InputError);
    apply_setting(experiment, "model.heads=2");
    EXPECT_NO_THROW(require_valid(experiment, "run.toml"));
}

TEST(Experiment, RoundTripsThroughItsText) {
    Experiment experiment = parse(
        "name = \"odd \\\"name\\\" \\u00e9 \\u0001x\"\nseed = 9007199254740991\n[model]\nwidth = 96\nheads = 6\n"
        "[method]\nblocks = 3\ndetail_bias_init = -10000.0\n[data]\ndataset = \"file:text/a \\\"b\\\".txt\"\n"
        "validation = \"val.txt\"\n[train]\nlr = 0.30000000000000004e-1\nthreads = 2");
    const std::string text = to_toml(experiment);
    Experiment again = parse_experiment(text, "again.toml", "/elsewhere");
    EXPECT_EQ(again.data.dataset, "file:/data/text/a \"b\".txt");
    EXPECT_EQ(again.data.validation, "/data/val.txt");
    EXPECT_EQ(to_toml(again), text);
    experiment.data = again.data;
    experiment.method = resolved_method_options(experiment);
    again.folder = experiment.folder;
    EXPECT_EQ(again, experiment);
}

TEST(Experiment, RandomOnesRoundTrip) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 200; ++i) {
        Experiment experiment;
        for (const ExperimentField& field : experiment_fields()) {
            const double position = std::uniform_real_distribution()(random);
            const double low = field.option.minimum.value_or(0), high = field.option.maximum.value_or(1);
            if (std::holds_alternative<double>(field.option.default_value))
                field.set(experiment, low + (high - low) * position);
            else if (std::holds_alternative<std::int64_t>(field.option.default_value))
                field.set(experiment, std::int64_t(low + (high - low) * position));
        }
        Experiment again = parse_experiment(to_toml(experiment), "again.toml", {});
        again.method.clear();
        EXPECT_EQ(again, experiment);
    }
}

TEST(Experiment, DoesNotDependOnTheLocale) {
    const TemporaryFolder folder;
    const std::string before = std::setlocale(LC_ALL, nullptr);
    if (!std::setlocale(LC_ALL, "de_DE.UTF-8")) {
        // Few machines have it installed, most can make it.
        const std::string command =
            "localedef -i de_DE -f UTF-8 '" + (folder / "de_DE.UTF-8").string() + "' >/dev/null 2>&1";
        [[maybe_unused]] const int result = std::system(command.c_str());
        ::setenv("LOCPATH", folder.path().c_str(), 1);
        const bool made = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
        ::unsetenv("LOCPATH");
        if (!made) GTEST_SKIP() << "the locale de_DE cannot be made here";
    }
    char comma[8];
    std::snprintf(comma, sizeof comma, "%.1f", 0.5);
    EXPECT_STREQ(comma, "0,5");
    const Experiment experiment = parse("[train]\nlr = 0.5\nmin_lr = 1.25e-2");
    const std::string text = to_toml(experiment);
    const std::string message = parse_message("[train]\nlr = 10.5");
    std::setlocale(LC_ALL, before.c_str());
    EXPECT_EQ(experiment.train.lr, 0.5);
    EXPECT_EQ(experiment.train.min_lr, 0.0125);
    EXPECT_THAT(text, HasSubstr("lr = 0.5\n"));
    EXPECT_THAT(message, HasSubstr("train.lr = 10.5: must be"));
}

TEST(Experiment, RecordedOnesAreReadWithoutChecks) {
    const Experiment experiment = parse_recorded_experiment(
        "schema = 7\nnew = 1\n[model]\nmethod = \"from the future\"\nlayers = 5000\nwidth = \"wide\"\n[method]\nodd = "
        "1\n"
        "[later]\na = 1");
    EXPECT_EQ(experiment.model.method, "from the future");
    EXPECT_EQ(experiment.model.layers, 5000);
    EXPECT_EQ(experiment.model.width, 64);
    EXPECT_EQ(resolved_method_options(experiment), (OptionValues{{"odd", std::int64_t{1}}}));
    EXPECT_THROW(parse_recorded_experiment("[model"), InputError);

    const Experiment mistyped = parse_recorded_experiment(
        "[model]\nmethod = \"wav\"\n[method]\nblocks = \"many\"\nphase = 1\nsplit = false\ndetail_bias_init = 1");
    EXPECT_EQ(mistyped.method, (OptionValues{{"split", false}, {"detail_bias_init", std::int64_t{1}}}));
    EXPECT_NO_THROW(run_identity(mistyped));
}

TEST(Experiment, FilesThatCannotBeReadAreNamed) {
    const TemporaryFolder folder;
    const auto message = [](const std::filesystem::path& file) {
        return message_of<InputError>([&] { load_experiment(file); });
    };
    EXPECT_EQ(message(folder / "none.toml"),
              (folder / "none.toml").string() + ": cannot be read: there is no such file");
    EXPECT_EQ(message(folder.path()), folder.path().string() + ": cannot be read: this is a folder; give a file");
    write_text(folder / "huge.toml", std::string(2 << 20, '\n'));
    EXPECT_THAT(message(folder / "huge.toml"), HasSubstr("larger than"));
    write_text(folder / "deep.toml", "a = " + std::string(500'000, '['));
    EXPECT_THAT(message(folder / "deep.toml"), HasSubstr("not valid TOML"));
    write_text(folder / "good.toml", "[train]\nsteps = 3");
    const Experiment experiment = load_experiment(folder / "good.toml");
    EXPECT_EQ(experiment.train.steps, 3);
    EXPECT_EQ(experiment.folder, folder.path());
}

TEST(Experiment, IsDueEverySoManySteps) {
    EXPECT_TRUE(is_due(10, 5));
    EXPECT_FALSE(is_due(11, 5));
    EXPECT_FALSE(is_due(10, 0));
}

}  // namespace
}  // namespace wavlab
