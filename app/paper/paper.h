// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/figure_file.h"
#include "core/paper_project.h"
#include "core/run_queue.h"
#include "core/run_record.h"
#include "core/sweep.h"
#include "core/table_run.h"

namespace wavlab {

/// A paper's project with everything that it names, read and checked.
struct Paper {
    PaperProject project;
    std::string origin;             ///< "resources/paper/small", or the project's folder
    std::string figures_need = {};  ///< why no figures can be drawn by this build; empty: they can
    std::vector<Sweep> sweeps;
    std::map<std::string, std::string> figure_texts;  ///< by file
    std::map<std::string, FigureFile> figures;        ///< likewise
};

/// The projects that come with the program: "small", "full".
std::vector<std::string> ready_papers();

/// One that comes with the program. Throws InputError.
Paper load_ready_paper(const std::string& id);

/// A project of a folder with the file paper.toml and what that names. Throws InputError with file, line and key.
Paper load_paper(const std::filesystem::path& folder);

/// What was trained for a paper.
struct PaperRuns {
    std::vector<QueuedRun> queued;                    ///< of the sweeps, in their order
    std::vector<std::shared_ptr<RunRecord>> records;  ///< of those that have a folder
};

/// How long it all took.
struct PaperTimes {
    double updates = 0;       ///< seconds that all runs spent in updates, added up
    double call = 0;          ///< seconds that this call of the program took
    std::size_t trained = 0;  ///< runs that this call trained
};

/// The seconds that a run spent in updates.
double update_seconds(const RunRecord& run);

/// The most runs that trained at one time on the CPU, by when they started and how long their updates took.
std::size_t most_side_by_side(const PaperRuns& runs);

/// The runs as tables take them. Throws InputError where none has begun.
std::vector<TableRun> table_runs(const PaperRuns& runs, const std::vector<std::string>& values,
                                 const TableMoment& moment);

/// Writes every table of the project into `folder`, in every format, and the mass of routing by kind of source, where
/// a run routes. Returns each table's Markdown by name, as it reads in a report, that of masses as "routing-mass".
std::map<std::string, std::string> write_tables(const Paper& paper, const PaperRuns& runs,
                                                const std::filesystem::path& folder);

/// What became of a figure.
struct DrawnFigure {
    std::string file;
    std::string picture;                  ///< the one of its outputs that a report can show; empty: none
    std::string problem;                  ///< why it was not drawn; empty: it was
    std::vector<std::string> notes = {};  ///< sentences: what it is a mean over, what does not count
    bool kept = false;                    ///< the file was there and differs from the project's: it was drawn as it is
};

/// Writes the files of the figures into `folder`, except those that are there, and draws them with a process of this
/// program for each. Names and patterns in them are of the paper's runs alone, as its sweeps name them.
std::vector<DrawnFigure> draw_figures(const Paper& paper, const PaperRuns& runs, const std::filesystem::path& folder);

/// The report in Markdown.
std::string paper_report(const Paper& paper, const PaperRuns& runs, const std::map<std::string, std::string>& tables,
                         const std::vector<DrawnFigure>& figures, const PaperTimes& times);

}  // namespace wavlab
