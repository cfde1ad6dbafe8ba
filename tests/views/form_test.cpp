// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "core/experiment.h"
#include "core/method.h"
#include "views/cost_panel.h"
#include "views/experiment_form.h"

namespace wavlab {
namespace {

class Form : public testing::Test {
protected:
    Form() : start("Start"), form(start) {
        FormChoices choices;
        choices.datasets = {{"toy-stories", "Toy stories", "", {"size", "seed"}}, {"file", "A text file", "", {}}};
        choices.devices = {{"auto", {}, {}}, {"cpu", {}, {}}};
        form.set_choices(choices);
        form.set_experiment(Experiment{});
    }
    QLineEdit& line(const char* key) { return *qobject_cast<QLineEdit*>(form.editor(key)->field()); }
    void type(const char* key, const QString& text) {
        line(key).selectAll();
        QTest::keyClicks(&line(key), text);
    }
    QString problem(const char* key) { return form.editor(key)->problem(); }
    bool has(const char* key) { return form.editor(key) != nullptr; }

    QAction start;
    ExperimentForm form;
};

TEST_F(Form, HoldsTheExperimentItWasGiven) {
    Experiment experiment;
    experiment.name = "my-run";
    experiment.seed = 7;
    experiment.model.layers = 24;
    experiment.model.width = 96;
    experiment.model.mlp_hidden = 100;
    experiment.data.dataset = "file:/tmp/some text.txt";
    experiment.train.lr = 3.5e-4;
    experiment.train.device = "cuda:1";
    experiment.train.deterministic = true;
    form.set_experiment(experiment);
    Experiment read = form.experiment();
    EXPECT_EQ(read.name, "my-run");
    EXPECT_EQ(read.model, experiment.model);
    EXPECT_EQ(read.data, experiment.data);
    EXPECT_EQ(read.train, experiment.train);
}

TEST_F(Form, HasAFieldForEveryKeyOfTheFile) {
    for (const ExperimentField& field : experiment_fields()) {
        if (field.dotted_key() == "schema") continue;
        const OptionEditor* editor = form.editor(QString::fromStdString(field.dotted_key()));
        ASSERT_NE(editor, nullptr) << field.dotted_key();
        EXPECT_FALSE(editor->field()->toolTip().isEmpty()) << field.dotted_key();
        EXPECT_FALSE(editor->field()->accessibleName().isEmpty()) << field.dotted_key();
    }
}

TEST_F(Form, HelpNamesRangeAndDefault) {
    const QString help = form.editor("model.layers")->field()->toolTip();
    EXPECT_TRUE(help.contains("Default: 12"));
    EXPECT_TRUE(help.contains("whole number"));
}

TEST_F(Form, SaysWhatIsWrongBesideTheFieldWhileTyping) {
    EXPECT_TRUE(form.is_valid());
    QSignalSpy edited(&form, &ExperimentForm::edited);
    type("model.layers", "0");
    EXPECT_GE(edited.size(), 1);
    EXPECT_FALSE(form.is_valid());
    EXPECT_FALSE(problem("model.layers").isEmpty());
    type("model.layers", "6");
    EXPECT_TRUE(form.is_valid());
    EXPECT_TRUE(problem("model.layers").isEmpty());
    type("model.layers", "six");
    EXPECT_TRUE(problem("model.layers").contains("six"));
    type("model.layers", "6");
    type("train.lr", "nan");
    EXPECT_FALSE(problem("train.lr").isEmpty());
    type("train.lr", "3e-4");
    EXPECT_TRUE(form.is_valid());
    EXPECT_DOUBLE_EQ(form.experiment().train.lr, 3e-4);
}

TEST_F(Form, WidthMustFitHeads) {
    type("model.heads", "5");
    EXPECT_FALSE(form.is_valid());
}

TEST_F(Form, TheMlpStaysFourTimesAsWide) {
    type("model.width", "128");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 512);
    type("model.mlp_hidden", "300");
    type("model.width", "64");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 300);
}

TEST_F(Form, ShowsTheOptionsOfTheChosenMethodAndKeepsThem) {
    ASSERT_GE(MethodRegistry::all().size(), 2u) << "the tests register methods of their own";
    const MethodDescriptor* with_options = nullptr;
    const MethodDescriptor* other = nullptr;
    for (const MethodDescriptor& method : MethodRegistry::all()) {
        if (!with_options && !method.options.empty())
            with_options = &method;
        else
            other = &method;
    }
    ASSERT_NE(with_options, nullptr);
    ASSERT_NE(other, nullptr);
    auto* methods = qobject_cast<QComboBox*>(form.editor("model.method")->field());
    const auto choose = [&](const std::string& id) {
        methods->setCurrentIndex(methods->findData(QString::fromStdString(id)));
    };
    choose(with_options->id);
    for (const Option& option : with_options->options) EXPECT_TRUE(has(("method." + option.key).c_str())) << option.key;
    EXPECT_EQ(form.experiment().model.method, with_options->id);
    const Option* whole = nullptr;
    for (const Option& option : with_options->options)
        if (std::holds_alternative<std::int64_t>(option.default_value)) whole = &option;
    if (whole) {
        const std::string key = "method." + whole->key;
        type(key.c_str(), "3");
        choose(other->id);
        choose(with_options->id);
        EXPECT_EQ(std::get<std::int64_t>(form.experiment().method.at(whole->key)), 3);
    }
}

TEST_F(Form, OptionsOfTheBuiltInDataAreShownForItOnly) {
    EXPECT_TRUE(form.editor("data.size")->is_visible());
    form.editor("data.dataset")->set_value(std::string("file:/tmp/x.txt"));
    EXPECT_FALSE(form.editor("data.size")->is_visible());
}

TEST_F(Form, AProblemFromOutsideStandsBesideItsFieldUntilItIsEdited) {
    form.set_outside_problem("data.dataset", "the file is not there");
    EXPECT_FALSE(form.is_valid());
    EXPECT_EQ(problem("data.dataset"), "the file is not there");
    form.editor("data.dataset")->set_value(std::string("file:/tmp/y.txt"));
    EXPECT_TRUE(form.is_valid());
}

TEST_F(Form, TheBigButtonIsTheStartActionAndSaysWhyNot) {
    auto* button = form.findChild<QPushButton*>("start_button");
    auto* reason = form.findChild<QLabel*>("start_reason");
    ASSERT_TRUE(button && reason);
    QSignalSpy triggered(&start, &QAction::triggered);
    QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_EQ(triggered.size(), 1);
    start.setStatusTip("A run is going: a. Stop it first.");
    start.setEnabled(false);
    EXPECT_FALSE(button->isEnabled());
    EXPECT_EQ(reason->text(), "A run is going: a. Stop it first.");
}

}  // namespace
}  // namespace wavlab
