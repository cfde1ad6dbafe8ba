// SPDX-License-Identifier: GPL-3.0-or-later
// The data manager in the real window, against a server on loopback.
#include <atomic>
#include <cstdlib>

#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QFileDialog>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTextBrowser>

#include <fmt/format.h>

#include "app/gui/cost_estimator.h"
#include "app/gui/features/datasets.h"
#include "core/run_record.h"
#include "core/sha256.h"
#include "datasets/data_library.h"
#include "tests/app/window_fixture.h"
#include "tests/datasets/hostile_server.h"
#include "views/character_histogram.h"
#include "views/dataset_preview.h"
#include "views/datasets_dialog.h"
#include "views/datasets_model.h"
#include "views/own_text_dialog.h"

namespace wavlab {
namespace {

std::string some_text(std::size_t bytes) {
    std::string text;
    for (int i = 0; text.size() < bytes; ++i) text += fmt::format("Story {}. Once there was a dog.\n\n", i);
    text.resize(bytes);
    return text;
}

class DatasetsWindowTest : public WindowTest {
protected:
    DatasetsWindowTest() {
        for (const char* name : {"data", "cache", "manifests"}) std::filesystem::create_directories(folder / name);
        ::setenv("WAVLAB_DATA", (folder / "data").c_str(), 1);
        ::setenv("WAVLAB_CACHE", (folder / "cache").c_str(), 1);
        ::setenv("WAVLAB_MANIFESTS", (folder / "manifests").c_str(), 1);
        add_manifest("tales", sha256_hex(file.body));
    }
    ~DatasetsWindowTest() override {
        window.reset();
        for (const char* name : {"WAVLAB_DATA", "WAVLAB_CACHE", "WAVLAB_MANIFESTS"}) ::unsetenv(name);
    }

    void add_manifest(const std::string& id, const std::string& sha256) {
        write_text(folder / "manifests" / (id + ".toml"),
                   fmt::format("id = \"{}\"\ntitle = \"Tales\"\nsummary = \"Of dogs.\"\nlicence = \"CC0-1.0\"\n"
                               "licence_address = \"https://example.org/licence\"\ncitation = \"A. Nobody, 2026\"\n"
                               "document_separator = \"\\n\\n\"\n"
                               "[[files]]\naddress = \"{}\"\nname = \"tales.txt\"\nsize = {}\nsha256 = \"{}\"\n"
                               "[splits]\nfractions = [0.9, 0.1]\n",
                               id, server.address("tales.txt"), file.body.size(), sha256));
    }

