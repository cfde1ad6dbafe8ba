// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of results and exports of a run in the real window: the files are what the command line writes.
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QItemSelectionModel>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QStatusBar>
#include <QTableView>

#include "app/gui/run_library.h"
#include "app/run_export.h"
#include "core/error.h"
#include "core/metrics_file.h"
#include "core/routing_export.h"
#include "core/run_bundle.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "tests/app/window_fixture.h"
#include "views/result_table_dialog.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

class ResultExportsWindowTest : public WindowTest {
protected:
    /// A finished run of 40 steps.
    fs::path train(const char* method, std::int64_t seed) {
        set("model.method", std::string(method));
        set("seed", seed);
        set("train.steps", std::int64_t{40});
        set("train.eval_every", std::int64_t{10});
        set("train.checkpoint_every", std::int64_t{20});
        press("run.start");
        EXPECT_TRUE(wait([&] { return window->session().is_running(); }));
        EXPECT_TRUE(wait([&] { return !window->session().is_running() && window->is_settled(); }));
        return window->session().record()->folder();
    }
    /// Types a path into the file dialog that the action opens.
    void save_as(const char* dialog_name, const fs::path& file) {
        auto* dialog = shown<QFileDialog>(dialog_name);
        dialog->selectFile(to_qstring(file));
        auto* line = dialog->findChild<QLineEdit*>();
        line->setText(to_qstring(file));
        QTest::keyClick(line, Qt::Key_Return);
    }
    void export_to(const char* id, const fs::path& file) {
        ASSERT_TRUE(enabled(id)) << action(id).toolTip().toStdString();
        action(id).trigger();
        save_as((std::string("file_dialog.") + std::string(id).substr(7)).c_str(), file);
    }
    bool said(const QString& text) {
        return wait([&] { return window->statusBar()->currentMessage().contains(text); });
    }
    ResultTableDialog* open_table() {
        action("export.table").trigger();
        auto* dialog = shown<ResultTableDialog>("result_table_dialog");
        EXPECT_TRUE(wait([&] { return dialog->table().has_value(); }));
        return dialog;
    }
    /// The table as the command line makes it, from the runs' folders.
    static ResultTable table_of(const std::vector<fs::path>& folders, const TableRequest& request) {
        std::vector<TableRun> runs;
        for (const fs::path& folder : folders) {
            RunRecord record(folder);
            record.follow_store();
            runs.push_back(read_table_run(record, request.values, request.moment));
        }
        return result_table(runs, request);
    }
};

TEST_F(ResultExportsWindowTest, SavesATableAsTheCommandLineWritesIt) {
    open_with_fake();
    EXPECT_FALSE(enabled("export.table"));
    EXPECT_TRUE(action("export.table").toolTip().contains("Tick or select one"));
    std::vector<fs::path> runs;
    for (const char* method : {"standard", "wav"})
        for (const std::int64_t seed : {1, 2}) runs.push_back(train(method, seed));
    ResultTableDialog* dialog = open_table();
    ASSERT_EQ(dialog->table()->runs.size(), 4u) << "the runs of this window are drawn";
    EXPECT_EQ(dialog->table()->baseline, "standard");
    ASSERT_EQ(dialog->table()->rows.size(), 2u);
    EXPECT_EQ(dialog->table()->cells[1][0].measures[0].difference->pairs, 2u);

    for (const TableWriter& writer : table_writers()) {
        dialog->set_format(QLatin1String(writer.id));
        const fs::path file = folder / (std::string("table") + writer.extension);
        QTest::mouseClick(dialog->findChild<QPushButton*>("result_table.save"), Qt::LeftButton);
        save_as("file_dialog.table", file);
        ASSERT_TRUE(said("Wrote " + to_qstring(file))) << message();
        std::vector<fs::path> in_order;
        for (const TableRun& run : dialog->table()->runs) in_order.push_back(folder / "runs" / run.name);
        const ResultTable expected = table_of(in_order, dialog->request());
        EXPECT_EQ(read_file(file), writer.write(expected, dialog->style()));
        const fs::path companion = file.string() + ".provenance.txt";
        EXPECT_TRUE(wait([&] {
            return dialog->findChild<QLabel*>("result_table.said")->text() == "Wrote " + to_qstring(file) + ".";
        }));
        EXPECT_EQ(fs::exists(companion), writer.needs_companion) << writer.id;
        if (!writer.needs_companion) continue;
        EXPECT_EQ(read_file(companion), table_companion(expected, dialog->style()));
    }

    // A name's ending says what the file is.
    dialog->set_format("latex");
    QTest::mouseClick(dialog->findChild<QPushButton*>("result_table.save"), Qt::LeftButton);
    save_as("file_dialog.table", folder / "other.md");
    ASSERT_TRUE(said("other.md"));
    EXPECT_EQ(read_file(folder / "other.md"), markdown_table(*dialog->table(), dialog->style()));
    QTest::mouseClick(dialog->findChild<QPushButton*>("result_table.save"), Qt::LeftButton);
    save_as("file_dialog.table", "/proc/table.tex");
    EXPECT_TRUE(wait([&] { return message().find("/proc/table.tex") != std::string::npos; })) << message();
}

