// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/result_table.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/build_info.h"
#include "core/error.h"
#include "core/run_event.h"
#include "core/run_record.h"
#include "core/sha256.h"
#include "core/table_format.h"
#include "core/table_provenance.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TableRun run_of(const std::string& method, std::int64_t layers, std::int64_t seed, std::optional<double> loss) {
    TableRun run;
    run.name = method + "-" + std::to_string(layers) + "-" + std::to_string(seed);
    run.experiment.seed = seed;
    run.experiment.model.method = method;
    run.experiment.model.layers = layers;
    run.description.experiment = "# " + run.name;
    run.description.parameters = 800'000 + (method == "wav" ? 3'250 : 0);
    run.description.added_parameters = method == "wav" ? 3'250 : 0;
    run.description.device = "cpu";
    run.description.threads = 2;
    run.description.data_sha256 = "00ff";
    run.description.wavlab_version = "0.1.0";
    run.description.commit = "abc";
    run.description.torch_version = "2.11.0";
    run.state = RunState::finished;
    run.step = run.total_steps = 300;
    if (loss) run.values["val/loss"] = {300, *loss};
    run.tokens_per_second = method == "wav" ? 8'100.4 : 12'000.0;
    run.memory_bytes = 412.3e6;
    return run;
}

std::vector<TableRun> some_runs() {
    return {run_of("wav", 12, 1, 1.9),      run_of("wav", 12, 2, 2.15),      run_of("wav", 24, 1, 1.7),
            run_of("wav", 24, 2, 1.71),     run_of("standard", 12, 1, 2.0),  run_of("standard", 12, 2, 2.2),
            run_of("standard", 24, 1, 1.6), run_of("standard", 24, 2, 1.65), run_of("rezero", 12, 1, 3.0)};
}

TableRequest by_depth() {
    TableRequest request;
    request.rows = {"model.method"};
    request.columns = {"model.layers"};
    return request;
}

const TableMeasure& loss_of(const ResultTable& table, std::size_t row, std::size_t column) {
    return table.cells[row][column].measures[0];
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

TEST(ResultTable, IsMeansOverSeedsByTwoGroupings) {
    const ResultTable table = result_table(some_runs(), by_depth());
    ASSERT_EQ(table.rows.size(), 3u);
    EXPECT_THAT(table.rows[0], ElementsAre("standard"));  // the baseline comes first
    EXPECT_THAT(table.rows[1], ElementsAre("rezero"));
    EXPECT_THAT(table.rows[2], ElementsAre("wav"));
    EXPECT_THAT(table.columns[0], ElementsAre("12"));
    EXPECT_THAT(table.columns[1], ElementsAre("24"));
    const TableMeasure& measure = loss_of(table, 2, 0);
    EXPECT_EQ(measure.statistics.n, 2u);
    EXPECT_NEAR(*measure.statistics.mean, 2.025, 1e-12);
    EXPECT_NEAR(*measure.statistics.standard_deviation, 0.25 / std::numbers::sqrt2, 1e-12);
    EXPECT_TRUE(measure.best);
    EXPECT_FALSE(loss_of(table, 2, 1).best);
    EXPECT_TRUE(loss_of(table, 0, 1).best);
    EXPECT_FALSE(loss_of(table, 1, 1).statistics.mean);  // no such runs
}

TEST(ResultTable, TheBestIsAmongThoseOfOneText) {
    std::vector<TableRun> runs = some_runs();
    for (TableRun run : some_runs()) {
        run.experiment.data.dataset = "text8";
        run.values["val/loss"].value += 1;
        runs.push_back(run);
    }
    TableRequest request = by_depth();
    request.rows = {"data.dataset", "model.method"};
    const ResultTable table = result_table(runs, request);
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        EXPECT_EQ(loss_of(table, row, 0).best, table.rows[row][1] == "wav") << table.rows[row][0];
        EXPECT_EQ(loss_of(table, row, 1).best, table.rows[row][1] == "standard") << table.rows[row][0];
    }
}

TEST(ResultTable, ComparesPairsWithTheSameSeed) {
    const ResultTable table = result_table(some_runs(), by_depth());
    EXPECT_EQ(table.baseline, "standard");
    EXPECT_FALSE(loss_of(table, 0, 0).difference);
    const BootstrapDifference& two = *loss_of(table, 2, 0).difference;
    EXPECT_EQ(two.pairs, 2u);
    EXPECT_NEAR(*two.mean, -0.075, 1e-12);
    EXPECT_NEAR(*two.low, -0.1, 1e-12);
    EXPECT_NEAR(*two.high, -0.05, 1e-12);
    const BootstrapDifference& one = *loss_of(table, 1, 0).difference;
    EXPECT_EQ(one.pairs, 1u);
    EXPECT_NEAR(*one.mean, 1.0, 1e-12);
    EXPECT_FALSE(one.low);
    EXPECT_EQ(loss_of(table, 1, 1).difference->pairs, 0u);
}

