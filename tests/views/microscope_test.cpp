// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QOpenGLContext>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <QVBoxLayout>

#include "core/run_record.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/application.h"
#include "views/action_registry.h"
#include "views/figure_export.h"
#include "views/microscope/microscope_canvas.h"
#include "views/microscope/microscope_table.h"
#include "views/microscope/microscope_window.h"
#include "views/microscope/token_map_plot.h"
#include "views/theme.h"

namespace wavlab {
namespace {

constexpr Source embedding{SourceKind::embedding, 0}, partial{SourceKind::partial, 0}, block{SourceKind::block, 1},
    phase{SourceKind::phase, 1};

/// Four routers over up to four sources; α = cell + token / 100, all others follow from it.
std::shared_ptr<TokenRouting> some_routing(const std::string& text = "so it\n") {
    auto routing = std::make_shared<TokenRouting>();
    routing->step = 300;
    routing->source = "a text";
    routing->device = "cpu";
    routing->loss = 1.25;
    routing->layout.routers = {{embedding}, {embedding, partial}, {embedding, block, phase}, {embedding, block}};
    for (const char letter : text) routing->tokens.push_back({letter, std::string(1, letter), {}, {{'t', "t", 0.5}}});
    for (std::size_t cell = 0; cell < routing->layout.cell_count(); ++cell)
        for (std::size_t token = 0; token < text.size(); ++token) {
            const float value = float(cell) / 10 + float(token) / 100;
            routing->weight.push_back(value);
            routing->contribution.push_back(2 * value);
            routing->attribution.push_back(value - 0.4f);
        }
    return routing;
}

MicroscopeState some_state() {
    MicroscopeState state;
    state.set_routing(some_routing());
    return state;
}

TEST(MicroscopeState, CutsTheThreeSlices) {
    MicroscopeState state = some_state();
    const TokenRouting& routing = *state.routing();
    ASSERT_EQ(state.sources(), (std::vector<Source>{embedding, block, phase, partial}));
    EXPECT_EQ(state.chosen().router, 3u) << "the router before the final norm comes first";
    state.choose_router(2);
    TokenSlice slice = state.slice();
    ASSERT_EQ(slice.rows, 3u);
    ASSERT_EQ(slice.columns, 6u);
    EXPECT_EQ(slice.row_labels, (std::vector<QString>{"embedding", "block 1", "phase 1"}));
    EXPECT_EQ(slice.column_labels[2], QString::fromUtf8("·"));
    EXPECT_EQ(slice.column_labels[5], QString::fromUtf8("⏎"));
    for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t token = 0; token < 6; ++token)
            EXPECT_EQ(slice.value(row, token), routing.weight[routing.index(3 + row, token)]);

    state.set_slice_by(SliceBy::source);
    state.choose_source(1);
    slice = state.slice();
    ASSERT_EQ(slice.rows, 4u);
    EXPECT_TRUE(std::isnan(slice.value(0, 3))) << "the first router has no block to read";
    EXPECT_EQ(slice.value(2, 3), routing.weight[routing.index(4, 3)]);
    EXPECT_EQ(slice.value(3, 3), routing.weight[routing.index(7, 3)]);

