// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/samples.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "app/gui/features/checkpoints.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/dock_desk.h"
#include "views/quantity_text.h"
#include "views/runs_model.h"
#include "views/samples_panel.h"

namespace wavlab {

namespace {

constexpr int poll_milliseconds = 40;

const Registration<WindowFeatureDescriptor> registration{
    {"samples", 40, [](MainWindow& window) -> WindowFeature* { return new SamplesFeature(window); }}};

}  // namespace

struct SamplesFeature::Generation {
    std::stop_source stop;
    std::mutex mutex;
    std::string bytes;        ///< of the text after the prompt, not shown yet
    std::int64_t tokens = 0;  ///< drawn so far
    std::size_t prompt_left;  ///< bytes of the prompt that the model side still repeats
    bool over = false;
    std::string problem;
};

SamplesFeature::SamplesFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    poll_timer_.setInterval(poll_milliseconds);
    connect(&poll_timer_, &QTimer::timeout, this, &SamplesFeature::poll);
}

SamplesFeature::~SamplesFeature() { stop(); }

void SamplesFeature::add_actions() {
    window_.actions().add({"samples.generate", tr("&Generate text…"),
                           tr("Draws a text from a checkpoint at a prompt of your own, with temperature and top-k."),
                           "text", QKeySequence(Qt::CTRL | Qt::Key_G), tr("&Checkpoints"), false, false},
                          [this] { open_dialog({}); });
}

void SamplesFeature::add_views() {
    panel_ =
        new SamplesPanel(window_.time_cursor(), window_.actions().action(QStringLiteral("samples.generate")), &window_);
    window_.desk().add(QStringLiteral("samples"), tr("Samples"),
                       tr("Texts that a run drew at its prompts while it trained, at the shown step."), panel_,
                       DockPlace::bottom_left);
    connect(&window_, &MainWindow::runs_shown, panel_, &SamplesPanel::set_runs);
    connect(&window_, &MainWindow::record_changed, panel_, &SamplesPanel::note);
    const auto hint = [this] {
        const QString keys =
            window_.actions().action(QStringLiteral("run.start")).shortcut().toString(QKeySequence::NativeText);
        panel_->set_hint(window_.runs_model().rowCount() == 0
                             ? tr("Press Start (%1) to train the first.").arg(keys)
                             : tr("Press Start (%1), or select a run in the list.").arg(keys));
    };
    connect(&window_.runs_model(), &QAbstractItemModel::rowsInserted, panel_, hint);
    connect(&window_.runs_model(), &QAbstractItemModel::rowsRemoved, panel_, hint);
    hint();
}

void SamplesFeature::refresh_actions() {
    const std::filesystem::path folder = window_.focus();
    const RunsModel::Row* row = folder.empty() ? nullptr : window_.runs_model().find(folder);
    QString obstacle;
    if (!window_.session().library())
        obstacle = tr("The model part of the program is being loaded.");
    else if (!row)
        obstacle = tr("Select a run in the list first.");
    else if (!row->summary.has_checkpoint || list_checkpoints(RunFolder{folder}).empty())
        obstacle = tr("This run has no checkpoint yet.");
    window_.actions().set_obstacle(QStringLiteral("samples.generate"), obstacle);
    if (!dialog_ || !dialog_->isVisible()) return;
    dialog_->set_notice(window_.session().is_running()
                            ? tr("A run is going. Generating changes nothing of it, but both are slower meanwhile.")
                            : QString());
}

void SamplesFeature::open_dialog(const std::filesystem::path& model) {
    if (!dialog_) {
        dialog_ = new GenerateDialog(&window_);
        connect(dialog_, &GenerateDialog::start_wanted, this, &SamplesFeature::start);
        connect(dialog_, &GenerateDialog::stop_wanted, this, &SamplesFeature::stop);
        connect(dialog_, &GenerateDialog::file_wanted, this, &SamplesFeature::choose_file);
    }
    std::filesystem::path wanted = model;
    if (const auto* checkpoints = window_.feature<CheckpointsFeature>(); wanted.empty() && checkpoints)
        wanted = checkpoints->selected_or_last_model();
    if (!dialog_->is_running()) offer_checkpoints(wanted);
    dialog_->show();
    dialog_->raise();
    dialog_->activateWindow();
    dialog_->focus_prompt();
    refresh_actions();
}

