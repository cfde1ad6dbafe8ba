// SPDX-License-Identifier: GPL-3.0-or-later
// The figure studio from the real window: it begins with what the window shows, and what it writes is what
// `wavlab figure FILE.toml` writes.
#include <future>

#include <gmock/gmock.h>
#include <QCheckBox>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QTimer>

#include <qcustomplot.h>

#include "app/gui/features/figure_studio.h"
#include "app/gui/figure_page_runs.h"
#include "app/gui/run_library.h"
#include "core/safe_file.h"
#include "tests/app/window_fixture.h"
#include "views/figure_export.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/studio/figure_preview.h"
#include "views/studio/figure_targets.h"
#include "views/studio/panel_list.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::SizeIs;

class FigureStudioWindowTest : public WindowTest {
protected:
    /// A finished run of 40 steps; its name.
    std::string train(const char* method) {
        set("model.method", std::string(method));
        set("train.steps", std::int64_t{40});
        set("train.eval_every", std::int64_t{10});
        press("run.start");
        EXPECT_TRUE(wait([&] { return window->session().is_running(); }));
        EXPECT_TRUE(wait([&] { return !window->session().is_running() && window->is_settled(); }));
        return window->session().record()->name();
    }
    FigureStudioFeature& feature() { return *window->feature<FigureStudioFeature>(); }
    FigureStudio& studio() { return *feature().studio(); }
    PlotPane& pane(const char* plot) {
        for (PlotPane* one : window->panes())
            if (one->descriptor().id == plot) return *one;
        throw std::runtime_error("no such pane");
    }
    bool drawn() {
        return wait([&] { return studio().is_drawn(); }) && !studio().preview().image().isNull() &&
               studio().preview().problem().isEmpty();
    }
    /// Types a path into the file dialog that the button opens.
    void choose(const char* button, const fs::path& file) {
        QTest::mouseClick(studio().findChild<QPushButton*>(QLatin1String(button)), Qt::LeftButton);
        QFileDialog* dialog = nullptr;
        ASSERT_TRUE(wait([&] {
            for (auto* one : studio().findChildren<QFileDialog*>("file_dialog.figure_file"))
                if (one->isVisible()) dialog = one;
            return dialog != nullptr;
        }));
        auto* line = dialog->findChild<QLineEdit*>();
        line->setText(to_qstring(file));
        QTest::keyClick(line, Qt::Key_Return);
    }
};

TEST_F(FigureStudioWindowTest, WritesWhatTheFileSaysAgain) {
    open_with_fake();
    EXPECT_FALSE(enabled("export.studio"));
    EXPECT_TRUE(action("export.studio").toolTip().contains("There is no run yet"));
    const std::string standard = train("standard"), wav = train("wav");
    const std::string focused = window->focus().filename().string();

    QJsonObject state = pane("loss").plot().state();
    state["log_loss"] = true;
    pane("loss").plot().set_state(state);
    pane("loss").plot().setFocus();
    action("export.studio").trigger();
    ASSERT_TRUE(feature().studio());
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&studio()));
    ASSERT_TRUE(drawn()) << studio().preview().problem().toStdString();
    ASSERT_THAT(studio().panels().panels(), SizeIs(1));
    EXPECT_EQ(studio().panels().panels()[0].kind, "loss");
    EXPECT_THAT(studio().panels().panels()[0].runs, testing::UnorderedElementsAre(wav, standard));
    EXPECT_EQ(studio().panels().panels()[0].state, R"({"log_loss":true})");
    EXPECT_FALSE(studio().is_modified());

    pane("routing").findChild<QCustomPlot*>()->actions().at(0)->trigger();
    ASSERT_THAT(studio().panels().panels(), SizeIs(2));
    EXPECT_EQ(studio().panels().panels()[1].kind, "routing");
    EXPECT_EQ(studio().panels().panels()[1].runs.at(0), focused) << "the run that is selected is the one it draws";
    EXPECT_TRUE(studio().is_modified());
    ASSERT_TRUE(drawn()) << studio().preview().problem().toStdString();

    QTest::mouseClick(studio().findChild<QPushButton*>("figure_studio.export"), Qt::LeftButton);
    auto* targets = studio().findChild<FigureTargets*>();
    ASSERT_TRUE(targets);
    targets->findChild<QLineEdit*>("figure_targets.folder")->setText(to_qstring(folder.path()));
    targets->findChild<QLineEdit*>("figure_targets.name")->setText("both");
    QTest::mouseClick(targets->findChild<QCheckBox*>("figure_targets.svg"), Qt::LeftButton, {}, QPoint(8, 8));
    QTest::mouseClick(targets->findChild<QPushButton*>("figure_targets.export"), Qt::LeftButton);
    const std::string pdf = read_file(folder / "both.pdf"), svg = read_file(folder / "both.svg");
    EXPECT_TRUE(pdf.starts_with("%PDF"));

    choose("figure_studio.save", folder / "both.toml");
    ASSERT_TRUE(wait([&] { return fs::exists(folder / "both.toml"); }));
    EXPECT_FALSE(studio().is_modified());

    // As `wavlab figure both.toml` does.
    const FigureFile figure = read_figure(folder / "both.toml");
    EXPECT_THAT(figure.out, ElementsAre("both.pdf", "both.svg"));
    FigureRuns runs(folder / "runs");
    const PageContent page = runs.page_of(figure);
    export_page(page, {folder / "again.pdf", folder / "again.svg"});
    EXPECT_EQ(read_file(folder / "again.pdf"), pdf);
    EXPECT_EQ(read_file(folder / "again.svg"), svg);

    // Closed and opened again from its file.
    studio().close();
    ASSERT_TRUE(wait([&] { return !feature().studio(); }));
    action("export.studio").trigger();
    choose("figure_studio.open", folder / "both.toml");
    EXPECT_TRUE(wait([&] { return studio().panels().panels().size() == 2; }));
    EXPECT_TRUE(drawn());
}

