// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace wavlab {

/// WAV Lab's version, "0.1.0".
const char* version();
/// The commit that was built, twelve hexadecimal digits, or "unknown".
const char* commit();
/// CMake's build type, "Release".
const char* build_type();
/// "GNU 12.2.0".
const char* compiler();

}  // namespace wavlab
