# SPDX-License-Identifier: GPL-3.0-or-later
# Compiles through ccache where it is installed and nobody chose a launcher already.
find_program(WAVLAB_CCACHE ccache)
mark_as_advanced(WAVLAB_CCACHE)
if(WAVLAB_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers can be cached only with these two allowances.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${WAVLAB_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${WAVLAB_CCACHE})
endif()
