// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ready_experiments.h"

#include <gtest/gtest.h>

#include "core/experiment.h"
#include "core/method.h"

namespace wavlab {
namespace {

// With the real methods registered: what the window offers can be run, and gives only options that its method has.
TEST(ReadyExperiments, EachCanBeRunWithItsMethod) {
    for (const ReadyExperiment& ready : ready_experiments()) {
        SCOPED_TRACE(std::string(ready.id));
        const Experiment experiment = parse_experiment(ready.text, std::string(ready.id) + ".toml", ".");
        EXPECT_NO_THROW(require_valid(experiment, std::string(ready.id)));
        EXPECT_TRUE(ignored_method_options(experiment).empty());
        EXPECT_TRUE(MethodRegistry::find(experiment.model.method));
    }
}

}  // namespace
}  // namespace wavlab
