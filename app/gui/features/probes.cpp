// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/probes.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include <QClipboard>
#include <QDockWidget>
#include <QGuiApplication>

#include "app/gui/features/checkpoints.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "core/probe_files.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/dock_desk.h"
#include "views/plot_pane.h"
#include "views/probe_dialog.h"
#include "views/probe_panel.h"
#include "views/probe_table_model.h"
#include "views/quantity_text.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

constexpr int poll_milliseconds = 60;

const Registration<WindowFeatureDescriptor> registration{
    {"probes", 41, [](MainWindow& window) -> WindowFeature* { return new ProbesFeature(window); }}};

}  // namespace

struct ProbesFeature::Probing {
    std::filesystem::path run;
    QString title;  ///< "step 300 of wav-12"
    ProbeRequest request;
    std::stop_source stop;
    std::atomic<std::int64_t> done{0};
    std::atomic<std::int64_t> total{0};
    std::mutex mutex;  ///< of what follows
    bool over = false;
    bool cancelled = false;
    bool kept = false;
    std::string problem;
};

ProbesFeature::ProbesFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    poll_timer_.setInterval(poll_milliseconds);
    connect(&poll_timer_, &QTimer::timeout, this, &ProbesFeature::poll);
}

ProbesFeature::~ProbesFeature() { cancel(); }

void ProbesFeature::add_actions() {
    ActionRegistry& actions = window_.actions();
    actions.add({"probes.probe",
                 tr("P&robe the routing…"),
                 tr("Takes sources away from the routers of a checkpoint and measures what the loss does."),
                 {},
                 QKeySequence(),
                 tr("&Checkpoints"),
                 true,
                 false},
                [this] { open_dialog(); });
    actions.add({"probes.copy", tr("Copy the probe &table"),
                 tr("Copies the selected rows of the probe's table, or all of them, as text with tabs."), "copy",
                 QKeySequence(), tr("&Checkpoints"), false, false},
                [this] { copy(); });
}

void ProbesFeature::add_views() {
    panel_ = new ProbePanel(window_.time_cursor(), window_.actions(),
                            {QStringLiteral("probes.probe"), QStringLiteral("probes.copy")},
                            QStringLiteral("probes.copy"), &window_);
    window_.desk().add(QStringLiteral("probe_table"), tr("Probe table"),
                       tr("The numbers of the selected run's probe: weight, contribution, change of the loss and its "
                          "estimate for every source at every router."),
                       panel_, DockPlace::bottom_right);
    connect(panel_, &ProbePanel::cancel_wanted, this, &ProbesFeature::cancel);
    connect(panel_, &ProbePanel::shown_probe_changed, this, [this] { refresh_actions(); });
    connect(&window_, &MainWindow::runs_shown, panel_, &ProbePanel::set_runs);
    connect(&window_, &MainWindow::record_changed, panel_, &ProbePanel::note);
    // The command wavlab probe may have kept one while another window was used.
    connect(qGuiApp, &QGuiApplication::applicationStateChanged, this, [this](Qt::ApplicationState state) {
        const std::shared_ptr<RunRecord> record = focused_record();
        if (state == Qt::ApplicationActive && record) tell(*record);
    });
}

std::shared_ptr<RunRecord> ProbesFeature::focused_record() const {
    const std::filesystem::path folder = window_.focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : window_.runs_model().find(folder);
    return row ? row->record : nullptr;
}

QString ProbesFeature::obstacle() const {
    if (window_.focus().empty()) return tr("Select a run in the list first.");
    const std::shared_ptr<RunRecord> record = focused_record();
    if (!record) return tr("The run is being opened.");
    if (record->description().routing.empty())
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(QString::fromStdString(record->name()), QString::fromStdString(record->experiment().model.method));
    if (list_checkpoints(RunFolder{record->folder()}).empty()) return tr("This run has no checkpoint yet.");
    if (!window_.session().library()) return tr("The model part of the program is being loaded.");
    if (probing_) return tr("A probe is being made. Wait for it, or cancel it.");
    return {};
}

void ProbesFeature::refresh_actions() {
    if (!panel_) return;
    window_.actions().set_obstacle(QStringLiteral("probes.probe"), obstacle());
    window_.actions().set_obstacle(QStringLiteral("probes.copy"),
                                   panel_->model().rowCount() == 0 ? tr("There is no probe in the table.") : QString());
}

void ProbesFeature::open_dialog() {
    const std::shared_ptr<RunRecord> record = focused_record();
    if (!record || !obstacle().isEmpty()) return;
    const std::filesystem::path run = record->folder();
    const Experiment& experiment = record->experiment();
    ProbedRun probed;
    probed.name = QString::fromStdString(record->name());
    probed.layout = record->description().routing;
    probed.bands = ProbeRequest().bands;
    probed.usual_windows = experiment.train.eval_windows;
    probed.context = std::max<std::int64_t>(1, experiment.model.context);
    probed.batch = experiment.train.batch;
    QList<ProbedCheckpoint> checkpoints;
    const std::vector<CheckpointFolder> saved = list_checkpoints(RunFolder{run});
    for (auto one = saved.rbegin(); one != saved.rend(); ++one)
        checkpoints.append({tr("step %1").arg(count_text(double(one->step))), one->model()});
    if (checkpoints.isEmpty()) return;
    std::filesystem::path wanted = checkpoints.front().model;
    if (const auto* feature = window_.feature<CheckpointsFeature>()) wanted = feature->selected_or_last_model();
    auto* dialog = new ProbeDialog(probed, checkpoints, wanted, &window_);
    if (window_.session().is_running())
        dialog->set_notice(tr("A run is going. Probing changes nothing of it, but both are slower meanwhile."));
    connect(dialog, &ProbeDialog::file_wanted, this, [this, dialog] {
        const FileChoice choice{QStringLiteral("text"), QStringLiteral("probe"), tr("Choose a text file"),
                                tr("Text (*.txt);;All files (*)")};
        choose_file(window_, dialog, choice,
                    [dialog](const std::filesystem::path& file) { dialog->set_file(to_qstring(file)); });
    });
    connect(dialog, &QDialog::accepted, this, [this, dialog, run] { start(run, dialog->choice()); });
    dialog->open();
}

