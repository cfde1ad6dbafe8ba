// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>
#include <QTextEdit>
#include <QToolButton>

#include "core/experiment.h"
#include "core/run_record.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/generate_dialog.h"
#include "views/sample_text.h"
#include "views/samples_panel.h"
#include "views/time_cursor.h"

namespace wavlab {
namespace {

std::shared_ptr<RunRecord> record_with_samples(const std::string& name, const std::vector<SampleDrawn>& samples) {
    SyntheticRun run;
    run.name = name;
    run.steps = 10;
    const auto record = std::make_shared<RunRecord>("/runs/" + name);
    record->apply(run.started());
    for (const SampleDrawn& sample : samples) record->apply(sample);
    return record;
}

class SamplesPanelTest : public testing::Test {
protected:
    SamplesPanelTest() {
        test_application();
        panel = std::make_unique<SamplesPanel>(cursor, generate);
        panel->resize(600, 300);
        panel->show();
    }
    QString shown(const char* name = "samples_text") { return panel->findChild<QTextEdit*>(name)->toPlainText(); }
    QString title() { return panel->findChild<QLabel*>("samples_text_title")->text(); }

    TimeCursor cursor;
    QAction generate{"Generate"};
    std::unique_ptr<SamplesPanel> panel;
};

TEST(SampleText, FindsTheStepNearestAtOrBefore) {
    const std::vector<SampleDrawn> samples = {{10, "a", "1"}, {10, "b", "2"}, {20, "a", "3"}};
    EXPECT_EQ(sample_steps(samples), (std::vector<std::int64_t>{10, 20}));
    EXPECT_EQ(samples_at(samples, std::nullopt).size(), 1u);
    EXPECT_EQ(samples_at(samples, 19).size(), 2u);
    EXPECT_EQ(samples_at(samples, 19)[1]->text, "2");
    EXPECT_TRUE(samples_at(samples, 9).empty());
    EXPECT_TRUE(samples_at({}, std::nullopt).empty());
}

TEST(SampleText, ShowsWhatCannotBeDrawnAsSymbols) {
    EXPECT_EQ(visible_text(QString::fromUtf8("a\tb\nc")), QString::fromUtf8("a\tb\nc"));
    EXPECT_EQ(visible_text(QString(QChar(0)) + QChar(27) + QChar(0x7f)), QString::fromUtf8("␀␛␡"));
    EXPECT_EQ(visible_text(QString(QChar(0xfffc)) + QChar(0xfdd0)), QString(2, QChar(0xfffd)));
}

TEST_F(SamplesPanelTest, FollowsTheTimeCursor) {
    const auto record = record_with_samples("a", {{10, "Once ", "upon"}, {20, "Once ", "more"}});
    panel->set_runs({{record, 0, true}});
    EXPECT_EQ(shown(), "Once more");
    EXPECT_TRUE(title().contains("step 20, the newest")) << title().toStdString();
    cursor.set_step(15);
    EXPECT_EQ(shown(), "Once upon");
    EXPECT_TRUE(title().contains("step 10"));
    cursor.set_step(5);
    EXPECT_TRUE(shown().contains("No text was drawn up to step 5. The first is of step 10.")) << shown().toStdString();
    cursor.set_step(std::nullopt);
    QTest::mouseClick(panel->findChild<QToolButton*>("samples_earlier"), Qt::LeftButton);
    EXPECT_EQ(cursor.step(), 10);
    EXPECT_EQ(shown(), "Once upon");
    QTest::mouseClick(panel->findChild<QToolButton*>("samples_later"), Qt::LeftButton);
    EXPECT_TRUE(cursor.following());
    const SampleDrawn next{30, "Once ", "again"};
    panel->note(*record, record->apply(next));
    EXPECT_EQ(shown(), "Once again") << "live";
}

TEST_F(SamplesPanelTest, TellsPromptAndContinuationApartAndStacksPrompts) {
    panel->set_runs({{record_with_samples("a", {{10, "Once ", "upon"}, {10, "Then ", "they"}}), 0, true}});
    EXPECT_EQ(shown(), "Prompt 1\nOnce upon\n\nPrompt 2\nThen they");
    QTextCursor place = panel->findChild<QTextEdit*>("samples_text")->document()->find("nce");
    ASSERT_FALSE(place.isNull());
    EXPECT_NE(place.charFormat().background().style(), Qt::NoBrush);
    place = panel->findChild<QTextEdit*>("samples_text")->document()->find("pon");
    EXPECT_EQ(place.charFormat().background().style(), Qt::NoBrush);
    EXPECT_EQ(panel->text(), "Once upon\n\nThen they");
}

TEST_F(SamplesPanelTest, FindsAndCopies) {
    panel->set_runs({{record_with_samples("a", {{10, "Ab ", "ab xx AB"}}), 0, true}});
    auto* field = panel->findChild<QLineEdit*>("find_field");
    auto* count = panel->findChild<QLabel*>("find_count");
    QTest::keyClick(panel.get(), Qt::Key_F, Qt::ControlModifier);
    QTest::keyClicks(field, "ab");
    EXPECT_EQ(count->text(), "1 of 3");
    QTest::keyClick(field, Qt::Key_Return);
    EXPECT_EQ(count->text(), "2 of 3");
    QTest::keyClick(field, Qt::Key_Return, Qt::ShiftModifier);
    QTest::keyClick(field, Qt::Key_Return, Qt::ShiftModifier);
    EXPECT_EQ(count->text(), "3 of 3");
    QTest::keyClicks(field, "?");
    EXPECT_EQ(count->text(), "none");
    QTest::keyClick(field, Qt::Key_Escape);
    EXPECT_TRUE(field->text().isEmpty());
    QTest::mouseClick(panel->findChild<QToolButton*>("samples_copy"), Qt::LeftButton);
    EXPECT_EQ(QApplication::clipboard()->text(), "Ab ab xx AB");
}

TEST_F(SamplesPanelTest, ShowsTwoRunsSideBySide) {
    const auto a = record_with_samples("a", {{10, "P ", "of a"}});
    const auto b = record_with_samples("b", {{10, "P ", "of b"}, {20, "P ", "of b later"}});
    panel->set_runs({{a, 0, true}, {b, 1, false}});
    EXPECT_FALSE(panel->findChild<QTextEdit*>("samples_text_beside")->isVisible());
    panel->set_beside("/runs/b");
    EXPECT_TRUE(panel->findChild<QTextEdit*>("samples_text_beside")->isVisible());
    EXPECT_EQ(shown("samples_text_beside"), "P of b later");
    EXPECT_EQ(panel->findChild<QComboBox*>("samples_beside")->currentText(), "and b");
    cursor.set_step(10);
    EXPECT_EQ(shown("samples_text_beside"), "P of b");
    EXPECT_EQ(panel->text(), "a, step 10:\nP of a\n\nb, step 10:\nP of b");
    panel->set_runs({{b, 1, true}});
    EXPECT_EQ(shown(), "P of b");
    EXPECT_FALSE(panel->findChild<QTextEdit*>("samples_text_beside")->isVisible());
}

TEST_F(SamplesPanelTest, SaysWhyThereIsNoText) {
    panel->set_hint("Press Start (F5).");
    EXPECT_TRUE(panel->findChild<QLabel*>("samples_empty")->text().contains("Press Start (F5)."));
    const auto record = record_with_samples("a", {});
    panel->set_runs({{record, 0, true}});
    EXPECT_TRUE(shown().contains("The first text is drawn at step") || shown().contains("Sample every"))
        << shown().toStdString();
}

TEST_F(SamplesPanelTest, TakesLongTextsAndAnyCharacters) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += i % 50 == 0 ? "\n" : i % 7 == 0 ? "日本語 עברית 🙂" : "word ";
    text += std::string("\0\x1b\x7f", 3) + "\xff\xfe end";
    panel->set_runs({{record_with_samples("a", {{10, "", text}}), 0, true}});
    EXPECT_TRUE(shown().endsWith("end"));
    QTest::qWait(0);
}

class GenerateDialogTest : public testing::Test {
protected:
    GenerateDialogTest() {
        test_application();
        dialog = std::make_unique<GenerateDialog>();
        dialog->show();
    }
    QPushButton* button() { return dialog->findChild<QPushButton*>("generate.start"); }