    state.set_slice_by(SliceBy::token);
    state.choose_token(4);
    state.set_quantity(TokenQuantity::attribution);
    slice = state.slice();
    ASSERT_EQ(slice.columns, 4u);
    EXPECT_EQ(slice.value(1, 3), routing.attribution[routing.index(2, 4)]) << "partial is the last column";
    EXPECT_EQ(slice.row_labels[3], "final");
    for (std::size_t row = 0; row < slice.rows; ++row)
        for (std::size_t column = 0; column < slice.columns; ++column) {
            const auto cell = state.cell_at(row, column);
            EXPECT_EQ(cell.has_value(), !std::isnan(slice.value(row, column)));
            if (!cell) continue;
            EXPECT_EQ(state.row_of(*cell), row);
            EXPECT_EQ(state.column_of(*cell), column);
        }
}

TEST(MicroscopeState, TheChosenSourceIsAlwaysThere) {
    MicroscopeState state = some_state();
    state.choose({2, 2, 1});
    state.choose_router(1);
    EXPECT_TRUE(state.has(state.chosen().router, state.chosen().source));
    state.choose_router(0);
    EXPECT_EQ(state.chosen().source, 0u);
    EXPECT_FALSE(state.move_source(1)) << "the first router reads one source only";
    EXPECT_FALSE(state.move_router(-1));
    state.choose_source(3);
    EXPECT_EQ(state.chosen().router, 1u) << "the only router that reads the partial sum";
    state.set_slice_by(SliceBy::source);
    EXPECT_FALSE(state.move_router(1));
    state.choose({7, 0, 0});
    EXPECT_EQ(state.chosen().router, 1u) << "no such router";
    EXPECT_TRUE(state.move_token(-1));
    EXPECT_FALSE(state.move_token(-1));
    EXPECT_EQ(state.chosen().token, 0u);
}

TEST(MicroscopeState, ScalesAndDims) {
    MicroscopeState state = some_state();
    EXPECT_EQ(state.scale().end, 1);
    state.set_threshold(0.3);
    EXPECT_TRUE(state.is_dimmed(state.scale(), 0.29f));
    EXPECT_FALSE(state.is_dimmed(state.scale(), 0.31f));
    state.set_quantity(TokenQuantity::attribution);
    const TokenScale scale = state.scale();
    EXPECT_TRUE(scale.diverging);
    EXPECT_NEAR(scale.end, 0.4, 1e-6);
    EXPECT_NEAR(shade(scale, 0), 0.5, 1e-9);
    EXPECT_NEAR(shade(scale, -0.4f), 0, 1e-6);
    state.choose_router(0);
    state.set_own_scale(true);
    EXPECT_NEAR(state.scale().end, 0.4, 1e-6);
    state.choose_router(1);
    EXPECT_NEAR(state.scale().end, 0.3, 1e-6);
    state.set_threshold(7);
    EXPECT_EQ(state.threshold(), 1);
}

TEST(MicroscopeState, ZoomsKeepsThePointAndFollowsTheChosenCell) {
    MicroscopeState state = some_state();
    state.zoom_by(4, 1, 1);
    EXPECT_NEAR(state.left(), 0.75, 1e-9);
    EXPECT_NEAR(state.top(), 0.75, 1e-9);
    state.choose({3, 0, 0});
    EXPECT_NEAR(state.left(), 0, 1e-9) << "the chosen cell is brought into view";
    state.pan(-5, 5);
    EXPECT_EQ(state.left(), 0);
    EXPECT_NEAR(state.top(), 0.75, 1e-9);
    state.zoom_by(1e-3);
    EXPECT_EQ(state.zoom(), 1);
    EXPECT_EQ(state.top(), 0);
    state.zoom_by(1e6);
    EXPECT_EQ(state.zoom(), MicroscopeState::most_zoom);
    state.set_slice_by(SliceBy::token);
    EXPECT_EQ(state.zoom(), 1);
}

TEST(MicroscopeState, KeepsWhatStillFits) {
    MicroscopeState state = some_state();
    state.choose({2, 1, 3});
    state.toggle_pin(5);
    state.toggle_pin(2);
    EXPECT_EQ(state.pinned(), (std::vector<std::size_t>{2, 5}));
    state.set_routing(some_routing());
    EXPECT_EQ(state.chosen(), (TokenCell{2, 1, 3}));
    EXPECT_EQ(state.pinned().size(), 2u);
    EXPECT_EQ(state.texts_taken(), 1u);
    state.zoom_by(4);
    // As long, and another text all the same.
    state.set_routing(some_routing("it so\n"));
    EXPECT_EQ(state.texts_taken(), 2u);
    EXPECT_TRUE(state.pinned().empty());
    EXPECT_EQ(state.chosen(), (TokenCell{2, 1, 0}));
    EXPECT_EQ(state.zoom(), 1);
    state.toggle_pin(5);
    state.set_routing(some_routing("short"));
    EXPECT_TRUE(state.pinned().empty());
    EXPECT_EQ(state.chosen().token, 0u);
    EXPECT_EQ(state.chosen().router, 2u);
    state.set_routing(nullptr);
    EXPECT_TRUE(state.empty());
    EXPECT_EQ(state.slice().rows, 0u);
    EXPECT_FALSE(state.move_token(1));
    EXPECT_FALSE(state.move_router(1));
    state.zoom_by(2);
    // A text of one token has no loss to attribute.
    auto single = some_routing("x");
    single->attribution.clear();
    state.set_routing(single);
    state.set_quantity(TokenQuantity::attribution);
    EXPECT_TRUE(std::isnan(state.slice().value(0, 0)));
    EXPECT_EQ(state.scale().end, 1);
}

TEST(MicroscopeTable, ModelsKeepTheirContract) {
    test_application();
    MicroscopeState state;
    TokenSliceModel slice(state);
    InspectedTokensModel tokens(state);
    QAbstractItemModelTester slice_tester(&slice, QAbstractItemModelTester::FailureReportingMode::Fatal);
    QAbstractItemModelTester tokens_tester(&tokens, QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_EQ(slice.rowCount(), 0);
    const auto refresh = [&] {
        slice.refresh();
        tokens.refresh();
    };
    state.set_routing(some_routing());
    refresh();
    EXPECT_EQ(slice.rowCount(), 2);
    EXPECT_EQ(slice.columnCount(), 6);
    for (const SliceBy by : {SliceBy::source, SliceBy::token, SliceBy::router})
        for (const TokenQuantity quantity : all_token_quantities) {
            state.set_slice_by(by);
            state.set_quantity(quantity);
            state.move_router(-1);
            state.toggle_pin(state.chosen().token);
            refresh();
            EXPECT_EQ(slice.rowCount(), int(state.rows()));
        }
    state.set_slice_by(SliceBy::source);
    state.set_quantity(TokenQuantity::weight);
    state.choose({2, 1, 0});
    refresh();
    EXPECT_EQ(slice.index(0, 0).data(), QString::fromUtf8("–"));
    EXPECT_EQ(slice.index(2, 1).data(), "0.41");
    EXPECT_TRUE(slice.index(2, 1).data(Qt::ToolTipRole).toString().contains(QString::fromUtf8("‖αv‖ 0.82")));
    EXPECT_EQ(tokens.index(1, InspectedTokensModel::value).data(), "0.41");
    EXPECT_EQ(tokens.index(2, InspectedTokensModel::text).data(), QString::fromUtf8("·"));
    EXPECT_EQ(tokens.index(0, InspectedTokensModel::first_next).data(), QString::fromUtf8("‘t’ 50.0 %"));
    EXPECT_TRUE(tokens.index(3, InspectedTokensModel::first_next).data(Qt::FontRole).value<QFont>().bold())
        << "after 'i' came 't'";
    EXPECT_TRUE(slice.tsv().startsWith(QString::fromUtf8("\t1 ‘s’\t")));
    EXPECT_EQ(slice.tsv().count('\n'), 5);
}

TEST(MicroscopeTable, ShowsTokensThatLookLikePlaceholders) {
    test_application();
    auto routing = some_routing();
    routing->tokens[0].next[0].text = "%2";
    MicroscopeState state;
    state.set_routing(routing);
    const InspectedTokensModel tokens(state);
    EXPECT_EQ(tokens.index(0, InspectedTokensModel::first_next).data(), QString::fromUtf8("‘%2’ 50.0 %"));
}

class MicroscopeWindowTest : public testing::Test {
protected:
    MicroscopeWindowTest() { test_application(); }
    void open(const QString& no_picture) {
        window = new MicroscopeWindow(no_picture);
        window->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window));
    }
    ~MicroscopeWindowTest() override { delete window; }
    template <class Widget>
    Widget* find(const char* name) {
        return window->findChild<Widget*>(QLatin1String(name));
    }
    void trigger(const char* id) { window->actions().action(QLatin1String(id)).trigger(); }

