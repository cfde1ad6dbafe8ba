// SPDX-License-Identifier: GPL-3.0-or-later
// The list of datasets and what can be done with them.
#include "app/gui/features/datasets.h"

#include <algorithm>
#include <utility>

#include <QTableView>

#include "app/gui/cost_estimator.h"
#include "app/gui/dataset_previews.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "datasets/data_request.h"
#include "views/action_registry.h"
#include "views/datasets_dialog.h"
#include "views/datasets_model.h"
#include "views/experiment_form.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

/// What other processes do with datasets is seen after this time.
constexpr int poll_milliseconds = 3000;

constexpr const char* of_one_dataset[] = {
    "datasets.download", "datasets.pause",  "datasets.resume",   "datasets.cancel", "datasets.use",
    "datasets.preview",  "datasets.verify", "datasets.add_file", "datasets.delete", "datasets.copy_citation"};

const Registration<WindowFeatureDescriptor> registration{
    {"datasets", 20, [](MainWindow& window) -> WindowFeature* { return new DatasetsFeature(window); }}};

}  // namespace

DatasetsFeature::DatasetsFeature(MainWindow& window)
    : WindowFeature(&window), window_(window), model_(new DatasetsModel(this)) {
    poll_timer_.setInterval(poll_milliseconds);
    connect(&poll_timer_, &QTimer::timeout, this, &DatasetsFeature::refresh);
    connect(&works_, &DatasetWorks::progressed, this, &DatasetsFeature::on_progressed);
    connect(&works_, &DatasetWorks::ended, this, &DatasetsFeature::on_ended);
    connect(&window_, &MainWindow::ready, this, &DatasetsFeature::on_form);
}

DatasetsFeature::~DatasetsFeature() {
    if (dialog_) window_settings().setValue(QStringLiteral("datasets_layout"), dialog_->layout_state());
}

void DatasetsFeature::add_action(const QString& id, const QString& text, const QString& help, const QString& icon,
                                 bool begins_group, void (DatasetsFeature::*handler)()) {
    window_.actions().add({id, text, help, icon, {}, tr("&Data"), begins_group, false},
                          [this, handler] { (this->*handler)(); });
}

void DatasetsFeature::add_actions() {
    using Self = DatasetsFeature;
    window_.actions().add(
        {"datasets.show", tr("&Datasets…"), tr("Shows the datasets: get them, look at them, add texts of your own."),
         "table", QKeySequence(Qt::CTRL | Qt::Key_T), tr("&Data"), false, false},
        [this] { open(); });
    add_action(QStringLiteral("datasets.own"), tr("Add my &own text…"),
               tr("Makes a dataset of a file or folder of yours."), QStringLiteral("text"), false, &Self::add_own_text);
    add_action(QStringLiteral("datasets.download"), tr("Do&wnload…"),
               tr("Gets the chosen dataset, after you have agreed to its licence."), QStringLiteral("down"), true,
               &Self::download);
    add_action(QStringLiteral("datasets.pause"), tr("&Pause the download"),
               tr("Stops the download of the chosen dataset; what is here is kept."), QStringLiteral("pause"), false,
               &Self::pause);
    add_action(QStringLiteral("datasets.resume"), tr("&Resume the download"),
               tr("Goes on with the download of the chosen dataset."), QStringLiteral("start"), false, &Self::download);
    add_action(QStringLiteral("datasets.cancel"), tr("&Cancel"),
               tr("Ends what is done with the chosen dataset; what is here of an unfinished one is thrown away."),
               QStringLiteral("stop"), false, &Self::cancel);
    add_action(QStringLiteral("datasets.use"), tr("&Use in the experiment"),
               tr("Lets the next run train on the chosen dataset."), QStringLiteral("settings"), true, &Self::use);
    add_action(QStringLiteral("datasets.preview"), tr("Pre&view"),
               tr("Shows the text of the chosen dataset, its characters and tokens."), QString(), false,
               &Self::open_preview);
    add_action(QStringLiteral("datasets.verify"), tr("Veri&fy"),
               tr("Reads the chosen dataset and compares its checksums."), QString(), false, &Self::verify);
    add_action(
        QStringLiteral("datasets.add_file"), tr("&Add a file…"),
        tr("Without a connection: takes files of the chosen dataset that came from elsewhere, if their checksums "
           "fit."),
        QStringLiteral("folder"), false, &Self::add_files);
    add_action(QStringLiteral("datasets.copy_citation"), tr("Copy c&itation"),
               tr("Copies how the chosen dataset is cited."), QStringLiteral("copy"), false, &Self::copy_citation);
    add_action(QStringLiteral("datasets.delete"), tr("D&elete…"),
               tr("Removes the chosen dataset from this machine; asks first."), QStringLiteral("discard"), true,
               &Self::ask_delete);
    add_action(QStringLiteral("datasets.clear_tokens"), tr("Clear &kept tokens"),
               tr("Deletes the tokens that are kept of large texts; they come back when they are needed."),
               QStringLiteral("clear"), false, &Self::clear_tokens);
}

