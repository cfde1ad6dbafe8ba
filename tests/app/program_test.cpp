// SPDX-License-Identifier: GPL-3.0-or-later
// `wavlab gui` as a program: pictures, exit codes, signals, no display; and runs of other processes in the window.
#include <csignal>
#include <fstream>

#include <QImage>
#include <QLineEdit>
#include <QProcess>

#include "app/gui/run_library.h"
#include "core/run_folder.h"
#include "core/run_queue.h"
#include "core/run_record.h"
#include "tests/app/window_fixture.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

const char* const tiny_experiment =
    "schema = 1\nname = \"tiny\"\n[model]\nmethod = \"wav\"\nlayers = 2\nwidth = 16\nheads = 2\ncontext = "
    "32\n[data]\nsize = 100000\n"
    "[train]\nbatch = 2\neval_windows = 4\n";

class Program : public WindowTest {
protected:
    Program() { write_text(folder / "tiny.toml", tiny_experiment); }

    void start(const QStringList& arguments, bool display = true) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("XDG_CONFIG_HOME", to_qstring(folder / "config"));
        if (!display)
            for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) environment.remove(name);
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(WAVLAB_BINARY_DIR "/bin/wavlab"), arguments);
    }
    int finish(int seconds = 120) {
        EXPECT_TRUE(process.waitForFinished(seconds * 1000)) << process.readAllStandardError().toStdString();
        EXPECT_EQ(process.exitStatus(), QProcess::NormalExit);
        return process.exitCode();
    }
    QString file(const char* name) { return to_qstring(folder / name); }

    QProcess process;
};

TEST_F(Program, WithoutADisplaySaysSoInOneLine) {
    start({"gui"}, false);
    EXPECT_EQ(finish(), 2);
    const QString said = process.readAllStandardError();
    EXPECT_TRUE(said.contains("there is no display")) << said.toStdString();
    EXPECT_EQ(said.count('\n'), 1) << said.toStdString();
}

TEST_F(Program, StartsTakesAPictureAndExitsWhenDone) {
    start({"gui", file("tiny.toml"), "--runs", file("runs"), "--start", "--screenshot", file("window.png"),
           "--exit-when-done"});
    EXPECT_EQ(finish(), 0) << process.readAllStandardError().toStdString();
    const QImage picture(file("window.png"));
    EXPECT_GE(picture.width(), 800);
    EXPECT_TRUE(is_run_folder(folder / "runs" / "tiny"));
}

TEST_F(Program, ASweepGoesIntoTheQueueAndIsTrained) {
    std::filesystem::copy_file(folder / "tiny.toml", folder / "sweep.toml");
    std::ofstream(folder / "sweep.toml", std::ios::app) << "[sweep]\nseed = [1, 2]\n";
    start({"gui", file("sweep.toml"), "--runs", file("runs"), "--start", "--screenshot", file("window.png"),
           "--exit-when-done"});
    EXPECT_EQ(finish(), 0) << process.readAllStandardError().toStdString();
    EXPECT_GE(QImage(file("window.png")).width(), 800);
    int finished = 0;
    const RunQueue queue(folder / "runs", "a test");
    for (const QueuedRun& run : queue.runs()) {
        EXPECT_EQ(run.state, QueueState::finished) << run.reason;
        finished += is_run_folder(run.folder);
    }
    EXPECT_EQ(finished, 2);
    // Again: all of it is there.
    start({"gui", file("sweep.toml"), "--runs", file("runs"), "--start", "--exit-when-done"});
    EXPECT_EQ(finish(), 0) << process.readAllStandardError().toStdString();
    EXPECT_EQ(RunQueue(folder / "runs", "a test").runs().size(), 2u);
}

TEST_F(Program, ABadExperimentExitsWith2AndStartsNothing) {
    write_text(folder / "bad.toml", "schema = 1\n[model]\nlayers = 0\n");
    start({"gui", file("bad.toml"), "--runs", file("runs"), "--start", "--exit-when-done"});
    EXPECT_EQ(finish(), 2);
    EXPECT_TRUE(process.readAllStandardError().contains("layers"));
    EXPECT_FALSE(std::filesystem::exists(folder / "runs" / "wav-12"));
    start({"gui", file("missing.toml"), "--runs", file("runs")});
    EXPECT_EQ(finish(), 2);
}

TEST_F(Program, AnUnwritablePictureExitsWith2) {
    start(
        {"gui", file("tiny.toml"), "--runs", file("runs"), "--screenshot", "/nowhere/at/all.png", "--exit-when-done"});
    EXPECT_EQ(finish(), 2);
}

TEST_F(Program, SigtermSavesTheRunAndExitsWith130) {
    write_text(folder / "long.toml", std::string(tiny_experiment) + "steps = 1000000\n");
    start({"gui", file("long.toml"), "--runs", file("runs"), "--start"});
    const std::filesystem::path run = folder / "runs" / "tiny";
    ASSERT_TRUE(wait([&] { return is_run_folder(run); }, 60));
    RunRecord record(run);
    ASSERT_TRUE(wait(
        [&] {
            record.follow_store();
            return record.step() > 2;
        },
        60));
    ::kill(static_cast<pid_t>(process.processId()), SIGTERM);
    EXPECT_EQ(finish(), 130) << process.readAllStandardError().toStdString();
    EXPECT_FALSE(list_checkpoints(RunFolder{run}).empty());
}

TEST_F(Program, ARunOfAnotherProcessIsFollowedWhileItGoes) {
    open_with_fake();
    write_text(folder / "long.toml", std::string(tiny_experiment) + "steps = 1000000\n");
    start({"train", file("long.toml"), "--runs", file("runs")});
    const std::filesystem::path run = folder / "runs" / "tiny";
    const auto row = [&] { return window->runs_model().find(run); };
    ASSERT_TRUE(wait([&] { return row() && row()->summary.alive; }, 60));
    EXPECT_EQ(row()->summary.state, RunState::running);
    EXPECT_FALSE(enabled("runs.resume"));
    window->runs_panel().set_focus(run);
    ASSERT_TRUE(wait([&] { return row()->record && row()->record->step() > 2; }));
    const std::int64_t at = row()->record->step();
    ASSERT_TRUE(wait([&] { return row()->record->step() > at; }));
    EXPECT_TRUE(action("runs.resume").toolTip().contains("Another process"));
    ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
    process.waitForFinished();
    ASSERT_TRUE(wait([&] { return row()->summary.state == RunState::interrupted; }));
    ASSERT_TRUE(wait([&] { return !row()->summary.alive; }));
}

TEST_F(Program, ARunsFolderThatIsAFileIsAMessage) {
    write_text(folder / "runs", "a file");
    open_with(load_model_library);
    ASSERT_TRUE(wait([&] { return enabled("run.start"); }));
    press("run.start");
    ASSERT_TRUE(wait([&] { return !window->session().is_running() && !message().empty(); }, 60));
    EXPECT_NE(message().find("runs"), std::string::npos) << message();
    EXPECT_EQ(window->runs_model().rowCount(), 0);
    EXPECT_TRUE(enabled("run.start"));
}

}  // namespace
}  // namespace wavlab
