// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/microscope.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <QDir>
#include <QEvent>
#include <QFileInfo>

#include "app/gui/features/checkpoints.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "core/experiment.h"
#include "core/method.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/checkpoints_model.h"
#include "views/figure_dialog.h"
#include "views/microscope/microscope_canvas.h"
#include "views/microscope/token_map_plot.h"
#include "views/quantity_text.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

const Registration<WindowFeatureDescriptor> registration{
    {"microscope", 45, [](MainWindow& window) -> WindowFeature* { return new MicroscopeFeature(window); }}};

/// The run folder that a model file lies in: RUN/checkpoints/step-00000100/model.safetensors.
std::filesystem::path run_of(const std::filesystem::path& model) {
    return model.parent_path().parent_path().parent_path();
}

bool is_routed(const std::string& method) {
    const MethodDescriptor* known = MethodRegistry::find(method);
    return !known || known->routed();
}

}  // namespace

MicroscopeFeature::MicroscopeFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    window_.installEventFilter(this);
}

MicroscopeFeature::~MicroscopeFeature() {
    if (microscope_) keep_place();
    delete microscope_;
}

void MicroscopeFeature::keep_place() {
    window_settings().setValue(QStringLiteral("microscope/geometry"), microscope_->saveGeometry());
}

bool MicroscopeFeature::eventFilter(QObject* watched, QEvent* event) {
    // Closed; a spontaneous one is the window manager's, of a window that is only put away.
    if (watched == &window_ && event->type() == QEvent::Hide && !event->spontaneous() && microscope_)
        microscope_->close();
    return WindowFeature::eventFilter(watched, event);
}

void MicroscopeFeature::add_actions() {
    window_.actions().add(
        {"microscope.open",
         tr("Routing &microscope…"),
         tr("Shows for every token of a text what each router reads, at a checkpoint, in a window of its own."),
         {},
         QKeySequence(Qt::CTRL | Qt::Key_M),
         tr("&Checkpoints"),
         false,
         false},
        [this] { open({}); });
}

QString MicroscopeFeature::obstacle() const {
    if (!window_.session().library()) return tr("The model part of the program is being loaded.");
    const std::filesystem::path folder = window_.focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : window_.runs_model().find(folder);
    if (!row) return tr("Select a run in the list first.");
    if (!is_routed(row->summary.method))
        return tr("The run '%1' uses the method %2, which has no routing.")
            .arg(QString::fromStdString(row->summary.name), QString::fromStdString(row->summary.method));
    if (!row->summary.has_checkpoint || list_checkpoints(RunFolder{folder}).empty())
        return tr("This run has no checkpoint yet.");
    return {};
}

void MicroscopeFeature::refresh_actions() {
    window_.actions().set_obstacle(QStringLiteral("microscope.open"), obstacle());
}

void MicroscopeFeature::make_window() {
    if (microscope_) return;
    // Without a parent: Qt 6.4 takes a window for one that OpenGL composes when a child window of it is, and crashes
    // as soon as it is shown a second time.
    microscope_ = new MicroscopeWindow(opengl_obstacle());
    shown_.clear();
    const QByteArray geometry = window_settings().value(QStringLiteral("microscope/geometry")).toByteArray();
    if (!geometry.isEmpty()) microscope_->restoreGeometry(geometry);
    connect(microscope_, &MicroscopeWindow::look_wanted, this, &MicroscopeFeature::look);
    connect(microscope_, &MicroscopeWindow::export_wanted, this, &MicroscopeFeature::export_figure);
    // A run that goes saves more.
    if (auto* checkpoints = window_.feature<CheckpointsFeature>()) {
        const auto offer = [this] { offer_checkpoints(microscope_->wish().model); };
        connect(&checkpoints->model(), &QAbstractItemModel::modelReset, microscope_, offer);
        connect(&checkpoints->model(), &QAbstractItemModel::rowsInserted, microscope_, offer);
    }
    connect(microscope_, &MicroscopeWindow::closing, this, [this] {
        keep_place();
        next_.reset();
    });
}

void MicroscopeFeature::open(const std::filesystem::path& model) {
    std::filesystem::path wanted = model;
    if (const auto* checkpoints = window_.feature<CheckpointsFeature>(); wanted.empty() && checkpoints)
        wanted = checkpoints->selected_or_last_model();
    make_window();
    microscope_->show();
    microscope_->raise();
    microscope_->activateWindow();
    offer_checkpoints(wanted);
}

