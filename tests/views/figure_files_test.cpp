// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as CSV and as TikZ: what reads them finds what is drawn.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/number_text.h"
#include "core/safe_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/drawn_figure.h"
#include "tests/views/made_up_probe.h"
#include "tests/views/synthetic_run.h"
#include "views/figure_csv.h"
#include "views/figure_tikz.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A run whose name is hard on LaTeX and on tables.
SyntheticRun hard_run() {
    SyntheticRun run;
    run.name = "50%_of, a #1 & \"$x^2\" ~ {b\\c}";
    run.method = "standard";
    run.not_finite = {180};
    return run;
}

struct Row {
    std::string panel, axes, kind, series, x, y, value, low, high;
};

/// As a reader of CSV with '#' as its comment has it.
std::vector<Row> parsed(const std::string& csv) {
    std::vector<Row> rows;
    std::istringstream lines(csv);
    bool head = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) continue;
        if (!head) {
            EXPECT_EQ(line, "panel,axes,kind,series,x,y,value,low,high");
            head = true;
            continue;
        }
        std::vector<std::string> cells(1);
        bool quoted = false;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const char c = line[i];
            EXPECT_TRUE(c != '#' || quoted) << line;
            if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
                cells.back() += line[++i];
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
                cells.emplace_back();
            else
                cells.back() += c;
        }
        EXPECT_EQ(cells.size(), 9u) << line;
        cells.resize(9);
        rows.push_back({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8]});
    }
    return rows;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

TEST(FigureCsvTest, HoldsEachValueOfACurve) {
    const auto hard = hard_run().record(), plain = SyntheticRun().record();
    const FigureData data = drawn_figure("loss", {{plain, 0, true}, {hard, 1, false}});
    const std::string csv = figure_csv({data}, "WAV Lab 1\nrun wav-12");
    EXPECT_TRUE(csv.starts_with("# WAV Lab 1\n# run wav-12\n# a 1: x Step from 0 to "));
    const ScalarSeries& losses = *hard->scalars("train/loss");
    std::vector<std::pair<std::string, std::string>> found;
    std::vector<std::string> marks, references;
    for (const Row& row : parsed(csv)) {
        EXPECT_EQ(row.panel, "a");
        EXPECT_EQ(row.axes, "1");
        if (row.kind == "line" && row.series == hard->name() + ", each step") found.emplace_back(row.x, row.y);
        if (row.kind == "mark") marks.push_back(row.x);
        if (row.kind == "reference") references.push_back(row.series);
    }
    ASSERT_EQ(found.size(), losses.steps.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].first, number_text(losses.steps[i], 9));
        EXPECT_EQ(found[i].second, number_text(losses.values[i], 9));
    }
    EXPECT_THAT(marks, ElementsAre("180"));
    EXPECT_THAT(references, testing::Contains("floor"));
}

TEST(FigureCsvTest, NamesRoutersAndSources) {
    const auto record = SyntheticRun().record();
    const FigureData data = drawn_figure("routing", {{record, 0, true}});
    const std::vector<Row> rows = parsed(figure_csv({data, data}, ""));
    std::map<std::string, double> sums;
    for (const Row& row : rows) {
        EXPECT_EQ(row.kind, "cell");
        sums[row.panel + " " + row.y] += parse_number(row.value).value_or(1e9);
        EXPECT_FALSE(parse_number(row.x));
    }
    EXPECT_EQ(sums.size(), 2 * record->description().routing.routers.size());
    EXPECT_TRUE(sums.contains("b attn 1"));
    for (const auto& [name, sum] : sums) EXPECT_NEAR(sum, 1, 1e-4) << name;
}

