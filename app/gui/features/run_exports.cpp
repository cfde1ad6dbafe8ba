// SPDX-License-Identifier: GPL-3.0-or-later
// What the selected run has recorded as files for other programs, written beside the window.
#include <functional>
#include <memory>
#include <utility>

#include "app/gui/background_worker.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "app/run_export.h"
#include "core/routing_export.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/tensorboard_log.h"
#include "views/action_registry.h"
#include "views/message_bar.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

class RunExportsFeature : public WindowFeature {
public:
    explicit RunExportsFeature(MainWindow& window);

    void add_actions() override;
    void refresh_actions() override;

private:
    /// What a bundle being written is called, and how it is stopped.
    struct Bundle {
        QString going;
        std::stop_source stop;
    };
    /// Writes something and gives what to say of it.
    using Work = std::function<QString(std::stop_token stop)>;

    void export_numbers();
    void export_frames();
    void export_events();
    void export_all();
    /// `over` is called in the window's thread, before what there is to say is said.
    void start(
        Work work, std::function<void()> over = [] {});
    QString no_run() const;
    QString no_frames() const;
    QString no_bundle() const;
    QString proposed(const char* ending) const;
    static QString wrote(const fs::path& file) { return MainWindow::tr("Wrote %1.").arg(to_qstring(file)); }

    MainWindow& window_;
    std::shared_ptr<Bundle> bundle_;  ///< null: none is being written
    BackgroundWorker worker_;         ///< last: its tasks use the others
};

RunExportsFeature::RunExportsFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    // The first frame of a run makes an export possible.
    connect(&window, &MainWindow::record_changed, this, [this](const RunRecord& record, const RecordChanges& changes) {
        if (changes.routing && record.frame_steps(FrameKind::routing).size() == 1) refresh_actions();
    });
}

void RunExportsFeature::add_actions() {
    const QString menu = MainWindow::tr("&Export");
    const auto add = [&](const char* id, const QString& text, const QString& help, const char* icon, bool begins_group,
                         std::function<void()> handler) {
        window_.actions().add({QLatin1String(id), text, help, QLatin1String(icon), {}, menu, begins_group, false},
                              std::move(handler));
    };
    add("export.metrics", MainWindow::tr("&Metrics…"),
        MainWindow::tr("Writes all numbers of the selected run as CSV or JSON lines: step, name, value."), "table",
        false, [this] { export_numbers(); });
    add("export.routing", MainWindow::tr("&Routing frames…"),
        MainWindow::tr("Writes every recorded frame of routing, details and depth as arrays for numpy (.npz)."),
        "table", false, [this] { export_frames(); });
    add("export.tensorboard", MainWindow::tr("For Tensor&Board…"),
        MainWindow::tr("Writes numbers, samples and experiment of the selected run as an event file."), "export", false,
        [this] { export_events(); });
    add("export.bundle", MainWindow::tr("B&undle…"),
        MainWindow::tr("Writes all that is needed to repeat the selected run, but its text, as one .zip file, which "
                       "wavlab verify checks."),
        "save", false, [this] { export_all(); });
    add("export.cancel", MainWindow::tr("C&ancel the bundle"),
        MainWindow::tr("Stops writing the bundle; nothing of it is kept."), "stop", false, [this] {
            if (bundle_) bundle_->stop.request_stop();
        });
}

QString RunExportsFeature::no_run() const {
    const fs::path folder = window_.focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : window_.runs_model().find(folder);
    return row ? row->problem : MainWindow::tr("Select a run in the list first.");
}

QString RunExportsFeature::no_frames() const {
    if (QString obstacle = no_run(); !obstacle.isEmpty()) return obstacle;
    const RunsModel::Row* row = window_.runs_model().find(window_.focus());
    if (!row->record) return MainWindow::tr("The run is being opened.");
    if (row->record->description().routing.empty())
        return MainWindow::tr("The run '%1' uses the method %2, which has no routing.")
            .arg(QString::fromStdString(row->record->name()),
                 QString::fromStdString(row->record->experiment().model.method));
    if (row->record->frame_steps(FrameKind::routing).empty())
        return MainWindow::tr("This run has recorded no routing frame.");
    return {};
}

QString RunExportsFeature::no_bundle() const {
    if (QString obstacle = no_run(); !obstacle.isEmpty()) return obstacle;
    if (!window_.runs_model().find(window_.focus())->summary.has_checkpoint)
        return MainWindow::tr("This run has no checkpoint yet.");
    return bundle_ ? MainWindow::tr("A bundle is being written. Wait for it, or cancel it.") : QString();
}

