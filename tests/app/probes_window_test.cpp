// SPDX-License-Identifier: GPL-3.0-or-later
// Causal probes in the real window.
#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QLabel>
#include <QSpinBox>
#include <QStatusBar>
#include <QTableView>

#include "app/gui/features/probes.h"
#include "core/probe_files.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "tests/app/window_fixture.h"
#include "views/dock_desk.h"
#include "views/plot_pane.h"
#include "views/probe_panel.h"
#include "views/probe_table_model.h"
#include "views/runs_model.h"

namespace wavlab {
namespace {

class ProbesWindowTest : public WindowTest {
protected:
    /// A finished run of 20 steps with a checkpoint every 10.
    void train(const char* method = "wav") {
        open_with_fake();
        set("model.method", std::string(method));
        set("train.steps", std::int64_t{20});
        set("train.checkpoint_every", std::int64_t{10});
        press("run.start");
        ASSERT_TRUE(wait([&] { return window->session().is_running(); }));
        ASSERT_TRUE(wait([&] { return !window->session().is_running(); }));
    }
    ProbesFeature& feature() { return *window->feature<ProbesFeature>(); }
    ProbeTableModel& model() { return feature().panel().model(); }
    Plot& plot() {
        for (PlotPane* pane : window->panes())
            if (pane->descriptor().id == "probe") return pane->plot();
        throw std::runtime_error("no plot of probes");
    }
    QString said() { return window->statusBar()->currentMessage(); }
    std::size_t kept() { return read_probes(RunFolder{window->focus()}).probes.size(); }
    /// Presses the dialog's button; the windows' number tells probes apart.
    void start_probe(int windows) {
        action("probes.probe").trigger();
        auto* dialog = shown<QDialog>("probe_dialog");
        ASSERT_TRUE(dialog);
        dialog->findChild<QSpinBox*>("probe.windows")->setValue(windows);
        QTest::mouseClick(dialog->findChild<QPushButton*>("probe.start"), Qt::LeftButton);
    }
};

TEST_F(ProbesWindowTest, AProbeIsMadeKeptAndShownAtOnce) {
    open_with_fake();
    EXPECT_TRUE(action("probes.probe").toolTip().contains("Select a run in the list first."));
    window.reset();
    train();
    ASSERT_TRUE(wait([&] { return enabled("probes.probe"); })) << action("probes.probe").toolTip().toStdString();
    EXPECT_FALSE(enabled("probes.copy"));
    start_probe(3);
    ASSERT_TRUE(wait([&] { return feature().idle() && kept() == 1; }));
    EXPECT_TRUE(wait([&] { return said().contains("is kept in"); })) << said().toStdString();
    ASSERT_TRUE(wait([&] { return plot().isVisible() && plot().problem().isEmpty(); }))
        << plot().problem().toStdString();
    EXPECT_TRUE(wait([&] { return plot().shown_step() == 20; })) << "the last checkpoint";

    // The table follows once it is seen.
    window->desk().dock("probe_table")->raise();
    ASSERT_TRUE(wait([&] { return model().rowCount() > 0; }));
    EXPECT_TRUE(enabled("probes.copy"));
    action("probes.copy").trigger();
    const QStringList lines = QApplication::clipboard()->text().split('\n', Qt::SkipEmptyParts);
    EXPECT_EQ(lines.size(), model().rowCount() + 1);
    EXPECT_EQ(lines.front().count('\t'), ProbeTableModel::column_count - 1);
    EXPECT_TRUE(window->findChild<QLabel*>("probe_title")->text().contains("3 windows"));
    feature().panel().table().selectRow(0);
    for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Delete}) QTest::keyClick(&feature().panel().table(), key);

    // Another one of more windows stands beside it, and both are there after a restart.
    start_probe(5);
    ASSERT_TRUE(wait([&] { return feature().idle() && kept() == 2; }));
    const std::filesystem::path run = window->focus();
    window.reset();
    EXPECT_EQ(read_probes(RunFolder{run}).probes.size(), 2u);
}

TEST_F(ProbesWindowTest, CancelLeavesNothing) {
    train();
    ASSERT_TRUE(wait([&] { return enabled("probes.probe"); }));
    fake.step_seconds = 0.2;
    start_probe(4);
    auto* text = shown<QLabel>("probe_progress_text");
    ASSERT_TRUE(wait([&] { return text->text().contains(" of 14 forward passes"); })) << text->text().toStdString();
    EXPECT_TRUE(action("probes.probe").toolTip().contains("A probe is being made"));
    QTest::mouseClick(shown<QToolButton>("probe_cancel"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    EXPECT_FALSE(feature().panel().shows_progress());
    EXPECT_TRUE(said().contains("was cancelled")) << said().toStdString();
    EXPECT_EQ(kept(), 0u);
    EXPECT_FALSE(std::filesystem::exists(window->focus() / "probes"));
    EXPECT_EQ(model().rowCount(), 0);
    EXPECT_TRUE(enabled("probes.probe"));
}

TEST_F(ProbesWindowTest, TheWindowClosesWhileAProbeIsMade) {
    train();
    ASSERT_TRUE(wait([&] { return enabled("probes.probe"); }));
    const std::filesystem::path run = window->focus();
    fake.step_seconds = 0.2;
    start_probe(4);
    shown<QLabel>("probe_progress_text");
    window.reset();
    EXPECT_EQ(read_probes(RunFolder{run}).probes.size(), 0u);
}

TEST_F(ProbesWindowTest, SaysThatTheRunWasDeletedMeanwhile) {
    train();
    ASSERT_TRUE(wait([&] { return enabled("probes.probe"); }));
    const std::filesystem::path run = window->focus();
    fake.step_seconds = 0.1;
    start_probe(4);
    auto* text = shown<QLabel>("probe_progress_text");
    ASSERT_TRUE(wait([&] { return text->text().contains("forward passes"); }));
    std::filesystem::remove_all(run);
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    EXPECT_NE(message().find("nothing of the probe is kept"), std::string::npos) << message();
    EXPECT_FALSE(std::filesystem::exists(run));
}

TEST_F(ProbesWindowTest, AMethodWithoutRoutingIsNamed) {
    train("standard");
    ASSERT_TRUE(wait([&] { return action("probes.probe").toolTip().contains("uses the method standard"); }))
        << action("probes.probe").toolTip().toStdString();
    EXPECT_FALSE(enabled("probes.probe"));
    window->desk().dock("probe")->raise();
    ASSERT_TRUE(wait([&] { return plot().problem().contains("uses the method standard, which has no routing."); }))
        << plot().problem().toStdString();
}

}  // namespace
}  // namespace wavlab
