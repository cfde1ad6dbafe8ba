// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "core/result_table.h"
#include "core/safe_file.h"
#include "core/table_format.h"
#include "tests/core/temporary_folder.h"

namespace wavlab {
namespace {

TableRun run_of(const std::string& method, std::int64_t layers, std::int64_t seed, double loss) {
    TableRun run;
    run.name = "100% of {" + method + "} #" + std::to_string(seed) + " & ~^\\\\";
    run.experiment.seed = seed;
    run.experiment.model.method = method;
    run.experiment.model.layers = layers;
    run.experiment.data.dataset = "file:/tmp/[a*b] <$_$> \"50%\" c|d é.txt";
    run.description.device = "cpu";
    run.description.threads = 1;
    run.state = RunState::finished;
    run.values["val/loss"] = {300, loss};
    run.tokens_per_second = 12'345.6;
    run.memory_bytes = 4e8;
    return run;
}

/// LaTeX's exit status for a paper that holds this table and nothing but booktabs; its last lines go into `log`.
int compile(const std::string& table, std::string& log) {
    const TemporaryFolder folder;
    write_file_safely(folder.path() / "table.tex", table);
    write_file_safely(folder.path() / "paper.tex",
                      "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
                      "\\begin{table}\\centering\\caption{Results}\\input{table}\\end{table}\n\\end{document}\n");
    const std::string command = "cd '" + folder.path().string() +
                                "' && pdflatex -interaction=nonstopmode -halt-on-error paper.tex > output.txt 2>&1";
    const int status = std::system(command.c_str());
    log = read_file(folder.path() / "output.txt");
    return status;
}

TEST(ExtendedTableLatex, CompilesWithBooktabsAlone) {
    if (std::system("pdflatex --version > /dev/null 2>&1 && kpsewhich booktabs.sty > /dev/null 2>&1") != 0)
        GTEST_SKIP() << "there is no pdflatex with booktabs on this machine";
    std::vector<TableRun> runs;
    for (const std::int64_t layers : {12, 24})
        for (const std::int64_t seed : {1, 2}) {
            runs.push_back(run_of("standard", layers, seed, 2.0 + 0.1 * double(seed)));
            runs.push_back(run_of("wav", layers, seed, 1.9 + 0.05 * double(seed)));
        }
    runs[0].state = RunState::diverged;
    for (const std::vector<std::string>& columns : {std::vector<std::string>{}, {"model.layers"}})
        for (const TableSpread spread : {TableSpread::deviation, TableSpread::interval, TableSpread::none}) {
            TableRequest request;
            request.rows = {"data.dataset", "model.method"};
            request.columns = columns;
            TableStyle style;
            style.spread = spread;
            std::string log;
            EXPECT_EQ(compile(latex_table(result_table(runs, request), style), log), 0) << log;
        }
}

}  // namespace
}  // namespace wavlab
