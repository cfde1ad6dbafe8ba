// SPDX-License-Identifier: GPL-3.0-or-later
// The dialog that makes a table of results: what it asks for, what it shows, what it writes.
#include "views/result_table_dialog.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

#include "core/error.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/result_table_model.h"

namespace wavlab {
namespace {

using Keys = std::vector<std::string>;

std::vector<TableRun> some_runs(const TableRequest& request) {
    std::vector<TableRun> runs;
    for (const char* method : {"standard", "wav"})
        for (const std::int64_t layers : {12, 24})
            for (const std::int64_t seed : {1, 2}) {
                SyntheticRun run;
                run.name = std::string(method) + "-" + std::to_string(layers) + "-s" + std::to_string(seed);
                run.method = method;
                run.layers = layers;
                run.seed = seed;
                run.final_loss = 1.5 - 0.01 * double(layers) - (run.method == "wav" ? 0.05 : 0) + 0.002 * double(seed);
                runs.push_back(read_table_run(*run.record(), request.values, request.moment));
            }
    return runs;
}

class ResultTableDialogTest : public testing::Test {
protected:
    ResultTableDialogTest() {
        test_application();
        dialog = new ResultTableDialog(nullptr);
        dialog->set_run_choices({"the drawn ones, 8", "the selected ones, 1"}, 0);
        dialog->set_choices({{{"model.method", {"standard", "wav"}},
                              {"model.width", {"64"}},
                              {"model.layers", {"12", "24"}},
                              {"method.blocks", {"4"}}},
                             {"val/loss", "train/loss"},
                             300});
        QObject::connect(dialog, &ResultTableDialog::table_wanted, dialog, [this] { answer(); });
    }
    ~ResultTableDialogTest() override { delete dialog; }

    /// As the window does.
    void answer() {
        try {
            const TableRequest request = dialog->request();
            dialog->set_table(result_table(some_runs(request), request));
        } catch (const InputError& error) {
            dialog->set_problem(error.what());
        }
    }
    template <class Widget>
    Widget* part(const char* name) {
        auto* found = dialog->findChild<Widget*>(QLatin1String("result_table.") + QLatin1String(name));
        EXPECT_TRUE(found) << name;
        return found;
    }
    QAbstractItemModel* settings() { return part<QTableView>("settings")->model(); }
    void tick(int row, int column) {
        settings()->setData(settings()->index(row, column), Qt::Checked, Qt::CheckStateRole);
    }
    bool ticked(int row, int column) {
        return settings()->index(row, column).data(Qt::CheckStateRole).toInt() == Qt::Checked;
    }
    void choose(const char* name, int index) {
        part<QComboBox>(name)->setCurrentIndex(index);
        emit part<QComboBox>(name)->activated(index);
    }
    /// What was asked for is there.
    void settle() { QTest::qWait(0); }

