// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/run_library.h"

#include <algorithm>
#include <exception>
#include <map>
#include <system_error>
#include <utility>

#include <QCryptographicHash>

#include "app/gui/settings.h"
#include "core/error.h"
#include "core/run_folder.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr int follow_milliseconds = 500;
constexpr int summary_milliseconds = 3000;

/// Run folders directly below `runs`, the newest first.
std::vector<fs::path> list_runs(const fs::path& runs) {
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    std::error_code error;
    for (fs::directory_iterator entry(runs, error), end; !error && entry != end; entry.increment(error)) {
        const fs::path path = entry->path();
        if (path.filename().string().starts_with('.') || !is_run_folder(path)) continue;
        std::error_code unknown;
        found.emplace_back(fs::last_write_time(path / "experiment.toml", unknown), path);
    }
    std::sort(found.begin(), found.end(), std::greater<>());
    std::vector<fs::path> paths;
    for (auto& [time, path] : found) paths.push_back(std::move(path));
    return paths;
}

struct OpenedRun {
    std::shared_ptr<RunRecord> record;
    RunSummary summary;
    QString problem;
};

OpenedRun open_run(const fs::path& folder) {
    OpenedRun opened;
    opened.summary.folder = folder;
    opened.summary.name = folder.filename().string();
    try {
        auto record = std::make_shared<RunRecord>(folder);
        record->follow_store();
        opened.summary = summarise(*record, RunLock::is_held(RunFolder{folder}));
        opened.record = std::move(record);
    } catch (const std::exception& error) {
        opened.problem = QString::fromUtf8(error.what());
    }
    return opened;
}

QString style_key(const fs::path& folder) {
    const QByteArray hash =
        QCryptographicHash::hash(QByteArray::fromStdString(folder.string()), QCryptographicHash::Sha1);
    return QStringLiteral("run_styles/") + QString::fromLatin1(hash.toHex().left(16));
}

}  // namespace

RunLibrary::RunLibrary(RunsModel& model, fs::path runs, QObject* parent)
    : QObject(parent), model_(model), runs_(std::move(runs)) {
    std::error_code error;
    const fs::path canonical = fs::weakly_canonical(runs_, error);
    if (!error) runs_ = canonical;
    const QSettings settings = window_settings();
    for (fs::directory_iterator entry(runs_, error), end; !error && entry != end; entry.increment(error))
        if (const QVariant kept = settings.value(style_key(entry->path())); kept.isValid())
            kept_styles_.insert(kept.toInt());
    connect(&follow_timer_, &QTimer::timeout, this, &RunLibrary::follow);
    follow_timer_.start(follow_milliseconds);
    // Many runs that appear at once (a sweep, a copy) are one refresh.
    refresh_timer_.setSingleShot(true);
    refresh_timer_.setInterval(300);
    connect(&refresh_timer_, &QTimer::timeout, this, &RunLibrary::refresh);
    connect(&watcher_, &QFileSystemWatcher::directoryChanged, this, [this] { refresh_timer_.start(); });
    since_summaries_.start();
}

int RunLibrary::style_for(const fs::path& folder) const {
    QSettings settings = window_settings();
    const QString key = style_key(folder);
    bool known = false;
    const int kept = settings.value(key).toInt(&known);
    std::set<int> taken;
    for (const RunsModel::Row& row : model_.rows())
        if (row.summary.folder != folder) taken.insert(row.style_index);
    if (known && kept >= 0 && !taken.contains(kept)) return kept;
    int free = 0;
    while (taken.contains(free) || kept_styles_.contains(free)) ++free;
    settings.setValue(key, free);
    return free;
}

void RunLibrary::refresh() {
    if (listing_) {
        refresh_timer_.start();
        return;
    }
    listing_ = true;
    worker_.submit([this, runs = runs_](std::stop_token) {
        std::vector<fs::path> found = list_runs(runs);
        post(this, [this, found = std::move(found)] {
            listing_ = false;
            list_finished(found);
        });
    });
}

void RunLibrary::list_finished(const std::vector<fs::path>& found) {
    std::error_code error;
    if (watcher_.directories().isEmpty() && fs::is_directory(runs_, error)) watcher_.addPath(to_qstring(runs_));

    const std::set<fs::path> there(found.begin(), found.end());
    std::vector<fs::path> gone;
    for (const RunsModel::Row& row : model_.rows()) {
        const fs::path& folder = row.summary.folder;
        if (!there.contains(folder) && !is_own(folder) && !(elsewhere_.contains(folder) && is_run_folder(folder)))
            gone.push_back(folder);
    }
    for (const fs::path& folder : gone) model_.remove(folder);
    // Those that have a colour come first, or a new run would be given one of theirs.
    std::vector<fs::path> order = found;
    const QSettings settings = window_settings();
    std::stable_partition(order.begin(), order.end(),
                          [&](const fs::path& folder) { return settings.contains(style_key(folder)); });
    for (const fs::path& folder : order) {
        if (model_.find(folder) || is_own(folder)) continue;
        RunSummary summary;
        summary.folder = folder;
        summary.name = folder.filename().string();
        model_.put(summary, style_for(folder));
        request_summary(folder);
    }
}

