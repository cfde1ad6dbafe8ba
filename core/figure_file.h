// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/figure_look.h"

namespace wavlab {

/// A text at a point of a panel's axes.
struct FigureAnnotation {
    double x = 0, y = 0;
    std::string text;
};

/// One plot of a figure.
struct FigurePanel {
    std::string kind;               ///< the plot's id: "loss", "routing", ...
    std::vector<std::string> runs;  ///< folders, or names or patterns (*, ?) below the folder of runs
    std::string title;
    std::optional<std::int64_t> step;  ///< of the frame; unset: the newest
    std::optional<std::string> x_label, y_label;
    std::string state = "{}";  ///< JSON, of Plot::state(): quantity, mode, scale, zoom
    std::vector<FigureAnnotation> annotations;
};

/// A figure as a small TOML file: its look, its panels, and the files to write. Drawn anew when runs were added.
struct FigureFile {
    FigureLook look;
    std::vector<std::string> out;  ///< beside the file unless absolute
    std::vector<FigurePanel> panels;
};

/// Throws InputError with file, line, key and what is allowed.
FigureFile parse_figure(std::string_view text, const std::string& file_name);
/// Throws InputError, also when it cannot be read.
FigureFile read_figure(const std::filesystem::path& file);
/// A file that reads back as the same figure. Keys that are as the venue has them are left out.
std::string figure_toml(const FigureFile& figure);

/// The run folders that these names, patterns and folders mean, each once: in the order of the list, those of one
/// pattern by name, numbers in it by size (wav-2 before wav-12). Throws InputError that says what matches nothing.
std::vector<std::filesystem::path> figure_runs(const std::vector<std::string>& runs,
                                               const std::filesystem::path& folder);

}  // namespace wavlab