void DatasetsFeature::on_form() {
    form_known_ = true;
    connect(window_.form(), &ExperimentForm::edited, this, [this] {
        if (!dialog_ || !dialog_->isVisible()) return;
        show_selected();
        if (QString::fromStdString(window_.form()->experiment().data.dataset) != form_dataset_) refresh();
    });
    if (dialog_) refresh();
}

void DatasetsFeature::make_dialog() {
    const QStringList buttons = {
        "datasets.download", "datasets.pause",  "datasets.resume",   "datasets.cancel",        "", "datasets.use",
        "datasets.preview",  "datasets.verify", "datasets.add_file", "datasets.copy_citation", "", "datasets.delete"};
    dialog_ = new DatasetsDialog(*model_, window_.actions(), buttons,
                                 {QStringLiteral("datasets.own"), QStringLiteral("datasets.clear_tokens")},
                                 {QStringLiteral("datasets.use"), QStringLiteral("datasets.delete")}, &window_);
    dialog_->set_layout_state(window_settings().value(QStringLiteral("datasets_layout")).toByteArray());
    previews_ = new DatasetPreviews(dialog_->preview(), this);
    connect(previews_, &DatasetPreviews::tokens_counted, this, &DatasetsFeature::refresh);
    connect(dialog_, &DatasetsDialog::selection_changed, this, [this] {
        show_selected();
        refresh_actions();
    });
    connect(dialog_, &DatasetsDialog::preview_toggled, this, [this] {
        show_selected();
        if (dialog_->isVisible())
            poll_timer_.start();
        else
            poll_timer_.stop();
        refresh_actions();
    });
    connect(dialog_, &DatasetsDialog::problems_closed, this, [this] { problems_.clear(); });
}

void DatasetsFeature::open(const QString& id) {
    if (!dialog_) make_dialog();
    wanted_ = id;
    dialog_->select(id);
    dialog_->show();
    dialog_->raise();
    dialog_->activateWindow();
    dialog_->table().setFocus();
    refresh();
}

bool DatasetsFeature::idle() const {
    return works_.ids().isEmpty() && !listing_ && list_worker_.idle() && (!previews_ || previews_->idle());
}

void DatasetsFeature::refresh() {
    if (listing_) {
        list_again_ = true;
        return;
    }
    listing_ = true;
    const QString dataset = form_known_ ? QString::fromStdString(window_.form()->experiment().data.dataset) : QString();
    list_worker_.submit([this, dataset](std::stop_token) {
        const DatasetListing listing = list_datasets(dataset);
        post(this, [this, listing] {
            listing_ = false;
            show_listing(listing);
            if (std::exchange(list_again_, false)) refresh();
        });
    });
}

