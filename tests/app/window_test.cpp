// SPDX-License-Identifier: GPL-3.0-or-later
// The real window, driven by real events.
#include <algorithm>
#include <fstream>
#include <set>

#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QTabBar>
#include <QTableView>

#include "app/gui/cost_estimator.h"
#include "app/gui/run_library.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "tests/app/window_fixture.h"
#include "views/command_palette.h"
#include "views/cost_panel.h"
#include "views/dock_desk.h"
#include "views/figure_dialog.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/status_line.h"

namespace wavlab {
namespace {

TEST_F(WindowTest, OpensWithTheDefaultExperimentAndOneButtonToPress) {
    open_with_fake();
    EXPECT_TRUE(window->form()->is_valid());
    EXPECT_EQ(window->form()->experiment().name, "wav-12");
    EXPECT_TRUE(enabled("run.start"));
    for (const char* id : {"run.pause", "run.step", "run.stop", "run.discard", "run.checkpoint"}) {
        EXPECT_FALSE(enabled(id)) << id;
        EXPECT_TRUE(action(id).toolTip().contains("Press Start first")) << id;
    }
    EXPECT_GE(window->panes().size(), 3u);
    ASSERT_TRUE(wait([&] { return window->is_settled(); }));
    EXPECT_TRUE(window->form()->costs().text_of("time").contains("about"))
        << window->form()->costs().text_of("time").toStdString();
    EXPECT_TRUE(window->form()->costs().text_of("device").contains("no GPU was found"));
    EXPECT_TRUE(window->form()->costs().text_of("parameters").contains("routing adds"));
}

TEST_F(WindowTest, StartsPausesStepsAndResumes) {
    open_with_fake();
    set("train.steps", std::int64_t{100000});
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 3; }));
    EXPECT_FALSE(enabled("run.start"));
    EXPECT_TRUE(action("run.start").toolTip().contains("A run is going: wav-12. Stop it first."));

    press("run.pause");
    ASSERT_TRUE(wait([&] { return window->session().record()->state() == RunState::paused; }));
    const std::int64_t at = window->session().progress().step;
    EXPECT_EQ(action("run.pause").text(), "&Resume");
    press("run.step");
    ASSERT_TRUE(wait([&] { return step() == at + 1; }));
    press("run.step");
    ASSERT_TRUE(wait([&] { return step() == at + 2; }));
    press("run.pause");
    ASSERT_TRUE(wait([&] { return step() > at + 10; }));
    EXPECT_EQ(action("run.pause").text(), "&Pause");

    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    EXPECT_TRUE(enabled("run.start"));
    const RunsModel::Row* row = window->runs_model().find(window->runs_panel().focus());
    ASSERT_TRUE(row);
    EXPECT_EQ(row->summary.state, RunState::stopped);
    EXPECT_TRUE(row->summary.has_checkpoint);
    EXPECT_TRUE(row->drawn);
}

TEST_F(WindowTest, ANameThatAnotherProcessTakesAtTheSameTimeIsLeftToIt) {
    fake.before_folder = [](const std::filesystem::path& taken) {
        std::filesystem::create_directories(taken);
        write_file_safely(RunFolder{taken}.experiment(), to_toml(Experiment()));
        RunStoreWriter writer(RunFolder{taken}.store());
        RunStarted started;
        started.description.experiment = to_toml(Experiment());
        started.total_steps = 10;
        writer.write(started);
        writer.write(RunEnded{RunState::finished, ExitCode::done, "", 10, false});
        writer.close();
    };
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    EXPECT_EQ(window->session().end()->state, RunState::finished) << window->session().end()->reason;
    EXPECT_EQ(message(), "");
    EXPECT_EQ(window->session().record()->name(), "wav-12-2");
    EXPECT_EQ(window->focus(), folder / "runs" / "wav-12-2");
    const auto row = [&](const char* name) { return window->runs_model().find(folder / "runs" / name); };
    ASSERT_TRUE(row("wav-12-2"));
    EXPECT_EQ(row("wav-12-2")->summary.step, 20);
    EXPECT_TRUE(row("wav-12-2")->drawn);
    ASSERT_TRUE(wait([&] { return row("wav-12") && row("wav-12")->summary.total_steps == 10; }));
    EXPECT_FALSE(row("wav-12")->drawn) << "it is the other process's run";
}