    void open() {
        open_with_fake();
        show();
    }
    void show() {
        action("datasets.show").trigger();
        ASSERT_TRUE(wait([&] { return feature().idle() && row("tales"); }));
        dialog().select("tales");
        ASSERT_EQ(dialog().selected(), "tales");
    }
    DatasetsFeature& feature() { return *window->feature<DatasetsFeature>(); }
    DatasetsDialog& dialog() { return *feature().dialog(); }
    DatasetPreview& preview() { return dialog().preview(); }
    const DatasetRow* row(const char* id) { return feature().model().find(QLatin1String(id)); }
    bool is(const char* id, DatasetRow::State state) {
        return row(id) && row(id)->state == state && !row(id)->work && feature().idle();
    }
    QString details() { return dialog().findChild<QTextBrowser*>("datasets_details")->toPlainText(); }
    QString message() { return dialog().findChild<MessageBar*>("datasets_message")->text(); }
    QString preview_text(const char* name) {
        return preview().findChild<QLabel*>(QStringLiteral("dataset_preview.") + QLatin1String(name))->text();
    }
    void press_in_dialog(const char* id) {
        auto* button = dialog().findChild<QToolButton*>(QStringLiteral("datasets_button.") + QLatin1String(id));
        ASSERT_TRUE(button && button->isVisible()) << id;
        ASSERT_TRUE(button->isEnabled()) << id << ": " << button->toolTip().toStdString();
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void get() {
        press_in_dialog("datasets.download");
        answer("licence_question", "Agree and download");
        ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::installed); })) << message().toStdString();
    }

    ServedFile file{some_text(400'000)};
    std::atomic<std::int64_t> cut = -1;  ///< bytes after which an answer stands still; -1: none does
    HostileServer server{[this](const HttpRequest& request, HttpConnection& connection) {
        const std::int64_t end = cut;
        file.answer(request, connection, end);
        if (end >= 0) connection.wait_until_closed();
    }};
};

TEST_F(DatasetsWindowTest, ListsWhatThereIsAndSaysWhatCannotBeDone) {
    write_text(folder / "manifests" / "broken.toml", "id = \"broken\"\n");
    open_with_fake();
    EXPECT_FALSE(enabled("datasets.download"));
    EXPECT_TRUE(action("datasets.download").toolTip().contains("Ctrl+T"))
        << action("datasets.download").toolTip().toStdString();
    show();
    for (const char* id : {"toy-stories", "text8", "tinystories", "gpt2-bpe"}) EXPECT_TRUE(row(id)) << id;
    EXPECT_TRUE(row("gpt2-bpe")->is_tokenizer);
    EXPECT_TRUE(
        dialog().findChild<QPlainTextEdit*>("datasets_manifest_problems")->toPlainText().contains("broken.toml"));
    for (const char* part : {"Of dogs.", "CC0-1.0", "https://example.org/licence", "A. Nobody, 2026", "tales.txt",
                             "train: 90 %", "\\n\\n"})
        EXPECT_TRUE(details().contains(part)) << part << " in " << details().toStdString();
    EXPECT_TRUE(details().contains(QString::fromStdString(sha256_hex(file.body))));
    EXPECT_TRUE(enabled("datasets.download"));
    EXPECT_TRUE(enabled("datasets.add_file"));
    for (const char* id : {"datasets.pause", "datasets.resume", "datasets.cancel", "datasets.use", "datasets.verify",
                           "datasets.delete"}) {
        EXPECT_FALSE(enabled(id)) << id;
        EXPECT_GT(action(id).toolTip().size(), 20) << id;
    }
    press_in_dialog("datasets.copy_citation");
    EXPECT_EQ(QApplication::clipboard()->text(), "A. Nobody, 2026");
    dialog().select("toy-stories");
    EXPECT_FALSE(enabled("datasets.download"));
    EXPECT_TRUE(enabled("datasets.use"));
    dialog().close();
    EXPECT_FALSE(enabled("datasets.use"));
}

TEST_F(DatasetsWindowTest, AsksForTheLicenceOnce) {
    open();
    set("data.dataset", std::string("tales"));
    ASSERT_TRUE(wait([&] { return action("run.start").toolTip().contains("not on this machine yet"); }))
        << action("run.start").toolTip().toStdString();
    press_in_dialog("datasets.download");
    auto* box = dialog().findChild<QMessageBox*>("licence_question");
    ASSERT_TRUE(box);
    for (const char* part : {"CC0-1.0", "https://example.org/licence", "400 kB"})
        EXPECT_TRUE(box->text().contains(part)) << part << " in " << box->text().toStdString();
    answer("licence_question", "Cancel");
    EXPECT_TRUE(wait([&] { return feature().idle() && !dialog().findChild<QMessageBox*>("licence_question"); }));
    EXPECT_EQ(server.requests().size(), 0u) << "nothing is asked for before the user agrees";
    get();
    EXPECT_EQ(
        sha256_of_file(DataLibrary().find("tales").installed->part("train")->path),
        sha256_hex(std::string_view(file.body).substr(0, DataLibrary().find("tales").installed->part("train")->bytes)));
    EXPECT_TRUE(wait([&] { return enabled("run.start"); })) << "the form hears of it";
    press_in_dialog("datasets.delete");
    answer("delete_dataset_question", "Delete");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::available); }));
    EXPECT_TRUE(wait([&] { return !enabled("run.start"); }));
    press_in_dialog("datasets.download");
    EXPECT_TRUE(wait([&] { return is("tales", DatasetRow::State::installed); }));
    EXPECT_FALSE(dialog().findChild<QMessageBox*>("licence_question"));
}

