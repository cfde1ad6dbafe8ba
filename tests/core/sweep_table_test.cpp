// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sweep_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/median_rule.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

SweepOutcome outcome(const std::string& method, std::int64_t seed, QueueState state, std::optional<double> loss = {}) {
    SweepSettings settings{{"model.method", method}, {"seed", seed}};
    if (method == "wav") settings.insert(settings.begin() + 1, {"method.rms_match", std::string("off")});
    return {settings, seed, state, loss};
}

SweepTable some_table() {
    using enum QueueState;
    return sweep_table({outcome("standard", 1, finished, 2.0), outcome("standard", 2, finished, 2.2),
                        outcome("standard", 3, finished, 2.1), outcome("wav", 1, finished, 1.9),
                        outcome("wav", 2, finished, 2.15), outcome("wav", 3, ended_early, 9.0),
                        outcome("rezero", 1, diverged), outcome("rezero", 2, failed), outcome("rezero", 3, waiting)});
}

TEST(SweepTable, HasARowForEachSettingOverItsSeeds) {
    const SweepTable table = some_table();
    ASSERT_EQ(table.size(), 3u);
    EXPECT_EQ(settings_text(table[1].settings), "model.method = wav, method.rms_match = off");
    EXPECT_EQ(table[0].loss.n, 3u);
    EXPECT_NEAR(*table[0].loss.mean, 2.1, 1e-12);
    EXPECT_NEAR(*table[0].loss.standard_deviation, 0.1, 1e-12);
    EXPECT_EQ(table[1].loss.n, 2u);  // what the rule ended does not count
    EXPECT_EQ(table[1].ended_early, 1u);
    EXPECT_FALSE(table[2].loss.mean);
    EXPECT_EQ(table[2].diverged + table[2].failed + table[2].missing, 3u);
}

TEST(SweepTable, KnowsWhichSettingsChooseTokens) {
    EXPECT_TRUE(chooses_tokens({{"model.method", std::string("wav")}, {"data.tokenizer", std::string("byte")}}));
    EXPECT_FALSE(chooses_tokens({{"model.method", std::string("wav")}, {"data.dataset", std::string("text8")}}));
}

TEST(SweepTable, DifferencesArePairedOverSeeds) {
    const SweepTable table = some_table();
    const GroupStatistics difference = difference_to(table[1], table[0]);
    EXPECT_EQ(difference.n, 2u);
    EXPECT_NEAR(*difference.mean, -0.075, 1e-12);
    EXPECT_NEAR(*difference.interval, 12.706204736174694 * 0.025, 1e-9);
}

TEST(SweepTable, FindsTheBaseline) {
    const SweepTable table = some_table();
    EXPECT_EQ(find_row(table, "model.method=wav"), 1u);
    EXPECT_EQ(find_row(table, "model.method=wav,method.rms_match=off"), 1u);
    EXPECT_EQ(find_row(table, "model.method=wav,method.rms_match=token"), std::nullopt);
    EXPECT_THROW(find_row(table, "wav"), InputError);
    EXPECT_THROW(find_row(table, ""), InputError);
}

TEST(SweepTable, IsWrittenInThreeFormats) {
    const SweepTable table = some_table();
    EXPECT_EQ(table_text(table, std::nullopt, TableFormat::csv),
              "model.method,method.rms_match,n,mean,sd,ended_early,diverged,failed,missing\n"
              "standard,,3,2.1,0.1,0,0,0,0\nwav,off,2,2.025,0.176777,1,0,0,0\nrezero,,0,,,0,1,1,1\n");
    EXPECT_THAT(table_text(table, 0, TableFormat::csv),
                HasSubstr("wav,off,2,2.025,0.176777,1,0,0,0,-0.075,-0.392655,"));
    const std::string markdown = table_text(table, 0, TableFormat::markdown);
    EXPECT_THAT(markdown, HasSubstr("| model.method | method.rms_match | n | validation loss | difference |"));
    EXPECT_THAT(markdown,
                HasSubstr("| wav | off | 2 | 2.0250 ± 0.1768 | -0.0750 | [-0.3927, +0.2427] | 1 ended early"));
    EXPECT_THAT(markdown, HasSubstr("| rezero |  | 0 |  |  |  | 1 diverged, 1 failed, 1 to come |"));
    const std::string latex = table_text(table, 0, TableFormat::latex);
    EXPECT_THAT(latex, HasSubstr("method.rms\\_match & n"));
    EXPECT_THAT(latex, HasSubstr("95\\% interval"));
    EXPECT_THAT(latex, HasSubstr("wav & off & 2 & 2.0250 $\\pm$ 0.1768 & $-0.0750$ & $[-0.3927, +0.2427]$"));
}

TEST(MedianRule, EndsWhatIsWorseThanTheMedianOfTheOthers) {
    const std::vector<EvaluationCurve> others{{{0, 4.0}, {10, 2.0}}, {{0, 4.0}, {10, 3.0}}, {{0, 4.0}, {10, 2.5}}};
    const auto verdict = median_verdict({{0, 4.0}, {10, 2.6}}, others);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->step, 10);
    EXPECT_EQ(verdict->median, 2.5);
    EXPECT_EQ(to_string(*verdict),
              "ended early at step 10: its best validation loss, 2.6, is worse than the median of 3 other runs, 2.5");
    EXPECT_FALSE(median_verdict({{0, 4.0}, {10, 2.5}}, others));            // as good as the median
    EXPECT_FALSE(median_verdict({{0, 4.0}, {5, 2.4}, {10, 9.0}}, others));  // its best counts
    EXPECT_FALSE(median_verdict({{0, 4.0}, {12, 3.9}}, others));            // nobody was evaluated there
    EXPECT_FALSE(median_verdict({}, others));
    EXPECT_FALSE(median_verdict({{0, 4.0}, {10, 9.0}}, {others[0], others[1]}));  // too few to tell
}

}  // namespace
}  // namespace wavlab
