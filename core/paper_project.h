// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result_table.h"
#include "core/table_layout.h"

namespace wavlab {

/// Settings that a run must have, by dotted key, as texts: {"model.method", "wav"}.
using PaperSettings = std::vector<std::pair<std::string, std::string>>;

/// A figure of a paper: a FIGURE.toml beside the project's file, and what stands below it.
struct PaperFigure {
    std::string file;
    std::string caption;
};

/// A table of a paper: it is written in every format, as `name` with the format's extension.
struct PaperTable {
    std::string name;
    std::string title;
    TableRequest request;
    TableStyle style;
};

/// What a claim says of the subject against the baseline.
enum class PaperExpectation {
    lower,      ///< its loss is lower
    not_lower,  ///< its loss is not lower
    within,     ///< its loss, or its number of parameters, is at most `margin` times the baseline's higher
};

/// A sentence of a paper that results can speak for or against.
struct PaperClaim {
    std::string text;
    std::string reading;      ///< how it is tested, where that is not plain; may be empty
    PaperSettings subject;    ///< the runs that the claim is of
    PaperSettings baseline;   ///< the runs that they are compared with
    PaperSettings where;      ///< what both have
    PaperSettings than;       ///< not empty: the difference at `where` is compared with that at `than`
    bool parameters = false;  ///< of numbers of parameters, else of the last validation loss
    PaperExpectation expect = PaperExpectation::lower;
    double margin = 0;      ///< of `within`: 0.01 is one per cent
    std::int64_t line = 0;  ///< of the file, for messages
};

/// Figures that a paper has published, to stand beside ours.
struct PublishedLosses {
    std::string source;  ///< "arXiv 2606.06564, abstract"
    std::string data;    ///< "TinyStories, characters"
    std::int64_t layers = 0;
    std::string method, baseline;  ///< ids
    double loss = 0, baseline_loss = 0;
    std::string unit;  ///< "nats per character"
};

/// What makes a paper again: which sweeps are trained, and which tables, figures and claims they are to answer.
struct PaperProject {
    std::string title;
    std::string about;                ///< a paragraph; may be empty
    std::vector<std::string> sweeps;  ///< files beside it (*.toml), or ids of ready sweeps
    std::vector<PaperFigure> figures;
    std::vector<PaperTable> tables;
    std::vector<PaperClaim> claims;
    std::vector<PublishedLosses> published;
    std::string published_note;  ///< how they are to be read beside ours
};

/// Reads a project's file, paper.toml. Throws InputError that names file, line, key and what is allowed.
PaperProject parse_paper(std::string_view toml, const std::string& file_name);

/// "model.layers = 48, model.method = wav".
std::string settings_text(const PaperSettings& settings);

/// Throws InputError when a table or claim speaks of runs that these experiments lack, before anything is trained.
void require_paper_fits(const PaperProject& project, const std::vector<Experiment>& experiments,
                        const std::string& file_name);

}  // namespace wavlab
