// SPDX-License-Identifier: GPL-3.0-or-later
// The routing microscope from the real window, with a library that makes its numbers up.
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QTableView>

#include "app/gui/features/checkpoints.h"
#include "app/gui/features/microscope.h"
#include "core/run_folder.h"
#include "tests/app/window_fixture.h"
#include "views/checkpoints_model.h"
#include "views/checkpoints_panel.h"
#include "views/microscope/microscope_canvas.h"
#include "views/microscope/microscope_table.h"

namespace wavlab {
namespace {

class MicroscopeWindowTest : public WindowTest {
protected:
    void train(const char* method) {
        open_with_fake();
        set("model.method", std::string(method));
        set("train.steps", std::int64_t{20});
        set("train.checkpoint_every", std::int64_t{10});
        press("run.start");
        ASSERT_TRUE(wait([&] { return window->session().is_running(); }));
        ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
        ASSERT_TRUE(wait([&] { return window->feature<CheckpointsFeature>()->model().rowCount() == 2; }));
    }
    MicroscopeFeature& feature() { return *window->feature<MicroscopeFeature>(); }
    MicroscopeWindow& microscope() { return *feature().microscope(); }
    void open_microscope() {
        action("microscope.open").trigger();
        ASSERT_TRUE(feature().microscope());
        ASSERT_TRUE(QTest::qWaitForWindowExposed(&microscope()));
        microscope().activateWindow();
        ASSERT_TRUE(QTest::qWaitForWindowActive(&microscope()));
        ASSERT_TRUE(wait([&] { return !microscope().state().empty(); }));
    }
    template <class Widget>
    Widget* find(const char* name) {
        return microscope().findChild<Widget*>(QLatin1String(name));
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers) { QTest::keyClick(&microscope(), key, modifiers); }
};

TEST_F(MicroscopeWindowTest, NeedsARunWithRouting) {
    open_with_fake();
    EXPECT_TRUE(action("microscope.open").toolTip().contains("Select a run in the list first."));
    window.reset();
    train("standard");
    EXPECT_FALSE(enabled("microscope.open"));
    EXPECT_TRUE(action("microscope.open").toolTip().contains("uses the method standard, which has no routing."))
        << action("microscope.open").toolTip().toStdString();
}

TEST_F(MicroscopeWindowTest, LooksAtATextAndGoesThroughItByKeys) {
    train("wav");
    open_microscope();
    EXPECT_EQ(find<QComboBox>("microscope.checkpoint")->count(), 2);
    EXPECT_EQ(microscope().wish().model, list_checkpoints(RunFolder{window->focus()}).back().model());
    EXPECT_TRUE(find<QLabel>("microscope.status")->text().contains("window 0"));
    key(Qt::Key_L, Qt::ControlModifier);
    QTest::keyClicks(find<QLineEdit>("microscope.text"), "so it goes");
    QTest::keyClick(find<QLineEdit>("microscope.text"), Qt::Key_Return);
    ASSERT_TRUE(wait([&] { return microscope().state().tokens() == 10; }));
    // The keyboard stays in the field for the text.
    const auto key = [this](Qt::Key key, Qt::KeyboardModifiers modifiers) {
        QTest::keyClick(find<QLineEdit>("microscope.text"), key, modifiers);
    };
    for (int i = 0; i < 3; ++i) key(Qt::Key_Right, Qt::AltModifier);
    key(Qt::Key_Up, Qt::AltModifier);
    key(Qt::Key_PageDown, Qt::AltModifier);
    EXPECT_EQ(microscope().state().chosen().token, 3u);
    EXPECT_EQ(microscope().state().chosen().router, 3u);
    EXPECT_EQ(microscope().state().chosen().source, 1u);
    key(Qt::Key_3, Qt::ControlModifier);
    EXPECT_EQ(microscope().state().slice_by(), SliceBy::token);
    key(Qt::Key_6, Qt::ControlModifier);
    EXPECT_EQ(microscope().state().quantity(), TokenQuantity::attribution);
    key(Qt::Key_P, Qt::ControlModifier);
    EXPECT_TRUE(microscope().state().is_pinned(3));
    for (int i = 0; i < 2; ++i) key(Qt::Key_Up, Qt::ControlModifier);
    EXPECT_NEAR(microscope().state().threshold(), 0.1, 1e-9);
    key(Qt::Key_T, Qt::ControlModifier);
    EXPECT_TRUE(microscope().shows_table());
    EXPECT_EQ(find<QTableView>("microscope.slice_table")->model()->rowCount(), 5);
    key(Qt::Key_PageDown, Qt::ControlModifier);
    EXPECT_TRUE(wait([&] { return find<QLabel>("microscope.status")->text().contains("window 1"); }));
    EXPECT_FALSE(find<QLabel>("microscope.problem")->isVisible());
}

TEST_F(MicroscopeWindowTest, SaysWhatIsWrongBesideTheField) {
    train("wav");
    open_microscope();
    QTest::keyClicks(find<QLineEdit>("microscope.text"), "a # b");
    QTest::keyClick(find<QLineEdit>("microscope.text"), Qt::Key_Return);
    auto* problem = find<QLabel>("microscope.problem");
    ASSERT_TRUE(wait([&] { return problem->isVisible(); }));
    EXPECT_TRUE(problem->text().contains("'#' is not in its vocabulary"));
    EXPECT_EQ(microscope().state().tokens(), 16u) << "what was seen stays";
    find<QLineEdit>("microscope.text")->setText("a b");
    key(Qt::Key_F5, Qt::NoModifier);
    ASSERT_TRUE(wait([&] { return microscope().state().tokens() == 3; }));
    EXPECT_FALSE(problem->isVisible());
}

TEST_F(MicroscopeWindowTest, TheLatestWishWins) {
    train("wav");
    open_microscope();
    fake.inspect_seconds = 0.3;
    const int before = fake.inspected;
    auto* spin = find<QSpinBox>("microscope.window");
    for (int i = 1; i <= 9; ++i) spin->setValue(i);
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    EXPECT_TRUE(find<QLabel>("microscope.status")->text().contains("window 9"));
    EXPECT_EQ(fake.inspected - before, 2) << "the first, and the last of those that waited";
    // Closed in the midst, and opened again.
    spin->setValue(3);
    key(Qt::Key_W, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return !feature().microscope(); }));
    open_microscope();
    EXPECT_TRUE(wait([&] { return feature().idle(); }));
    spin = find<QSpinBox>("microscope.window");
    spin->setValue(5);
    // The program goes with the window in the midst.
    window.reset();
}

