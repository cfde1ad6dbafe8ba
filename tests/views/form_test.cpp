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

class FormHistoryTest : public Form {
protected:
    FormHistoryTest() {
        form.resize(320, 700);
        form.show();
        form.activateWindow();
        form.forget_history();
    }
    QUndoStack& steps() { return form.history().stack(); }
    void leave() { form.findChild<QPushButton*>("start_button")->setFocus(); }
};

TEST_F(FormHistoryTest, EditsOfOneFieldAreOneStepAndUndoneExactly) {
    const Experiment before = form.experiment();
    type("model.layers", "24");
    EXPECT_EQ(steps().count(), 1);
    EXPECT_EQ(steps().undoText(), "change of Layers");
    type("train.steps", "77");
    EXPECT_EQ(steps().count(), 2);
    steps().undo();
    EXPECT_EQ(form.experiment().train.steps, 300);
    EXPECT_EQ(form.experiment().model.layers, 24);
    steps().undo();
    EXPECT_EQ(form.experiment(), before);
    EXPECT_FALSE(steps().canUndo());
    steps().redo();
    steps().redo();
    EXPECT_EQ(form.experiment().model.layers, 24);
    EXPECT_EQ(form.experiment().train.steps, 77);
}

TEST_F(FormHistoryTest, TheWidthOfTheMlpComesBackWithTheWidth) {
    type("model.width", "128");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 512);
    steps().undo();
    EXPECT_EQ(form.experiment().model.width, 64);
    EXPECT_EQ(form.experiment().model.mlp_hidden, 256);
    type("model.width", "32");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 128) << "it still follows";
    type("model.mlp_hidden", "100");
    type("model.width", "96");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 100);
    steps().undo();
    steps().undo();
    type("model.width", "64");
    EXPECT_EQ(form.experiment().model.mlp_hidden, 256);
}

TEST_F(FormHistoryTest, CtrlZUndoesTypingFirst) {
    QLineEdit& layers = line("model.layers");
    layers.setFocus();
    QTest::keyClick(&layers, Qt::Key_End);
    QTest::keyClicks(&layers, "8");
    EXPECT_EQ(layers.text(), "128");
    QTest::keyClick(&layers, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(layers.text(), "12");
    EXPECT_FALSE(steps().canUndo()) << "taking back all typing leaves nothing to undo";
    QTest::keyClick(&layers, Qt::Key_Y, Qt::ControlModifier);
    EXPECT_EQ(layers.text(), "128");
    QTest::keyClick(&layers, Qt::Key_Return);
    EXPECT_FALSE(layers.isUndoAvailable()) << "a change that is done is undone as a whole, by the form";
    EXPECT_EQ(steps().count(), 1);
    QTest::keyClick(&layers, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(layers.text(), "128") << "without the form's action the key does nothing here";
}

TEST_F(FormHistoryTest, ReturnEndsAStep) {
    type("model.layers", "4");
    QTest::keyClick(&line("model.layers"), Qt::Key_Return);
    type("model.layers", "6");
    EXPECT_EQ(steps().count(), 2);
    steps().undo();
    EXPECT_EQ(form.experiment().model.layers, 4);
}

TEST_F(FormHistoryTest, UnreadableTextComesBackToo) {
    type("train.lr", "fast");
    type("model.layers", "3");
    steps().undo();
    EXPECT_EQ(line("train.lr").text(), "fast");
    EXPECT_FALSE(form.is_valid());
    steps().undo();
    EXPECT_TRUE(form.is_valid());
}

TEST_F(FormHistoryTest, FillingTheFormIsOneStep) {
    type("train.lr", "0.5");
    const Experiment edited = form.experiment();
    Experiment other;
    other.name = "other";
    other.model.method = MethodRegistry::all().back().id;
    other.model.width = 32;
    other.data.size = 5000;
    form.set_experiment(other, {"", "the run other"});
    EXPECT_EQ(steps().undoText(), "filling with the run other");
    steps().undo();
    EXPECT_EQ(form.experiment(), edited);
    steps().redo();
    EXPECT_EQ(form.experiment().model, other.model);
    EXPECT_EQ(form.experiment().name, "other");
}

TEST_F(FormHistoryTest, AChangeOfMethodTakesItsOptionsAlong) {
    const MethodDescriptor* with_options = nullptr;
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options)
            if (std::holds_alternative<std::int64_t>(option.default_value)) with_options = &method;
    ASSERT_NE(with_options, nullptr);
    Experiment experiment;
    experiment.model.method = with_options->id;
    form.set_experiment(experiment);
    std::string key;
    for (const Option& option : with_options->options)
        if (std::holds_alternative<std::int64_t>(option.default_value)) key = "method." + option.key;
    type(key.c_str(), "3");
    const Experiment before = form.experiment();
    auto* methods = qobject_cast<QComboBox*>(form.editor("model.method")->field());
    methods->setCurrentIndex(methods->currentIndex() == 0 ? 1 : 0);
    EXPECT_NE(form.experiment().model.method, with_options->id);
    steps().undo();
    EXPECT_EQ(form.experiment(), before);
    steps().redo();
    steps().undo();
    steps().undo();
    EXPECT_EQ(form.experiment().model, experiment.model);
}

TEST_F(Form, SaysWhatItWasFilledFromAndThatItWasChanged) {
    auto* points = form.findChild<QComboBox*>("starting_points");
    ASSERT_TRUE(points);
    EXPECT_EQ(points->currentText(), "Choose an experiment…");
    form.set_starting_points({{"ready:a", "Experiment A", "", "Ready"}, {"recent:/b", "b.toml", "", "Lately"}});
    Experiment experiment;
    experiment.model.layers = 6;
    form.set_experiment(experiment, {"ready:a", "Experiment A"});
    EXPECT_EQ(points->currentText(), "Experiment A");
    type("model.layers", "7");
    EXPECT_EQ(points->currentText(), "Experiment A (changed)");
    type("model.layers", "6");
    EXPECT_EQ(points->currentText(), "Experiment A");
    form.set_experiment(Experiment{}, {"", "the run x"});
    EXPECT_EQ(points->currentText(), "the run x");
    form.history().stack().undo();
    EXPECT_EQ(points->currentText(), "Experiment A");
    type("model.layers", "9");
    QSignalSpy chosen(&form, &ExperimentForm::starting_point_chosen);
    form.show();
    points->setFocus();
    QTest::keyClick(points, Qt::Key_Down);
    ASSERT_EQ(chosen.size(), 1);
    EXPECT_EQ(chosen[0][0].toString(), "recent:/b") << "headings are passed over";
    form.set_origin({"recent:/b", "b.toml"});
    EXPECT_EQ(points->currentText(), "b.toml") << "saved: what it says now is what the file says";
}

}  // namespace
}  // namespace wavlab
