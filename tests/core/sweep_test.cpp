// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Sweep parse(std::string_view text) { return parse_sweep(text, "sweep.toml", "/data"); }

std::vector<std::string> names(const std::vector<SweepPoint>& points) {
    std::vector<std::string> all;
    for (const SweepPoint& point : points) all.push_back(point.experiment.name);
    return all;
}

std::vector<std::string> keys(const Sweep& sweep) {
    std::vector<std::string> all;
    for (const SweepAxis& axis : sweep.axes) all.push_back(axis.key);
    return all;
}

TEST(Sweep, ReadsKeysInEveryFormInTheOrderOfTheFile) {
    const Sweep sweep = parse(
        "name = \"s\"\n[sweep]\nseed = [1, 2]\n\"model.method\" = [\"wav\"]\nmodel.layers = [3]\ntrain = {lr = [1]}\n"
        "[sweep.method]\nphase = [true, false]\n");
    EXPECT_THAT(keys(sweep), ElementsAre("seed", "model.method", "model.layers", "train.lr", "method.phase"));
    EXPECT_EQ(sweep.axes[0].values, (std::vector<OptionValue>{std::int64_t{1}, std::int64_t{2}}));
    EXPECT_EQ(sweep.axes[0].line, 3);
    EXPECT_EQ(sweep.axes[3].values, std::vector<OptionValue>{1.0});  // a real option, written as a whole number
    EXPECT_EQ(sweep.axes[4].line, 8);
    EXPECT_EQ(sweep.base.name, "s");
}

TEST(Sweep, MakesTheGridWithTheLastAxisFastest) {
    const std::vector<SweepPoint> points =
        expand(parse("name = \"s\"\n[sweep]\n\"model.method\" = [\"standard\", \"wav\"]\nseed = [7, 8]\n"));
    EXPECT_THAT(names(points), ElementsAre("s-standard-seed7", "s-standard-seed8", "s-wav-seed7", "s-wav-seed8"));
    EXPECT_EQ(points[2].experiment.model.method, "wav");
    EXPECT_EQ(points[2].experiment.seed, 7);
    EXPECT_EQ(settings_text(points[2].settings), "model.method = wav, seed = 7");
    EXPECT_TRUE(points[2].same.empty());
}

TEST(Sweep, MakesEqualRunsOnce) {
    const std::vector<SweepPoint> points = expand(
        parse("[sweep]\n\"model.method\" = [\"standard\", \"wav\"]\n\"method.phase\" = [true, false]\nseed = [1]\n"));
    EXPECT_THAT(names(points),
                ElementsAre("wav-12-standard-seed1", "wav-12-wav-phase-seed1", "wav-12-wav-no_phase-seed1"));
    EXPECT_EQ(settings_text(points[0].settings), "model.method = standard, seed = 1");
    ASSERT_EQ(points[0].same.size(), 1u);
    EXPECT_EQ(settings_text(points[0].same[0]), "model.method = standard, method.phase = false, seed = 1");
    EXPECT_TRUE(points[1].same.empty());
}

TEST(Sweep, LetsTheMlpFollowTheWidthUnlessGiven) {
    const std::string widths = "[sweep]\n\"model.width\" = [32, 64]\n";
    EXPECT_EQ(expand(parse(widths))[0].experiment.model.mlp_hidden, 128);
    EXPECT_EQ(expand(parse("[model]\nmlp_hidden = 100\n" + widths))[0].experiment.model.mlp_hidden, 100);
    const auto both = expand(parse("[sweep]\n\"model.mlp_hidden\" = [50]\n\"model.width\" = [32, 64]\n"));
    EXPECT_EQ(both[0].experiment.model.mlp_hidden, 50);
    EXPECT_EQ(both[1].experiment.model.mlp_hidden, 50);
}

TEST(Sweep, NamesAreFoldersAndDiffer) {
    const auto points = expand(
        parse("[sweep]\n\"data.dataset\" = [\"file:/a/x.txt\", \"file:/b/x.txt\"]\n\"train.lr\" = [1e-3, 2.5e-3]\n"
              "\"method.detail_bias_init\" = [-2]\n\"method.rms_match\" = [\"off\"]\n"));
    EXPECT_EQ(points[0].experiment.name, "wav-12-dataset_x-lr0.001-detail_bias_init-2-rms_match_off");
    EXPECT_EQ(points[2].experiment.name, "wav-12-dataset_x-lr0.001-detail_bias_init-2-rms_match_off-2");
    const auto long_ones = expand(parse("name = \"" + std::string(60, 'a') +
                                        "\"\n[sweep]\n\"model.method\" = "
                                        "[\"layerscale\"]\n\"method.init\" = [0.25]\n\"train.weight_decay\" = [0.25]\n"
                                        "\"train.checkpoint_every\" = [1000, 2000]\n"));
    std::set<std::string> different;
    for (const std::string& name : names(long_ones)) {
        EXPECT_LE(name.size(), 100u);
        different.insert(name);
    }
    EXPECT_EQ(different.size(), 2u);
}

