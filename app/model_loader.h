// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace wavlab {

class ModelLibrary;

/// The model side of the program, loaded on first use (about a second: it brings LibTorch). The methods are in core's
/// registry from then on. May be called from any thread. Throws WorkError when the module cannot be loaded.
ModelLibrary& load_model_library();

}  // namespace wavlab
