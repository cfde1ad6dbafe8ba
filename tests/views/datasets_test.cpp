// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>

#include <qcustomplot.h>

#include "tests/views/application.h"
#include "views/action_registry.h"
#include "views/character_histogram.h"
#include "views/dataset_preview.h"
#include "views/datasets_dialog.h"
#include "views/datasets_model.h"
#include "views/message_bar.h"
#include "views/own_text_dialog.h"

namespace wavlab {
namespace {

DatasetRow row(const QString& id, DatasetRow::State state = DatasetRow::State::available) {
    DatasetRow row;
    row.id = id;
    row.title = "Title of " + id;
    row.state = state;
    row.download_bytes = 31'000'000;
    row.licence = "CC0-1.0";
    row.sources.push_back({"a.zip", {"https://example.org/a.zip"}, 31'000'000, QString(64, 'a')});
    return row;
}

DatasetWork download(std::int64_t done) {
    DatasetWork work;
    work.phase = "downloading";
    work.file = "a.zip";
    work.done = done;
    work.total = 31'000'000;
    work.bytes_per_second = 1e6;
    work.can_pause = true;
    return work;
}

QString cell(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data(Qt::DisplayRole).toString();
}

TEST(DatasetsModel, KeepsTheRulesOfAModelThroughEveryChange) {
    DatasetsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.set_rows({row("b"), row("d")});
    model.set_rows({row("a"), row("b"), row("c"), row("d")});
    ASSERT_EQ(model.rowCount(), 4);
    EXPECT_EQ(cell(model, 2, DatasetsModel::dataset), "c");
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    model.set_rows({row("a"), row("b"), row("c"), row("d")});
    EXPECT_EQ(changed.size(), 0) << "nothing is new";
    model.set_rows({row("d"), row("b", DatasetRow::State::installed)});
    ASSERT_EQ(model.rowCount(), 2);
    EXPECT_EQ(cell(model, 0, DatasetsModel::dataset), "d");
    EXPECT_EQ(cell(model, 1, DatasetsModel::state), "installed");
    model.set_work("d", download(15'500'000));
    EXPECT_EQ(model.index(0, DatasetsModel::state).data(DatasetsModel::progress_role).toInt(), 500);
    EXPECT_FALSE(model.index(1, DatasetsModel::state).data(DatasetsModel::progress_role).isValid());
    model.set_work("nowhere", download(1));
    model.set_work("d", std::nullopt);
    model.set_rows({});
    EXPECT_EQ(reset.size(), 0);
    EXPECT_EQ(model.row_of("d"), -1);
}

TEST(DatasetsModel, SaysTheStateInWords) {
    DatasetsModel model;
    DatasetRow partial = row("p", DatasetRow::State::partial);
    partial.bytes_here = 12'000'000;
    DatasetRow damaged = row("x", DatasetRow::State::damaged);
    damaged.problem = "train.txt is gone";
    DatasetRow working = row("w");
    working.work = download(15'500'000);
    model.set_rows({partial, damaged, working});
    EXPECT_EQ(cell(model, 0, DatasetsModel::state), "partial: 12 MB of 31 MB");
    EXPECT_EQ(cell(model, 1, DatasetsModel::state), "damaged: train.txt is gone");
    EXPECT_EQ(cell(model, 2, DatasetsModel::state), "downloading, 50 %");
    EXPECT_EQ(cell(model, 2, DatasetsModel::download), "31 MB");
    EXPECT_EQ(dataset_work_text(*working.work), "downloading a.zip: 16 MB of 31 MB (50 %), 1.0 MB/s, 0:16 left");
    working.work->note = "the host does not answer";
    EXPECT_TRUE(dataset_work_text(*working.work).endsWith(". the host does not answer"));
    working.work->stopping = true;
    EXPECT_TRUE(dataset_work_text(*working.work).startsWith("stopping"));
    EXPECT_EQ(model.index(0, DatasetsModel::licence).data(Qt::AccessibleTextRole).toString(), "Licence: CC0-1.0");
}

TEST(DatasetDetails, SayEverythingAndEscapeWhatManifestsSay) {
    DatasetRow one = row("one", DatasetRow::State::installed);
    one.summary = "<script>no</script>";
    one.licence_address = "https://example.org/licence?a=1&b=2";
    one.citation = "A & B, 2026";
    one.folder = "/data/one";
    one.manifest_file = "/home/me/one.toml";
    one.replaces_shipped = true;
    one.documents = 1234;
    one.separator = "\n\n";
    one.parts.push_back({"train", "/data/one/train.txt", 90'000'000, QString(64, 'b')});
    const QString html = dataset_details(one);
    EXPECT_FALSE(html.contains("<script>"));
    EXPECT_TRUE(html.contains("href=\"https://example.org/licence?a=1&amp;b=2\""));
    for (const QString& part : {QString("A &amp; B, 2026"), QString("/data/one"), QString("1,234"), QString("\\n\\n"),
                                QString(64, 'a'), QString(64, 'b'), QString("https://example.org/a.zip"),
                                QString("replaces the one that comes with the program: /home/me/one.toml")})
        EXPECT_TRUE(html.contains(part)) << part.toStdString();
    one.licence_address = "javascript:alert(1)";
    EXPECT_FALSE(dataset_details(one).contains("href=\"javascript"));
}

TEST(CharacterName, ReadsWhatCannotBeSeen) {
    test_application();
    EXPECT_EQ(character_name(U'e'), "e");
    EXPECT_EQ(character_name(U' '), "space");
    EXPECT_EQ(character_name(U'\n'), "line feed");
    EXPECT_EQ(character_name(U'\r'), "U+000D carriage return");
    EXPECT_EQ(character_name(U'\u200b'), "U+200B zero width space");
    EXPECT_EQ(character_name(U'\u2003'), "U+2003");
    EXPECT_EQ(character_name(U'\x07'), "U+0007");
    EXPECT_EQ(character_name(U'\u0301'), QString::fromUtf8("\u25cc\u0301"));
    EXPECT_EQ(character_name(U'\U0001F600'), QString::fromUtf8("\U0001F600"));
    EXPECT_EQ(character_name(char32_t(0x10FFFF)), "U+10FFFF");
}

TEST(CharacterHistogram, DrawsAsManyBarsAsThereIsRoomFor) {
    test_application();
    CharacterHistogram histogram;
    std::vector<CharacterCount> counts;
    for (int i = 0; i < 90; ++i) counts.push_back({char32_t(U'!' + i), 1000 - i});
    histogram.resize(300, 400);
    histogram.show();
    histogram.set_counts(counts, 100'000);
    const int some = histogram.bars();
    EXPECT_GT(some, 5);
    EXPECT_LT(some, 60);
    EXPECT_TRUE(histogram.accessibleDescription().startsWith("!: 1.0 %"));
    histogram.resize(300, 800);
    QTest::qWait(0);
    EXPECT_GT(histogram.bars(), some);
    histogram.set_counts({{U' ', 3}}, 4);
    EXPECT_EQ(histogram.bars(), 1);
    EXPECT_NEAR(histogram.canvas().xAxis->range().upper, 75 * 1.05, 1e-9);
    histogram.set_counts({}, 0);
    EXPECT_EQ(histogram.bars(), 0);
    histogram.resize(100, 20);
    QTest::qWait(0);
}

TEST(DatasetPreview, ShowsWhatIsKnownAndOffersTheRest) {
    test_application();
    DatasetPreview preview;
    preview.resize(600, 400);
    preview.show();
    preview.show_notice("Nothing here.");
    EXPECT_TRUE(preview.findChild<QLabel*>("dataset_preview.notice")->isVisible());
    preview.set_parts({{"train", "Training text"}, {"validation", "Validation text"}});
    EXPECT_EQ(preview.part(), "train");
    QSignalSpy chosen(&preview, &DatasetPreview::part_chosen);
    preview.findChild<QComboBox*>("dataset_preview.part")->setCurrentIndex(1);
    ASSERT_EQ(chosen.size(), 1);
    EXPECT_EQ(chosen[0][0].toString(), "validation");
    preview.set_parts({{"train", "Training text"}, {"validation", "Validation text"}});
    EXPECT_EQ(preview.part(), "validation");

    auto* count = preview.findChild<QPushButton*>("dataset_preview.count");
    auto* count_tokens = preview.findChild<QPushButton*>("dataset_preview.count_tokens");
    auto* cancel = preview.findChild<QPushButton*>("dataset_preview.cancel");
    TextFacts facts;
    facts.beginning = QString::fromUtf8("Once\x07 upon");
    facts.middle = "a time";
    facts.bytes = 2'000'000'000;
    facts.characters = 1000;
    facts.frequent = {{U' ', 300}, {U'e', 100}};
    preview.show_facts(facts);
    const QString text = preview.findChild<QPlainTextEdit*>("dataset_preview.text")->toPlainText();
    EXPECT_TRUE(text.contains(QString::fromUtf8("Once\u2407 upon"))) << text.toStdString();
    EXPECT_TRUE(text.contains("a time"));
    EXPECT_EQ(preview.findChild<QLabel*>("dataset_preview.facts")->text(), "2,000,000,000 bytes");
    EXPECT_TRUE(count->isVisible());
    EXPECT_FALSE(cancel->isVisible());
    QSignalSpy wanted(&preview, &DatasetPreview::count_wanted);
    count->setFocus();
    QTest::keyClick(count, Qt::Key_Space);
    EXPECT_EQ(wanted.size(), 1);
    preview.show_counting(0.5);
    EXPECT_TRUE(cancel->isVisible());
    EXPECT_FALSE(count->isVisible());
    QSignalSpy cancelled(&preview, &DatasetPreview::cancel_wanted);
    QTest::mouseClick(cancel, Qt::LeftButton);
    EXPECT_EQ(cancelled.size(), 1);
    preview.show_counting(std::nullopt);
    facts.is_whole = true;
    facts.documents = 77;
    facts.different = 2;
    preview.show_facts(facts);
    EXPECT_EQ(preview.findChild<QLabel*>("dataset_preview.facts")->text(),
              "1,000 characters, 2 different ones, 77 documents, 2,000,000,000 bytes");
    EXPECT_FALSE(count->isVisible());

    preview.show_tokens({"byte", {}, {}, {}, false});
    EXPECT_TRUE(count_tokens->isVisible());
    preview.show_tokens({"byte", 900, 100, 256, true});
    EXPECT_FALSE(count_tokens->isVisible());
    EXPECT_EQ(preview.findChild<QLabel*>("dataset_preview.tokens")->text(),
              "Tokens (byte): 900 to train on, 100 to validate on, 256 different ones; kept on disk");
    preview.show_token_problem("The vocabulary is not there.");
    EXPECT_EQ(preview.findChild<QLabel*>("dataset_preview.tokens")->text(), "The vocabulary is not there.");
}

class DatasetsDialogTest : public testing::Test {
protected:
    DatasetsDialogTest() {
        test_application();
        for (const char* id : {"get", "use", "remove", "own"})
            actions->add({id, id, "Help.", "", {}, "&Menu", false, false},
                         [this, id] { done.append(QLatin1String(id)); });
        dialog = std::make_unique<DatasetsDialog>(model, *actions, QStringList{"get", "", "use", "remove"},
                                                  QStringList{"own"}, TableActions::Keys{"use", "remove"});
        dialog->show();
    }

    QWidget holder;
    std::unique_ptr<ActionRegistry> actions = std::make_unique<ActionRegistry>(&holder);
    DatasetsModel model;
    QStringList done;
    std::unique_ptr<DatasetsDialog> dialog;
};

TEST_F(DatasetsDialogTest, KeepsTheChosenRowWhileOthersComeAndGo) {
    EXPECT_EQ(dialog->selected(), "");
    model.set_rows({row("b"), row("c")});
    EXPECT_EQ(dialog->selected(), "b");
    QSignalSpy changed(dialog.get(), &DatasetsDialog::selection_changed);
    dialog->select("c");
    EXPECT_EQ(changed.size(), 1);
    model.set_rows({row("a"), row("b"), row("c"), row("d")});
    EXPECT_EQ(dialog->selected(), "c");
    dialog->table().sortByColumn(DatasetsModel::dataset, Qt::DescendingOrder);
    EXPECT_EQ(dialog->selected(), "c");
    model.set_rows({row("a")});
    EXPECT_EQ(dialog->selected(), "a");
}

TEST_F(DatasetsDialogTest, WorksFromTheKeyboard) {
    model.set_rows({row("a"), row("b")});
    dialog->table().setFocus();
    QTest::keyClick(&dialog->table(), Qt::Key_Down);
    EXPECT_EQ(dialog->selected(), "b");
    QTest::keyClick(&dialog->table(), Qt::Key_Return);
    QTest::keyClick(&dialog->table(), Qt::Key_Delete);
    EXPECT_EQ(done, (QStringList{"use", "remove"}));
    actions->set_obstacle("remove", "Not now.");
    QTest::keyClick(&dialog->table(), Qt::Key_Delete);
    EXPECT_EQ(done.size(), 2);
    QContextMenuEvent key(QContextMenuEvent::Keyboard, QPoint(-5, -5), QPoint());
    QApplication::sendEvent(dialog->table().viewport(), &key);
    auto* menu = dialog->findChild<QMenu*>("datasets_menu");
    ASSERT_TRUE(menu);
    EXPECT_EQ(menu->actions().size(), 4);
    menu->close();
}

TEST_F(DatasetsDialogTest, ShowsWorkProblemsAndManifestsThatCannotBeUsed) {
    model.set_rows({row("a"), row("b")});
    auto* work = dialog->findChild<QLabel*>("datasets_work");
    EXPECT_FALSE(work->isVisible());
    model.set_work("a", download(15'500'000));
    EXPECT_TRUE(work->text().startsWith("downloading a.zip"));
    QTest::qWait(0);
    (void)dialog->grab();  // the bar is drawn
    auto* details = dialog->findChild<QTextBrowser*>("datasets_details");
    EXPECT_TRUE(details->toPlainText().contains("Title of a"));
    const QString before = details->toHtml();
    model.set_work("a", download(15'600'000));
    EXPECT_EQ(details->toHtml(), before) << "what is read and selected stays";
    dialog->select("b");
    EXPECT_FALSE(work->isVisible());

    auto* bar = dialog->findChild<MessageBar*>("datasets_message");
    EXPECT_FALSE(bar->isVisible());
    dialog->show_problems({"a: it failed", "b: it failed too"});
    EXPECT_EQ(bar->text(), "a: it failed\nb: it failed too");
    EXPECT_TRUE(bar->isVisible());
    dialog->show_problems({});
    EXPECT_FALSE(bar->isVisible());
    auto* manifests = dialog->findChild<QPlainTextEdit*>("datasets_manifest_problems");
    EXPECT_FALSE(manifests->isVisible());
    dialog->set_manifest_problems({"x.toml: no id"});
    EXPECT_TRUE(manifests->isVisible());
    EXPECT_TRUE(manifests->toPlainText().endsWith("x.toml: no id"));
    dialog->set_manifest_problems({});
    EXPECT_FALSE(manifests->isVisible());
}

TEST(OwnTextDialog, SaysWhatIsWrongBesideTheField) {
    test_application();
    auto* dialog = new OwnTextDialog([](const OwnText& text) {
        OwnTextDialog::Problems problems;
        if (text.name.isEmpty()) problems[OwnTextDialog::name] = "no name";
        if (text.path.isEmpty()) problems[OwnTextDialog::path] = "no path";
        return problems;
    });
    dialog->show();
    auto* add = dialog->findChild<QPushButton*>("own_text.add");
    auto* name_problem = dialog->findChild<QLabel*>("own_text.name.problem");
    auto* path_problem = dialog->findChild<QLabel*>("own_text.path.problem");
    EXPECT_FALSE(add->isEnabled());
    EXPECT_FALSE(name_problem->isVisible()) << "nothing was typed yet";
    EXPECT_EQ(dialog->text().separator, "\\n\\n");
    auto* name = dialog->findChild<QLineEdit*>("own_text.name");
    QTest::keyClicks(name, "a");
    QTest::keyClick(name, Qt::Key_Backspace);
    EXPECT_TRUE(name_problem->isVisible());
    EXPECT_FALSE(path_problem->isVisible());
    QTest::keyClicks(name, "mine");
    dialog->set_path(OwnTextDialog::path, "/a/b.txt");
    EXPECT_TRUE(add->isEnabled());
    QSignalSpy wanted(dialog, &OwnTextDialog::add_wanted);
    QTest::keyClick(name, Qt::Key_Return);
    EXPECT_EQ(wanted.size(), 1);
    dialog->show_work("checking b.txt", 0.5);
    EXPECT_FALSE(name->isEnabled());
    QSignalSpy cancelled(dialog, &OwnTextDialog::cancel_wanted);
    QTest::mouseClick(dialog->findChild<QPushButton*>("own_text.cancel"), Qt::LeftButton);
    EXPECT_EQ(cancelled.size(), 1);
    EXPECT_TRUE(dialog->isVisible());
    dialog->show_failure(OwnTextDialog::path, "It is empty.");
    EXPECT_TRUE(name->isEnabled());
    EXPECT_EQ(path_problem->text(), "It is empty.");
    EXPECT_TRUE(path_problem->isVisible());
    delete dialog;
}

}  // namespace
}  // namespace wavlab