    QPointer<MicroscopeWindow> window;
};

TEST_F(MicroscopeWindowTest, WithoutOpenGLTheTableShowsEverything) {
    open(QStringLiteral("No OpenGL here."));
    EXPECT_EQ(window->canvas(), nullptr);
    EXPECT_FALSE(window->shows_table()) << "first it says what there will be";
    window->show_routing(some_routing());
    ASSERT_TRUE(window->shows_table());
    EXPECT_EQ(find<QLabel>("microscope.reason")->text(), "No OpenGL here.");
    EXPECT_FALSE(window->actions().action("microscope.zoom_in").isEnabled());
    EXPECT_EQ(window->actions().obstacle("microscope.table"), "No OpenGL here.");
    const auto* table = find<QTableView>("microscope.slice_table");
    EXPECT_EQ(table->model()->rowCount(), 2);
    for (const char* id :
         {"microscope.previous_router", "microscope.by_token", "microscope.contribution", "microscope.next_token"})
        trigger(id);
    EXPECT_EQ(window->state().chosen().router, 2u);
    EXPECT_EQ(table->model()->rowCount(), 4);
    EXPECT_EQ(find<QComboBox>("microscope.slice")->currentIndex(), 2);
    EXPECT_EQ(find<QSpinBox>("microscope.token")->value(), 2);
    find<QComboBox>("microscope.source")->setCurrentIndex(1);
    EXPECT_EQ(window->state().chosen().source, 1u);
    EXPECT_EQ(table->currentIndex().column(), 1);
    trigger("microscope.pin");
    EXPECT_TRUE(window->state().is_pinned(1));
    trigger("microscope.copy");
    EXPECT_EQ(QApplication::clipboard()->text().count('\n'), 5);
    EXPECT_TRUE(find<QLabel>("microscope.status")->text().contains("Step 300"));
    for (const QWidget* widget : window->findChildren<QWidget*>()) {
        const bool ours = widget->objectName().startsWith("microscope.") && (widget->focusPolicy() & Qt::TabFocus);
        EXPECT_FALSE(ours && widget->accessibleName().isEmpty()) << widget->objectName().toStdString();
    }
}

