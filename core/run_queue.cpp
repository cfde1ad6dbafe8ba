// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_queue.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/sha256.h"

namespace fs = std::filesystem;
using json = nlohmann::json;

namespace wavlab {

namespace {

constexpr std::array<std::pair<QueueState, const char*>, 6> state_names{{{QueueState::waiting, "waiting"},
                                                                         {QueueState::running, "running"},
                                                                         {QueueState::finished, "finished"},
                                                                         {QueueState::ended_early, "ended early"},
                                                                         {QueueState::diverged, "diverged"},
                                                                         {QueueState::failed, "failed"}}};

QueueState parse_state(const std::string& text) {
    for (const auto& [state, name] : state_names)
        if (text == name) return state;
    throw json::other_error::create(501, "a state is '" + text + "'", nullptr);
}

json value_json(const OptionValue& value) {
    return std::visit([](const auto& held) { return json(held); }, value);
}

OptionValue parse_value(const json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number()) return value.get<double>();
    return value.get<std::string>();
}

json run_json(const QueuedRun& run) {
    json settings = json::array();
    for (const auto& [key, value] : run.settings) settings.push_back({key, value_json(value)});
    json object{{"id", run.id},
                {"name", run.name},
                {"sweep", run.sweep},
                {"base", run.base},
                {"settings", settings},
                {"experiment", run.experiment},
                {"folder", run.folder.filename().string()},
                {"state", to_string(run.state)},
                {"reason", run.reason}};
    if (run.stop_early_after) object["stop_early_after"] = *run.stop_early_after;
    return object;
}

QueuedRun parse_run(const json& object, const fs::path& runs) {
    QueuedRun run;
    object.at("id").get_to(run.id);
    object.at("name").get_to(run.name);
    object.at("sweep").get_to(run.sweep);
    run.base = object.value("base", "");
    for (const json& setting : object.at("settings"))
        run.settings.emplace_back(setting.at(0).get<std::string>(), parse_value(setting.at(1)));
    object.at("experiment").get_to(run.experiment);
    // Folders lie directly below the runs folder, so that it can be moved.
    const fs::path folder = fs::path(object.at("folder").get<std::string>()).filename();
    if (!folder.empty()) run.folder = runs / folder;
    run.state = parse_state(object.at("state").get<std::string>());
    object.at("reason").get_to(run.reason);
    if (object.contains("stop_early_after")) run.stop_early_after = object.at("stop_early_after").get<double>();
    return run;
}

/// What the runs of a sweep have in common, and which options it varies; the same when values are added.
std::string base_text(const Sweep& sweep) {
    OptionValues options = sweep.base.method;
    std::vector<std::string> left_out{"name", "train.device"};
    std::string varied;
    for (const SweepAxis& axis : sweep.axes) {
        constexpr std::string_view method_table = "method.";
        left_out.push_back(axis.key);
        varied += axis.key + "\n";
        if (axis.key.starts_with(method_table)) options.erase(axis.key.substr(method_table.size()));
    }
    return varied + experiment_toml(sweep.base, options, left_out);
}

/// The first of "name", "name 2", ... that no sweep with another base has.
std::string free_sweep_name(const std::vector<QueuedRun>& runs, const std::vector<QueuedRun>& cleared,
                            const std::string& name, const std::string& base) {
    std::string wanted = name;
    const auto is_other = [&](const QueuedRun& run) { return run.sweep == wanted && run.base != base; };
    for (int number = 2;
         std::any_of(runs.begin(), runs.end(), is_other) || std::any_of(cleared.begin(), cleared.end(), is_other);
         ++number)
        wanted = name + " " + std::to_string(number);
    return wanted;
}

fs::path lock_file(const fs::path& runs) { return runs / ".queue.lock"; }

std::string held_sentence(const fs::path& runs, const std::string& holder) {
    return runs.string() + ": the queue of this runs folder is being worked through by " + holder +
           "; stop it there first, or give another folder";
}

}  // namespace

std::string to_string(QueueState state) {
    for (const auto& [known, name] : state_names)
        if (known == state) return name;
    return "";
}