TEST_F(ResultExportsWindowTest, TheTableFollowsTheChoiceOfRuns) {
    open_with_fake();
    const fs::path first = train("standard", 1);
    const fs::path second = train("wav", 1);
    ResultTableDialog* dialog = open_table();
    ASSERT_EQ(dialog->table()->runs.size(), 2u);
    // The focused run is always drawn; the other one is not any more.
    window->runs_model().draw({first}, false);
    EXPECT_TRUE(wait([&] { return dialog->table() && dialog->table()->runs.size() == 1; }));
    EXPECT_EQ(dialog->table()->runs.front().name, second.filename());

    auto* choice = dialog->findChild<QComboBox*>("result_table.runs");
    choice->setCurrentIndex(1);
    emit choice->activated(1);
    window->runs_panel().table().selectAll();
    EXPECT_TRUE(wait([&] { return dialog->table() && dialog->table()->runs.size() == 2; }));
    EXPECT_TRUE(choice->currentText().contains("2")) << choice->currentText().toStdString();
    window->runs_panel().table().clearSelection();
    EXPECT_TRUE(wait([&] { return !dialog->table(); }));
    EXPECT_EQ(dialog->findChild<QLabel*>("result_table.notice")->text(), "Tick or select runs in the list of runs.");
    dialog->reject();
    ASSERT_TRUE(wait([&] { return !window->findChild<ResultTableDialog*>("result_table_dialog"); }));
}

TEST_F(ResultExportsWindowTest, ReadsSelectedRunsThatNobodyLooksAt) {
    open_with_fake();
    const fs::path first = train("standard", 1);
    const fs::path second = train("wav", 1);
    window.reset();
    fs::copy(first, folder / "runs" / "broken", fs::copy_options::recursive);
    window_settings().clear();
    open_with_fake();
    ASSERT_TRUE(wait([&] { return window->runs_model().rowCount() == 3 && window->is_settled(); }));
    for (const fs::path& run : {first, second}) EXPECT_FALSE(window->runs_model().find(run)->drawn);
    write_text(folder / "runs" / "broken" / "run.db", "no database");
    window->runs_panel().table().selectAll();
    ASSERT_EQ(window->runs_panel().selected().size(), 3u);
    ResultTableDialog* dialog = open_table();
    EXPECT_EQ(dialog->run_choice(), 1);
    EXPECT_EQ(dialog->table()->runs.size(), 2u);
    EXPECT_TRUE(dialog->findChild<QLabel*>("result_table.notice")->text().contains("broken"))
        << dialog->findChild<QLabel*>("result_table.notice")->text().toStdString();
    window.reset();  // with the dialog open
}