void DatasetsFeature::show_listing(const DatasetListing& listing) {
    if (!listing.problem.isEmpty()) {
        report(QString(), listing.problem);
        return;
    }
    listed_ = listing.rows;
    std::vector<DatasetRow> rows = listed_;
    const QStringList working = works_.ids();
    for (DatasetRow& row : rows) {
        row.work = works_.work(row.id);
        if (row.work) row.busy_elsewhere = false;
        const auto damage = damage_.find(row.id);
        if (damage == damage_.end() || row.state != DatasetRow::State::installed) continue;
        row.state = DatasetRow::State::damaged;
        row.problem = damage->second;
    }
    for (const QString& id : working) {
        if (std::any_of(rows.begin(), rows.end(), [&](const DatasetRow& row) { return row.id == id; })) continue;
        DatasetRow row;  // it is being made of the user's own files
        row.id = row.title = id;
        row.added_by_hand = true;
        row.work = works_.work(id);
        rows.push_back(row);
    }
    model_->set_rows(rows);
    offer_what_is_here();
    kept_token_bytes_ = listing.kept_token_bytes;
    if (dialog_) {
        dialog_->set_manifest_problems(listing.manifest_problems);
        if (!wanted_.isEmpty() && model_->find(wanted_)) dialog_->select(std::exchange(wanted_, {}));
    }
    show_selected();
    refresh_actions();
}

void DatasetsFeature::show_selected() {
    if (!dialog_) return;
    if (!dialog_->shows_preview() || !form_known_) {
        previews_->leave();
        return;
    }
    const DatasetRow* row = chosen();
    DataRequest request = data_request(window_.form()->experiment());
    if (row && request.dataset != row->id.toStdString()) {
        request.dataset = row->id.toStdString();
        request.validation.clear();
    }
    previews_->show(row, request);
}

const DatasetRow* DatasetsFeature::chosen() const {
    return dialog_ && dialog_->isVisible() ? model_->find(dialog_->selected()) : nullptr;
}

void DatasetsFeature::refresh_actions() {
    const DatasetRow* row = chosen();
    ActionRegistry& actions = window_.actions();
    for (const char* id : of_one_dataset) actions.set_obstacle(QLatin1String(id), obstacle(QLatin1String(id), row));
    QString no_own;
    if (own_text_ && own_text_->is_working()) no_own = tr("Another text is being added just now.");
    actions.set_obstacle(QStringLiteral("datasets.own"), no_own);
    actions.set_text(QStringLiteral("datasets.clear_tokens"),
                     kept_token_bytes_ > 0 ? tr("Clear &kept tokens (%1)").arg(bytes_text(double(kept_token_bytes_)))
                                           : tr("Clear &kept tokens"),
                     QStringLiteral("clear"),
                     tr("Deletes the tokens that are kept of large texts; they come back when they are needed."));
    actions.set_obstacle(QStringLiteral("datasets.clear_tokens"),
                         !dialog_                 ? tr("Open Datasets first: it says how large they are.")
                         : kept_token_bytes_ == 0 ? tr("No tokens are kept.")
                                                  : QString());
}