TEST_F(MicroscopeWindowTest, AsksForTheTextTheWindowAndTheCheckpoint) {
    open(QStringLiteral("No OpenGL here."));
    QSignalSpy wishes(window, &MicroscopeWindow::look_wanted);
    window->set_sources({{"a, step 2", "/a/2", 8}, {"a, step 1", "/a/1", 8}}, "/a/1");
    ASSERT_EQ(wishes.size(), 1);
    EXPECT_EQ(window->wish().model, "/a/1");
    auto* text = find<QLineEdit>("microscope.text");
    QTest::keyClicks(text, "so it");
    QTest::keyClick(text, Qt::Key_Return);
    ASSERT_EQ(wishes.size(), 2);
    EXPECT_EQ(window->wish().text, "so it");
    window->fail("the text does not fit the model: 'é' is not in its vocabulary", true);
    EXPECT_TRUE(find<QLabel>("microscope.problem")->isVisible());
    trigger("microscope.next_window");
    ASSERT_EQ(wishes.size(), 3);
    EXPECT_TRUE(window->wish().text.isEmpty());
    EXPECT_EQ(window->wish().window, 1);
    find<QComboBox>("microscope.checkpoint")->setCurrentIndex(0);
    ASSERT_EQ(wishes.size(), 4);
    EXPECT_EQ(window->wish().model, "/a/2");
    text->setText("not submitted yet");
    window->set_sources({{"a, step 3", "/a/3", 8}, {"a, step 2", "/a/2", 8}}, "/a/2");
    EXPECT_EQ(wishes.size(), 4) << "it was asked for already";
    window->set_sources({{"a, step 3", "/a/3", 8}, {"a, step 2", "/a/2", 8}}, "/a/3");
    ASSERT_EQ(wishes.size(), 5);
    EXPECT_TRUE(window->wish().text.isEmpty());
    window->set_sources({{"a, step 2", "/a/2", 8}}, "/a/2");
    EXPECT_EQ(wishes.size(), 6);
    window->show_routing(some_routing());
    EXPECT_FALSE(find<QLabel>("microscope.problem")->isVisible());
    window->set_sources({{"a, step 2", "/a/2", 8}}, "/a/2");
    EXPECT_EQ(wishes.size(), 6);
}

TEST_F(MicroscopeWindowTest, TheOffscreenPlatformIsToldApart) {
    if (QGuiApplication::platformName() != "offscreen") GTEST_SKIP() << "another platform";
    EXPECT_TRUE(opengl_obstacle().contains("offscreen"));
}