bool is_over(QueueState state) { return state != QueueState::waiting && state != QueueState::running; }

RunQueue::RunQueue(fs::path runs, std::string who)
    : folder_(fs::absolute(runs).lexically_normal()), who_(std::move(who)) {
    read();
}

const QueuedRun* RunQueue::find(const std::string& id) const {
    for (const QueuedRun& run : runs_)
        if (run.id == id) return &run;
    return nullptr;
}

std::string RunQueue::stamp() const {
    struct ::stat status {};
    if (::stat(file().c_str(), &status) != 0) return "";
    return std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

void RunQueue::read() {
    // What was read before stays as it is when this file cannot be read.
    std::string read_stamp = stamp();
    std::vector<QueuedRun> runs, cleared;
    std::int64_t next_id = next_id_;  // ids are not given twice, also when the file was removed
    if (!read_stamp.empty()) {
        try {
            const json document = json::parse(read_file(file()));
            for (const json& object : document.at("runs")) runs.push_back(parse_run(object, folder_));
            if (document.contains("cleared"))
                for (const json& object : document.at("cleared")) cleared.push_back(parse_run(object, folder_));
            next_id = std::max(next_id, document.at("next_id").get<std::int64_t>());
        } catch (const json::exception&) {
            throw InputError(file().string() +
                             ": this is no queue of runs (it may be damaged); remove the file to begin a new queue");
        }
    }
    runs_ = std::move(runs);
    cleared_ = std::move(cleared);
    next_id_ = next_id;
    read_stamp_ = std::move(read_stamp);
}

void RunQueue::write() {
    if (runs_.empty() && cleared_.empty()) {
        std::error_code error;
        fs::remove(file(), error);
    } else {
        const auto list = [](const std::vector<QueuedRun>& runs) {
            json objects = json::array();
            for (const QueuedRun& run : runs) objects.push_back(run_json(run));
            return objects;
        };
        json document{{"schema", 1}, {"next_id", next_id_}, {"runs", list(runs_)}};
        if (!cleared_.empty()) document["cleared"] = list(cleared_);
        write_file_safely(file(), document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
    }
    read_stamp_ = stamp();
}

bool RunQueue::reload() {
    if (lock_ || stamp() == read_stamp_) return false;
    read();
    return true;
}

void RunQueue::hold() {
    if (lock_) return;
    std::error_code error;  // said when the lock cannot be made
    fs::create_directories(folder_, error);
    // A process that only adds a run holds the lock for a moment.
    constexpr int attempts = 10;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        std::optional<FileLock> lock = FileLock::try_take(lock_file(folder_), who_);
        if (!lock) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            continue;
        }
        if (stamp() != read_stamp_) read();
        // What a process left behind that ended in the middle of its work.
        for (QueuedRun& run : runs_)
            if (run.state == QueueState::running) run.state = QueueState::waiting;
        lock_.emplace(std::move(*lock));
        return;
    }
    throw InputError(held_sentence(folder_, held_by_other().value_or("another process")));
}

void RunQueue::release() { lock_.reset(); }

std::optional<std::string> RunQueue::held_by_other() const {
    return lock_ ? std::nullopt : FileLock::holder(lock_file(folder_));
}

void RunQueue::change(const std::function<void(std::vector<QueuedRun>&)>& work) {
    const bool held = lock_.has_value();
    if (!held) hold();
    std::vector<QueuedRun> former = runs_;
    std::vector<QueuedRun> formerly_cleared = cleared_;
    try {
        work(runs_);
        write();
    } catch (...) {
        runs_ = std::move(former);
        cleared_ = std::move(formerly_cleared);
        if (!held) release();
        throw;
    }
    if (!held) release();
}