TEST_F(WindowTest, EditingTheFormNeverTouchesTheRun) {
    open_with_fake();
    set("train.steps", std::int64_t{100000});
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 1; }));
    type("model.layers", "6");
    EXPECT_EQ(window->session().record()->experiment().model.layers, 12);
    type("model.layers", "0");
    EXPECT_FALSE(window->form()->is_valid());
    EXPECT_TRUE(window->session().is_running());
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    EXPECT_FALSE(enabled("run.start"));
    EXPECT_TRUE(action("run.start").toolTip().contains("Layers")) << action("run.start").toolTip().toStdString();
}

TEST_F(WindowTest, DiscardAsksOnceAndRemovesTheRun) {
    open_with_fake();
    set("train.steps", std::int64_t{100000});
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 1; }));
    const std::filesystem::path run = window->session().record()->folder();
    EXPECT_TRUE(is_run_folder(run));
    action("run.discard").trigger();
    answer("discard_question", "Discard the run");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    EXPECT_FALSE(std::filesystem::exists(run));
    EXPECT_EQ(window->runs_model().find(run), nullptr);
}

TEST_F(WindowTest, ClosingDuringARunAsksAndKeepsIt) {
    open_with_fake();
    set("train.steps", std::int64_t{100000});
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 1; }));
    const std::filesystem::path run = window->session().record()->folder();
    window->close();
    EXPECT_TRUE(window->isVisible());
    answer("close_question", "Cancel");
    EXPECT_TRUE(window->session().is_running());
    ASSERT_TRUE(wait([&] { return !window->findChild<QMessageBox*>("close_question"); }));
    window->close();
    answer("close_question", "Stop, keep and close");
    ASSERT_TRUE(wait([&] { return !window->isVisible(); }));
    EXPECT_FALSE(list_checkpoints(RunFolder{run}).empty());
}

TEST_F(WindowTest, DivergenceIsSaidAndTheFormStays) {
    fake.diverges_at = 5;
    open_with_fake();
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    EXPECT_NE(message().find("the loss is not finite at step 5"), std::string::npos) << message();
    EXPECT_TRUE(enabled("run.start"));
}

TEST_F(WindowTest, AStoppedRunIsResumedInTheSameRecord) {
    open_with_fake();
    set("train.steps", std::int64_t{60});
    fake.step_seconds = 0.01;
    press("run.start");
    ASSERT_TRUE(wait([&] { return step() > 5; }));
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    const std::int64_t stopped = step();
    EXPECT_LT(stopped, 60);
    ASSERT_TRUE(enabled("runs.resume")) << action("runs.resume").toolTip().toStdString();
    action("runs.resume").trigger();
    ASSERT_TRUE(wait([&] { return window->session().is_running(); }));
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    EXPECT_EQ(step(), 60);
    const ScalarSeries* loss = window->session().record()->scalars("train/loss");
    ASSERT_TRUE(loss);
    EXPECT_EQ(loss->steps.size(), 60u);
    EXPECT_TRUE(std::is_sorted(loss->steps.begin(), loss->steps.end()));
    EXPECT_FALSE(enabled("runs.resume")) << "it is finished";
    EXPECT_EQ(window->runs_model().rowCount(), 1);
}

