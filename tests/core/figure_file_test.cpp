// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/figure_file.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* full = R"(
[figure]
venue = "icml"
height = "70mm"
font_size = 7.5
palette = "grey"
color_map = "magma"
columns = 1
legend = "panels"
dpi = 600
svg_text = "paths"
out = ["a.pdf", "a.tex"]

[[panel]]
kind = "routing"
runs = ["wav-*", "standard-12"]
title = "WAV \"deep\""
step = 500
x_label = "Source"
[panel.state]
quantity = "weight"
zoom = [0, 1.5]
log = true
[[panel.annotation]]
x = 48
y = 0.4738
text = "published"

[[panel]]
kind = "loss"
runs = ["wav-1"]
)";

std::string error_of(const std::string& text) {
    try {
        parse_figure(text, "figure.toml");
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(FigureFile, ReadsWhatAVenueAndItsOwnKeysSay) {
    const FigureFile figure = parse_figure(full, "figure.toml");
    EXPECT_EQ(figure.look.width_inches, 3.25);
    EXPECT_EQ(figure.look.font, "serif");
    EXPECT_NEAR(*figure.look.height_inches, 70 / 25.4, 1e-12);
    EXPECT_EQ(figure.look.font_points, 7.5);
    EXPECT_EQ(figure.look.legend, FigureLegend::panels);
    EXPECT_TRUE(figure.look.text_as_paths);
    EXPECT_THAT(figure.out, ElementsAre("a.pdf", "a.tex"));
    ASSERT_EQ(figure.panels.size(), 2u);
    EXPECT_THAT(figure.panels[0].runs, ElementsAre("wav-*", "standard-12"));
    EXPECT_EQ(figure.panels[0].step, 500);
    EXPECT_EQ(figure.panels[0].title, "WAV \"deep\"");
    EXPECT_THAT(figure.panels[0].state, AllOf(HasSubstr(R"("quantity":"weight")"), HasSubstr(R"("log":true)")));
    EXPECT_EQ(figure.panels[0].annotations.at(0).text, "published");
    EXPECT_EQ(figure.panels[1].state, "{}");
    EXPECT_FALSE(figure.panels[1].y_label);
}

TEST(FigureFile, IsTheSameAfterItWasWritten) {
    const FigureFile figure = parse_figure(full, "figure.toml");
    const std::string text = figure_toml(figure);
    EXPECT_EQ(figure_toml(parse_figure(text, "written.toml")), text);
    EXPECT_THAT(text, AllOf(HasSubstr("zoom\" = [0, 1.5]"), Not(HasSubstr("width = 3.25"))));
}

TEST(FigureFile, KeepsAnyCharacterOfAState) {
    const FigureFile figure =
        parse_figure("[[panel]]\nkind = \"loss\"\nruns = [\"a\"]\n[panel.state]\nlabel = \"𝛼 of λ, \\\"quoted\\\"\"\n",
                     "figure.toml");
    EXPECT_THAT(figure.panels.at(0).state, HasSubstr("𝛼 of λ"));
    EXPECT_EQ(parse_figure(figure_toml(figure), "again.toml").panels.at(0).state, figure.panels[0].state);
}

TEST(FigureFile, SaysWhatIsWrongAndWhatIsAllowed) {
    const std::string panel = "[[panel]]\nkind = \"loss\"\nruns = [\"a\"]\n";
    EXPECT_THAT(error_of("[figure]\nvenue = \"icmll\"\n" + panel),
                AllOf(HasSubstr("figure.toml, line 2"), HasSubstr("neurips")));
    EXPECT_THAT(error_of("[figure]\nfont_sice = 8\n" + panel),
                AllOf(HasSubstr("line 2"), HasSubstr("did you mean 'font_size'?")));
    EXPECT_THAT(error_of("[figure]\ncolumns = 2\nfont_size = 80\nletters = false\n" + panel),
                AllOf(HasSubstr("line 3"), HasSubstr("5 to 24")));
    EXPECT_THAT(error_of("[figure]\nwidth = \"5.5 feet\"\n" + panel), HasSubstr("14cm"));
    EXPECT_THAT(error_of("[figure]\ndpi = 30\n" + panel), HasSubstr("72 to 1200"));
    EXPECT_THAT(error_of("[figure]\nlegend = \"left\"\n" + panel), HasSubstr("shared, panels, none"));
    EXPECT_THAT(error_of("[figure]\n"), HasSubstr("[[panel]]"));
    EXPECT_THAT(error_of("[[panel]]\nruns = [\"a\"]\n"), HasSubstr("needs a kind"));
    EXPECT_THAT(error_of("[[panel]]\nkind = \"loss\"\n"), HasSubstr("needs runs"));
    EXPECT_THAT(error_of("[[panel]]\nkind = \"loss\"\nruns = \"a\"\n"), HasSubstr("a list of texts"));
    EXPECT_THAT(error_of("panel = 3\n"), HasSubstr("[[panel]]"));
    EXPECT_THAT(error_of("[figure\n"), HasSubstr("line 1"));
    EXPECT_THAT(error_of(panel + "[panel.state]\nlog = true\nzoom = [0, inf, 0, 1]\n"),
                AllOf(HasSubstr("line 6"), HasSubstr("no finite number")));
}

TEST(FigureFile, FindsTheRunsOfItsPatternsInTheOrderOfTheirNumbers) {
    const TemporaryFolder folder;
    for (const char* name : {"wav-12", "wav-2", "standard-2", "wav-no-run"}) {
        std::filesystem::create_directories(folder.path() / name);
        if (std::string_view(name) != "wav-no-run")
            for (const char* part : {"experiment.toml", "run.db"}) std::ofstream(folder.path() / name / part) << "";
    }
    std::vector<std::string> names;
    for (const auto& path : figure_runs({"wav-*", "standard-2", "wav-2"}, folder.path()))
        names.push_back(path.filename());
    EXPECT_THAT(names, ElementsAre("wav-2", "wav-12", "standard-2"));
    // A name that looks like a pattern, and a link.
    const auto bracket = folder.path() / "lr[12]";
    std::filesystem::create_directories(bracket);
    for (const char* part : {"experiment.toml", "run.db"}) std::ofstream(bracket / part) << "";
    std::filesystem::create_directory_symlink(folder.path() / "wav-12", folder.path() / "link");
    EXPECT_THAT(figure_runs({"lr[12]"}, folder.path()), ElementsAre(bracket));
    EXPECT_THAT(figure_runs({"wav-12", "link"}, folder.path()).size(), 1u);
    EXPECT_THROW(figure_runs({"haares-*"}, folder.path()), InputError);
    EXPECT_THROW(figure_runs({"haares-1"}, folder.path()), InputError);
}

}  // namespace
}  // namespace wavlab
