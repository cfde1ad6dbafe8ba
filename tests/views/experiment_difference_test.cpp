// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QLabel>
#include <QTest>

#include "views/experiment_difference.h"

namespace wavlab {
namespace {

std::vector<ComparedExperiment> two() {
    Experiment a, b;
    a.model.method = "wav";
    a.method["phase"] = false;
    b.model.method = "standard";
    b.train.lr = 5e-4;
    b.name = "other";
    return {{"a", a}, {"b", b}};
}

QStringList column(const QAbstractItemModel& model, int which) {
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row) texts.append(model.index(row, which).data().toString());
    return texts;
}

TEST(DifferenceModel, ListsWhatDiffersAndAllOnRequest) {
    DifferenceModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.set_experiments(two());
    EXPECT_EQ(model.columnCount(), 3);
    EXPECT_EQ(model.headerData(1, Qt::Horizontal, Qt::DisplayRole).toString(), "a");
    const QStringList options = column(model, 0);
    EXPECT_TRUE(options.contains("Method"));
    EXPECT_TRUE(options.contains("Learning rate"));
    EXPECT_TRUE(options.contains("Phase")) << "an option that only one of the methods has";
    EXPECT_FALSE(options.contains("Layers"));
    EXPECT_FALSE(options.contains("Name"));
    const int phase = int(options.indexOf("Phase"));
    EXPECT_EQ(model.index(phase, 1).data().toString(), "false");
    EXPECT_EQ(model.index(phase, 2).data().toString(), "–");
    EXPECT_TRUE(model.index(phase, 2).data(DifferenceModel::differs_role).toBool());
    EXPECT_FALSE(model.index(phase, 1).data(DifferenceModel::differs_role).toBool());
    const int differences = model.differences();
    EXPECT_EQ(differences, model.rowCount());
    model.show_all(true);
    EXPECT_GT(model.rowCount(), 25);
    EXPECT_TRUE(column(model, 0).contains("Layers"));
    EXPECT_EQ(model.differences(), differences);
    model.set_experiments({});
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(DifferenceModel, SaysWithWhichWeightsARunBegan) {
    DifferenceModel model;
    std::vector<ComparedExperiment> runs = two();
    model.show_all(true);
    model.set_experiments(runs);
    EXPECT_FALSE(column(model, 0).contains("Begins with")) << "both with those of their seeds";
    runs[1].experiment = runs[0].experiment;
    runs[1].origin = "step 20 of a";
    model.show_all(false);
    model.set_experiments(runs);
    ASSERT_EQ(column(model, 0), QStringList("Begins with"));
    EXPECT_EQ(model.index(0, 1).data().toString(), "its seed");
    EXPECT_EQ(model.index(0, 2).data().toString(), "step 20 of a");
    EXPECT_TRUE(model.index(0, 2).data(DifferenceModel::differs_role).toBool());
}

TEST(ExperimentDifference, SaysWhatItShowsAndCopiesIt) {
    ExperimentDifference dialog(nullptr);
    auto* heading = dialog.findChild<QLabel*>("difference_heading");
    EXPECT_TRUE(heading->text().contains("Tick two runs")) << heading->text().toStdString();
    dialog.set_experiments(two());
    EXPECT_TRUE(heading->text().contains("differ"));
    EXPECT_TRUE(dialog.text().startsWith("Option\ta\tb\n"));
    EXPECT_TRUE(dialog.text().contains("Learning rate\t0.001\t5e-4\n")) << dialog.text().toStdString();
    dialog.set_experiments({two()[0], two()[0], two()[0]});
    EXPECT_TRUE(heading->text().contains("All 3 have the same settings"));
    dialog.show();
    for (QCheckBox* box : dialog.findChildren<QCheckBox*>()) {
        EXPECT_FALSE(box->text().isEmpty());
        box->click();
    }
    EXPECT_TRUE(dialog.with_form());
    EXPECT_GT(dialog.model().rowCount(), 25);
}

}  // namespace
}  // namespace wavlab