std::vector<std::string> RunQueue::add(std::vector<QueuedRun> added) {
    std::vector<std::string> ids;
    change([&](std::vector<QueuedRun>& runs) {
        std::map<std::pair<std::string, std::string>, std::size_t> there;
        const auto key = [](const QueuedRun& run) {
            return std::pair(run.sweep, run_identity(parse_recorded_experiment(run.experiment)));
        };
        for (std::size_t i = 0; i < runs.size(); ++i) there.emplace(key(runs[i]), i);
        std::map<std::pair<std::string, std::string>, QueuedRun> cleared;
        if (!cleared_.empty())
            for (const QueuedRun& run : cleared_) cleared.emplace(key(run), run);
        std::set<std::string> put_back;                                          // ids
        std::map<std::pair<std::string, std::string>, std::string> sweep_names;  // by name and base
        for (const QueuedRun& run : added) sweep_names[{run.sweep, run.base}];
        for (auto& [sweep, name] : sweep_names)
            if (!sweep.first.empty()) name = free_sweep_name(runs, cleared_, sweep.first, sweep.second);
        for (QueuedRun& run : added) {
            run.sweep = sweep_names[{run.sweep, run.base}];
            const auto [old, is_new] = there.try_emplace(key(run), runs.size());
            if (const auto known = cleared.find(old->first); is_new && known != cleared.end()) {
                put_back.insert(known->second.id);
                runs.push_back(known->second);
                runs.back().settings = run.settings;
                runs.back().stop_early_after = run.stop_early_after;
                if (runs.back().state == QueueState::failed) runs.back().state = QueueState::waiting;
            } else if (is_new) {
                run.id = std::to_string(next_id_++);
                runs.push_back(std::move(run));
            } else {
                QueuedRun& kept = runs[old->second];
                kept.settings = run.settings;
                kept.stop_early_after = run.stop_early_after;
                if (kept.state == QueueState::failed) kept.state = QueueState::waiting;
            }
            ids.push_back(runs[old->second].id);
        }
        std::erase_if(cleared_, [&](const QueuedRun& run) { return put_back.contains(run.id); });
    });
    return ids;
}

void RunQueue::move(const std::string& id, std::size_t place) {
    change([&](std::vector<QueuedRun>& runs) {
        const auto from = std::find_if(runs.begin(), runs.end(), [&](const QueuedRun& run) { return run.id == id; });
        if (from == runs.end()) return;
        QueuedRun run = std::move(*from);
        runs.erase(from);
        runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(std::min(place, runs.size())), std::move(run));
    });
}

void RunQueue::take_out(std::vector<QueuedRun>& runs, const std::function<bool(const QueuedRun&)>& is_meant) {
    // Results whose folders are gone have nothing to show any more.
    std::erase_if(cleared_, [](const QueuedRun& run) { return !is_run_folder(run.folder); });
    for (const QueuedRun& run : runs)
        if (is_meant(run) && is_over(run.state) && !run.sweep.empty() && !run.folder.empty()) cleared_.push_back(run);
    std::erase_if(runs, is_meant);
}

void RunQueue::remove(const std::vector<std::string>& ids) {
    change([&](std::vector<QueuedRun>& runs) {
        take_out(runs, [&](const QueuedRun& run) { return std::find(ids.begin(), ids.end(), run.id) != ids.end(); });
    });
}

void RunQueue::clear_over() {
    change(
        [&](std::vector<QueuedRun>& runs) { take_out(runs, [](const QueuedRun& run) { return is_over(run.state); }); });
}

void RunQueue::update(const std::string& id, const std::function<void(QueuedRun&)>& work) {
    change([&](std::vector<QueuedRun>& runs) {
        for (QueuedRun& run : runs)
            if (run.id == id) work(run);
    });
}

std::vector<QueuedRun> queued_runs(const Sweep& sweep, std::optional<double> stop_early_after) {
    std::vector<QueuedRun> runs;
    const std::string base = sha256_hex(base_text(sweep));
    for (const SweepPoint& point : expand(sweep)) {
        QueuedRun run;
        run.name = point.experiment.name;
        run.sweep = sweep.base.name;
        run.base = base;
        run.settings = point.settings;
        run.experiment = to_toml(point.experiment);
        run.stop_early_after = stop_early_after;
        runs.push_back(std::move(run));
    }
    return runs;
}

}  // namespace wavlab
