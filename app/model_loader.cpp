// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/model_loader.h"

#include <cstdlib>
#include <dlfcn.h>
#include <string>

#include "core/error.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

ModelLibrary* open_module() {
    // libgomp reads it when it is loaded; its spinning barrier collapses as soon as a window uses a core.
    setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
    // Found by the program's RPATH. It is never closed: LibTorch does not survive that.
    void* module = dlopen("libwavlab_model.so", RTLD_NOW | RTLD_GLOBAL);
    if (!module) throw WorkError(std::string("the model part of the program cannot be loaded: ") + dlerror());
    using Entry = ModelLibrary* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(module, "wavlab_model_library"));
    if (!entry) throw WorkError("the model part of the program is of another version; build the program again");
    return entry();
}

}  // namespace

ModelLibrary& load_model_library() {
    static ModelLibrary* const library = open_module();
    return *library;
}

}  // namespace wavlab