TEST(ResultTable, WithoutKeysHasARowForEachSetting) {
    const ResultTable table = result_table(some_runs(), {});
    EXPECT_THAT(table.row_keys, ElementsAre("model.method", "model.layers"));
    ASSERT_EQ(table.rows.size(), 5u);
    EXPECT_THAT(table.rows[0], ElementsAre("standard", "12"));
    EXPECT_THAT(table.rows[4], ElementsAre("wav", "24"));
    EXPECT_EQ(table.baseline_of[3], 0u);  // each depth has its own baseline
    EXPECT_EQ(table.baseline_of[4], 1u);
    EXPECT_NEAR(*loss_of(table, 4, 0).difference->mean, 0.08, 1e-12);
    const ResultTable one = result_table({run_of("wav", 12, 1, 2.0)}, {});
    EXPECT_THAT(one.row_keys, ElementsAre("model.method"));
    EXPECT_TRUE(one.baseline.empty());
    EXPECT_FALSE(loss_of(one, 0, 0).best);  // of one row none is best
}

TEST(ResultTable, OptionsThatTheBaselineLacksCountAsEqual) {
    std::vector<TableRun> runs{run_of("standard", 12, 1, 2.0), run_of("wav", 12, 1, 1.9), run_of("wav", 12, 1, 1.8)};
    runs[1].experiment.method["rms_match"] = std::string("token");
    runs[2].experiment.method["rms_match"] = std::string("off");
    TableRequest request;
    request.rows = {"model.method", "method.rms_match"};
    const ResultTable table = result_table(runs, request);
    ASSERT_EQ(table.rows.size(), 3u);
    EXPECT_THAT(table.rows[0], ElementsAre("standard", ""));
    EXPECT_THAT(table.rows[1], ElementsAre("wav", "off"));
    EXPECT_NEAR(*loss_of(table, 1, 0).difference->mean, -0.2, 1e-12);
    EXPECT_NEAR(*loss_of(table, 2, 0).difference->mean, -0.1, 1e-12);
}

TEST(ResultTable, CountsAndNamesWhatIsNotFinished) {
    std::vector<TableRun> runs = some_runs();
    runs[1].state = RunState::diverged;
    runs[1].step = 17;
    runs[1].values["val/loss"] = {17, 1e9};
    runs[3].state = RunState::interrupted;
    runs[3].step = 40;
    runs[5].values.clear();
    runs[7].values["val/loss"] = {300, std::nan("")};
    const ResultTable table = result_table(runs, by_depth());
    EXPECT_EQ(loss_of(table, 2, 0).statistics.n, 1u);
    EXPECT_NEAR(*loss_of(table, 2, 0).statistics.mean, 1.9, 1e-12);
    EXPECT_EQ(loss_of(table, 0, 0).statistics.n, 1u);
    ASSERT_GE(table.notes.size(), 2u);
    EXPECT_EQ(table.notes[0],
              "Not counted, 2 of 9 runs: wav-12-2 (diverged at step 17), wav-24-2 (interrupted at step 40 of 300).");
    EXPECT_EQ(table.notes[1], "Without val/loss: standard-12-2, standard-24-2 (nan).");
}

TEST(ResultTable, SaysWhatItMixes) {
    std::vector<TableRun> runs = some_runs();
    TableRequest request;
    request.rows = {"model.method"};
    ResultTable table = result_table(runs, request);
    EXPECT_THAT(table.notes, testing::Contains(HasSubstr("runs of one cell differ in model.layers")));
    EXPECT_EQ(loss_of(table, 0, 0).statistics.n, 2u);  // seeds, not runs
    EXPECT_NEAR(*loss_of(table, 0, 0).statistics.mean, (1.8 + 1.925) / 2, 1e-12);
    EXPECT_THAT(table.notes, testing::Contains(HasSubstr("same seed count once")));
    runs[0].description.device = "cuda:0 (NVIDIA H100)";
    table = result_table(runs, by_depth());
    EXPECT_THAT(table.cost_legend,
                testing::Contains(HasSubstr("cannot be compared: the runs are from different devices")));
    runs[0].experiment.data.tokenizer = "byte";
    table = result_table(runs, by_depth());
    EXPECT_THAT(table.notes, testing::Contains(HasSubstr("Losses per token of different tokenizers (byte, char)")));
}

