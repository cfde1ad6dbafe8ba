// SPDX-License-Identifier: GPL-3.0-or-later
// How long the window takes to list many long runs and to open one of them.
//   many_runs_list [--runs 200] [--steps 100000] [--folder DIR] [--drawn N]
// The runs are made first, below DIR (default: a temporary folder that is removed), unless they are there. Each has
// the scalars that the trainer records every step and an evaluation every 500 steps. The window is the real one, with
// the real model part; settings are those of a first start.
#include <sys/resource.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <QApplication>
#include <QElapsedTimer>
#include <QStandardPaths>
#include <QTest>

#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/model_loader.h"
#include "benchmarks/made_up_runs.h"
#include "core/run_digest.h"
#include "core/run_folder.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

double resident_megabytes() {
    std::ifstream status("/proc/self/statm");
    double all = 0, resident = 0;
    status >> all >> resident;
    return resident * 4096 / 1e6;
}

/// Handles events until the condition holds; how many milliseconds that took.
double until(const std::function<bool()>& condition, QElapsedTimer& since) {
    while (!condition()) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents, 2);
        if (since.elapsed() > 600'000) {
            fmt::print(stderr, "many_runs_list: nothing happened for ten minutes\n");
            std::exit(1);
        }
    }
    return double(since.nsecsElapsed()) / 1e6;
}

bool all_listed(const RunsModel& model, int runs) {
    return model.rowCount() == runs && std::all_of(model.rows().begin(), model.rows().end(), [](const auto& row) {
               return !row.summary.method.empty() || !row.problem.isEmpty();
           });
}

int measure(const fs::path& folder, int runs, int drawn) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < runs; ++i) static_cast<void>(read_digest(folder / made_up_run_name(i)));
    const std::chrono::duration<double, std::milli> digests = std::chrono::steady_clock::now() - begin;
    fmt::print("{:.2f} ms   one run summed up for the list (mean of {})\n", digests.count() / runs, runs);

    QElapsedTimer since;
    since.start();
    MainWindow window(folder, []() -> ModelLibrary& { return load_model_library(); });
    window.resize(1440, 900);
    window.show();
    const double listed = until([&] { return all_listed(window.runs_model(), runs); }, since);
    window.repaint();
    const double shown = double(since.nsecsElapsed()) / 1e6;
    fmt::print("{:.0f} ms   from making the window to {} complete rows ({:.0f} ms: painted)\n", listed, runs, shown);
    until([&] { return window.form() && window.is_settled(); }, since);
    fmt::print("{:.0f} ms   from making the window to a form that can be started\n",
               double(since.nsecsElapsed()) / 1e6);
    fmt::print("{:.0f} MB  resident with the list alone\n", resident_megabytes());

    const auto is_open = [&](int i) {
        const RunsModel::Row* row = window.runs_model().find(folder / made_up_run_name(i));
        return row && row->record;
    };
    since.restart();
    window.runs_panel().set_focus(folder / made_up_run_name(runs / 2));
    const double opened = until([&] { return is_open(runs / 2); }, since);
    window.paint_now();
    fmt::print("{:.0f} ms   to open one run ({:.0f} ms: with its plots painted)\n", opened,
               double(since.nsecsElapsed()) / 1e6);
    fmt::print("{:.0f} MB  resident with it open\n", resident_megabytes());
    if (drawn < 1) return 0;

    since.restart();
    for (int i = 0; i < drawn; ++i) {
        const int row = window.runs_model().row_of(folder / made_up_run_name(i));
        window.runs_model().setData(window.runs_model().index(row, RunsModel::name), Qt::Checked, Qt::CheckStateRole);
    }
    until(
        [&] {
            for (int i = 0; i < drawn; ++i)
                if (!is_open(i)) return false;
            return true;
        },
        since);
    window.paint_now();
    fmt::print("{:.1f} s    to tick {} runs and have them open and drawn\n", double(since.nsecsElapsed()) / 1e9, drawn);
    fmt::print("{:.0f} MB  resident with {} runs drawn\n", resident_megabytes(), drawn);
    return 0;
}

int run(int argc, char** argv) {
    int runs = 200, drawn = 0;
    std::int64_t steps = 100'000;
    std::string folder;
    CLI::App arguments("Measures the list of runs");
    arguments.add_option("--runs", runs);
    arguments.add_option("--steps", steps);
    arguments.add_option("--folder", folder);
    arguments.add_option("--drawn", drawn);
    CLI11_PARSE(arguments, argc, argv);
    const bool is_temporary = folder.empty();
    const fs::path place = is_temporary ? fs::temp_directory_path() / "wavlab-many-runs" : fs::path(folder);
    make_runs(place / "runs", runs, steps);

    qputenv("XDG_CONFIG_HOME", QByteArray::fromStdString((place / "config").string()));
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    window_settings().clear();
    const int result = measure(fs::weakly_canonical(place / "runs"), runs, drawn);
    if (is_temporary) fs::remove_all(place);
    return result;
}

}  // namespace
}  // namespace wavlab

int main(int argc, char** argv) {
    try {
        return wavlab::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "many_runs_list: %s\n", error.what());
        return 1;
    }
}
