// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/paper/paper.h"
#include "tests/core/some_run.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

TEST(PaperReport, NamesEveryProgramAndDeviceThatTrainedItsRuns) {
    auto record = std::make_shared<RunRecord>("/runs/wav-12");
    RunStarted again = some_start(10);
    again.description.commit = "def";
    again.description.torch_version = "2.12.0";
    again.description.threads = 1;
    record->apply(some_start());
    record->apply(again);
    auto other = std::make_shared<RunRecord>("/runs/standard-12");
    other->apply(some_start());
    PaperRuns runs;
    runs.records = {record, other};
    const std::string report = paper_report(Paper{}, runs, {}, {}, {});
    EXPECT_THAT(report, HasSubstr("runs trained by WAV Lab 0.1.0 (abc), torch 2.11.0; WAV Lab 0.1.0 (def), torch "
                                  "2.12.0.\n"));
    EXPECT_THAT(report,
                HasSubstr("- Device: cpu (AVX2), 2 threads for each run; cpu (AVX2), 1 thread for each run.\n"));
}

}  // namespace
}  // namespace wavlab
