// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/run_library.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <QCryptographicHash>

#include "app/gui/settings.h"
#include "core/error.h"
#include "core/run_digest.h"
#include "core/run_folder.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr int follow_milliseconds = 500;
constexpr int summary_milliseconds = 3000;
constexpr int opened_milliseconds = 150;
constexpr int opened_pauses = 6;          ///< how much longer than drawing the pause before the next one is
constexpr std::size_t runs_at_once = 16;  ///< whose digests are read before the list shows them
constexpr std::size_t most_looked_at = 4;

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

/// When what the list says of a run was changed last.
fs::file_time_type change_time(const fs::path& folder) {
    std::error_code missing;
    fs::file_time_type latest = fs::file_time_type::min();
    for (const fs::path& file : {RunFolder{folder}.store(), folder / "run.db-wal", folder / "labels.toml"}) {
        const fs::file_time_type time = fs::last_write_time(file, missing);
        if (!missing) latest = std::max(latest, time);
    }
    return latest;
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
        // Not of the record, which would read more of the store for it than is drawn.
        opened.summary = summarise(read_digest(folder));
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

/// What is read of a run for the list.
struct RunLibrary::Listed {
    RunSummary summary;
    QString problem;
    RunAnnotations annotations;
    QString annotations_problem;
    fs::file_time_type changed_at;

    explicit Listed(const fs::path& folder) : changed_at(change_time(folder)) {
        summary.folder = folder;
        summary.name = folder.filename().string();
        try {
            summary = summarise(read_digest(folder));
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        try {
            annotations = read_annotations(RunFolder{folder});
        } catch (const std::exception& error) {
            annotations_problem = QString::fromUtf8(error.what());
        }
    }
};

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
    opened_timer_.setSingleShot(true);
    connect(&opened_timer_, &QTimer::timeout, this, [this] {
        QElapsedTimer drawing;
        drawing.start();
        emit opened();
        drawing_milliseconds_ = int(drawing.elapsed());
    });
    since_summaries_.start();
}

QString RunLibrary::settings_key(const char* what) const {
    const QByteArray hash =
        QCryptographicHash::hash(QByteArray::fromStdString(runs_.string()), QCryptographicHash::Sha1);
    return QStringLiteral("runs_folders/%1/%2").arg(QString::fromLatin1(hash.toHex().left(16)), QLatin1String(what));
}

std::set<int> RunLibrary::taken_styles() const {
    std::set<int> taken;
    for (const RunsModel::Row& row : model_.rows()) taken.insert(row.style_index);
    return taken;
}

int RunLibrary::style_for(const fs::path& folder, const std::set<int>& taken) const {
    QSettings settings = window_settings();
    const QString key = style_key(folder);
    bool known = false;
    const int kept = settings.value(key).toInt(&known);
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
    std::vector<fs::path> added;
    for (const fs::path& folder : found)
        if (!model_.find(folder) && !is_own(folder)) added.push_back(folder);
    add_rows(added);
}

void RunLibrary::add_rows(const std::vector<fs::path>& folders) {
    const QSettings settings = window_settings();  // held: else each colour that is given is a file that is written
    std::set<int> taken = taken_styles();
    // Those that have a colour come first, or a new run would be given one of theirs.
    std::vector<fs::path> order = folders;
    std::stable_partition(order.begin(), order.end(),
                          [&](const fs::path& folder) { return settings.contains(style_key(folder)); });
    std::vector<RunsModel::Row> rows(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        rows[i].summary.folder = order[i];
        rows[i].summary.name = order[i].filename().string();
        rows[i].style_index = style_for(order[i], taken);
        taken.insert(rows[i].style_index);
    }
    model_.add(std::move(rows));
    request_summaries(folders);
}

void RunLibrary::add(const fs::path& folder) {
    std::error_code error;
    fs::path path = fs::weakly_canonical(folder, error);
    if (error) path = folder;
    if (path.filename().empty()) path = path.parent_path();
    if (!is_run_folder(path))
        throw InputError(folder.string() + " is not a run folder: it has no experiment.toml and run.db");
    if (path.parent_path() != fs::weakly_canonical(runs_, error)) elsewhere_.insert(path);
    if (!model_.find(path)) add_rows({path});
}

void RunLibrary::forget(const fs::path& folder) {
    elsewhere_.erase(folder);
    if (is_own(folder)) own_.reset();
    model_.remove(folder);
}

void RunLibrary::request_summaries(const std::vector<fs::path>& folders) {
    for (std::size_t first = 0; first < folders.size(); first += runs_at_once) {
        const std::size_t end = std::min(first + runs_at_once, folders.size());
        const std::vector<fs::path> some(folders.begin() + std::ptrdiff_t(first),
                                         folders.begin() + std::ptrdiff_t(end));
        worker_.submit([this, some](std::stop_token stop) {
            std::vector<Listed> listed;
            for (const fs::path& folder : some)
                if (!stop.stop_requested()) listed.emplace_back(folder);
            post(this, [this, listed = std::move(listed)] {
                for (const Listed& one : listed) show_listed(one);
            });
        });
    }
}

void RunLibrary::sum_up(const fs::path& folder) {
    const RunsModel::Row* row = model_.find(folder);
    if (row && is_own(folder))
        update_own(row->summary.alive);
    else if (row)
        request_summaries({folder});
}

void RunLibrary::show_listed(const Listed& listed) {
    const fs::path& folder = listed.summary.folder;
    if (!model_.find(folder)) return;
    changed_at_[folder] = listed.changed_at;
    model_.set_annotations(folder, listed.annotations, listed.annotations_problem);
    if (is_own(folder)) return;
    if (listed.problem.isEmpty()) show_summary(listed.summary);
    model_.set_problem(folder, listed.problem);
}

void RunLibrary::show_summary(const RunSummary& summary) {
    const RunsModel::Row* known = model_.find(summary.folder);
    model_.put(summary, known ? known->style_index : style_for(summary.folder, taken_styles()));
}

void RunLibrary::annotate(const std::vector<fs::path>& folders, std::function<void(RunAnnotations&)> change) {
    worker_.submit_first([this, folders, change = std::move(change)](std::stop_token) {
        std::vector<std::pair<fs::path, RunAnnotations>> changed;
        QStringList problems;
        for (const fs::path& folder : folders) {
            const RunFolder run{folder};
            RunAnnotations annotations;
            try {
                annotations = read_annotations(run);
            } catch (const std::exception&) {
                // What cannot be read is kept under another name below.
            }
            change(annotations);
            try {
                if (const std::optional<fs::path> kept = write_annotations(run, annotations))
                    problems.append(tr("The tags and note of %1 could not be read; they are kept as %2.")
                                        .arg(to_qstring(folder.filename()), to_qstring(*kept)));
                changed.emplace_back(folder, annotations);
            } catch (const std::exception& error) {
                problems.append(QString::fromUtf8(error.what()));
            }
        }
        post(this, [this, changed, problems] {
            for (const auto& [folder, annotations] : changed) model_.set_annotations(folder, annotations);
            if (!problems.isEmpty()) emit failed(problems.join(QLatin1Char('\n')));
        });
    });
}

void RunLibrary::allow_opening() {
    may_open_ = true;
    for (const fs::path& folder : std::exchange(to_open_, {})) open(folder);
}

void RunLibrary::open(const fs::path& folder) {
    std::erase(looked_at_, folder);
    looked_at_.push_front(folder);
    if (looked_at_.size() > most_looked_at) looked_at_.pop_back();
    if (!may_open_) {
        to_open_.push_back(folder);
        return;
    }
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
            // Every change of what is drawn draws all of it: many that are opened one after another come together, and
            // the longer drawing takes, the rarer it is, so that the window stays awake.
            if (worker_.idle())
                opened_timer_.start(0);
            else if (!opened_timer_.isActive())
                opened_timer_.start(std::max(opened_milliseconds, opened_pauses * drawing_milliseconds_));
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
    RunSummary summary = summarise(*own_, true);
    summary.options = options_of(own_->experiment());
    show_summary(summary);
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

/// Records that are neither drawn nor were looked at lately: many of them would fill the memory.
void RunLibrary::let_go() {
    std::vector<fs::path> unused;
    for (const RunsModel::Row& row : model_.rows())
        if (row.record && !row.drawn && !is_own(row.summary.folder) &&
            std::find(looked_at_.begin(), looked_at_.end(), row.summary.folder) == looked_at_.end())
            unused.push_back(row.summary.folder);
    for (const fs::path& folder : unused) model_.set_record(folder, nullptr);
}

/// Runs that another program changed: resumed, emptied, given tags.
void RunLibrary::look_for_changes() {
    std::vector<fs::path> changed;
    for (const RunsModel::Row& row : model_.rows()) {
        const auto known = changed_at_.find(row.summary.folder);
        if (known != changed_at_.end() && !row.summary.alive && change_time(row.summary.folder) != known->second)
            changed.push_back(row.summary.folder);
    }
    request_summaries(changed);
}

void RunLibrary::follow() {
    const bool summaries_due = since_summaries_.elapsed() >= summary_milliseconds;
    if (summaries_due) {
        since_summaries_.restart();
        let_go();
        if (worker_.idle()) look_for_changes();
    }
    std::error_code error;
    if (summaries_due && watcher_.directories().isEmpty() && fs::is_directory(runs_, error)) refresh();
    // A copy: what is told below may change the rows.
    const std::vector<RunsModel::Row> rows = model_.rows();
    std::vector<fs::path> to_sum_up;
    for (const RunsModel::Row& row : rows) {
        const fs::path& folder = row.summary.folder;
        if (is_own(folder) || row.summary.method.empty()) continue;
        if (!row.summary.alive) {
            // Another process may have resumed it.
            if (!summaries_due || !is_resumable(row.summary) || !RunLock::is_held(RunFolder{folder})) continue;
        }
        if (!row.record) {
            if (summaries_due) to_sum_up.push_back(folder);
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
    if (!to_sum_up.empty() && worker_.idle()) request_summaries(to_sum_up);
}

}  // namespace wavlab