TEST_F(WindowTest, OldRunsAreListedOpenedAndKeepTheirStyle) {
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().is_running(); }));
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    ASSERT_EQ(window->runs_model().rowCount(), 2);
    const std::filesystem::path second = folder / "runs" / "wav-12-2";
    ASSERT_TRUE(window->runs_model().find(second));
    const int style = window->runs_model().find(second)->style_index;
    EXPECT_NE(style, window->runs_model().find(folder / "runs" / "wav-12")->style_index);
    window->close();

    open_with_fake();
    ASSERT_TRUE(wait([&] { return window->is_settled() && window->runs_model().rowCount() == 2; }));
    const RunsModel::Row* row = window->runs_model().find(second);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->style_index, style);
    EXPECT_EQ(row->summary.state, RunState::finished);
    EXPECT_EQ(row->summary.step, 20);
    ASSERT_TRUE(wait([&] { return window->runs_model().find(second)->record != nullptr; })) << "it was ticked before";
    EXPECT_EQ(window->runs_panel().focus(), second);
}

TEST_F(WindowTest, RunsThatAppearMeanwhileTakeNoOthersStyle) {
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    const std::filesystem::path first = folder / "runs" / "wav-12";
    const int style = window->runs_model().find(first)->style_index;
    window->close();
    for (const char* name : {"a", "z"})
        std::filesystem::copy(first, folder / "runs" / name, std::filesystem::copy_options::recursive);
    open_with_fake();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 3; }));
    EXPECT_EQ(window->runs_model().find(first)->style_index, style);
    std::set<int> styles;
    for (const RunsModel::Row& row : window->runs_model().rows()) styles.insert(row.style_index);
    EXPECT_EQ(styles.size(), 3u);
    window->close();

    // A run that starts before the list is read takes none of theirs either.
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value() && window->runs_model().rowCount() == 4; }));
    EXPECT_EQ(window->runs_model().find(first)->style_index, style);
    for (const RunsModel::Row& row : window->runs_model().rows()) styles.insert(row.style_index);
    EXPECT_EQ(styles.size(), 4u);
}

TEST_F(WindowTest, ATabThatComesToTheFrontShowsTheRunThatIsOver) {
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    PlotPane* depth = window->findChild<PlotPane*>(QStringLiteral("pane.depth"));
    ASSERT_TRUE(depth);
    for (QTabBar* tabs : window->findChildren<QTabBar*>())
        for (int i = 0; i < tabs->count(); ++i)
            if (tabs->tabText(i) == QLatin1String("Depth"))
                QTest::mouseClick(tabs, Qt::LeftButton, Qt::NoModifier, tabs->tabRect(i).center());
    EXPECT_TRUE(wait([&] { return depth->plot().problem().isEmpty(); })) << depth->plot().problem().toStdString();
}

TEST_F(WindowTest, ARunWhoseFolderIsRemovedIsNoLongerDrawn) {
    open_with_fake();
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    window->close();
    open_with_fake();
    Plot& loss = window->panes().front()->plot();
    ASSERT_TRUE(wait([&] { return loss.problem().isEmpty(); }));
    std::filesystem::remove_all(folder / "runs" / "wav-12");
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 0; }));
    EXPECT_TRUE(wait([&] { return !loss.isVisible(); })) << "its place shows what it is for";
}

TEST_F(WindowTest, ARunFolderThatCannotBeReadSaysSoInTheList) {
    std::filesystem::create_directories(folder / "runs" / "broken");
    write_text(folder / "runs" / "broken" / "experiment.toml", "schema = 1\n");
    write_text(folder / "runs" / "broken" / "run.db", "this is no database, by far");
    open_with_fake();
    ASSERT_TRUE(wait([&] { return window->is_settled() && window->runs_model().rowCount() == 1; }));
    EXPECT_FALSE(window->runs_model().rows()[0].problem.isEmpty());
}