TEST_F(ResultExportsWindowTest, ReadsBesideTheWindowWhatItsRecordsHaveNotRead) {
    open_with_fake();
    const std::vector<fs::path> runs{train("standard", 1), train("wav", 1)};
    window.reset();
    window_settings().setValue("table/cost", false);
    open_with_fake();
    const auto record = [&](const fs::path& run) { return window->runs_model().find(run)->record; };
    window->runs_model().draw(runs, true);
    ASSERT_TRUE(wait([&] { return record(runs[0]) && record(runs[1]) && window->is_settled(); }));
    for (const fs::path& run : runs) ASSERT_FALSE(record(run)->is_read("train/tokens_per_second"));

    ResultTableDialog* dialog = open_table();
    ASSERT_EQ(dialog->table()->runs.size(), 2u);
    EXPECT_EQ(dialog->table()->cells[0][0].tokens_per_second, std::nullopt) << "the cost is not shown";
    auto* values = dialog->findChild<QListWidget*>("result_table.values");
    ASSERT_EQ(values->findItems("train/lr", Qt::MatchExactly).size(), 1) << "named, though nobody has read it";

    dialog->findChild<QCheckBox*>("result_table.cost")->setChecked(true);
    values->findItems("train/lr", Qt::MatchExactly).front()->setCheckState(Qt::Checked);
    const auto notice = [&] { return dialog->findChild<QLabel*>("result_table.notice")->text(); };
    emit dialog->table_wanted();  // what the ticks ask for with the next event
    EXPECT_EQ(notice(), "Reading 2 runs…");
    EXPECT_FALSE(dialog->table());
    ASSERT_TRUE(wait([&] { return dialog->table().has_value(); }));
    std::vector<fs::path> in_order;
    for (const TableRun& run : dialog->table()->runs) in_order.push_back(folder / "runs" / run.name);
    EXPECT_EQ(dialog->text().toStdString(),
              dialog->writer().write(table_of(in_order, dialog->request()), dialog->style()));
    EXPECT_NE(dialog->table()->cells[0][0].tokens_per_second, std::nullopt);
    for (const fs::path& run : runs)
        for (const char* name : {"train/tokens_per_second", "train/lr"}) EXPECT_FALSE(record(run)->is_read(name));

    // What was read is kept; what is lacking for another moment cannot be read any more.
    for (const fs::path& run : runs) fs::rename(run / "run.db", run / "away");
    const auto choose = [&](const char* name, int index) {
        dialog->findChild<QComboBox*>(name)->setCurrentIndex(index);
        emit dialog->findChild<QComboBox*>(name)->activated(index);
    };
    choose("result_table.baseline", 1);
    ASSERT_TRUE(wait([&] { return dialog->table() && dialog->table()->baseline.empty(); }));
    EXPECT_EQ(notice(), "");
    choose("result_table.moment", 1);
    ASSERT_TRUE(wait([&] { return dialog->table() && notice().contains("run.db"); })) << notice().toStdString();
    EXPECT_NE(dialog->table()->cells[0][0].tokens_per_second, std::nullopt);
    EXPECT_NE(dialog->table()->cells[0][0].measures[0].statistics.mean, std::nullopt);
    EXPECT_EQ(dialog->table()->cells[0][0].measures[1].statistics.mean, std::nullopt);
}

TEST_F(ResultExportsWindowTest, ExportsWhatTheCommandLineExports) {
    open_with_fake();
    for (const char* id : {"export.metrics", "export.routing", "export.tensorboard", "export.bundle"})
        EXPECT_TRUE(action(id).toolTip().contains("Select a run in the list first.")) << id;
    EXPECT_FALSE(enabled("export.cancel"));
    const RunFolder run{train("wav", 1)};
    RunRecord record(run.path);
    record.follow_store();

    export_to("export.metrics", folder / "numbers.csv");
    ASSERT_TRUE(said("numbers.csv"));
    EXPECT_EQ(read_file(folder / "numbers.csv"), metrics_csv(record));
    export_to("export.metrics", folder / "numbers.jsonl");
    ASSERT_TRUE(said("numbers.jsonl"));
    EXPECT_EQ(read_file(folder / "numbers.jsonl"), metrics_json_lines(record));

    export_to("export.routing", folder / "frames.npz");
    ASSERT_TRUE(said("frames.npz"));
    export_routing(run, folder / "expected.npz");
    EXPECT_EQ(read_file(folder / "frames.npz"), read_file(folder / "expected.npz"));

    export_to("export.bundle", folder / "run.zip");
    ASSERT_TRUE(said("run.zip")) << message();
    ASSERT_TRUE(export_bundle(run, "last", folder / "expected.zip"));
    EXPECT_EQ(read_file(folder / "run.zip"), read_file(folder / "expected.zip"));
    EXPECT_EQ(message(), "") << "what said that it goes on is gone";
    EXPECT_FALSE(enabled("export.cancel"));
    EXPECT_TRUE(enabled("export.bundle"));

    fs::create_directory(folder / "board");
    export_to("export.tensorboard", folder / "board");
    ASSERT_TRUE(said("tensorboard --logdir")) << message();
    EXPECT_TRUE(fs::is_directory(folder / "board" / run.path.filename()));
}