    ResultTableDialog* dialog = nullptr;
};

TEST_F(ResultTableDialogTest, ModelsKeepTheirPromises) {
    const QAbstractItemModelTester of_settings(settings(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    const QAbstractItemModelTester of_table(part<QTableView>("preview")->model(),
                                            QAbstractItemModelTester::FailureReportingMode::Fatal);
    answer();
    tick(1, TableSettingsModel::column_tick);
    settle();
    dialog->set_choices({{{"model.layers", {"12"}}}, {"val/loss"}, 300});
    dialog->set_problem("nothing");
}

TEST_F(ResultTableDialogTest, ASettingMakesRowsOrColumnsInTheOrderOfTheTicks) {
    EXPECT_EQ(settings()->index(0, 0).data().toString(), "model.method");
    EXPECT_EQ(settings()->index(1, 0).data().toString(), "model.layers") << "what differs stands first";
    EXPECT_EQ(settings()->index(2, 0).data().toString(), "model.width");
    EXPECT_EQ(dialog->request().rows, Keys{});
    tick(1, TableSettingsModel::row_tick);
    tick(0, TableSettingsModel::row_tick);
    EXPECT_EQ(dialog->request().rows, (Keys{"model.layers", "model.method"}));
    tick(1, TableSettingsModel::column_tick);
    EXPECT_FALSE(ticked(1, TableSettingsModel::row_tick));
    EXPECT_EQ(dialog->request().rows, Keys{"model.method"});
    EXPECT_EQ(dialog->request().columns, Keys{"model.layers"});

    dialog->set_choices({{{"model.method", {"standard", "wav"}}}, {"val/loss"}, 300});
    EXPECT_EQ(dialog->request().rows, Keys{"model.method"}) << "what is there still stays ticked";
    EXPECT_EQ(dialog->request().columns, Keys{});
}

TEST_F(ResultTableDialogTest, TicksByTheKeyboard) {
    dialog->show();
    auto* view = part<QTableView>("settings");
    view->setFocus();
    view->setCurrentIndex(settings()->index(0, TableSettingsModel::row_tick));
    QTest::keyClick(view, Qt::Key_Space);
    QTest::keyClick(view, Qt::Key_Down);
    QTest::keyClick(view, Qt::Key_Right);
    QTest::keyClick(view, Qt::Key_Space);
    EXPECT_EQ(dialog->request().rows, Keys{"model.method"});
    EXPECT_EQ(dialog->request().columns, Keys{"model.layers"});
    auto* values = part<QListWidget>("values");
    values->setFocus();
    values->setCurrentRow(1);
    QTest::keyClick(values, Qt::Key_Space);
    EXPECT_EQ(dialog->request().values, (Keys{"val/loss", "train/loss"}));
}

TEST_F(ResultTableDialogTest, ShowsAndGivesWhatTheWritersOfFilesWrite) {
    answer();
    ASSERT_TRUE(dialog->table());
    for (std::size_t i = 0; i < table_writers().size(); ++i) {
        const TableWriter& writer = table_writers()[i];
        dialog->set_format(QLatin1String(writer.id));
        const std::string expected = writer.write(*dialog->table(), TableStyle());
        EXPECT_EQ(dialog->text().toStdString(), expected) << writer.id;
        EXPECT_EQ(part<QPlainTextEdit>("text")->toPlainText().toStdString() + "\n", expected + "\n") << writer.id;
        QTest::mouseClick(part<QPushButton>("copy"), Qt::LeftButton);
        EXPECT_EQ(QApplication::clipboard()->text().toStdString(), expected) << writer.id;
        EXPECT_EQ(part<QLabel>("said")->text(), "Copied.");
    }
    QSignalSpy saved(dialog, &ResultTableDialog::save_wanted);
    QTest::mouseClick(part<QPushButton>("save"), Qt::LeftButton);
    EXPECT_EQ(saved.count(), 1);
}

TEST_F(ResultTableDialogTest, TheTableHasTheBestInBoldAndTitlesOverAllColumns) {
    tick(1, TableSettingsModel::column_tick);
    settle();
    auto* view = part<QTableView>("preview");
    const QAbstractItemModel* model = view->model();
    ASSERT_EQ(model->columnCount(), 3);
    EXPECT_EQ(model->headerData(0, Qt::Horizontal).toString(), "method");
    EXPECT_EQ(model->headerData(2, Qt::Horizontal).toString(), "layers = 24");
    EXPECT_TRUE(model->index(0, 0).data().toString().startsWith("validation loss, nats/token"));
    EXPECT_EQ(view->columnSpan(0, 0), 3);
    EXPECT_EQ(view->columnSpan(1, 0), 1);
    EXPECT_EQ(model->index(1, 0).data().toString(), "standard") << "the baseline comes first";
    const auto bold = [&](int row, int column) {
        return model->index(row, column).data(Qt::FontRole).value<QFont>().bold();
    };
    EXPECT_FALSE(bold(1, 1));
    EXPECT_TRUE(bold(2, 1));
    EXPECT_TRUE(bold(2, 2));
    const QString notes = part<QPlainTextEdit>("notes")->toPlainText();
    EXPECT_TRUE(notes.contains("Differences to standard are means over n pairs")) << notes.toStdString();
    EXPECT_TRUE(notes.contains("Speed is the median")) << notes.toStdString();
}

TEST_F(ResultTableDialogTest, HowItIsShownNeedsNoNewTable) {
    answer();
    QSignalSpy asked(dialog, &ResultTableDialog::table_wanted);
    part<QSpinBox>("digits")->setValue(2);
    choose("spread", 2);
    part<QCheckBox>("cost")->setChecked(false);
    settle();
    EXPECT_EQ(asked.count(), 0);
    EXPECT_EQ(dialog->text().toStdString(), dialog->writer().write(*dialog->table(), {TableSpread::none, 2, false}));
    EXPECT_FALSE(part<QPlainTextEdit>("notes")->toPlainText().contains("Speed is"));
}

TEST_F(ResultTableDialogTest, AsksForTheCostThatATableMayLack) {
    part<QCheckBox>("cost")->setChecked(false);
    answer();
    QSignalSpy asked(dialog, &ResultTableDialog::table_wanted);
    part<QCheckBox>("cost")->setChecked(true);
    EXPECT_FALSE(dialog->table()) << "nothing that is saved now";
    settle();
    EXPECT_EQ(asked.count(), 1);
    EXPECT_TRUE(dialog->table());
}

TEST_F(ResultTableDialogTest, AsksForMomentUnitAndBaseline) {
    answer();
    QSignalSpy asked(dialog, &ResultTableDialog::table_wanted);
    EXPECT_FALSE(part<QSpinBox>("step")->isEnabled());
    choose("moment", 2);
    choose("unit", 1);
    settle();
    EXPECT_EQ(asked.count(), 1) << "once for several changes at a time";
    EXPECT_TRUE(part<QSpinBox>("step")->isEnabled());
    TableRequest request = dialog->request();
    EXPECT_EQ(to_string(request.moment), "step 300");
    EXPECT_EQ(request.unit, LossUnit::nats_per_token);

    auto* baseline = part<QComboBox>("baseline");
    const int wav = baseline->findText("model.method = wav");
    ASSERT_GT(wav, 0);
    choose("baseline", wav);
    settle();
    EXPECT_EQ(dialog->table()->baseline, "wav");
    EXPECT_EQ(baseline->currentText(), "model.method = wav");
    choose("baseline", 1);
    settle();
    EXPECT_EQ(dialog->table()->baseline, "");
    choose("baseline", baseline->findText("model.method = wav"));
    tick(0, TableSettingsModel::column_tick);
    settle();
    EXPECT_EQ(dialog->request().baseline, "") << "a setting that makes columns is nobody's baseline";
    EXPECT_TRUE(dialog->table());
}

TEST_F(ResultTableDialogTest, WhatIsWrongIsASentence) {
    answer();
    auto* values = part<QListWidget>("values");
    values->item(0)->setCheckState(Qt::Unchecked);
    settle();
    auto* notice = part<QLabel>("notice");
    EXPECT_EQ(notice->text(), "Tick at least one value that the table shows.");
    EXPECT_EQ(part<QTableView>("preview")->model()->rowCount(), 0);
    EXPECT_FALSE(part<QPushButton>("save")->isEnabled());
    EXPECT_FALSE(part<QPushButton>("copy")->isEnabled());
    EXPECT_TRUE(dialog->text().isEmpty());
    values->item(0)->setCheckState(Qt::Checked);
    settle();
    EXPECT_TRUE(notice->text().isEmpty());
    EXPECT_TRUE(part<QPushButton>("save")->isEnabled());

    dialog->set_problem("--unit: it is not known how many characters a token stands for");
    EXPECT_EQ(notice->text(), "it is not known how many characters a token stands for") << "nobody typed an option";
}

TEST_F(ResultTableDialogTest, EveryControlHasANameAndAHelp) {
    for (QWidget* widget : dialog->findChildren<QWidget*>()) {
        const bool can_be_reached = widget->focusPolicy() & Qt::TabFocus;
        if (!can_be_reached || !widget->objectName().startsWith("result_table.")) continue;
        const auto* button = qobject_cast<QAbstractButton*>(widget);
        EXPECT_FALSE(widget->accessibleName().isEmpty() && !button) << widget->objectName().toStdString();
    }
    for (const char* name : {"runs", "moment", "step", "unit", "baseline", "spread", "digits", "cost", "format"})
        EXPECT_FALSE(part<QWidget>(name)->toolTip().isEmpty()) << name;
}

}  // namespace
}  // namespace wavlab
