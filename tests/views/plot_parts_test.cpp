// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <qcustomplot.h>

#include "tests/views/application.h"
#include "views/axis_tickers.h"
#include "views/color_map.h"
#include "views/plot_style.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

double lightness(QRgb color) { return 0.299 * qRed(color) + 0.587 * qGreen(color) + 0.114 * qBlue(color); }

TEST(ColorMap, SequentialMapsGrowLighterAndTheDivergingOneIsNeutralInTheMiddle) {
    for (const ColorMap map : {ColorMap::viridis, ColorMap::cividis})
        for (double t = 0.01; t <= 1; t += 0.01)
            EXPECT_GE(lightness(color_at(map, t)), lightness(color_at(map, t - 0.01)) - 0.6) << t;
    const QRgb middle = color_at(ColorMap::diverging, 0.5);
    EXPECT_LT(std::abs(qRed(middle) - qBlue(middle)), 8);
    EXPECT_EQ(color_at(ColorMap::viridis, -3), color_at(ColorMap::viridis, 0));
    EXPECT_EQ(color_at(ColorMap::viridis, std::nan("")), color_at(ColorMap::viridis, 0));
}

TEST(PlotStyle, FortyRunsAndEverySourceKindAreToldApart) {
    test_application();
    for (const PlotStyle& style : {PlotStyle::screen(QPalette(), QFont()), PlotStyle::print_style("DejaVu Sans", 8)}) {
        std::set<std::pair<QRgb, QVector<qreal>>> looks;
        for (int i = 0; i < 40; ++i) looks.insert({run_color(i, style).rgb(), run_dashes(i)});
        EXPECT_EQ(looks.size(), 40u);
        std::set<QRgb> kinds;
        for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                      SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
            kinds.insert(source_color(kind, style).rgb());
        EXPECT_EQ(kinds.size(), 7u);
    }
}

TEST(PlotStyle, AMissingFontIsReplacedAndNamed) {
    test_application();
    const FontChoice choice = choose_font("No Such Family");
    EXPECT_EQ(choice.instead, QString("No Such Family"));
    EXPECT_FALSE(choice.family.isEmpty());
}

TEST(Routers, AreNamedByLayerAndKind) {
    EXPECT_EQ(router_label(0, 25), "attn 1");
    EXPECT_EQ(router_label(1, 25), "mlp 1");
    EXPECT_EQ(router_label(23, 25), "mlp 12");
    EXPECT_EQ(router_label(24, 25), "final");
}

TEST(CategoryTicker, LabelsKeepTheirDistanceAtAnySize) {
    test_application();
    QCustomPlot plot;
    CategoryTicker ticker(plot.xAxis);
    for (const int count : {1, 2, 14, 26, 97, 400}) {
        std::vector<CategoryTicker::Category> categories;
        for (int i = 0; i < count; ++i) categories.push_back({QString::number(i), i + 1 == count ? 0 : i % 2 ? 2 : 1});
        ticker.set_categories(categories);
        ticker.set_spacing(14);
        for (double length = 20; length < 4000; length *= 1.3) {
            const std::vector<int> chosen = ticker.chosen(QCPRange(-0.5, count - 0.5), length);
            ASSERT_FALSE(chosen.empty());
            EXPECT_EQ(chosen.back(), count - 1) << "the last one, which stands alone, has a label";
            for (std::size_t i = 1; i < chosen.size(); ++i)
                EXPECT_GE((chosen[i] - chosen[i - 1]) * length / count, 13.99) << count << " " << length;
            if (length / count >= 14) {
                EXPECT_EQ(int(chosen.size()), count);
            }
        }
    }
}

TEST(LogTicker, LabelsLessThanADecadeToo) {
    test_application();
    LogTicker ticker;
    for (const QCPRange range : {QCPRange(1.1, 4.7), QCPRange(0.8, 1.1), QCPRange(1e-3, 1e4), QCPRange(0.02, 900)}) {
        QVector<double> ticks;
        QVector<QString> labels;
        ticker.generate(range, QLocale::c(), 'g', 4, ticks, nullptr, &labels);
        const auto inside = std::count_if(ticks.begin(), ticks.end(), [&](double t) { return range.contains(t); });
        EXPECT_GE(inside, 3) << range.lower;
        EXPECT_LE(inside, 12) << range.lower;
        EXPECT_EQ(std::set<QString>(labels.begin(), labels.end()).size(), std::size_t(labels.size())) << range.lower;
    }
}

TEST(WholeTicker, HasNoFractionsAndShortLargeNumbers) {
    test_application();
    WholeTicker ticker;
    QVector<double> ticks;
    QVector<QString> labels;
    ticker.generate(QCPRange(0, 2), QLocale::c(), 'g', 6, ticks, nullptr, &labels);
    for (const double tick : ticks) EXPECT_EQ(tick, std::round(tick));
    ticker.generate(QCPRange(0, 400000), QLocale::c(), 'g', 6, ticks, nullptr, &labels);
    EXPECT_TRUE(labels.contains("200k"));
}

TEST(TimeCursor, ChoosesTheNearestRecordAtOrBefore) {
    const std::vector<std::int64_t> steps{0, 5, 10};
    EXPECT_EQ(recorded_step(steps, std::nullopt), 10);
    EXPECT_EQ(recorded_step(steps, 5), 5);
    EXPECT_EQ(recorded_step(steps, 9), 5);
    EXPECT_EQ(recorded_step(steps, 400), 10);
    EXPECT_EQ(recorded_step({20, 30}, 5), 20);
    EXPECT_FALSE(recorded_step({}, 5));
}

}  // namespace
}  // namespace wavlab