TEST(Sweep, WritesWhatItReads) {
    const Sweep sweep = parse(
        "name = \"s\"\n[model]\nmethod = \"standard\"\n[method]\nblocks = 8\n[data]\ndataset = "
        "\"file:a.txt\"\n[sweep]\n"
        "\"model.width\" = [32, 64]\n\"model.method\" = [\"standard\", \"wav\"]\n\"data.validation\" = [\"v.txt\", "
        "\"file:w.txt\"]\n\"train.lr\" = [1e-3]\nseed = [1, 2]\n");
    const Sweep again = parse_sweep(to_toml(sweep), "again.toml", "/elsewhere");
    const auto before = expand(sweep);
    const auto after = expand(again);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(to_toml(before[i].experiment), to_toml(after[i].experiment));
        EXPECT_EQ(before[i].settings.size(), after[i].settings.size());
    }
    EXPECT_THAT(to_toml(sweep), HasSubstr("/data/v.txt"));
    EXPECT_EQ(after[0].experiment.model.mlp_hidden, 128);
    EXPECT_EQ(std::get<std::int64_t>(after.back().experiment.method.at("blocks")), 8);
}

TEST(Sweep, IdentityLeavesOutNameAndDevice) {
    Experiment a;
    Experiment b;
    b.name = "other";
    b.train.device = "cuda:3";
    b.method["init"] = 0.5;  // wav has no such option
    EXPECT_EQ(run_identity(a), run_identity(b));
    EXPECT_EQ(run_identity(a), run_identity(parse_recorded_experiment(to_toml(b))));
    b.seed = 2;
    EXPECT_NE(run_identity(a), run_identity(b));
}

TEST(Sweep, SettingsFixAnAxisOrReplaceIt) {
    Sweep sweep = parse("[sweep]\n\"model.method\" = [\"standard\", \"wav\"]\nseed = [1, 2, 3]\n");
    apply_setting(sweep, "seed=5");
    apply_setting(sweep, "model.method=[wav, \"haares\",]");
    apply_setting(sweep, "train.lr=[1e-3, 1e-4]");
    EXPECT_THAT(keys(sweep), ElementsAre("model.method", "train.lr"));
    EXPECT_EQ(sweep.axes[0].values, (std::vector<OptionValue>{"wav", "haares"}));
    EXPECT_EQ(expand(sweep).size(), 4u);
    EXPECT_EQ(expand(sweep)[0].experiment.seed, 5);
    const auto message = [&](const char* setting) {
        return message_of<InputError>([&] { apply_setting(sweep, setting); });
    };
    EXPECT_EQ(message("seed=[]").substr(0, 16), "--set seed=[]: s");
    EXPECT_THAT(message("seed=[1, x]"), HasSubstr("'x' must be a whole number from 0"));
    EXPECT_THAT(message("seed=[1, 1]"), HasSubstr("seed = 1 is there twice"));
    EXPECT_THAT(message("sede=[1]"), HasSubstr("unknown key (did you mean 'seed'?)"));
    EXPECT_THAT(message("model.heads=x"), HasSubstr("must be a whole number"));
}

TEST(Sweep, AnExperimentIsNone) {
    EXPECT_FALSE(is_sweep("seed = 1"));
    EXPECT_FALSE(is_sweep("[sweep"));
    EXPECT_TRUE(is_sweep("[sweep]\nseed = [1]"));
    EXPECT_THAT(message_of<InputError>([] { parse_experiment("seed = 1\n[sweep]\nseed = [1]", "a.toml", {}); }),
                HasSubstr("a.toml, line 2: [sweep] makes this file a sweep of many runs"));
}

struct BadSweep {
    const char* text;
    std::vector<std::string> parts;
};

class BadSweeps : public testing::TestWithParam<BadSweep> {};