TEST_F(WindowTest, UseTheseSettingsAndCopyCommand) {
    open_with_fake();
    set("train.steps", std::int64_t{20});
    set("model.layers", std::int64_t{6});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    action("file.default_experiment").trigger();
    EXPECT_EQ(window->form()->experiment().model.layers, 12);
    action("runs.use_settings").trigger();
    EXPECT_EQ(window->form()->experiment().model.layers, 6);
    EXPECT_EQ(window->form()->experiment().train.steps, 20);
    action("runs.copy_command").trigger();
    const QString command = QApplication::clipboard()->text();
    EXPECT_TRUE(command.startsWith("wavlab train ")) << command.toStdString();
    EXPECT_TRUE(command.contains("wav-12/experiment.toml"));
}

TEST_F(WindowTest, ExportsFiguresMetricsAndTheClipboard) {
    open_with_fake();
    EXPECT_FALSE(enabled("export.figure.loss"));
    set("train.steps", std::int64_t{20});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    for (const char* plot : {"loss", "routing", "details"}) {
        action((std::string("export.figure.") + plot).c_str()).trigger();
        FigureDialog* dialog = nullptr;
        ASSERT_TRUE(
            wait([&] { return (dialog = window->findChild<FigureDialog*>("figure_dialog")) && dialog->isVisible(); }));
        auto* file = dialog->findChild<QLineEdit*>("figure.file");
        const std::filesystem::path target = folder / (std::string(plot) + ".pdf");
        file->setText(to_qstring(target));
        auto* width = dialog->findChild<QComboBox*>("figure.width");
        width->setCurrentText("3.25 in");
        QTest::mouseClick(dialog->findChild<QPushButton*>("figure.export"), Qt::LeftButton);
        ASSERT_TRUE(wait([&] { return std::filesystem::exists(target); })) << plot;
        std::ifstream stream(target, std::ios::binary);
        std::string head(4, ' ');
        stream.read(head.data(), 4);
        EXPECT_EQ(head, "%PDF");
        ASSERT_TRUE(wait([&] { return !window->findChild<FigureDialog*>("figure_dialog"); }));
    }
    action("export.copy_plot").trigger();
    EXPECT_TRUE(QApplication::clipboard()->mimeData()->hasImage());

    action("export.metrics").trigger();
    QFileDialog* dialog = nullptr;
    ASSERT_TRUE(
        wait([&] { return (dialog = window->findChild<QFileDialog*>("file_dialog.metrics")) && dialog->isVisible(); }));
    const std::filesystem::path csv = folder / "metrics.csv";
    dialog->findChild<QLineEdit*>()->setText(to_qstring(csv));
    QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
    ASSERT_TRUE(wait([&] { return std::filesystem::exists(csv); }));
    std::ifstream stream(csv);
    std::string line;
    std::getline(stream, line);
    EXPECT_EQ(line, "step,name,value");
}

TEST_F(WindowTest, AnUnwritableFigureIsASentenceInTheDialog) {
    open_with_fake();
    set("train.steps", std::int64_t{5});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    action("export.figure.loss").trigger();
    FigureDialog* dialog = nullptr;
    ASSERT_TRUE(
        wait([&] { return (dialog = window->findChild<FigureDialog*>("figure_dialog")) && dialog->isVisible(); }));
    dialog->findChild<QLineEdit*>("figure.file")->setText("/nowhere/at/all.pdf");
    QTest::mouseClick(dialog->findChild<QPushButton*>("figure.export"), Qt::LeftButton);
    EXPECT_TRUE(dialog->isVisible());
    bool said = false;
    for (const QLabel* label : dialog->findChildren<QLabel*>()) said |= label->text().contains("/nowhere/at");
    EXPECT_TRUE(said);
    dialog->reject();
}