TEST(FigureCsvTest, HasBandsAndBars) {
    FigureData data;
    data.axes.resize(1);
    DrawnAxes& axes = data.axes[0];
    axes.x.categories = {"a, b", ""};
    DrawnSeries band, bar, marker;
    band.kind = DrawnSeries::Kind::band;
    band.name = "group";
    band.x = {1.5};
    band.low = {0.1};
    band.high = {0.123456789123};
    bar.kind = DrawnSeries::Kind::bar;
    bar.x = {0};
    bar.y = {4};
    bar.low = {1};
    bar.high = {4};
    marker.kind = DrawnSeries::Kind::marker;
    marker.x = {1.5, 2.5};
    marker.y = {2, INFINITY};
    marker.low = {1, std::nan("")};
    marker.high = {3, std::nan("")};
    axes.series = {band, bar, marker};
    const std::string csv = figure_csv({data}, "");
    EXPECT_THAT(csv, HasSubstr("\na,1,band,group,1.5,,,0.1,0.123456789\n"));
    EXPECT_THAT(csv, HasSubstr("\na,1,bar,,\"a, b\",4,,1,\n"));
    EXPECT_THAT(csv, HasSubstr("\na,1,marker,,1.5,2,,1,3\na,1,marker,,2.5,inf,,,\n"));
}

/// Rows of the longest table, and whether braces and environments close.
std::size_t check_structure(const std::string& tex) {
    int depth = 0;
    bool comment = false;
    for (std::size_t i = 0; i < tex.size(); ++i) {
        const char c = tex[i];
        if (c == '\n') comment = false;
        if (c == '\\') {
            ++i;
            continue;
        }
        if (c == '%') comment = true;
        if (comment) continue;
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        EXPECT_GE(depth, 0) << tex.substr(0, i).substr(i > 200 ? i - 200 : 0);
        if (depth < 0) return 0;
    }
    EXPECT_EQ(depth, 0);
    EXPECT_EQ(count(tex, "\\begin{tikzpicture}"), 1u);
    EXPECT_EQ(count(tex, "\\begin{axis}"), count(tex, "\\end{axis}"));
    EXPECT_TRUE(tex.starts_with("% "));
    EXPECT_TRUE(tex.ends_with("\\end{tikzpicture}%\n"));
    std::size_t longest = 0, rows = 0;
    std::istringstream lines(tex);
    for (std::string line; std::getline(lines, line);) {
        rows = line.starts_with("  ") && !line.starts_with("   ") && line[2] != 'x' ? rows + 1 : 0;
        longest = std::max(longest, rows);
    }
    return longest;
}

TEST(FigureTikzTest, KeepsTheExtremesOfALongCurve) {
    FigureData data;
    data.axes.resize(1);
    DrawnAxes& axes = data.axes[0];
    axes.place = QRectF(0.1, 0.1, 0.8, 0.8);
    axes.x.high = 100000;
    DrawnSeries line;
    line.name = "long";
    line.line = {Qt::black, 1, {}};
    for (int i = 0; i <= 100000; ++i) {
        line.x.push_back(i);
        line.y.push_back(i == 77777 ? 0.987654 : i == 12345 ? -0.5 : 0.001 * (i % 7));
    }
    axes.series = {line};
    const std::string tex = figure_tikz({data}, {});
    EXPECT_LE(check_structure(tex), most_tikz_points);
    EXPECT_GE(check_structure(tex), most_tikz_points / 2);
    EXPECT_THAT(tex, HasSubstr("\n  77777 0.987654\n"));
    EXPECT_THAT(tex, HasSubstr("\n  12345 -0.5\n"));
    EXPECT_THAT(tex, HasSubstr("\n  0 0\n"));
}

TEST(FigureTikzTest, KeepsWithinTheMemoryOfTex) {
    const auto drawn = [](std::size_t rows, std::size_t columns) {
        FigureData data;
        data.axes.resize(1);
        DrawnAxes& axes = data.axes[0];
        axes.place = QRectF(0.1, 0.1, 0.8, 0.8);
        axes.x.low = axes.y.low = -0.5;
        axes.x.high = double(columns) - 0.5;
        axes.y.high = double(rows) - 0.5;
        DrawnMatrix matrix;
        matrix.rows = rows;
        matrix.columns = columns;
        for (std::size_t i = 0; i < rows * columns; ++i) matrix.values.push_back(double(i % 17) / 17);
        for (std::size_t i = 0; i <= rows; ++i) matrix.row_edges.push_back(double(i) - 0.5);
        for (std::size_t i = 0; i <= columns; ++i) matrix.column_edges.push_back(double(i) - 0.5);
        for (std::size_t i = 0; i < columns; ++i) matrix.column_keys.push_back(double(i));
        axes.matrices = {matrix};
        return figure_tikz({data}, {});
    };
    EXPECT_EQ(check_structure(drawn(20, 100)), 2000u);
    EXPECT_EQ(check_structure(drawn(100, 100)), 5000u);
    const std::string large = drawn(100, 400);
    EXPECT_EQ(count(large, "matrix plot*"), 0u);
    EXPECT_LE(count(large, "\n\\wavlabcell"), most_tikz_rectangles);
    EXPECT_GE(count(large, "\n\\wavlabcell"), most_tikz_rectangles / 2);
    EXPECT_EQ(count(drawn(1, 5), "matrix plot*"), 0u);
}