TEST_F(DatasetsWindowTest, PausesResumesAndCancelsADownload) {
    open();
    cut = 150'000;
    press_in_dialog("datasets.download");
    answer("licence_question", "Agree and download");
    const auto received = [&] { return row("tales")->work && DataLibrary().find("tales").bytes_here > 0; };
    ASSERT_TRUE(wait(received));
    ASSERT_TRUE(wait([&] { return row("tales")->work->total == 400'000; }));
    EXPECT_EQ(row("tales")->work->phase, "downloading");
    EXPECT_GE(feature()
                  .model()
                  .index(feature().model().row_of("tales"), DatasetsModel::state)
                  .data(DatasetsModel::progress_role)
                  .toInt(),
              0);
    EXPECT_TRUE(dialog().findChild<QLabel*>("datasets_work")->text().contains("tales.txt"));
    EXPECT_FALSE(enabled("datasets.download"));
    EXPECT_FALSE(enabled("datasets.delete"));
    press_in_dialog("datasets.pause");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::partial); }));
    EXPECT_EQ(message(), "") << "a pause is no error";
    EXPECT_GT(row("tales")->bytes_here, 0);
    EXPECT_FALSE(enabled("datasets.pause"));

    press_in_dialog("datasets.resume");
    ASSERT_TRUE(wait([&] { return row("tales")->work && row("tales")->work->done > 0; }));
    press_in_dialog("datasets.cancel");
    answer("cancel_download_question", "Throw away");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::available); }));
    EXPECT_EQ(DataLibrary().find("tales").bytes_here, 0);

    press_in_dialog("datasets.download");
    ASSERT_TRUE(wait(received));
    press_in_dialog("datasets.pause");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::partial); }));
    // What was here is gone on with, also by the next window.
    window.reset();
    cut = -1;
    open();
    EXPECT_EQ(row("tales")->state, DatasetRow::State::partial);
    press_in_dialog("datasets.resume");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::installed); })) << message().toStdString();
    EXPECT_GT(server.requests().back().range_begin().value_or(0), 0);
}

TEST_F(DatasetsWindowTest, ClosingStopsADownloadAndKeepsIt) {
    open();
    cut = 150'000;
    press_in_dialog("datasets.download");
    answer("licence_question", "Agree and download");
    ASSERT_TRUE(wait([&] { return row("tales")->work && DataLibrary().find("tales").bytes_here > 0; }));
    window.reset();
    EXPECT_EQ(DataLibrary().find("tales").state, DatasetState::partial);
    EXPECT_GT(DataLibrary().find("tales").bytes_here, 0);
}

TEST_F(DatasetsWindowTest, SaysThatAChecksumIsWrongUntilItIsDismissed) {
    add_manifest("other-tales", sha256_hex("something else"));
    open();
    dialog().select("other-tales");
    press_in_dialog("datasets.download");
    answer("licence_question", "Agree and download");
    ASSERT_TRUE(wait([&] { return message().contains("other-tales"); }, 60));
    EXPECT_TRUE(message().contains("SHA-256")) << message().toStdString();
    ASSERT_TRUE(wait([&] { return feature().idle(); }));
    EXPECT_NE(row("other-tales")->state, DatasetRow::State::installed);
    dialog().select("tales");
    EXPECT_TRUE(message().contains("other-tales"));
    auto* bar = dialog().findChild<MessageBar*>("datasets_message");
    for (QToolButton* button : bar->findChildren<QToolButton*>())
        if (button->accessibleName() == "Close this message") QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_FALSE(bar->isVisible());
}

TEST_F(DatasetsWindowTest, VerifiesAndSaysWhatIsDamaged) {
    open();
    get();
    press_in_dialog("datasets.verify");
    ASSERT_TRUE(wait([&] { return message().contains("all checksums are right"); }));
    const std::filesystem::path train = DataLibrary().find("tales").installed->part("train")->path;
    std::filesystem::permissions(train, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    std::string text = some_text(std::filesystem::file_size(train));
    text[100] = '#';
    write_text(train, text);
    ASSERT_TRUE(wait([&] { return enabled("datasets.verify"); }));
    press_in_dialog("datasets.verify");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::damaged); }));
    EXPECT_TRUE(message().contains("tales"));
    EXPECT_FALSE(enabled("datasets.use"));
    EXPECT_TRUE(enabled("datasets.delete"));
}