TEST_F(FigureStudioWindowTest, DrawsWhatTheWindowHoldsAndReadsTheRestBesideIt) {
    open_with_fake();
    const std::string first = train("standard"), second = train("wav"), third = train("rezero");
    window.reset();
    window_settings().clear();
    open_with_fake();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 3 && window->is_settled(); }));
    const fs::path runs = folder / "runs";
    window->runs_model().draw({runs / first}, true);
    ASSERT_TRUE(wait([&] { return window->runs_model().find(runs / first)->record && window->is_settled(); }));
    fs::rename(runs / first / "run.db", runs / "away");
    write_file_safely(runs / first / "run.db", "no database");  // opened again, it would be refused

    pane("loss").plot().setFocus();
    action("export.studio").trigger();
    ASSERT_TRUE(drawn()) << studio().preview().problem().toStdString();
    ASSERT_THAT(studio().panels().panels(), SizeIs(1));
    EXPECT_THAT(studio().panels().panels()[0].runs, testing::Contains(first));

    std::promise<void> go;  // the thread that reads runs waits for it
    window->library().annotate({runs / second}, [free = go.get_future().share()](RunAnnotations&) { free.wait(); });
    auto* line = studio().findChild<QLineEdit*>("panel.runs");
    line->setFocus();
    line->selectAll();
    QTest::keyClicks(line, "*");
    ASSERT_TRUE(wait([&] { return studio().preview().problem() == "Reading 2 runs…"; }))
        << studio().preview().problem().toStdString();
    EXPECT_FALSE(studio().is_drawn());
    go.set_value();
    ASSERT_TRUE(wait([&] { return studio().is_drawn(); }));
    EXPECT_EQ(studio().preview().problem(), "");
}

TEST_F(FigureStudioWindowTest, SaysWhyARunCannotBeRead) {
    open_with_fake();
    const std::string first = train("standard"), second = train("wav");
    window.reset();
    window_settings().clear();
    write_file_safely(folder / "runs" / second / "run.db", "no database");
    open_with_fake();
    window->runs_model().draw({folder / "runs" / first}, true);
    ASSERT_TRUE(
        wait([&] { return window->runs_model().find(folder / "runs" / first)->record && enabled("export.studio"); }));
    action("export.studio").trigger();
    ASSERT_TRUE(drawn()) << studio().preview().problem().toStdString();
    auto* line = studio().findChild<QLineEdit*>("panel.runs");
    line->setFocus();
    line->selectAll();
    QTest::keyClicks(line, "*");
    EXPECT_TRUE(wait([&] { return studio().is_drawn() && studio().preview().problem().contains("run.db"); }))
        << studio().preview().problem().toStdString();
}

TEST_F(FigureStudioWindowTest, ClosesWithTheWindowButAsksFirst) {
    open_with_fake();
    train("wav");
    pane("loss").plot().setFocus();
    action("export.studio.add").trigger();
    EXPECT_EQ(studio().panels().panels().at(0).kind, "loss");
    ASSERT_TRUE(feature().studio());
    pane("routing").findChild<QCustomPlot*>()->actions().at(0)->trigger();
    ASSERT_TRUE(studio().is_modified());
    window->close();
    EXPECT_TRUE(window->isVisible());
    QMessageBox* question = nullptr;
    ASSERT_TRUE(wait([&] { return (question = studio().findChild<QMessageBox*>("figure_studio.question")); }));
    for (QAbstractButton* button : question->buttons())
        if (button->text().remove('&') == "Do not save") QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_TRUE(wait([&] { return !window->isVisible() && !feature().studio(); }));
}

TEST_F(FigureStudioWindowTest, ARightClickOnAPlotOffersThis) {
    open_with_fake();
    train("wav");
    QCustomPlot& canvas = pane("loss").plot().canvas();
    QStringList offered;
    QTimer::singleShot(0, [&] {
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        if (!menu) return;
        for (const QAction* one : menu->actions()) offered.append(one->objectName());
        menu->close();
    });
    QContextMenuEvent click(QContextMenuEvent::Mouse, QPoint(60, 60), canvas.mapToGlobal(QPoint(60, 60)));
    QApplication::sendEvent(&canvas, &click);
    EXPECT_EQ(offered, QStringList({"add_to_studio.loss", "export.figure.loss"}));
}

}  // namespace
}  // namespace wavlab