TEST_F(ResultExportsWindowTest, SaysWhyNotAndLeavesNothingHalf) {
    open_with_fake();
    const RunFolder run{train("standard", 1)};
    EXPECT_FALSE(enabled("export.routing"));
    EXPECT_TRUE(action("export.routing").toolTip().contains("standard, which has no routing"))
        << action("export.routing").toolTip().toStdString();
    export_to("export.metrics", folder / "numbers.txt");
    EXPECT_TRUE(wait([&] { return message().find("must end in .csv or .jsonl") != std::string::npos; })) << message();
    EXPECT_FALSE(fs::exists(folder / "numbers.txt"));

    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_FALSE(export_bundle(run, "last", folder / "run.zip", stopped.get_token()));
    EXPECT_FALSE(fs::exists(folder / "run.zip"));

    // Its checkpoints are gone when the file is chosen.
    action("export.bundle").trigger();
    auto* dialog = shown<QFileDialog>("file_dialog.bundle");
    for (const CheckpointFolder& one : list_checkpoints(run)) fs::remove(one.model());
    dialog->findChild<QLineEdit*>()->setText(to_qstring(folder / "run.zip"));
    QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
    EXPECT_TRUE(wait([&] { return message().find("checkpoint") != std::string::npos; })) << message();
    EXPECT_FALSE(fs::exists(folder / "run.zip"));
    EXPECT_FALSE(enabled("export.cancel"));
}

TEST_F(ResultExportsWindowTest, ABundleCanBeCancelled) {
    open_with_fake();
    train("standard", 1);
    export_to("export.bundle", folder / "run.zip");
    EXPECT_EQ(message(), "Writing the bundle of " + window->focus().filename().string() + "…");
    EXPECT_TRUE(action("export.bundle").toolTip().contains("A bundle is being written"));
    ASSERT_TRUE(enabled("export.cancel"));
    action("export.cancel").trigger();
    ASSERT_TRUE(wait([&] { return !enabled("export.cancel"); }));
    // It may have been ready before.
    const bool is_there = fs::exists(folder / "run.zip");
    EXPECT_TRUE(said(is_there ? "run.zip" : "cancelled; nothing of it is kept"));
    EXPECT_EQ(folder.entries(), is_there ? 2 : 1) << "the runs' folder, and nothing half-written";
    EXPECT_TRUE(enabled("export.bundle"));
    EXPECT_EQ(message(), "");
}

TEST_F(ResultExportsWindowTest, TheChosenFilterDecidesTheName) {
    open_with_fake();
    train("standard", 1);
    action("export.metrics").trigger();
    auto* dialog = shown<QFileDialog>("file_dialog.metrics");
    auto* line = dialog->findChild<QLineEdit*>();
    line->setText(to_qstring(folder / "mine.csv"));
    dialog->selectNameFilter("JSON lines (*.jsonl)");
    emit dialog->filterSelected("JSON lines (*.jsonl)");
    EXPECT_TRUE(line->text().endsWith("mine.jsonl")) << line->text().toStdString();
    EXPECT_EQ(dialog->defaultSuffix(), "jsonl");
    dialog->reject();
}

}  // namespace
}  // namespace wavlab