TEST(ResultTable, ConvertsLossesAndNothingElse) {
    std::vector<TableRun> runs = some_runs();
    for (TableRun& run : runs) {
        run.description.validation_tokens = 100;
        run.description.validation_characters = 400;
        run.values["train/grad_norm"] = {300, 2.0};
    }
    TableRequest request = by_depth();
    request.values = {"val/loss", "train/grad_norm"};
    request.unit = LossUnit::bits_per_character;
    ResultTable table = result_table(runs, request);
    EXPECT_NEAR(*loss_of(table, 2, 0).statistics.mean, 2.025 / std::numbers::ln2 / 4, 1e-12);
    const TableMeasure& norm = table.cells[2][0].measures[1];
    EXPECT_NEAR(*norm.statistics.mean, 2.0, 1e-12);
    EXPECT_FALSE(norm.best || norm.difference);
    runs[2].experiment.data.tokenizer = "byte";  // by itself, where tokens differ
    request.unit.reset();
    EXPECT_EQ(result_table(runs, request).unit, LossUnit::bits_per_character);
    runs[2].description.validation_characters = 0;
    request.unit = LossUnit::bits_per_character;
    EXPECT_THROW(result_table(runs, request), InputError);
}

TEST(ResultTable, RefusesWhatCannotBe) {
    EXPECT_THROW(result_table({}, {}), InputError);
    TableRequest request = by_depth();
    request.rows = {"model.metod"};
    EXPECT_THROW(result_table(some_runs(), request), InputError);
    request.rows = {"model.layers"};
    EXPECT_THROW(result_table(some_runs(), request), InputError);
    request = by_depth();
    request.baseline = "attnres_block";
    EXPECT_THROW(result_table(some_runs(), request), InputError);
    request.baseline = "model.layers=12";  // makes columns, not rows
    EXPECT_THROW(result_table(some_runs(), request), InputError);
    request.baseline = "model.method=rezero";
    EXPECT_EQ(result_table(some_runs(), request).baseline, "rezero");
    request.baseline = "none";
    const ResultTable table = result_table(some_runs(), request);
    EXPECT_TRUE(table.baseline.empty());
    EXPECT_FALSE(loss_of(table, 2, 0).difference);
}

TEST(ResultTable, KnowsItsMoments) {
    EXPECT_EQ(parse_table_moment("last").kind, TableMoment::Kind::last);
    EXPECT_EQ(parse_table_moment("best").kind, TableMoment::Kind::best);
    EXPECT_EQ(parse_table_moment("50").step, 50);
    for (const char* wrong : {"", "-1", "1.5", "first", "99999999999999999999"})
        EXPECT_THROW(parse_table_moment(wrong), InputError) << wrong;

    RunRecord record("nowhere/run");
    RunStarted started;
    started.description.experiment = to_toml(Experiment{});
    record.apply(started);
    for (const auto& [step, loss] : {std::pair{0, 5.0}, {50, 2.0}, {100, 3.0}}) {
        record.apply(ScalarRecorded{step, "val/loss", loss});
        record.apply(ScalarRecorded{step, "train/loss", loss + 0.5});
        record.apply(ScalarRecorded{step, "train/memory_bytes", 1e6 * loss});
        record.apply(ScalarRecorded{step, "train/tokens_per_second", 100.0 * loss});
    }
    const std::vector<std::string> values{"val/loss", "train/loss", "none/such"};
    EXPECT_EQ(read_table_run(record, values, {}).values.at("val/loss").value, 3.0);
    const TableRun best = read_table_run(record, values, parse_table_moment("best"));
    EXPECT_EQ(best.values.at("val/loss").step, 50);
    EXPECT_EQ(best.values.at("train/loss").value, 2.5);
    EXPECT_EQ(best.values.size(), 2u);
    EXPECT_EQ(best.memory_bytes, 5e6);
    EXPECT_EQ(best.tokens_per_second, 300.0);
    EXPECT_EQ(read_table_run(record, values, parse_table_moment("0")).values.at("val/loss").value, 5.0);
    EXPECT_TRUE(read_table_run(record, values, parse_table_moment("7")).values.empty());
}