void ProbesFeature::start(const std::filesystem::path& run, const ProbeChoice& choice) {
    ModelLibrary* library = window_.session().library();
    if (!library || probing_) return;
    const auto probing = std::make_shared<Probing>();
    probing->run = run;
    probing->title = tr("%1 of %2").arg(to_qstring(choice.model.parent_path().filename()), to_qstring(run.filename()));
    for (const CheckpointFolder& saved : list_checkpoints(RunFolder{run}))
        if (saved.model() == choice.model)
            probing->title = tr("step %1 of %2").arg(count_text(double(saved.step)), to_qstring(run.filename()));
    ProbeRequest& request = probing->request;
    request.checkpoint = choice.model;
    request.text = choice.text;
    request.base_folder = run;
    request.windows = choice.windows;
    request.cells = choice.cells;
    request.stop = probing->stop.get_token();
    // Not the shared pointer: the request would keep itself alive.
    request.on_progress = [told = probing.get()](std::int64_t done, std::int64_t total) {
        told->total = total;
        told->done = done;
    };
    probing_ = probing;
    worker_.submit([library, probing](std::stop_token thread_stop) {
        const std::stop_callback leave(thread_stop, [&] { probing->stop.request_stop(); });
        std::string problem;
        bool cancelled = false, kept = false;
        try {
            const ProbeResult result = library->probe(probing->request);
            cancelled = result.cancelled || probing->stop.stop_requested();
            // The run may be deleted meanwhile.
            if (!cancelled && is_run_folder(probing->run)) {
                keep_probe(RunFolder{probing->run}, result);
                kept = true;
            }
        } catch (const std::exception& error) {
            problem = error.what();
        }
        const std::lock_guard lock(probing->mutex);
        probing->cancelled = cancelled;
        probing->kept = kept;
        probing->problem = std::move(problem);
        probing->over = true;
    });
    QDockWidget* dock = window_.desk().dock(QStringLiteral("probe_table"));
    if (!window_.desk().maximised()) {
        dock->show();
        dock->raise();
    }
    poll_timer_.start();
    poll();
    window_.refresh_actions();
}

void ProbesFeature::poll() {
    if (!probing_) {
        poll_timer_.stop();
        return;
    }
    bool over = false, cancelled = false, kept = false;
    QString problem;
    {
        const std::lock_guard lock(probing_->mutex);
        over = probing_->over;
        cancelled = probing_->cancelled;
        kept = probing_->kept;
        problem = QString::fromStdString(probing_->problem);
    }
    if (!over) {
        const std::int64_t done = probing_->done, total = probing_->total;
        const QString text = total > 0 ? tr("Probing %1: %2 of %3 forward passes")
                                             .arg(probing_->title, count_text(double(done)), count_text(double(total)))
                                       : tr("Probing %1: reading").arg(probing_->title);
        panel_->show_progress(text, done, total);
        return;
    }
    const std::shared_ptr<Probing> ended = std::exchange(probing_, nullptr);
    poll_timer_.stop();
    panel_->hide_progress();
    window_.refresh_actions();
    if (!problem.isEmpty())
        window_.show_problem(tr("Probing %1: %2").arg(ended->title, problem));
    else if (cancelled)
        window_.show_information(tr("The probe of %1 was cancelled; nothing of it is kept.").arg(ended->title));
    else if (!kept)
        window_.show_problem(
            tr("Probing %1: the run's folder is no longer there, so nothing of the probe is kept.").arg(ended->title));
    else
        show_kept(ended->run);
}

void ProbesFeature::cancel() {
    if (probing_) probing_->stop.request_stop();
}

void ProbesFeature::tell(const RunRecord& record) {
    RecordChanges changes;
    changes.probes = true;
    panel_->note(record, changes);
    for (PlotPane* pane : window_.panes()) {
        pane->note(record, changes);
        pane->flush();
    }
}

void ProbesFeature::show_kept(const std::filesystem::path& run) {
    const RunsModel::Row* row = window_.runs_model().find(run);
    if (!row || !row->record) return;
    tell(*row->record);
    window_.show_information(tr("The probe is kept in '%1' and shown under Probes.").arg(to_qstring(run.filename())));
    if (window_.focus() != run || window_.desk().maximised()) return;
    QDockWidget* dock = window_.desk().dock(QStringLiteral("probe"));
    dock->show();
    dock->raise();
}

void ProbesFeature::copy() {
    QGuiApplication::clipboard()->setText(panel_->text());
    window_.show_information(tr("Copied the probe's table."));
}

}  // namespace wavlab