TEST(FigureTikzTest, EscapesWhatLatexReadsOtherwise) {
    EXPECT_EQ(tikz_text("a_b & 5% #1 $x {y}"), "a\\_b \\& 5\\% \\#1 \\$x \\{y\\}");
    EXPECT_EQ(tikz_text("~^\\"), "\\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
    EXPECT_EQ(tikz_text("1–9 × ± − Δσα ‖v‖"), "1--9 $\\times$ $\\pm$ $-$ $\\Delta$$\\sigma$$\\alpha$ $\\|$v$\\|$");
    EXPECT_EQ(tikz_text("é 字"), "é \\wavlabchar{5B57}");
}

TEST(FigureTikzTest, IsWholeForAnyPlot) {
    const auto hard = hard_run().record(), plain = SyntheticRun().record();
    const FigureData loss = drawn_figure("loss", {{plain, 0, true}, {hard, 1, false}});
    const std::string tex = figure_tikz({loss}, {});
    EXPECT_LE(check_structure(tex), most_tikz_points);
    EXPECT_THAT(tex, HasSubstr("50\\%\\_of, a \\#1 \\& "));
    EXPECT_THAT(tex, HasSubstr("mark=x"));
    EXPECT_THAT(tex, HasSubstr("{floor}"));
    check_structure(figure_tikz({drawn_figure("details", {{plain, 0, true}})}, {}));

    const std::string map = figure_tikz({drawn_figure("routing", {{plain, 0, true}})}, {});
    check_structure(map);
    EXPECT_THAT(map, HasSubstr("matrix plot*"));
    EXPECT_THAT(map, HasSubstr("{attn 1}"));
    EXPECT_THAT(map, HasSubstr("y dir=reverse"));
    EXPECT_THAT(map, HasSubstr(" nan\n"));
}

/// One of each kind of plot, for LaTeX itself.
std::map<std::string, std::vector<FigureData>> examples() {
    SyntheticRun wav, block, deep;
    block.name = "attnres-block-12";
    block.method = "attnres_block";
    deep.name = "wav-48-with-a-name-that-is-rather-long-seed-3";
    deep.layers = 48;
    deep.block_size = 12;
    deep.record_every = 100;
    const auto plain = wav.record(), other = block.record(), hard = hard_run().record(), long_one = deep.record();
    const std::vector<DrawnRun> one{{plain, 0, true}}, two{{plain, 0, true}, {hard, 1, false}};
    std::vector<DrawnRun> seeds;
    for (int seed = 0; seed < 3; ++seed) {
        SyntheticRun run;
        run.name = "wav-" + std::to_string(seed);
        run.final_loss = 1.1 + 0.05 * seed;
        seeds.push_back({run.record(), seed, seed == 0});
    }
    static ProbedRunFolder probed;
    probed.keep(100);
    const std::vector<DrawnRun> probe{{probed.record, 0, true}};
    std::map<std::string, std::vector<FigureData>> all;
    all["loss"] = {drawn_figure("loss", {{plain, 0, true}, {hard, 1, false}, {other, 2, false}})};
    all["loss-one"] = {drawn_figure("loss", one, {{"entropies", true}})};
    all["loss-log"] = {drawn_figure("loss", two, {{"log_loss", true}, {"log_steps", true}})};
    all["loss-groups"] = {drawn_figure("loss", seeds, {{"group", "model.method"}, {"band", "deviation"}})};
    all["routing"] = {drawn_figure("routing", one)};
    all["routing-48"] = {drawn_figure("routing", {{long_one, 0, true}}, {{"quantity", "contribution"}})};
    all["routing-time"] = {drawn_figure("routing", one, {{"mode", "time"}, {"router", 5}})};
    all["routing-difference"] = {
        drawn_figure("routing", {{plain, 0, true}, {other, 1, false}}, {{"against", "attnres-block-12"}})};
    all["details"] = {drawn_figure("details", one)};
    all["details-time"] = {drawn_figure("details", one, {{"over", "time"}, {"quantity", "cosine"}})};
    all["depth"] = {drawn_figure("depth", two)};
    all["depth-runs"] = {drawn_figure("depth", {{plain, 0, true}, {long_one, 1, false}, {other, 2, false}},
                                      {{"mode", "runs"}, {"log", true}})};
    all["probe"] = {drawn_figure("probe", probe)};
    all["probe-log"] = {drawn_figure("probe", probe, {{"log", true}})};
    all["probe-scatter"] = {drawn_figure("probe", probe, {{"mode", "scatter"}, {"log", true}})};
    all["probe-families"] = {drawn_figure("probe", probe, {{"mode", "families"}})};
    // More than pdfLaTeX has memory for, were all of it kept.
    std::vector<DrawnRun> many, deep_ones;
    for (int i = 0; i < 24; ++i) {
        SyntheticRun run;
        run.name = "run-" + std::to_string(i);
        run.steps = 3000;
        run.record_every = 1500;
        run.final_loss = 1 + 0.05 * i;
        many.push_back({run.record(), i, i == 0});
    }
    for (int i = 0; i < 6; ++i) {
        SyntheticRun run;
        run.name = "deep-" + std::to_string(i);
        run.layers = 24;
        run.steps = 600;
        deep_ones.push_back({run.record(), i, i == 0});
    }
    all["large-loss"] = {drawn_figure("loss", many)};
    all["large-depth-runs"] = {drawn_figure("depth", deep_ones, {{"mode", "runs"}})};
    all["large-depth-time"] = {drawn_figure("depth", {deep_ones.front()}, {{"mode", "time"}})};
    return all;
}

TEST(ExtendedFigureTikz, CompilesWithPgfplotsAlone) {
    if (std::system("pdflatex --version > /dev/null 2>&1 && kpsewhich pgfplots.sty > /dev/null 2>&1") != 0)
        GTEST_SKIP() << "there is no pdflatex with pgfplots on this machine";
    const TemporaryFolder folder;
    // Who wants to look at them names a folder.
    const char* kept = std::getenv("WAVLAB_FIGURES_FOLDER");
    const std::filesystem::path where = kept ? std::filesystem::path(kept) : folder.path();
    for (const auto& [name, panels] : examples()) {
        TikzOptions options;
        options.provenance = "WAV Lab, a test\nplot " + name;
        const std::string tex = figure_tikz(panels, options);
        check_structure(tex);
        write_file_safely(where / (name + ".tex"), tex);
        write_file_safely(where / (name + ".csv"), figure_csv(panels, options.provenance));
        write_file_safely(
            where / (name + "-page.tex"),
            "\\documentclass{article}\n\\usepackage[paperwidth=6in,paperheight=4in,margin=0.25in]{geometry}\n"
            "\\usepackage{pgfplots}\\pgfplotsset{compat=1.17}\n\\pagestyle{empty}\\parindent=0pt\n"
            "\\begin{document}\n\\input{" +
                name + "}\n\\end{document}\n");
        const std::string command = "cd '" + where.string() + "' && pdflatex -interaction=nonstopmode -halt-on-error " +
                                    name + "-page.tex > " + name + ".txt 2>&1";
        EXPECT_EQ(std::system(command.c_str()), 0) << name;
        const std::string log = read_file(where / (name + ".txt"));
        // One page: the picture is no larger than it should be.
        const std::string last = name + ": " + log.substr(log.size() - std::min<std::size_t>(log.size(), 1000));
        EXPECT_EQ(count(log, "(1 page,"), 1u) << last;
        EXPECT_EQ(count(log, "Overfull"), 0u) << last;
    }
}

}  // namespace
}  // namespace wavlab