TEST(TableFormat, MarkdownSideBySide) {
    std::vector<TableRun> runs = some_runs();
    std::erase_if(runs, [](const TableRun& run) { return run.experiment.model.layers != 12; });
    const std::vector<std::string> lines = lines_of(markdown_table(result_table(runs, {}), {}));
    EXPECT_EQ(lines[0],
              "| method | validation loss, nats/token, ± sd | n, seeds | difference to standard \\[95% interval\\] | "
              "n, pairs | parameters (added) | speed, tokens/s | memory, MB |");
    EXPECT_EQ(lines[1], "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    EXPECT_EQ(lines[2], "| standard | 2.1000 ± 0.1414 | 2 | baseline | – | 800,000 (+0) | 12,000 | 412 |");
    EXPECT_EQ(lines[3], "| rezero | 3.0000 | 1 | +1.0000 (no interval) | 1 | 800,000 (+0) | 12,000 | 412 |");
    EXPECT_EQ(lines[4],
              "| wav | **2.0250 ± 0.1768** | 2 | -0.0750 [-0.1000, -0.0500] | 2 | 803,250 (+3,250) | 8,100 | 412 |");
}

TEST(TableFormat, ColumnsMakeABlockOfEachQuantity) {
    TableStyle style;
    style.spread = TableSpread::none;
    const std::string text = markdown_table(result_table(some_runs(), by_depth()), style);
    const std::vector<std::string> lines = lines_of(text);
    EXPECT_EQ(lines[0], "| method | layers = 12 | layers = 24 |");
    EXPECT_EQ(lines[2], "| *validation loss, nats/token, (seeds)* |  |  |");
    EXPECT_EQ(lines[4], "| rezero | 3.0000 (1) | – |");
    EXPECT_EQ(lines[5], "| wav | **2.0250 (2)** | 1.7050 (2) |");
    EXPECT_THAT(text, HasSubstr("| *difference to standard (n pairs)* |  |  |\n| standard | baseline | baseline |\n"
                                "| rezero | +1.0000 (1) | no pairs |\n| wav | -0.0750 (2) | +0.0800 (2) |\n"
                                "| *95% interval of the difference* |  |  |\n| standard | – | – |\n"
                                "| rezero | no interval | no pairs |\n"
                                "| wav | [-0.1000, -0.0500] | [+0.0600, +0.1000] |\n"));
    EXPECT_THAT(text, HasSubstr("| *memory, MB* |"));
    style.cost = false;
    const std::string without = markdown_table(result_table(some_runs(), by_depth()), style);
    EXPECT_THAT(without, Not(HasSubstr("memory, MB")));
    EXPECT_THAT(without, Not(HasSubstr("*speed")));
    EXPECT_THAT(without, Not(HasSubstr("Speed is")));
    EXPECT_THAT(text, HasSubstr("\nSpeed is the median over the steps of a run, memory the most of a run, of the whole "
                                "process; on cpu with 2 threads.\n"));
}

TEST(TableFormat, LatexHasBooktabsAndEqualDecimals) {
    TableStyle style;
    style.digits = 3;
    std::vector<TableRun> runs = some_runs();
    runs[0].name = "100%_wav";
    const std::string text = latex_table(result_table(runs, by_depth()), style);
    EXPECT_THAT(text,
                HasSubstr("\\begin{tabular}{lrr}\n\\toprule\nmethod & layers = 12 & layers = 24 \\\\\n\\midrule\n"));
    EXPECT_THAT(text, HasSubstr("wav & \\textbf{2.025 $\\pm$ 0.177 (2)} & 1.705 $\\pm$ 0.007 (2) \\\\\n"));
    EXPECT_THAT(text, HasSubstr("rezero & 3.000 (1)\\phantom{ $\\pm$ 0.141} & -- \\\\\n"));
    EXPECT_THAT(text, HasSubstr("wav & {[}$-$0.100, $-$0.050] & {[}$+$0.060, $+$0.100] \\\\\n"));
    EXPECT_THAT(text, HasSubstr("\\bottomrule\n\\end{tabular}\n"));
    EXPECT_THAT(text, HasSubstr("% run 100%_wav: finished"));
    for (const std::string& line : lines_of(text.substr(0, text.find("\\begin")))) EXPECT_EQ(line[0], '%') << line;
    EXPECT_THAT(text, Not(HasSubstr("hline")));
}

TEST(TableFormat, TextsOfUsersAreEscaped) {
    EXPECT_EQ(latex_text("a_b & 50% #1 {x} $y$ ~^\\"),
              "a\\_b \\& 50\\% \\#1 \\{x\\} \\$y\\$ \\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
    EXPECT_EQ(latex_text("[*<|>\"--x\n"), "{[}{*}$<$$|$$>$''-{}-x ");
    EXPECT_EQ(latex_text("é±–"), "é$\\pm$--");
    EXPECT_EQ(markdown_text("attnres_block _x_ a|b *c* `d` <e> [f]\n"),
              "attnres_block \\_x\\_ a\\|b \\*c\\* \\`d\\` \\<e> \\[f\\] ");
    std::vector<TableRun> runs{run_of("standard", 12, 1, 2.0), run_of("standard", 12, 1, 1.0)};
    runs[0].experiment.data.dataset = "file:/home/me/a_b|c, \"d\".txt";
    runs[0].name = "x --> y";
    runs[0].state = RunState::failed;
    const ResultTable table = result_table(runs, {});
    EXPECT_THAT(markdown_table(table, {}), HasSubstr("| a_b\\|c, \"d\".txt |"));
    EXPECT_THAT(markdown_table(table, {}), HasSubstr("run x - -> y"));
    EXPECT_THAT(latex_table(table, {}), HasSubstr("a\\_b$|$c, ''d''.txt &"));
    EXPECT_THAT(csv_table(table, {}), HasSubstr("\"file:/home/me/a_b|c, \"\"d\"\".txt\",val/loss,nats/token,0,,"));
}

TEST(TableFormat, CsvHasEveryNumber) {
    const std::vector<std::string> lines = lines_of(csv_table(result_table(some_runs(), by_depth()), {}));
    ASSERT_EQ(lines.size(), 7u);
    EXPECT_EQ(lines[0],
              "model.method,model.layers,value,unit,n,mean,sd,low,high,best,difference,difference_low,difference_high,"
              "pairs,not_counted,parameters,added_parameters,tokens_per_second,memory_bytes");
    EXPECT_EQ(lines[3], "rezero,12,val/loss,nats/token,1,3,,,,false,1,,,1,0,800000,0,12000,412300000");
    EXPECT_EQ(lines[4], "rezero,24,val/loss,nats/token,0,,,,,false,,,,0,0,,,,");
    EXPECT_TRUE(lines[5].starts_with("wav,12,val/loss,nats/token,2,2.025,0.176776695,0.436724")) << lines[5];
    EXPECT_TRUE(lines[5].ends_with(",true,-0.075,-0.1,-0.05,2,0,803250,3250,8100.4,412300000")) << lines[5];
    TableStyle style;
    style.cost = false;
    EXPECT_THAT(csv_table(result_table(some_runs(), by_depth()), style), Not(HasSubstr("parameters")));
}

TEST(TableFormat, ATableOfNothingFinishedIsStillATable) {
    std::vector<TableRun> runs{run_of("wav", 12, 1, std::nullopt)};
    runs[0].state = RunState::running;
    runs[0].step = 3;
    const ResultTable table = result_table(runs, {});
    EXPECT_THAT(markdown_table(table, {}), HasSubstr("| wav | – | 0 | 803,250 (+3,250) | – | – |"));
    EXPECT_THAT(markdown_table(table, {}), HasSubstr("Not counted, 1 of 1 runs: wav-12-1 (still at step 3 of 300)."));
    EXPECT_THAT(latex_table(table, {}), HasSubstr("wav & -- & 0 &"));
}

TEST(TableFormat, CarriesWhereItComesFrom) {
    const ResultTable table = result_table(some_runs(), by_depth());
    const std::vector<std::string> lines = table_provenance(table);
    ASSERT_EQ(lines.size(), 2 + table.runs.size());
    EXPECT_EQ(lines[0], std::string("Made by WAV Lab ") + version() + " (" + commit() + ")");
    EXPECT_EQ(lines[2], "run wav-12-1: finished, val/loss of step 300, seed 1, experiment sha256 " +
                            sha256_hex(table.runs[0].description.experiment) +
                            ", data sha256 00ff, WAV Lab 0.1.0 (abc), torch 2.11.0, cpu, 2 threads");
    for (const std::string& text : {latex_table(table, {}), markdown_table(table, {}), table_companion(table, {})})
        for (const std::string& line : lines) EXPECT_THAT(text, HasSubstr(line));
}

TEST(TableFormat, GroupsDigits) {
    EXPECT_EQ(grouped_digits(0), "0");
    EXPECT_EQ(grouped_digits(-123), "-123");
    EXPECT_EQ(grouped_digits(1'234), "1,234");
    EXPECT_EQ(grouped_digits(-1'234'567), "-1,234,567");
}

}  // namespace
}  // namespace wavlab