TEST_F(DatasetsWindowTest, TakesAFileWhoseChecksumFits) {
    open();
    write_text(folder / "wrong.txt", "wrong");
    write_text(folder / "right.txt", file.body);
    const auto add = [&](const char* name) {
        press_in_dialog("datasets.add_file");
        const auto* box = dialog().findChild<QMessageBox*>("add_file_question");
        ASSERT_TRUE(box);
        EXPECT_TRUE(box->text().contains(QString::fromStdString(sha256_hex(file.body))));
        EXPECT_TRUE(box->text().contains(".partial/tales"));
        answer("add_file_question", "Choose a file…");
        QFileDialog* chooser = nullptr;
        ASSERT_TRUE(wait([&] { return (chooser = window->findChild<QFileDialog*>("file_dialog.dataset_file")); }));
        emit chooser->fileSelected(to_qstring(folder / name));
        chooser->close();
        ASSERT_TRUE(wait([&] { return feature().idle() && !window->findChild<QFileDialog*>(); }));
    };
    add("wrong.txt");
    EXPECT_TRUE(message().contains("wrong.txt")) << message().toStdString();
    add("right.txt");
    ASSERT_TRUE(wait([&] { return is("tales", DatasetRow::State::installed); })) << message().toStdString();
    EXPECT_EQ(server.requests().size(), 0u);
}

TEST_F(DatasetsWindowTest, AddsAndTrainsOnAnOwnText) {
    write_text(folder / "mine.jsonl", [] {
        std::string lines;
        for (int i = 0; i < 400; ++i) lines += fmt::format("{{\"story\": \"Number {} of my stories.\"}}\n", i);
        return lines;
    }());
    open();
    press_in_dialog("datasets.own");
    OwnTextDialog* form = nullptr;
    ASSERT_TRUE(wait([&] { return (form = window->findChild<OwnTextDialog*>()) && form->isVisible(); }));
    const auto line = [&](const char* name) {
        return form->findChild<QLineEdit*>(QStringLiteral("own_text.") + QLatin1String(name));
    };
    const auto problem = [&](const char* name) {
        return form->findChild<QLabel*>(QStringLiteral("own_text.%1.problem").arg(QLatin1String(name)))->text();
    };
    auto* add = form->findChild<QPushButton*>("own_text.add");
    EXPECT_FALSE(add->isEnabled());
    QTest::keyClicks(line("name"), "tales");
    EXPECT_TRUE(problem("name").contains("has this name"));
    line("name")->selectAll();
    QTest::keyClicks(line("name"), "my-tales");
    EXPECT_EQ(problem("name"), "");
    QTest::keyClicks(line("path"), "/nowhere");
    EXPECT_TRUE(problem("path").contains("no such"));
    form->set_path(OwnTextDialog::path, to_qstring(folder / "mine.jsonl"));
    EXPECT_TRUE(add->toolTip().contains("field"));
    QTest::keyClicks(line("json_field"), "tale");
    EXPECT_TRUE(add->isEnabled());
    QTest::mouseClick(add, Qt::LeftButton);
    // It is only found out on the way that there is no such field.
    ASSERT_TRUE(wait([&] { return !form->is_working() && !problem("json_field").isEmpty(); }))
        << problem("path").toStdString() << problem("name").toStdString();
    line("json_field")->selectAll();
    QTest::keyClicks(line("json_field"), "story");
    QTest::mouseClick(add, Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return is("my-tales", DatasetRow::State::installed); }));
    EXPECT_EQ(dialog().selected(), "my-tales");
    EXPECT_TRUE(wait([&] { return !window->findChild<OwnTextDialog*>(); }));
    EXPECT_FALSE(enabled("datasets.download"));

    press_in_dialog("datasets.use");
    EXPECT_EQ(window->form()->experiment().data.dataset, "my-tales");
    dialog().close();
    set("train.steps", std::int64_t{6});
    ASSERT_TRUE(wait([&] { return enabled("run.start"); })) << action("run.start").toolTip().toStdString();
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value(); }));
    EXPECT_EQ(window->session().record()->experiment().data.dataset, "my-tales");

    show();
    dialog().select("my-tales");
    press_in_dialog("datasets.delete");
    const auto* box = dialog().findChild<QMessageBox*>("delete_dataset_question");
    ASSERT_TRUE(box);
    EXPECT_TRUE(box->text().contains("stay where they are"));
    answer("delete_dataset_question", "Delete");
    ASSERT_TRUE(wait([&] { return !row("my-tales") && feature().idle(); }));
    EXPECT_TRUE(std::filesystem::exists(folder / "mine.jsonl"));
}