void MicroscopeFeature::offer_checkpoints(const std::filesystem::path& wanted) {
    QList<MicroscopeSource> sources;
    const auto offer_run = [&](const RunsModel::Row& row) {
        if (!is_routed(row.summary.method)) return;
        std::int64_t windows = Experiment().train.eval_windows;
        if (row.record) windows = row.record->experiment().train.eval_windows;
        const std::vector<CheckpointFolder> checkpoints = list_checkpoints(RunFolder{row.summary.folder});
        for (auto saved = checkpoints.rbegin(); saved != checkpoints.rend(); ++saved)
            sources.append(
                {tr("%1, step %2").arg(QString::fromStdString(row.summary.name), count_text(double(saved->step))),
                 saved->model(), windows});
    };
    const std::filesystem::path focus = window_.focus(), own = run_of(wanted);
    if (const RunsModel::Row* row = focus.empty() ? nullptr : window_.runs_model().find(focus)) offer_run(*row);
    for (const RunsModel::Row& row : window_.runs_model().rows())
        if ((row.drawn || row.summary.folder == own) && row.summary.folder != focus) offer_run(row);
    const bool there = std::any_of(sources.begin(), sources.end(),
                                   [&](const MicroscopeSource& source) { return source.model == wanted; });
    if (!there && !wanted.empty()) sources.append({to_qstring(wanted), wanted, Experiment().train.eval_windows});
    microscope_->set_sources(sources, wanted);
}

void MicroscopeFeature::look(const MicroscopeWish& wish) {
    if (!window_.session().library() || wish.model.empty()) return;
    microscope_->begin();
    if (computing_)
        next_ = wish;  // in place of one that waits
    else
        compute(wish);
}

void MicroscopeFeature::compute(const MicroscopeWish& wish) {
    computing_ = true;
    InspectRequest request;
    request.checkpoint = wish.model;
    request.base_folder = run_of(wish.model);
    request.text = wish.text.toStdString();
    request.window = wish.window;
    worker_.submit([this, library = window_.session().library(), request = std::move(request), wish](std::stop_token) {
        std::shared_ptr<const TokenRouting> routing;
        std::string problem;
        try {
            routing = std::make_shared<const TokenRouting>(library->inspect(request));
        } catch (const std::exception& error) {
            problem = error.what();
        }
        post(this, [this, wish, routing, problem] { take(wish, routing, problem); });
    });
}

void MicroscopeFeature::take(const MicroscopeWish& wish, std::shared_ptr<const TokenRouting> routing,
                             const std::string& problem) {
    computing_ = false;
    if (!microscope_) {
        next_.reset();
        return;
    }
    const std::optional<MicroscopeWish> next = std::exchange(next_, std::nullopt);
    if (next && *next != wish) {
        // What was computed is out of date.
        compute(*next);
        return;
    }
    if (routing) {
        shown_ = wish.model;
        microscope_->show_routing(std::move(routing));
    } else {
        microscope_->fail(QString::fromStdString(problem), !wish.text.isEmpty() && problem.starts_with("the text "));
    }
}

void MicroscopeFeature::export_figure() {
    const std::filesystem::path run = run_of(shown_);
    const QString stem = to_qstring(run.filename());
    const QString folder = window_settings().value(QStringLiteral("folders/figure"), QDir::homePath()).toString();
    // The figure says which run and experiment it is of, which may not be open.
    auto record = std::make_shared<RunRecord>(run);
    RunStarted started;
    const RunsModel::Row* row = window_.runs_model().find(run);
    if (row && row->record) started.description = row->record->description();
    record->apply(started);
    const auto write = [this, record](const PlotDescriptor& plot, FigureOptions options,
                                      const std::filesystem::path& file) {
        FigureContent content;
        content.plot = &plot;
        content.runs = {{record, 0, true}};
        const FigureResult result = wavlab::export_figure(content, options, file);
        window_settings().setValue(QStringLiteral("folders/figure"), QFileInfo(to_qstring(file)).path());
        QString said = tr("Wrote %1.").arg(to_qstring(result.file));
        for (const std::string& note : result.notes) said += QLatin1Char(' ') + QString::fromStdString(note);
        if (microscope_) microscope_->say(said);
    };
    (new FigureDialog(token_map_descriptor(microscope_->state()), folder, stem, write, microscope_))->open();
}

}  // namespace wavlab