TEST_F(WindowTest, OpensWhatIsDroppedOnIt) {
    open_with_fake();
    write_text(folder / "mine.toml", "schema = 1\nname = \"dropped\"\n[model]\nlayers = 4\n");
    write_text(folder / "text.txt", std::string(20000, 'a') + std::string(20000, 'b'));
    const auto drop = [&](const std::filesystem::path& file) {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(to_qstring(file))});
        QDragEnterEvent enter(QPoint(50, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window.get(), &enter);
        EXPECT_TRUE(enter.isAccepted());
        QDropEvent event(QPointF(50, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window.get(), &event);
    };
    drop(folder / "mine.toml");
    EXPECT_EQ(window->form()->experiment().name, "dropped");
    drop(folder / "text.txt");
    EXPECT_EQ(window->form()->experiment().data.dataset, "file:" + (folder / "text.txt").string());
    write_text(folder / "bad.toml", "schema = 1\nnonsense = 3\n");
    drop(folder / "bad.toml");
    EXPECT_NE(message().find("nonsense"), std::string::npos) << message();
    EXPECT_EQ(window->form()->experiment().name, "dropped");
    drop(folder.path());
    EXPECT_NE(message().find("not a run folder"), std::string::npos) << message();
}

TEST_F(WindowTest, AMissingTextIsSaidBesideItsField) {
    open_with_fake();
    set("data.dataset", std::string("file:/nowhere/text.txt"));
    ASSERT_TRUE(wait([&] { return !window->form()->is_valid(); }));
    EXPECT_TRUE(window->form()->editor("data.dataset")->problem().contains("/nowhere/text.txt"));
    ASSERT_TRUE(wait([&] { return !enabled("run.start"); }));
    set("data.dataset", std::string("toy-stories"));
    ASSERT_TRUE(wait([&] { return enabled("run.start"); }));
}

TEST_F(WindowTest, StepTimeIsMeasuredWhenTypingPausesAndNeverDuringARun) {
    fake.measure_seconds = 5;
    open_with_fake();
    ASSERT_TRUE(wait([&] { return fake.measured == 1; }));
    type("model.layers", "6");
    ASSERT_TRUE(wait([&] { return fake.cancelled == 1; })) << "an edit cancels the measurement";
    ASSERT_TRUE(wait([&] { return fake.measured == 2; }));
    set("train.steps", std::int64_t{100000});
    press("run.start");
    ASSERT_TRUE(wait([&] { return fake.cancelled == 2; })) << "a run cancels the measurement";
    type("model.layers", "8");
    EXPECT_TRUE(window->form()->costs().text_of("time").contains("not measured while a run goes"));
    ASSERT_TRUE(wait([&] { return step() > 1; }));
    press("run.stop");
    ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    ASSERT_TRUE(wait([&] { return fake.measured == 3; }));
}

TEST_F(WindowTest, TheCommandPaletteRunsAnAction) {
    open_with_fake();
    action("help.palette").trigger();
    CommandPalette* palette = nullptr;
    ASSERT_TRUE(wait(
        [&] { return (palette = window->findChild<CommandPalette*>("command_palette")) && palette->isVisible(); }));
    auto* text = palette->findChild<QLineEdit*>();
    QTest::keyClicks(text, "reset lay");
    window->desk().dock("runs")->hide();
    QTest::keyClick(text, Qt::Key_Return);
    ASSERT_TRUE(wait([&] { return window->desk().dock("runs")->isVisible(); }));
}

TEST_F(WindowTest, EveryActionSaysWhatItDoesAndShortcutsAreUnique) {
    open_with_fake();
    QStringList shortcuts;
    for (QAction* found : window->actions().all()) {
        const ActionDescriptor& descriptor = window->actions().descriptor(found->objectName());
        EXPECT_FALSE(descriptor.help.isEmpty()) << descriptor.id.toStdString();
        EXPECT_FALSE(descriptor.menu.isEmpty()) << descriptor.id.toStdString();
        if (descriptor.shortcut.isEmpty()) continue;
        const QString keys = descriptor.shortcut.toString();
        EXPECT_FALSE(shortcuts.contains(keys)) << keys.toStdString();
        shortcuts.append(keys);
    }
}

}  // namespace
}  // namespace wavlab
