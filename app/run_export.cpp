// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/run_export.h"

#include "app/checkpoint_choice.h"
#include "core/error.h"
#include "core/metrics_file.h"
#include "core/run_bundle.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "core/safetensors.h"

namespace wavlab {

void export_metrics(const RunFolder& run, const std::filesystem::path& target) {
    const std::filesystem::path ending = target.extension();
    const bool json_lines = ending == ".jsonl";
    if (!json_lines && !ending.empty() && ending != ".csv")
        throw InputError(target.string() + ": the name of a file of metrics must end in .csv or .jsonl");
    RunRecord record(run.path);
    record.follow_store();
    write_file_safely(target, json_lines ? metrics_json_lines(record) : metrics_csv(record));
}

void export_checkpoint(const RunFolder& run, const std::string& step, const std::filesystem::path& target) {
    if (target.extension() != ".safetensors")
        throw InputError("'" + target.string() + "': a checkpoint's file name must end in .safetensors");
    with_model(
        [&] {
            return ModelFile{choose_checkpoint(run, step).model(), run.path};
        },
        [&](const ModelFile& model) {
            const SafetensorsFile verified(model.file);
            write_file_safely(target, read_file(model.file));
        });
}

bool export_bundle(const RunFolder& run, const std::string& step, const std::filesystem::path& target,
                   const std::stop_token& stop) {
    return write_bundle(run, choose_checkpoint(run, step), target, stop);
}

}  // namespace wavlab