TEST_P(BadSweeps, AreNamedWithFileLineKeyValueAndWhatIsAllowed) {
    const std::string message = message_of<InputError>([&] { expand(parse(GetParam().text)); });
    EXPECT_THAT(message, testing::StartsWith("sweep.toml"));
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& part : GetParam().parts) EXPECT_THAT(message, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Sweep, BadSweeps,
    testing::Values(
        BadSweep{"seed = 1", {"sweep.toml: a sweep needs a table [sweep]"}},
        BadSweep{"sweep = 3", {"line 1: sweep = 3: must be a table"}},
        BadSweep{"seed = 1\n[sweep]\n", {"line 2: [sweep] is empty; it must be a table"}},
        BadSweep{"[sweep]\nseed = 1",
                 {"line 2: [sweep] seed = 1: must be a list of values, each a whole number from 0", "as in [1]"}},
        BadSweep{"[sweep]\nseed = []", {"line 2: [sweep] seed = []: must be a list", "this one is empty"}},
        BadSweep{"[sweep]\nseed = [1,\n2,\n1]", {"line 4: [sweep] seed = 1: stands in the list twice"}},
        BadSweep{"[sweep]\n\"method.detail_bias_init\" = [-2, -2.0]", {"-2.0: stands in the list twice"}},
        BadSweep{"[sweep]\nseed = [1, \"x\"]", {"line 2: [sweep] seed = \"x\": must be a whole number from 0"}},
        BadSweep{"[sweep]\nseed = [[1]]", {"line 2: [sweep] seed = a list: each value must be a whole number"}},
        BadSweep{"[sweep]\nsede = [1]", {"line 2: [sweep] sede = a list: unknown key (did you mean 'seed'?)"}},
        BadSweep{"[sweep]\nmodel.layerz = [1]",
                 {"[sweep] model.layerz", "did you mean 'model.layers'", "allowed are model.method, model.layers"}},
        BadSweep{"[sweep]\n\"method.phas\" = [true]", {"did you mean 'method.phase'"}},
        BadSweep{"[sweep]\n\"method.phase\" = [1]", {"[sweep] method.phase = 1: must be true or false"}},
        BadSweep{"[sweep]\n\"model.method\" = [\"wavv\"]", {"model.method = \"wavv\": must be one of standard"}},
        BadSweep{"[sweep]\nname = [\"a\"]", {"[sweep] name", "cannot be varied: each run gets its name"}},
        BadSweep{"[sweep]\n\"train.device\" = [\"cpu\"]", {"cannot be varied: where a run is computed"}},
        BadSweep{"[sweep]\nseed = [1]\n[sweep.model]\nlayers = [3]\n[sweep.\"model\"]\n", {"not valid TOML"}},
        BadSweep{"[sweep]\n\"model.layers\" = [1]\nmodel.layers = [2]",
                 {"line 3: [sweep] model.layers", "varied twice"}},
        BadSweep{"[sweep]\nseed = [1]\n\n\"model.heads\" = [4, 5]",
                 {"sweep.toml, line 4: in the run seed = 1, model.heads = 5: model.heads = 5: must divide the width"}},
        BadSweep{"[model]\nheads = 4\n[sweep]\n\"model.width\" = [64, 66]",
                 {"line 2: in the run model.width = 66: model.heads = 4: must divide"}},
        BadSweep{"layers = 3\n[sweep]\nseed = [1]", {"line 1: layers = 3: unknown key"}}));

TEST(Sweep, HasALimit) {
    std::string many;
    for (int i = 0; i < 101; ++i) many += std::to_string(i) + ",";
    const Sweep sweep = parse("[sweep]\nseed = [" + many + "]\n\"data.seed\" = [" + many + "]\n");
    EXPECT_EQ(combinations(sweep), most_sweep_points + 1);
    EXPECT_THAT(message_of<InputError>([&] { expand(sweep); }), HasSubstr("more than 10000 combinations"));
}

TEST(Sweep, ChecksAnAxisForAForm) {
    EXPECT_EQ(problem_with_axis({"seed", {std::int64_t{1}, std::int64_t{2}}}), "");
    EXPECT_THAT(problem_with_axis({"seed", {}}), HasSubstr("at least one value"));
    EXPECT_THAT(problem_with_axis({"seed", {true}}), HasSubstr("seed = true: must be a whole number"));
    EXPECT_THAT(problem_with_axis({"train.lr", {1.0, std::int64_t{1}}}), HasSubstr("twice"));
}

}  // namespace
}  // namespace wavlab