class MicroscopeCanvasTest : public MicroscopeWindowTest {
protected:
    void SetUp() override {
        if (!opengl_obstacle().isEmpty()) GTEST_SKIP() << opengl_obstacle().toStdString();
        open({});
        window->show_routing(some_routing());
        ASSERT_TRUE(drawn());
    }
    /// A frame is drawn after this, and then no more.
    bool drawn() {
        const std::int64_t before = window->canvas()->frames();
        window->canvas()->update();
        return QTest::qWaitFor([&] { return window->canvas()->frames() > before; });
    }
    bool settled() {
        std::int64_t before = -1;
        QElapsedTimer since;
        return QTest::qWaitFor([&] {
            if (std::exchange(before, window->canvas()->frames()) != window->canvas()->frames()) since.start();
            return since.isValid() && since.elapsed() > 200;
        });
    }
    /// Presses the left button here, moves and releases it there; each is seen by a frame.
    void drag(const QPoint& from, const QPoint& to) {
        QTest::mouseMove(window->canvas(), from);
        ASSERT_TRUE(drawn());
        QTest::mousePress(window->canvas(), Qt::LeftButton, {}, from);
        ASSERT_TRUE(drawn());
        QTest::mouseMove(window->canvas(), to);
        ASSERT_TRUE(drawn());
        QTest::mouseRelease(window->canvas(), Qt::LeftButton, {}, to);
        ASSERT_TRUE(settled());
    }
    QPoint middle_of(std::size_t row, std::size_t column) {
        return window->canvas()->cell_rectangle(row, column).center().toPoint();
    }
    /// Different colours in the middle of the map.
    int colors() {
        const QImage picture = window->canvas()->grabFramebuffer();
        std::set<QRgb> seen;
        for (int y = 0; y < picture.height(); y += 3)
            for (int x = 0; x < picture.width(); x += 3) seen.insert(picture.pixel(x, y));
        return int(seen.size());
    }
};

TEST_F(MicroscopeCanvasTest, DrawsClicksPinsAndRests) {
    EXPECT_FALSE(window->shows_table());
    EXPECT_GT(colors(), 8);
    const QPoint cell = window->canvas()->cell_rectangle(1, 4).center().toPoint();
    QTest::mouseMove(window->canvas(), cell);
    QTest::mouseClick(window->canvas(), Qt::LeftButton, {}, cell);
    EXPECT_TRUE(QTest::qWaitFor([&] { return window->state().chosen().token == 4; }));
    EXPECT_EQ(window->state().chosen().source, 1u);
    ASSERT_TRUE(settled());
    QTest::mouseClick(window->canvas(), Qt::LeftButton, {}, cell);
    EXPECT_TRUE(QTest::qWaitFor([&] { return window->state().is_pinned(4); }));
    window->canvas()->setFocus();
    QTest::keyClick(window->canvas(), Qt::Key_Left);
    EXPECT_EQ(window->state().chosen().token, 3u);
    trigger("microscope.zoom_in");
    EXPECT_GT(window->state().zoom(), 1);
    ASSERT_TRUE(settled());
    const std::int64_t frames = window->canvas()->frames();
    QElapsedTimer rest;
    rest.start();
    ASSERT_TRUE(QTest::qWaitFor([&] { return rest.elapsed() > 300; }, 1000));
    EXPECT_EQ(window->canvas()->frames(), frames) << "nothing changes, nothing is drawn";
}

TEST_F(MicroscopeCanvasTest, TakesOnlyClicksThatBeganThere) {
    const TokenCell before = window->state().chosen();
    // From beside the map onto it, and from there onto the text below.
    drag(QPoint(4, window->canvas()->height() - 4), middle_of(1, 4));
    EXPECT_EQ(window->state().chosen(), before);
    for (int up = 110; up < 180; up += 10) drag(middle_of(1, 4), QPoint(20, window->canvas()->height() - up));
    EXPECT_EQ(window->state().chosen(), before);
    EXPECT_TRUE(window->state().pinned().empty());
    drag(middle_of(1, 4), middle_of(1, 4));
    EXPECT_EQ(window->state().chosen().token, 4u);
}