void RunExportsFeature::refresh_actions() {
    ActionRegistry& actions = window_.actions();
    actions.set_obstacle(QStringLiteral("export.metrics"), no_run());
    actions.set_obstacle(QStringLiteral("export.routing"), no_frames());
    actions.set_obstacle(QStringLiteral("export.tensorboard"), no_run());
    actions.set_obstacle(QStringLiteral("export.bundle"), no_bundle());
    actions.set_obstacle(QStringLiteral("export.cancel"),
                         bundle_ ? QString() : MainWindow::tr("No bundle is being written."));
}

QString RunExportsFeature::proposed(const char* ending) const {
    return to_qstring(window_.focus().filename()) + QLatin1String(ending);
}

void RunExportsFeature::start(Work work, std::function<void()> over) {
    worker_.submit([this, work = std::move(work), over = std::move(over)](const std::stop_token& stop) {
        QString said;
        const QString problem = failure_of([&] { said = work(stop); });
        post(this, [this, problem, said, over] {
            over();
            if (!problem.isEmpty())
                window_.show_problem(problem);
            else
                window_.show_information(said);
        });
    });
}

void RunExportsFeature::export_numbers() {
    const FileChoice choice{QStringLiteral("metrics"),
                            {},
                            MainWindow::tr("Export metrics"),
                            MainWindow::tr("CSV (*.csv);;JSON lines (*.jsonl)"),
                            QFileDialog::AnyFile,
                            proposed(".csv")};
    choose_file(window_, &window_, choice, [this, run = RunFolder{window_.focus()}](const fs::path& file) {
        start([run, file](const std::stop_token&) {
            export_metrics(run, file);
            return wrote(file);
        });
    });
}

void RunExportsFeature::export_frames() {
    const FileChoice choice{QStringLiteral("routing"),
                            {},
                            MainWindow::tr("Export routing frames"),
                            MainWindow::tr("Arrays for numpy (*.npz)"),
                            QFileDialog::AnyFile,
                            proposed(".npz")};
    choose_file(window_, &window_, choice, [this, run = RunFolder{window_.focus()}](const fs::path& file) {
        start([run, file](const std::stop_token&) {
            export_routing(run, file);
            return wrote(file);
        });
    });
}

void RunExportsFeature::export_events() {
    const FileChoice choice{QStringLiteral("tensorboard"),
                            {},
                            MainWindow::tr("Export for TensorBoard: the folder that is its --logdir"),
                            {},
                            QFileDialog::Directory};
    choose_file(window_, &window_, choice, [this, run = RunFolder{window_.focus()}](const fs::path& folder) {
        start([run, folder](const std::stop_token&) {
            const fs::path file = export_tensorboard(run, folder);
            return MainWindow::tr("Wrote %1. To see it: tensorboard --logdir %2")
                .arg(to_qstring(file), to_qstring(folder));
        });
    });
}

void RunExportsFeature::export_all() {
    const FileChoice choice{QStringLiteral("bundle"),
                            {},
                            MainWindow::tr("Export a bundle"),
                            MainWindow::tr("Bundles (*.zip)"),
                            QFileDialog::AnyFile,
                            proposed(".zip")};
    choose_file(window_, &window_, choice, [this, run = RunFolder{window_.focus()}](const fs::path& file) {
        const auto bundle = std::make_shared<Bundle>();
        bundle->going = MainWindow::tr("Writing the bundle of %1…").arg(to_qstring(run.path.filename()));
        bundle_ = bundle;
        window_.refresh_actions();
        window_.show_offer(bundle->going, window_.actions().action(QStringLiteral("export.cancel")));
        const auto work = [run, file, bundle](const std::stop_token& thread_stop) {
            const std::stop_callback leave(thread_stop, [&] { bundle->stop.request_stop(); });
            return export_bundle(run, "last", file, bundle->stop.get_token())
                       ? wrote(file)
                       : MainWindow::tr("The bundle was cancelled; nothing of it is kept.");
        };
        start(work, [this, bundle] {
            if (window_.message_bar().text() == bundle->going) window_.hide_message();
            bundle_.reset();
            window_.refresh_actions();
        });
    });
}

const Registration<WindowFeatureDescriptor> registration{
    {"run_exports", 61, [](MainWindow& window) -> WindowFeature* { return new RunExportsFeature(window); }}};

}  // namespace

}  // namespace wavlab
