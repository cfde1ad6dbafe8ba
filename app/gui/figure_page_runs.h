// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/figure_file.h"
#include "views/figure_page.h"

namespace wavlab {

/// The runs that figure files show, each read once and brought up to date whenever it is asked for again.
class FigureRuns {
public:
    /// The record of a run that somebody else holds and keeps up to date; null where nobody does.
    using Held = std::function<std::shared_ptr<RunRecord>(const std::filesystem::path& folder)>;

    /// `folder`: that names and patterns are below. What is `held` is not read again.
    explicit FigureRuns(std::filesystem::path folder, Held held = {})
        : folder_(std::move(folder)), held_(std::move(held)) {}

    /// What the file shows. A run has one colour in all panels. Throws InputError: an unknown kind of plot, a name or
    /// pattern that no run has, a run that cannot be read.
    PageContent page_of(const FigureFile& figure);
    /// The folders of its runs that `page_of` would have to read from their beginning. Throws InputError, as it does.
    std::vector<std::filesystem::path> unread(const FigureFile& figure) const;
    /// A record that was read elsewhere; null where it could not be: then `page_of` says why.
    void add(const std::filesystem::path& folder, std::shared_ptr<RunRecord> record);

private:
    std::shared_ptr<RunRecord> record(const std::filesystem::path& folder);
    PagePanel panel_of(const FigurePanel& described);

    std::filesystem::path folder_;
    Held held_;
    std::map<std::filesystem::path, std::shared_ptr<RunRecord>> records_;
};

}  // namespace wavlab
