// SPDX-License-Identifier: GPL-3.0-or-later
// What the actions of the data manager do.
#include <algorithm>
#include <utility>

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QFileInfo>

#include "app/gui/dataset_previews.h"
#include "app/gui/features/datasets.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "core/error.h"
#include "datasets/token_cache.h"
#include "views/action_registry.h"
#include "views/dataset_preview.h"
#include "views/datasets_dialog.h"
#include "views/datasets_model.h"
#include "views/experiment_form.h"
#include "views/option_editor.h"
#include "views/quantity_text.h"
#include "views/question.h"

namespace wavlab {

namespace {

/// "\n" and "\t" as they are typed.
QString without_escapes(const QString& typed) {
    QString text;
    for (qsizetype i = 0; i < typed.size(); ++i) {
        const QChar next = typed[i] == QLatin1Char('\\') && i + 1 < typed.size() ? typed[i + 1] : QChar();
        const bool known = next == QLatin1Char('n') || next == QLatin1Char('t') || next == QLatin1Char('\\');
        if (!known)
            text += typed[i];
        else
            text += next == QLatin1Char('n') ? QLatin1Char('\n') : next == QLatin1Char('t') ? QLatin1Char('\t') : next;
        if (known) ++i;
    }
    return text;
}

bool holds_lines(const QString& path) {
    QString name = path.toLower();
    for (const char* packed : {".gz", ".zst", ".xz", ".bz2"})
        if (name.endsWith(QLatin1String(packed))) name.chop(qsizetype(std::char_traits<char>::length(packed)));
    return name.endsWith(QLatin1String(".jsonl")) || name.endsWith(QLatin1String(".ndjson"));
}

/// A relative path is one of the working folder; "~" is the user's own.
std::filesystem::path typed_path(const QString& text) {
    if (text.startsWith(QLatin1String("~/"))) return to_path(QDir::homePath() + text.mid(1));
    return to_path(text);
}

}  // namespace

void DatasetsFeature::download() {
    const DatasetRow* row = chosen();
    if (!row) return;
    const QString id = row->id;
    forget_problem(id);
    if (row->licence_accepted) {
        start_download(id);
        return;
    }
    QString text = row->title + QStringLiteral("\n\n") + tr("Licence: %1").arg(row->licence);
    if (!row->licence_address.isEmpty()) text += QLatin1Char('\n') + row->licence_address;
    if (!row->citation.isEmpty()) text += QStringLiteral("\n\n") + tr("Cited as: %1").arg(row->citation);
    if (row->download_bytes > 0)
        text +=
            QStringLiteral("\n\n") +
            tr("%1 are downloaded to %2.").arg(bytes_text(double(row->download_bytes)), QFileInfo(row->folder).path());
    const auto agree = [this, id] {
        const QString problem = failure_of([&] { DataLibrary().accept_licence(id.toStdString()); });
        if (problem.isEmpty())
            start_download(id);
        else
            report(id, problem);
    };
    ask(dialog_, QStringLiteral("licence_question"), tr("Licence"), text,
        {{tr("Agree and download"), agree, false, true}});
}

void DatasetsFeature::start_download(const QString& id) {
    works_.start(id, DatasetTask::download,
                 [id](DataLibrary& library, const ProgressCallback& progress, const std::stop_token& stop,
                      QString& information) {
                     const DataOutcome outcome = library.install(id.toStdString(), progress, stop);
                     information = tr("%1 is on this machine now.").arg(id);
                     return outcome;
                 });
}

void DatasetsFeature::pause() {
    if (const DatasetRow* row = chosen()) works_.stop(row->id, false);
}

void DatasetsFeature::cancel() {
    const DatasetRow* row = chosen();
    if (!row) return;
    const QString id = row->id;
    const std::optional<DatasetTask> task = works_.task(id);
    if (task && *task != DatasetTask::download) {
        works_.stop(id, false);
        return;
    }
    const auto discard = [this, id] {
        if (works_.task(id) == DatasetTask::download) {
            works_.stop(id, true);
            return;
        }
        works_.start(id, DatasetTask::discard,
                     [id](DataLibrary& library, const ProgressCallback&, const std::stop_token&, QString&) {
                         library.discard_partial(id.toStdString());
                         return DataOutcome::done;
                     });
    };
    ask(dialog_, QStringLiteral("cancel_download_question"), tr("Cancel the download"),
        tr("Throw away what is here of %1? Pause keeps it instead.").arg(row->title),
        {{tr("Throw away"), discard, true}});
}

void DatasetsFeature::verify() {
    const DatasetRow* row = chosen();
    if (!row) return;
    const QString id = row->id;
    forget_problem(id);
    works_.start(id, DatasetTask::verify,
                 [id](DataLibrary& library, const ProgressCallback& progress, const std::stop_token& stop,
                      QString& information) {
                     std::string problem;
                     const DataOutcome outcome = library.verify(id.toStdString(), problem, progress, stop);
                     if (!problem.empty()) throw InputError(problem);
                     information = tr("%1: all checksums are right.").arg(id);
                     return outcome;
                 });
}

void DatasetsFeature::ask_delete() {
    const DatasetRow* row = chosen();
    if (!row) return;
    const QString id = row->id;
    const QString afterwards = row->added_by_hand ? tr("The files that it was made of stay where they are.")
                                                  : tr("It can be downloaded again.");
    const auto remove = [this, id] {
        forget_problem(id);
        works_.start(id, DatasetTask::remove,
                     [id](DataLibrary& library, const ProgressCallback&, const std::stop_token&, QString& information) {
                         library.remove(id.toStdString());
                         information = tr("%1 was deleted.").arg(id);
                         return DataOutcome::done;
                     });
    };
    ask(dialog_, QStringLiteral("delete_dataset_question"), tr("Delete a dataset"),
        tr("Delete %1 (%2) from this machine? %3")
            .arg(row->title, bytes_text(double(row->installed_bytes)), afterwards),
        {{tr("Delete"), remove, true}});
}

void DatasetsFeature::add_files() {
    const DatasetRow* row = chosen();
    if (!row) return;
    const QString id = row->id;
    QStringList files;
    for (const DatasetRow::Source& file : row->sources) {
        QString text = file.bytes ? tr("%1 (%2)").arg(file.name, bytes_text(double(*file.bytes))) : file.name;
        for (const QString& address : file.addresses) text += QLatin1Char('\n') + address;
        files.append(text + tr("\nSHA-256 %1").arg(file.sha256));
    }
    const QString text =
        tr("%1 is made from these files:\n\n%2\n\nGet them on a machine with a connection and choose the file here, or "
           "a folder in which they lie under these names. They are taken if their checksums fit. You can also put them "
           "into %3 and press Download.")
            .arg(row->title, files.join(QStringLiteral("\n\n")), row->partial_folder);
    const auto choose = [this, id](bool folder) {
        FileChoice choice;
        choice.remembered = QStringLiteral("dataset_file");
        choice.title = folder ? tr("Choose a folder with files of %1").arg(id) : tr("Choose a file of %1").arg(id);
        if (folder) choice.mode = QFileDialog::Directory;
        choose_file(window_, dialog_, choice, [this, id](const std::filesystem::path& path) { take_files(id, path); });
    };
    ask(dialog_, QStringLiteral("add_file_question"), tr("Add a file"), text,
        {{tr("Choose a file…"), [choose] { choose(false); }, false, true},
         {tr("Choose a folder…"), [choose] { choose(true); }}});
}

void DatasetsFeature::take_files(const QString& id, const std::filesystem::path& path) {
    forget_problem(id);
    works_.start(
        id, DatasetTask::add_files,
        [id, path](DataLibrary& library, const ProgressCallback& progress, const std::stop_token& stop,
                   QString& information) {
            std::vector<std::string> missing;
            const DataOutcome outcome = library.add_files(id.toStdString(), path, missing, progress, stop);
            QStringList names;
            for (const std::string& name : missing) names.append(QString::fromStdString(name));
            information =
                names.isEmpty()
                    ? tr("%1 is on this machine now.").arg(id)
                    : tr("%1: the file was taken; still missing: %2.").arg(id, names.join(QStringLiteral(", ")));
            return outcome;
        });
}

void DatasetsFeature::add_own_text() {
    open(dialog_ ? dialog_->selected() : QString());
    if (!own_text_) {
        own_text_ = new OwnTextDialog([this](const OwnText& text) { return problems_of(text); }, dialog_);
        connect(own_text_, &OwnTextDialog::add_wanted, this, &DatasetsFeature::import_own_text);
        connect(own_text_, &OwnTextDialog::cancel_wanted, this, [this] { works_.stop(own_text_id_, false); });
        connect(own_text_, &OwnTextDialog::file_wanted, this,
                [this](int field) { choose_own_file(OwnTextDialog::Field(field), false); });
        connect(own_text_, &OwnTextDialog::folder_wanted, this,
                [this](int field) { choose_own_file(OwnTextDialog::Field(field), true); });
    }
    own_text_->show();
    own_text_->raise();
    own_text_->activateWindow();
}

void DatasetsFeature::choose_own_file(OwnTextDialog::Field field, bool folder) {
    FileChoice choice;
    choice.remembered = QStringLiteral("own_text");
    choice.title = folder ? tr("Choose a folder of texts") : tr("Choose a text");
    if (folder) choice.mode = QFileDialog::Directory;
    choose_file(window_, own_text_, choice, [this, field](const std::filesystem::path& path) {
        if (own_text_) own_text_->set_path(field, to_qstring(path));
    });
}

OwnTextDialog::Problems DatasetsFeature::problems_of(const OwnText& text) const {
    OwnTextDialog::Problems problems;
    if (text.name.isEmpty())
        problems[OwnTextDialog::name] = tr("Give it a name.");
    else if (!is_dataset_id(text.name.toStdString()))
        problems[OwnTextDialog::name] =
            tr("Allowed are a-z, 0-9, '-', '_' and '.', beginning with a letter or digit; at most 64.");
    else if (std::any_of(listed_.begin(), listed_.end(), [&](const DatasetRow& row) { return row.id == text.name; }))
        problems[OwnTextDialog::name] = tr("Another dataset has this name.");
    const QFileInfo path(to_qstring(typed_path(text.path)));
    if (text.path.isEmpty())
        problems[OwnTextDialog::path] = tr("Choose a file or a folder.");
    else if (!path.exists())
        problems[OwnTextDialog::path] = tr("There is no such file or folder.");
    const bool is_plain = path.isFile() && !holds_lines(text.path) &&
                          (text.path.endsWith(QLatin1String(".txt")) || text.path.endsWith(QLatin1String(".txt.gz")));
    if (holds_lines(text.path) && text.json_field.isEmpty())
        problems[OwnTextDialog::json_field] = tr("Name the field of the JSON objects that holds the text.");
    else if (is_plain && !text.json_field.isEmpty())
        problems[OwnTextDialog::json_field] = tr("Only files with lines of JSON (.jsonl) have fields.");
    if (!text.validation.isEmpty() && !QFileInfo(to_qstring(typed_path(text.validation))).isFile())
        problems[OwnTextDialog::validation] = tr("There is no such file.");
    return problems;
}

void DatasetsFeature::import_own_text() {
    const OwnText text = own_text_->text();
    LocalImport request;
    request.id = text.name.toStdString();
    request.path = typed_path(text.path);
    if (!text.validation.isEmpty()) request.validation = typed_path(text.validation);
    request.json_field = text.json_field.toStdString();
    request.separator = without_escapes(text.separator).toStdString();
    own_text_id_ = text.name;
    wanted_ = text.name;
    const bool started = works_.start(text.name, DatasetTask::import,
                                      [request, id = text.name](DataLibrary& library, const ProgressCallback& progress,
                                                                const std::stop_token& stop, QString& information) {
                                          const DataOutcome outcome = library.import(request, progress, stop);
                                          information = tr("%1 was added.").arg(id);
                                          return outcome;
                                      });
    if (!started) own_text_->show_failure(OwnTextDialog::name, tr("There is a dataset of this name already."));
}

OwnTextDialog::Field DatasetsFeature::field_of(const QString& problem, const OwnText& text) const {
    if (!text.validation.isEmpty() && problem.contains(text.validation)) return OwnTextDialog::validation;
    if (!text.json_field.isEmpty() && problem.contains(QLatin1String("field"))) return OwnTextDialog::json_field;
    if (problem.contains(QLatin1String("--field"))) return OwnTextDialog::json_field;
    if (problem.contains(QLatin1String("name of a dataset"))) return OwnTextDialog::name;
    return OwnTextDialog::path;
}

void DatasetsFeature::end_own_text(const DatasetResult& result) {
    own_text_id_.clear();
    if (result.outcome == DataOutcome::stopped) {
        own_text_->show_stopped();
    } else if (!result.problem.isEmpty()) {
        own_text_->show_failure(field_of(result.problem, own_text_->text()), result.problem);
    } else {
        wanted_ = result.id;
        own_text_->show_stopped();
        own_text_->accept();
    }
}

void DatasetsFeature::use() {
    const DatasetRow* row = chosen();
    if (!row || !window_.form()) return;
    const QString key = row->is_tokenizer ? QStringLiteral("data.tokenizer") : QStringLiteral("data.dataset");
    OptionEditor* editor = window_.form()->editor(key);
    const QString id = row->id;
    editor->set_value(id.toStdString());
    window_.form()->show_field(key);
    window_.show_information(row->is_tokenizer ? tr("The next run uses the tokenizer %1.").arg(id)
                                               : tr("The next run trains on %1.").arg(id));
    const bool words = id.startsWith(QLatin1String("openwebtext"));
    if (words && window_.form()->experiment().data.tokenizer != "gpt2-bpe") suggest_tokenizer();
}

void DatasetsFeature::suggest_tokenizer() {
    const auto choose = [this] {
        if (window_.form())
            window_.form()->editor(QStringLiteral("data.tokenizer"))->set_value(std::string("gpt2-bpe"));
    };
    const DatasetRow* files = model_->find(QStringLiteral("gpt2-bpe"));
    QString text = tr("OpenWebText is usually read with GPT-2's tokenizer, gpt2-bpe. Use it too?");
    if (files && !files->is_here())
        text += QLatin1Char(' ') + tr("Its files are the dataset gpt2-bpe, which has to be downloaded first.");
    ask(dialog_, QStringLiteral("tokenizer_question"), tr("Tokenizer"), text,
        {{tr("Use gpt2-bpe"), choose, false, true}});
}

void DatasetsFeature::clear_tokens() {
    list_worker_.submit([this](std::stop_token) {
        const QString problem = failure_of([] { clear_token_cache(default_cache_folder()); });
        post(this, [this, problem] {
            if (!problem.isEmpty()) report(QString(), problem);
            if (previews_) previews_->forget();
            refresh();
        });
    });
}

void DatasetsFeature::copy_citation() {
    const DatasetRow* row = chosen();
    if (!row) return;
    QApplication::clipboard()->setText(row->citation);
    window_.show_information(tr("Copied: %1").arg(row->citation));
}

void DatasetsFeature::open_preview() {
    if (!dialog_) return;
    dialog_->show_preview();
    dialog_->preview().setFocus();
}

}  // namespace wavlab
