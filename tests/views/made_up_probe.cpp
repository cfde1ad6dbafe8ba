// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/views/made_up_probe.h"

#include <cmath>
#include <filesystem>

namespace wavlab {

ProbeResult made_up_probe(const RoutingLayout& layout, std::int64_t step, bool cells) {
    ProbeResult probe;
    probe.step = step;
    probe.model = "made up";
    probe.source = "validation part of stories";
    probe.device = "cpu";
    probe.windows = 16;
    probe.tokens = 16 * 64;
    probe.loss = 1.5;
    probe.layout = layout;
    std::size_t cell = 0;
    const std::size_t count = layout.cell_count();
    for (std::size_t router = 0; router < layout.routers.size(); ++router) {
        const auto& sources = layout.routers[router];
        for (std::size_t i = 0; i < sources.size(); ++i, ++cell) {
            const double share = double(cell + 1) / double(count);
            probe.alpha.push_back(0.9 * share);
            probe.contribution.push_back(2 - share);
            if (!cells) continue;
            const double loss = 0.2 * std::pow(share, 6) - 0.001;
            probe.zero.push_back({loss, loss * 0.7});
            const double none = std::nan("");
            probe.renormalise.push_back(sources.size() == 1 ? ProbeEffect{none, none}
                                                            : ProbeEffect{loss / 2, loss / 3});
        }
    }
    const auto routers = std::int64_t(layout.routers.size());
    for (const SourceKind kind : {SourceKind::block, SourceKind::phase, SourceKind::split})
        for (const Removal removal : {Removal::zero, Removal::renormalise})
            for (const auto& [first, last] : {std::pair<std::int64_t, std::int64_t>{1, routers},
                                              {1, routers / 3},
                                              {routers / 3 + 1, 2 * routers / 3},
                                              {2 * routers / 3 + 1, routers}}) {
                ProbedFamily family;
                family.family = kind;
                family.removal = removal;
                for (std::int64_t router = first; router <= last; ++router) family.routers.push_back(router);
                const double loss = 0.01 * double(last - first) * (kind == SourceKind::block ? 1 : -0.2);
                family.effect = {loss, loss * 0.8};
                family.alpha = 0.3;
                family.contribution = 1.5;
                probe.families.push_back(family);
            }
    return probe;
}

ProbedRunFolder::ProbedRunFolder(const SyntheticRun& made) : run(made) {
    std::filesystem::create_directories(folder / run.name);
    record = std::make_shared<RunRecord>(folder / run.name);
    record->apply(run.started());
    for (std::int64_t step = 0; step <= run.steps; ++step)
        for (const RunEvent& event : run.step_events(step)) record->apply(event);
    if (run.finished) record->apply(RunEnded{.state = RunState::finished, .reason = "", .step = run.steps});
}

void ProbedRunFolder::keep(std::int64_t step, bool cells) {
    keep_probe(RunFolder{record->folder()}, made_up_probe(run.layout(), step, cells));
}

}  // namespace wavlab
