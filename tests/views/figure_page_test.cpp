// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <QHash>
#include <QImage>
#include <QPainter>
#include <QRegularExpression>
#include <QSvgRenderer>

#include "core/error.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/figure_data.h"
#include "views/figure_export.h"
#include "views/figure_tikz.h"

namespace wavlab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

[[maybe_unused]] const bool seeded = (QHashSeed::setDeterministicGlobalSeed(), true);

SyntheticRun run_of(const std::string& method) {
    SyntheticRun run;
    run.name = method + "-12";
    run.method = method;
    return run;
}

PagePanel panel_of(const char* kind, const std::vector<DrawnRun>& runs) {
    PagePanel panel;
    panel.plot = PlotRegistry::find(kind);
    panel.runs = runs;
    return panel;
}

/// Two loss plots of the same two runs, and routing of each.
PageContent four_panels() {
    test_application();
    const DrawnRun wav{run_of("wav").record(), 0, true}, block{run_of("attnres_block").record(), 1, true};
    PageContent page;
    page.panels = {panel_of("loss", {wav, block}), panel_of("loss", {wav, block}), panel_of("routing", {wav}),
                   panel_of("routing", {block})};
    page.panels[1].state["log_loss"] = true;
    page.panels[2].title = "WAV";
    page.panels[3].title = "Block AttnRes";
    page.panels[0].annotations = {{100, 2.5, "a note"}};
    page.panels[0].y_label = "Cross entropy (nats)";
    return page;
}

QByteArray render(const PageContent& page, FigureFormat format) {
    FigureResult result;
    return render_page(page, format, result);
}