QString DatasetsFeature::obstacle(const QString& id, const DatasetRow* row) const {
    using State = DatasetRow::State;
    if (!row)
        return tr("Choose a dataset in Datasets (%1) first.")
            .arg(window_.actions()
                     .action(QStringLiteral("datasets.show"))
                     .shortcut()
                     .toString(QKeySequence::NativeText));
    const QString what = id.mid(id.indexOf(QLatin1Char('.')) + 1);
    if (what == QLatin1String("copy_citation"))
        return row->citation.isEmpty() ? tr("It names no citation.") : QString();
    if (what == QLatin1String("preview")) return row->is_tokenizer ? tr("It holds no text.") : QString();
    const QString not_here = tr("It is not on this machine yet.");
    if (what == QLatin1String("use")) {
        if (!form_known_) return tr("The form is not there yet.");
        if (row->state == State::damaged) return row->problem;
        return row->is_here() ? QString() : not_here + QLatin1Char(' ') + tr("Download it first.");
    }
    if (row->state == State::built_in) return tr("It comes with the experiment: there is nothing to get or delete.");
    if (row->busy_elsewhere) return tr("Another process works on it just now.");
    const bool downloading = row->work && row->work->can_pause;
    if (row->work && row->work->stopping) return tr("It is being stopped.");
    if (what == QLatin1String("pause")) return downloading ? QString() : tr("It is not being downloaded.");
    if (what == QLatin1String("cancel"))
        return row->work || row->state == State::partial ? QString() : tr("Nothing is being done with it.");
    if (row->work) return tr("Something is being done with it: wait, or cancel that.");
    if (what == QLatin1String("verify"))
        return row->state == State::installed || row->state == State::damaged ? QString() : not_here;
    if (what == QLatin1String("delete")) {
        if (row->state == State::partial) return tr("It is not finished: Cancel throws away what is here.");
        return row->state == State::available ? not_here : QString();
    }
    if (row->added_by_hand) return tr("It was made of your own files.");
    if (row->state == State::installed) return tr("It is on this machine already.");
    if (what == QLatin1String("resume"))
        return row->state == State::partial ? QString() : tr("Nothing of it is here yet.");
    if (what == QLatin1String("download") && row->state == State::partial)
        return tr("Part of it is here already: resume the download.");
    return {};
}

void DatasetsFeature::on_progressed(const QString& id) {
    const std::optional<DatasetWork> work = works_.work(id);
    const DatasetRow* before = model_->find(id);
    const bool is_news = !before || !before->work || before->work->stopping != work->stopping;
    model_->set_work(id, work);
    if (own_text_ && own_text_id_ == id)
        own_text_->show_work(dataset_work_text(*work),
                             work->total > 0 ? double(work->done) / double(work->total) : -1.0);
    if (!before) refresh();
    if (is_news) refresh_actions();
}

void DatasetsFeature::on_ended(const DatasetResult& result) {
    model_->set_work(result.id, std::nullopt);
    const bool stopped = result.outcome == DataOutcome::stopped;
    if (result.task != DatasetTask::verify || result.problem.isEmpty()) damage_.erase(result.id);
    if (!result.problem.isEmpty() && result.task == DatasetTask::verify) damage_[result.id] = result.problem;
    if (own_text_ && own_text_id_ == result.id && result.task == DatasetTask::import)
        end_own_text(result);
    else if (!result.problem.isEmpty())
        report(result.id, result.problem);
    if (result.problem.isEmpty() && !result.information.isEmpty() && !stopped) {
        window_.show_information(result.information);
        if (dialog_ && dialog_->isVisible() && problems_.empty()) dialog_->show_information(result.information);
    }
    if (previews_) previews_->forget();
    refresh();
    refresh_actions();
}

void DatasetsFeature::offer_what_is_here() {
    QStringList here;
    for (const DatasetRow& row : listed_)
        if (row.state != DatasetRow::State::built_in)
            here.append(QStringLiteral("%1 %2").arg(row.id, row.installed_at));
    if (!form_known_ || here == offered_) return;
    offered_ = here;
    window_.estimator()->forget_data();
    window_.offer_choices();
}

void DatasetsFeature::report(const QString& id, const QString& problem) {
    problems_[id] = id.isEmpty() ? problem : tr("%1: %2").arg(id, problem);
    show_problems();
    if (!dialog_ || !dialog_->isVisible()) window_.show_problem(problems_[id]);
}

void DatasetsFeature::forget_problem(const QString& id) {
    problems_.erase(id);
    show_problems();
}

void DatasetsFeature::show_problems() {
    if (!dialog_) return;
    QStringList all;
    for (const auto& [id, sentence] : problems_) all.append(sentence);
    dialog_->show_problems(all);
}

}  // namespace wavlab