TEST_F(DatasetsWindowTest, DownloadsSeveralAtOnceAndSuggestsTheTokenizerOfOpenWebText) {
    add_manifest("openwebtext-tales", sha256_hex(file.body));
    add_manifest("text8", sha256_hex(file.body));
    open();
    dialog().select("text8");
    EXPECT_TRUE(details().contains("replaces the one that comes with the program")) << details().toStdString();
    cut = 150'000;
    for (const char* id : {"tales", "openwebtext-tales"}) {
        dialog().select(id);
        press_in_dialog("datasets.download");
        answer("licence_question", "Agree and download");
        ASSERT_TRUE(wait([&] {
            return DataLibrary().find(id).bytes_here > 0 && !dialog().findChild<QMessageBox*>("licence_question");
        })) << id;
    }
    EXPECT_TRUE(row("tales")->work && row("openwebtext-tales")->work);
    press_in_dialog("datasets.pause");
    ASSERT_TRUE(wait([&] { return !row("openwebtext-tales")->work; }));
    EXPECT_TRUE(row("tales")->work) << "the other goes on";
    cut = -1;
    ASSERT_TRUE(wait([&] { return enabled("datasets.resume"); }));
    press_in_dialog("datasets.resume");
    ASSERT_TRUE(wait(
        [&] { return row("openwebtext-tales")->state == DatasetRow::State::installed && enabled("datasets.use"); }));
    press_in_dialog("datasets.use");
    EXPECT_EQ(window->form()->experiment().data.dataset, "openwebtext-tales");
    answer("tokenizer_question", "Use gpt2-bpe");
    EXPECT_TRUE(wait([&] { return window->form()->experiment().data.tokenizer == "gpt2-bpe"; }));
}

TEST_F(DatasetsWindowTest, PreviewsTextCharactersAndTokens) {
    open();
    dialog().show_preview();
    EXPECT_TRUE(preview_text("notice").contains("not on this machine"));
    get();
    ASSERT_TRUE(wait([&] { return preview_text("facts").contains("characters"); }))
        << preview_text("notice").toStdString();
    auto* text = preview().findChild<QPlainTextEdit*>("dataset_preview.text");
    EXPECT_TRUE(text->toPlainText().startsWith("Story 0. Once there was a dog."));
    EXPECT_TRUE(text->toPlainText().contains("from the middle"));
    EXPECT_TRUE(preview_text("facts").contains("documents")) << preview_text("facts").toStdString();
    EXPECT_GT(preview().histogram().bars(), 5);
    EXPECT_TRUE(preview().histogram().accessibleDescription().contains("space"));
    EXPECT_TRUE(preview_text("tokens").contains("char"));
    EXPECT_TRUE(preview_text("tokens").contains("not counted"));
    QTest::mouseClick(preview().findChild<QPushButton*>("dataset_preview.count_tokens"), Qt::LeftButton);
    ASSERT_TRUE(wait([&] { return preview_text("tokens").contains("to train on"); }))
        << preview_text("tokens").toStdString();
    set("data.tokenizer", std::string("byte"));
    ASSERT_TRUE(wait([&] { return preview_text("tokens").contains("byte"); }));
    EXPECT_TRUE(preview_text("tokens").contains("not counted"));
    auto* part = preview().findChild<QComboBox*>("dataset_preview.part");
    part->setCurrentIndex(part->findData("validation"));
    ASSERT_TRUE(wait(
        [&] { return preview_text("facts").contains("characters") && !text->toPlainText().startsWith("Story 0."); }));
    // What the form trains on.
    dialog().select("toy-stories");
    ASSERT_TRUE(wait([&] { return preview_text("facts").contains("characters") && feature().idle(); }));
    EXPECT_EQ(part->currentData().toString(), "validation") << "the part that was looked at stays";
    // Large enough to be looked at in samples before all of it is counted.
    const std::string large = some_text(3'000'000);
    write_text(folder / "large.txt", large);
    set("data.dataset", "file:" + (folder / "large.txt").string());
    const QString id = QString::fromStdString("file:" + (folder / "large.txt").string());
    ASSERT_TRUE(wait([&] { return feature().model().find(id) != nullptr; }));
    dialog().select(id);
    part->setCurrentIndex(part->findData("train"));
    ASSERT_TRUE(wait([&] { return preview_text("facts").contains("2,700,000 characters"); }))
        << preview_text("facts").toStdString();
    EXPECT_TRUE(preview_text("histogram_note").contains("all characters"));
    EXPECT_TRUE(text->toPlainText().contains("from the middle"));
    dialog().select("gpt2-bpe");
    EXPECT_TRUE(preview_text("notice").contains("tokenizer"));
    // Closing in the midst of it.
    dialog().select("toy-stories");
    window.reset();
}

}  // namespace
}  // namespace wavlab