void RunLibrary::add(const fs::path& folder) {
    std::error_code error;
    fs::path path = fs::weakly_canonical(folder, error);
    if (error) path = folder;
    if (path.filename().empty()) path = path.parent_path();
    if (!is_run_folder(path))
        throw InputError(folder.string() + " is not a run folder: it has no experiment.toml and run.db");
    if (path.parent_path() != fs::weakly_canonical(runs_, error)) elsewhere_.insert(path);
    if (model_.find(path)) return;
    RunSummary summary;
    summary.folder = path;
    summary.name = path.filename().string();
    model_.put(summary, style_for(path));
    request_summary(path);
}

void RunLibrary::request_summary(const fs::path& folder) {
    worker_.submit([this, folder](std::stop_token) {
        const OpenedRun opened = open_run(folder);
        post(this, [this, opened] {
            if (!model_.find(opened.summary.folder) || is_own(opened.summary.folder)) return;
            if (opened.problem.isEmpty()) show_summary(opened.summary);
            model_.set_problem(opened.summary.folder, opened.problem);
        });
    });
}

void RunLibrary::show_summary(const RunSummary& summary) {
    const RunsModel::Row* known = model_.find(summary.folder);
    model_.put(summary, known ? known->style_index : style_for(summary.folder));
}

void RunLibrary::open(const fs::path& folder) {
    const RunsModel::Row* row = model_.find(folder);
    if (!row || row->record || row->loading || is_own(folder)) return;
    model_.set_loading(folder, true);
    worker_.submit_first([this, folder](std::stop_token) {
        const OpenedRun opened = open_run(folder);
        post(this, [this, opened] {
            const fs::path& path = opened.summary.folder;
            if (!model_.find(path) || is_own(path)) return;
            if (!opened.record) {
                model_.set_problem(path, opened.problem);
                return;
            }
            show_summary(opened.summary);
            model_.set_record(path, opened.record);
            emit this->opened(to_qstring(path));
        });
    });
}

void RunLibrary::read(const fs::path& folder, std::function<void(std::shared_ptr<RunRecord>, const QString&)> done) {
    worker_.submit_first([this, folder, done = std::move(done)](std::stop_token) {
        const OpenedRun opened = open_run(folder);
        post(this, [opened, done] { done(opened.record, opened.problem); });
    });
}

void RunLibrary::set_own(std::shared_ptr<RunRecord> record) {
    own_ = std::move(record);
    if (!own_) return;
    update_own(true);
    model_.set_record(own_->folder(), own_);
    model_.set_problem(own_->folder(), {});
}

void RunLibrary::update_own(bool goes) {
    if (own_) show_summary(summarise(*own_, goes));
}

void RunLibrary::forget_own() {
    if (own_) model_.remove(own_->folder());
    own_.reset();
}

void RunLibrary::follow() {
    const bool summaries_due = since_summaries_.elapsed() >= summary_milliseconds;
    if (summaries_due) since_summaries_.restart();
    std::error_code error;
    if (summaries_due && watcher_.directories().isEmpty() && fs::is_directory(runs_, error)) refresh();
    // A copy: what is told below may change the rows.
    const std::vector<RunsModel::Row> rows = model_.rows();
    for (const RunsModel::Row& row : rows) {
        const fs::path& folder = row.summary.folder;
        if (is_own(folder) || row.summary.method.empty()) continue;
        if (!row.summary.alive) {
            // Another process may have resumed it.
            if (!summaries_due || !is_resumable(row.summary) || !RunLock::is_held(RunFolder{folder})) continue;
        }
        if (!row.record) {
            if (summaries_due && worker_.idle()) request_summary(folder);
            continue;
        }
        try {
            const bool alive = RunLock::is_held(RunFolder{folder});
            const RecordChanges changes = row.record->follow_store();
            if (!changes.any() && alive) continue;
            show_summary(summarise(*row.record, alive));
            emit changed(row.record, changes);
        } catch (const std::exception& error) {
            model_.set_problem(folder, QString::fromUtf8(error.what()));
        }
    }
}

}  // namespace wavlab
