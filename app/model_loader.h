// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace wavlab {

class ModelLibrary;

/// OpenMP's threads shall sleep while they wait: their spinning barrier collapses (to a tenth) as soon as a window uses
/// a core. libgomp reads the setting when it is loaded, and Qt brings it along before main, so the program starts
/// itself anew with it. Call it first in main. A user's own OMP_WAIT_POLICY is kept.
void make_waiting_passive(char** arguments);

/// The model side of the program, loaded on first use (about a second: it brings LibTorch). The methods are in core's
/// registry from then on. May be called from any thread. Throws WorkError when the module cannot be loaded.
ModelLibrary& load_model_library();

}  // namespace wavlab