TEST_F(MicroscopeCanvasTest, TheWheelIsKnownToTheActions) {
    const QPoint place = middle_of(1, 4);
    QAction& whole = window->actions().action("microscope.zoom_reset");
    EXPECT_FALSE(whole.isEnabled());
    QTest::mouseMove(window->canvas(), place);
    ASSERT_TRUE(drawn());
    QWheelEvent wheel(place, window->canvas()->mapToGlobal(place), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(window->canvas(), &wheel);
    EXPECT_TRUE(QTest::qWaitFor([&] { return whole.isEnabled(); }));
    EXPECT_GT(window->state().zoom(), 1);
}

TEST_F(MicroscopeCanvasTest, AnotherSliceIsDrawnWithItsOwnNames) {
    window->show_routing(some_routing("more tokens than there are sources"));
    for (int i = 0; i < 30; ++i) trigger("microscope.next_token");
    trigger("microscope.by_token");
    ASSERT_TRUE(settled());
    // The first box, and the first of its choices.
    drag(QPoint(60, 18), QPoint(60, 18));
    for (int down = 36; down < 60 && window->state().slice_by() == SliceBy::token; down += 4)
        drag(QPoint(60, down), QPoint(60, down));
    EXPECT_EQ(window->state().slice_by(), SliceBy::router);
    EXPECT_EQ(window->state().chosen().token, 30u);
    EXPECT_FALSE(window->canvas()->cell_rectangle(0, 30).isEmpty());
}

TEST_F(MicroscopeCanvasTest, CopiesTheSliceOfThePicture) {
    trigger("microscope.copy");
    EXPECT_EQ(QApplication::clipboard()->text().count('\n'), 3) << "the names, and the two sources of the last router";
    trigger("microscope.by_token");
    trigger("microscope.copy");
    EXPECT_EQ(QApplication::clipboard()->text().count('\n'), 5);
    EXPECT_FALSE(window->shows_table());
}

TEST_F(MicroscopeCanvasTest, SurvivesTheLossOfItsContext) {
    const QOpenGLContext* before = window->canvas()->context();
    ASSERT_TRUE(before);
    // Another window means another context.
    QWidget other;
    auto* column = new QVBoxLayout(&other);
    other.resize(700, 500);
    column->addWidget(window->canvas());
    window->canvas()->show();
    other.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&other));
    ASSERT_TRUE(drawn());
    ASSERT_TRUE(drawn());
    EXPECT_GT(colors(), 8);
    delete window;
    EXPECT_TRUE(other.isVisible());
}

TEST_F(MicroscopeCanvasTest, FollowsTheThemeAndTheFont) {
    const QPalette before = QApplication::palette();
    for (const Theme theme : {Theme::dark, Theme::light}) {
        apply_theme(theme);
        QFont font = window->font();
        font.setPointSize(theme == Theme::dark ? 14 : 9);
        window->setFont(font);
        ASSERT_TRUE(drawn());
        const QColor ground = window->palette().color(QPalette::Base);
        EXPECT_EQ(QColor(window->canvas()->grabFramebuffer().pixel(1, window->canvas()->height() - 2)), ground);
        EXPECT_GT(colors(), 8);
    }
    QApplication::setPalette(before);
}

TEST_F(MicroscopeCanvasTest, ClosesAndOpensAgain) {
    for (int i = 0; i < 3; ++i) {
        window->close();
        ASSERT_TRUE(QTest::qWaitFor([&] { return window.isNull(); }));
        open({});
        window->show_routing(some_routing("an other text"));
        ASSERT_TRUE(drawn());
    }
    trigger("microscope.table");
    EXPECT_TRUE(window->shows_table());
    trigger("microscope.table");
    EXPECT_FALSE(window->shows_table());
    ASSERT_TRUE(drawn());
    EXPECT_GT(colors(), 8);
}

TEST(TokenMapPlot, BecomesAFigureOfTheSeenSlice) {
    test_application();
    const auto record = std::make_shared<RunRecord>("/runs/a");
    RunStarted started;
    record->apply(started);
    MicroscopeState state = some_state();
    FigureResult result;
    for (const SliceBy by : {SliceBy::router, SliceBy::source, SliceBy::token}) {
        state.set_slice_by(by);
        const PlotDescriptor plot = token_map_descriptor(state);
        FigureContent content;
        content.plot = &plot;
        content.runs = {{record, 0, true}};
        const QByteArray svg = render_figure(content, {}, FigureFormat::svg, result);
        EXPECT_TRUE(svg.contains("Weight")) << svg.left(300).toStdString();
        EXPECT_TRUE(svg.contains("embedding"));
        EXPECT_FALSE(svg.contains("<image")) << "vectors only";
        EXPECT_EQ(result.step, 300);
    }
    state.set_routing(nullptr);
    const PlotDescriptor plot = token_map_descriptor(state);
    FigureContent content;
    content.plot = &plot;
    content.runs = {{record, 0, true}};
    EXPECT_THROW(render_figure(content, {}, FigureFormat::pdf, result), std::exception);
}

}  // namespace
}  // namespace wavlab
