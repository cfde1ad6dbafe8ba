// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/data_folder.h"

#include <sys/statvfs.h>

#include <cstdlib>
#include <stop_token>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_lock.h"
#include "core/run_folder.h"
#include "core/safe_file.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

nlohmann::json read_licences(const DataFolder& folder) {
    std::error_code error;
    if (!fs::exists(folder.licences(), error)) return nlohmann::json::object();
    const nlohmann::json licences = nlohmann::json::parse(read_file(folder.licences(), 1 << 20), nullptr, false);
    // Damaged: better to ask once more.
    return licences.is_object() ? licences : nlohmann::json::object();
}

nlohmann::json licence_of(const DatasetManifest& manifest) {
    return {{"licence", manifest.licence}, {"address", manifest.licence_address}};
}

}  // namespace

DataFolder default_data_folder() {
    if (const char* folder = std::getenv("WAVLAB_DATA"); folder && *folder) return {fs::absolute(folder)};
    return {default_runs_folder().parent_path() / "datasets"};
}

void make_data_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error && fs::is_directory(folder, error)) return;
    const std::string reason = error ? reason_text(error.value()) : "there is something else of this name";
    const std::string message = folder.string() + ": this folder for datasets cannot be made: " + reason;
    if (error == std::errc::no_space_on_device || error == std::errc::io_error) throw WorkError(message);
    throw InputError(message + "; WAVLAB_DATA names another folder");
}

bool licence_accepted(const DataFolder& folder, const DatasetManifest& manifest) {
    const nlohmann::json licences = read_licences(folder);
    const auto accepted = licences.find(manifest.id);
    return accepted != licences.end() && *accepted == licence_of(manifest);
}

void accept_licence(const DataFolder& folder, const DatasetManifest& manifest) {
    if (licence_accepted(folder, manifest)) return;
    make_data_folder(folder.lock("licences").parent_path());
    // A name that no dataset can have.
    const auto lock = FileLock::take(folder.path / ".locks" / "licences", std::stop_token{});
    nlohmann::json licences = read_licences(folder);
    licences[manifest.id] = licence_of(manifest);
    write_file_safely(folder.licences(), licences.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<std::int64_t> free_disk_space(const fs::path& folder) {
    fs::path existing = fs::absolute(folder);
    std::error_code error;
    while (!fs::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
    struct statvfs status {};
    if (::statvfs(existing.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

void require_disk_space(const fs::path& folder, std::int64_t bytes, const std::string& what_for) {
    const std::optional<std::int64_t> space = free_disk_space(folder);
    if (!space || *space >= bytes) return;
    throw WorkError(folder.string() + ": the disk has too little space for " + what_for + ": " + size_text(bytes) +
                    " are needed and " + size_text(*space) + " are free");
}

std::string size_text(std::int64_t bytes) {
    const double value = static_cast<double>(bytes);
    if (value >= 1e9) return fmt::format("{:.1f} GB", value / 1e9);
    if (value >= 1e6) return fmt::format("{:.1f} MB", value / 1e6);
    if (value >= 1e4) return fmt::format("{:.0f} kB", value / 1e3);
    return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

}  // namespace wavlab
