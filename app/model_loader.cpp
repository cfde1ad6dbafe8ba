// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/model_loader.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <dlfcn.h>
#include <unistd.h>

#include "core/error.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

constexpr const char* module_name = "libwavlab_model.so";

/// Beside the program, else wherever its RPATH says: the address sanitizer, whose dlopen it is then, knows no RPATH.
std::string module_file() {
    std::error_code problem;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
    const std::filesystem::path file = program.parent_path().parent_path() / "lib" / module_name;
    return !problem && std::filesystem::exists(file, problem) ? file.string() : module_name;
}

ModelLibrary* open_module() {
    // It is never closed: LibTorch does not survive that.
    void* module = dlopen(module_file().c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!module) throw WorkError(std::string("the model part of the program cannot be loaded: ") + dlerror());
    using Entry = ModelLibrary* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(module, "wavlab_model_library"));
    if (!entry) throw WorkError("the model part of the program is of another version; build the program again");
    return entry();
}

}  // namespace

void make_waiting_passive(char** arguments) {
    if (std::getenv("OMP_WAIT_POLICY")) return;
    setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
    std::error_code problem;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
    if (!problem) execv(program.c_str(), arguments);
    // Where it cannot be started anew it goes on as it is, only slower.
}

ModelLibrary& load_model_library() {
    static ModelLibrary* const library = open_module();
    return *library;
}

}  // namespace wavlab
