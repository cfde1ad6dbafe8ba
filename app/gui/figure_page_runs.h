// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "core/figure_file.h"
#include "views/figure_page.h"

namespace wavlab {

/// The runs that figure files show, each read once and brought up to date whenever it is asked for again.
class FigureRuns {
public:
    /// `folder`: that names and patterns are below.
    explicit FigureRuns(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// What the file shows. A run has one colour in all panels. Throws InputError: an unknown kind of plot, a name or
    /// pattern that no run has, a run that cannot be read.
    PageContent page_of(const FigureFile& figure);

private:
    std::shared_ptr<RunRecord> record(const std::filesystem::path& folder);
    PagePanel panel_of(const FigurePanel& described);

    std::filesystem::path folder_;
    std::map<std::filesystem::path, std::shared_ptr<RunRecord>> records_;
};

}  // namespace wavlab
