// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ready_experiments.h"

#include <algorithm>

#include "core/embedded_resources.h"
#include "core/translatable.h"

namespace wavlab {

namespace {

constexpr std::string_view experiments_folder = "experiments/";
constexpr std::string_view sweeps_folder = "sweeps/";
constexpr std::string_view ending = ".toml";
constexpr std::string_view default_id = "default";

/// The comment lines that a text begins with, without their marks.
std::vector<std::string> leading_comment(std::string_view text) {
    std::vector<std::string> lines;
    while (text.starts_with('#')) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(1, end - 1);
        while (line.starts_with(' ')) line.remove_prefix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

ReadyExperiment describe(const EmbeddedResource& resource, std::string_view folder) {
    const std::string_view name = resource.name.substr(folder.size());
    ReadyExperiment ready{std::string(name.substr(0, name.size() - ending.size())), {}, {}, resource.text};
    const std::vector<std::string> lines = leading_comment(resource.text);
    for (std::size_t i = 1; i < lines.size(); ++i) ready.description += (i > 1 ? " " : "") + lines[i];
    ready.title = lines.empty() ? ready.id : lines.front();
    if (folder == experiments_folder && ready.id == default_id) {
        // Its text is given word for word by the file format's description, without a comment at the top.
        ready.title = WAVLAB_TEXT("Default: WAV, 12 layers");
        ready.description = WAVLAB_TEXT("Three minutes on two cores: WAV learns the built-in toy stories.");
    }
    return ready;
}

std::vector<ReadyExperiment> describe_all(std::string_view folder) {
    std::vector<ReadyExperiment> found;
    for (const EmbeddedResource& resource : embedded_resources())
        if (resource.name.starts_with(folder) && resource.name.ends_with(ending))
            found.push_back(describe(resource, folder));
    std::stable_partition(found.begin(), found.end(), [](const auto& ready) { return ready.id == default_id; });
    return found;
}

const ReadyExperiment* find(const std::vector<ReadyExperiment>& all, std::string_view id) {
    for (const ReadyExperiment& ready : all)
        if (ready.id == id) return &ready;
    return nullptr;
}

}  // namespace

const std::vector<ReadyExperiment>& ready_experiments() {
    static const std::vector<ReadyExperiment> list = describe_all(experiments_folder);
    return list;
}

const std::vector<ReadyExperiment>& ready_sweeps() {
    static const std::vector<ReadyExperiment> list = describe_all(sweeps_folder);
    return list;
}

const ReadyExperiment* find_ready_experiment(std::string_view id) { return find(ready_experiments(), id); }

const ReadyExperiment* find_ready_sweep(std::string_view id) { return find(ready_sweeps(), id); }

}  // namespace wavlab