void SamplesFeature::offer_checkpoints(const std::filesystem::path& wanted) {
    QList<GenerateSource> sources;
    std::set<std::filesystem::path> known;
    const auto offer = [&](const QString& title, const std::filesystem::path& model) {
        if (known.insert(model).second) sources.append({title, model});
    };
    const auto offer_run = [&](const std::filesystem::path& folder) {
        const std::vector<CheckpointFolder> checkpoints = list_checkpoints(RunFolder{folder});
        for (auto saved = checkpoints.rbegin(); saved != checkpoints.rend(); ++saved)
            offer(tr("%1, step %2").arg(to_qstring(folder.filename()), count_text(double(saved->step))),
                  saved->model());
    };
    const std::filesystem::path focus = window_.focus();
    if (!focus.empty()) offer_run(focus);
    for (const RunsModel::Row& row : window_.runs_model().rows())
        if (row.drawn && row.summary.folder != focus) offer_run(row.summary.folder);
    for (const std::filesystem::path& file : files_) offer(to_qstring(file), file);
    if (!wanted.empty()) offer(to_qstring(wanted), wanted);
    dialog_->set_sources(sources, wanted);
}

void SamplesFeature::choose_file() {
    const FileChoice choice{QStringLiteral("checkpoint"), QStringLiteral("model"), tr("Choose a model"),
                            tr("safetensors (*.safetensors);;All files (*)")};
    wavlab::choose_file(window_, dialog_, choice, [this](const std::filesystem::path& file) {
        files_.push_back(file);
        offer_checkpoints(files_.back());
    });
}

void SamplesFeature::start(const GenerateSettings& settings) {
    ModelLibrary* library = window_.session().library();
    if (!library || generation_) return;
    SampleRequest request;
    request.checkpoint = settings.model;
    request.prompt = settings.prompt.toStdString();
    request.tokens = settings.tokens;
    request.seed = settings.seed;
    request.temperature = settings.temperature;
    request.top_k = settings.top_k;
    const auto generation = std::make_shared<Generation>();
    generation->prompt_left = request.prompt.size();
    request.stop = generation->stop.get_token();
    generation_ = generation;
    dialog_->begin();
    worker_.submit([library, request = std::move(request), generation](std::stop_token thread_stop) {
        const std::stop_callback leave(thread_stop, [&] { generation->stop.request_stop(); });
        const auto on_text = [&](const std::string& piece) {
            const std::lock_guard lock(generation->mutex);
            // What comes first is the prompt itself, not drawn.
            const std::size_t repeated = std::min(generation->prompt_left, piece.size());
            generation->prompt_left -= repeated;
            generation->bytes += piece.substr(repeated);
            if (piece.size() > repeated) ++generation->tokens;
        };
        std::string problem;
        try {
            library->sample(request, on_text);
        } catch (const std::exception& error) {
            problem = error.what();
        }
        const std::lock_guard lock(generation->mutex);
        generation->problem = std::move(problem);
        generation->over = true;
    });
    poll_timer_.start();
}

void SamplesFeature::stop() {
    if (generation_) generation_->stop.request_stop();
}

void SamplesFeature::poll() {
    if (!generation_) {
        poll_timer_.stop();
        return;
    }
    std::string bytes;
    std::string problem;
    std::int64_t tokens = 0;
    bool over = false;
    {
        const std::lock_guard lock(generation_->mutex);
        bytes.swap(generation_->bytes);
        tokens = generation_->tokens;
        over = generation_->over;
        problem = generation_->problem;
    }
    if (!bytes.empty()) dialog_->append(QByteArray::fromStdString(bytes), tokens);
    if (!over) return;
    poll_timer_.stop();
    const bool stopped = generation_->stop.stop_requested();
    generation_.reset();
    if (problem.empty()) {
        dialog_->finish(stopped);
        return;
    }
    dialog_->fail(QString::fromStdString(problem), problem.starts_with("the prompt"));
}

}  // namespace wavlab