TEST_F(MicroscopeWindowTest, TheSameWishIsComputedOnce) {
    train("wav");
    fake.inspect_seconds = 0.4;
    const int before = fake.inspected;
    action("microscope.open").trigger();
    ASSERT_FALSE(feature().idle());
    // Opened again, and asked for by the key, while it is computed.
    feature().open(microscope().wish().model);
    microscope().actions().action("microscope.look").trigger();
    ASSERT_TRUE(wait([&] { return !microscope().state().empty(); }));
    EXPECT_TRUE(feature().idle());
    EXPECT_EQ(fake.inspected - before, 1);
}

TEST_F(MicroscopeWindowTest, OffersWhatARunSavesMeanwhile) {
    train("wav");
    open_microscope();
    const std::filesystem::path model = microscope().wish().model;
    const int before = fake.inspected;
    set("train.steps", std::int64_t{30});
    press("run.start");
    auto* box = find<QComboBox>("microscope.checkpoint");
    EXPECT_TRUE(wait([&] { return box->count() == 5; })) << box->count();
    EXPECT_EQ(microscope().wish().model, model) << "what is looked at stays";
    EXPECT_EQ(fake.inspected, before);
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
}

TEST_F(MicroscopeWindowTest, ExportsTheSliceAsAFigure) {
    train("wav");
    open_microscope();
    // Also while a text is typed: the keys that mean something there are left to it.
    find<QLineEdit>("microscope.text")->setFocus();
    QTest::keyClick(find<QLineEdit>("microscope.text"), Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
    QDialog* dialog = nullptr;
    ASSERT_TRUE(wait([&] { return (dialog = microscope().findChild<QDialog*>("figure_dialog")) != nullptr; }));
    const std::filesystem::path file = folder / "map.svg";
    dialog->findChild<QLineEdit*>("figure.file")->setText(to_qstring(file));
    QTest::mouseClick(dialog->findChild<QPushButton*>("figure.export"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return std::filesystem::exists(file); }));
    EXPECT_TRUE(find<QLabel>("microscope.problem")->text().startsWith("Wrote "));
}

TEST_F(MicroscopeWindowTest, GoesWithTheMainWindowWhichCanBeShownAgain) {
    train("wav");
    open_microscope();
    ASSERT_TRUE(window->close());
    ASSERT_TRUE(wait([&] { return !feature().microscope(); }));
    window->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window.get()));
    open_microscope();
}

}  // namespace
}  // namespace wavlab