    std::unique_ptr<GenerateDialog> dialog;
};

TEST_F(GenerateDialogTest, AsksForATextAndShowsItAsItComes) {
    EXPECT_FALSE(button()->isEnabled());
    dialog->set_sources({{"a, step 20", "/a/20"}, {"a, step 10", "/a/10"}}, "/a/10");
    EXPECT_EQ(dialog->settings().model, "/a/10");
    dialog->set_sources({{"a, step 30", "/a/30"}, {"a, step 10", "/a/10"}});
    EXPECT_EQ(dialog->settings().model, "/a/10") << "the choice is kept";
    QSignalSpy started(dialog.get(), &GenerateDialog::start_wanted);
    QSignalSpy stopped(dialog.get(), &GenerateDialog::stop_wanted);
    dialog->set_prompt("Once ");
    QTest::mouseClick(button(), Qt::LeftButton);
    ASSERT_EQ(started.size(), 1);
    const auto settings = started[0][0].value<GenerateSettings>();
    EXPECT_EQ(settings.prompt, "Once ");
    EXPECT_EQ(settings.top_k, 0);
    EXPECT_EQ(settings.seed, 1u);
    dialog->begin();
    EXPECT_EQ(button()->text(), "&Stop");
    dialog->append(QByteArray("up\xc3"), 3);
    dialog->append(QByteArray("\xa4"), 3);
    EXPECT_EQ(dialog->text(), QString::fromUtf8("Once upä"));
    EXPECT_EQ(dialog->findChild<QTextEdit*>("generate.output")->toPlainText(), QString::fromUtf8("Once upä"));
    QTest::mouseClick(button(), Qt::LeftButton);
    EXPECT_EQ(stopped.size(), 1);
    dialog->finish(true);
    EXPECT_EQ(dialog->findChild<QLabel*>("generate.state")->text(), "stopped after 3 tokens");
    EXPECT_EQ(button()->text(), "&Generate");
    dialog->findChild<QPlainTextEdit*>("generate.prompt")->setFocus();
    QTest::keyClick(dialog->findChild<QPlainTextEdit*>("generate.prompt"), Qt::Key_Return, Qt::ControlModifier);
    EXPECT_EQ(started.size(), 2);
}

TEST_F(GenerateDialogTest, SaysAProblemBesideThePrompt) {
    dialog->set_sources({{"a, step 20", "/a/20"}});
    dialog->set_prompt("日");
    dialog->begin();
    dialog->fail("the prompt does not fit the model", true);
    auto* beside = dialog->findChild<QLabel*>("generate.prompt_problem");
    EXPECT_TRUE(beside->isVisible());
    EXPECT_EQ(beside->text(), "The prompt does not fit the model.");
    EXPECT_FALSE(dialog->findChild<QLabel*>("generate.problem")->isVisible());
    dialog->set_prompt("a");
    EXPECT_FALSE(beside->isVisible()) << "it is gone once the prompt is another";
}

TEST_F(GenerateDialogTest, ClosingStopsTheText) {
    dialog->set_sources({{"a, step 20", "/a/20"}});
    dialog->begin();
    QSignalSpy stopped(dialog.get(), &GenerateDialog::stop_wanted);
    QTest::keyClick(dialog.get(), Qt::Key_Escape);
    EXPECT_EQ(stopped.size(), 1);
    EXPECT_FALSE(dialog->isVisible());
}

}  // namespace
}  // namespace wavlab