std::string error_of(const PageContent& page) {
    try {
        render(page, FigureFormat::svg);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(FigurePage, PutsPanelsSideBySideWithLettersTitlesAndTheirOwnLabels) {
    const QByteArray svg = render(four_panels(), FigureFormat::svg);
    for (const char* text : {"(a)", "(b)", "(c)", "(d)", "WAV", "Block AttnRes", "a note", "Cross entropy (nats)"})
        EXPECT_TRUE(svg.contains(text)) << text;
    PageContent plain = four_panels();
    plain.look.letters = false;
    EXPECT_FALSE(render(plain, FigureFormat::svg).contains("(a)"));

    const FigurePage page(four_panels());
    const TikzOptions places = page.tikz_options();
    ASSERT_EQ(places.panels.size(), 4u);
    EXPECT_EQ(places.panels[0].place.top(), places.panels[1].place.top());
    EXPECT_LT(places.panels[0].place.right(), places.panels[1].place.left());
    EXPECT_LT(places.panels[0].place.bottom(), places.panels[2].heading.top());
    EXPECT_NEAR(places.panels[1].place.right(), 5.5, 0.01);
    EXPECT_NEAR(places.panels[3].place.bottom(), page.height_inches(), 0.01);
    PageContent column = four_panels();
    column.look.columns = 1;
    EXPECT_GT(FigurePage(column).height_inches(), 1.5 * page.height_inches());
}

TEST(FigurePage, SharesALegendOnlyWhereItMeansTheSame) {
    const auto count = [](const PageContent& page, const char* text) {
        return render(page, FigureFormat::svg).count(QByteArray(">") + text);
    };
    PageContent page = four_panels();
    page.panels.resize(2);
    EXPECT_EQ(count(page, "attnres_block-12"), 1);
    EXPECT_FALSE(FigurePage(page).tikz_options().legends.empty());
    page.look.legend = FigureLegend::panels;
    EXPECT_EQ(count(page, "attnres_block-12"), 2);
    page.look.legend = FigureLegend::none;
    EXPECT_EQ(count(page, "attnres_block-12"), 0);
    // The same run in two colours: one legend would lie.
    page.look.legend = FigureLegend::shared;
    page.panels[1].runs[0].style_index = 5;
    EXPECT_EQ(count(page, "attnres_block-12"), 2);
    EXPECT_TRUE(FigurePage(page).tikz_options().legends.empty());
    // Another run in the same colour: so would it.
    page.panels[1].runs = {{run_of("standard").record(), page.panels[0].runs[0].style_index, true},
                           page.panels[0].runs[1]};
    EXPECT_TRUE(FigurePage(page).tikz_options().legends.empty());
}

TEST(FigurePage, SharesALegendWithinARowWhereRowsDiffer) {
    PageContent page = four_panels();
    page.panels = {page.panels[0], page.panels[0], page.panels[0], page.panels[0]};
    for (const std::size_t below : {2, 3}) page.panels[below].runs[0].style_index = 5;
    const FigurePage drawn(page);
    const TikzOptions places = drawn.tikz_options();
    ASSERT_EQ(places.legends.size(), 2u);
    EXPECT_LE(places.legends[0].place.bottom(), places.panels[0].heading.top());
    EXPECT_GE(places.legends[1].place.top(), places.panels[1].place.bottom());
    EXPECT_LE(places.legends[1].place.bottom(), places.panels[2].heading.top());
    for (const FigureData& panel : drawn.data()) EXPECT_TRUE(panel.legend.empty());
    EXPECT_EQ(render(page, FigureFormat::svg).count(QByteArray(">attnres_block-12")), 2);
    // Rows that have nothing in common have no common legend.
    PageContent kinds = four_panels();
    EXPECT_EQ(FigurePage(kinds).tikz_options().legends.size(), 2u);
    std::swap(kinds.panels[1], kinds.panels[2]);
    EXPECT_TRUE(FigurePage(kinds).tikz_options().legends.empty());
}

TEST(FigurePage, PutsAnnotationsWhereTheAxesSay) {
    PageContent page = four_panels();
    page.panels.resize(1);
    for (const char* axis : {"step", "tokens"}) {
        page.panels[0].state["x"] = axis;
        page.panels[0].annotations.clear();
        const DrawnAxis shown = FigurePage(page).data().front().axes.front().x;
        page.panels[0].annotations = {{(shown.low + shown.high) / 2, 2.5, "here"}};
        const DrawnAxes axes = FigurePage(page).data().front().axes.front();
        ASSERT_EQ(axes.texts.size(), 1u) << axis;
        EXPECT_NEAR(axes.texts[0].x, page.panels[0].annotations[0].x, 1e-9 * shown.high) << axis;
    }
}

TEST(FigurePage, HasTheSizeThatItIsTold) {
    PageContent page = four_panels();
    page.look = figure_look_of("icml");
    page.look.height_inches = 4;
    EXPECT_NEAR(FigurePage(page).width_inches(), 3.25, 1e-9);
    EXPECT_NEAR(FigurePage(page).height_inches(), 4, 1e-9);
    page.look.dots_per_inch = 600;
    QImage image;
    ASSERT_TRUE(image.loadFromData(render(page, FigureFormat::png)));
    EXPECT_EQ(image.size(), QSize(1950, 2400));
    page.look.height_inches = 1;
    EXPECT_THAT(error_of(page), HasSubstr("less than half an inch"));
    page.look.palette = "rainbow";
    EXPECT_THAT(error_of(page), HasSubstr("okabe-ito, tol-bright, grey"));
    EXPECT_THAT(error_of(PageContent{}), HasSubstr("at least one panel"));
}

TEST(FigurePage, IsGreyInTheGreyPalette) {
    PageContent page = four_panels();
    page.panels.resize(2);
    page.look.palette = "grey";
    QImage image;
    ASSERT_TRUE(image.loadFromData(render(page, FigureFormat::png)));
    for (int y = 0; y < image.height(); y += 3)
        for (int x = 0; x < image.width(); x += 3) ASSERT_LT(image.pixelColor(x, y).saturation(), 12) << x << ", " << y;
}

TEST(FigurePage, TakesTheColourMap) {
    PageContent viridis = four_panels(), magma = four_panels();
    magma.look.color_map = "magma";
    EXPECT_NE(render(viridis, FigureFormat::svg), render(magma, FigureFormat::svg));
    EXPECT_EQ(FigurePage(magma).data().at(2).axes.at(0).matrices.at(0).scale.map, ColorMap::magma);
}

TEST(FigurePage, LooksTheSameWithItsTextAsPaths) {
    PageContent page = four_panels();
    page.panels.resize(2);  // mostly text
    const QByteArray text = render(page, FigureFormat::svg);
    page.look.text_as_paths = true;
    const QByteArray paths = render(page, FigureFormat::svg);
    EXPECT_TRUE(text.contains("<text"));
    EXPECT_FALSE(paths.contains("<text"));
    EXPECT_TRUE(paths.contains("<svg") && paths.contains("<path")) << "browsers want SVG's own names";
    const auto picture = [](const QByteArray& svg) {
        QImage image(1100, 400, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        QSvgRenderer(svg).render(&painter);
        return image;
    };
    const QImage a = picture(text), b = picture(paths);
    double difference = 0, ink = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x) {
            difference += std::abs(a.pixelColor(x, y).lightnessF() - b.pixelColor(x, y).lightnessF());
            ink += 1 - a.pixelColor(x, y).lightnessF();
        }
    EXPECT_LT(difference, 0.05 * ink);
}

TEST(FigurePage, TellsWhereEveryPanelCameFrom) {
    for (const FigureFormat format : {FigureFormat::svg, FigureFormat::pdf, FigureFormat::tikz, FigureFormat::csv}) {
        const std::string bytes = render(four_panels(), format).toStdString();
        EXPECT_THAT(bytes, AllOf(HasSubstr("plot loss"), HasSubstr("plot routing"), HasSubstr("run wav-12, method wav"),
                                 HasSubstr("run attnres_block-12"), HasSubstr("data sha256"), HasSubstr("torch")))
            << int(format);
    }
}

TEST(FigurePage, IsTheSameByteForByte) {
    for (const FigureFormat format :
         {FigureFormat::svg, FigureFormat::pdf, FigureFormat::png, FigureFormat::tikz, FigureFormat::csv})
        EXPECT_EQ(render(four_panels(), format), render(four_panels(), format)) << int(format);
}

}  // namespace
}  // namespace wavlab
