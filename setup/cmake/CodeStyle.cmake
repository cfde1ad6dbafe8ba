# SPDX-License-Identifier: GPL-3.0-or-later
# Targets `format` (rewrites), `format-check` and `tidy`. They are not part of the tests.
find_program(WAVLAB_CLANG_FORMAT clang-format)
find_program(WAVLAB_RUN_CLANG_TIDY NAMES run-clang-tidy run-clang-tidy-14)
mark_as_advanced(WAVLAB_CLANG_FORMAT WAVLAB_RUN_CLANG_TIDY)
file(GLOB_RECURSE style_sources CONFIGURE_DEPENDS
    core/*.h core/*.cpp datasets/*.h datasets/*.cpp model/*.h model/*.cpp model/*.cu model/*.cuh
    views/*.h views/*.cpp app/*.h app/*.cpp tests/*.h tests/*.cpp)
if(WAVLAB_CLANG_FORMAT AND style_sources)
    add_custom_target(format COMMAND ${WAVLAB_CLANG_FORMAT} -i ${style_sources}
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM COMMENT "Formatting the sources")
    add_custom_target(format-check COMMAND ${WAVLAB_CLANG_FORMAT} --dry-run --Werror ${style_sources}
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM COMMENT "Checking the sources' format")
endif()
if(WAVLAB_RUN_CLANG_TIDY)
    # clang cannot read GCC's precompiled headers: it gets the compile commands without them.
    set(tidy_folder "${CMAKE_BINARY_DIR}/tidy")
    file(MAKE_DIRECTORY "${tidy_folder}")
    add_custom_target(tidy
        COMMAND sed -E "s# (-include [^ ]*cmake_pch\\.hxx|-fpch-preprocess|-Winvalid-pch)##g"
                "${CMAKE_BINARY_DIR}/compile_commands.json" > "${tidy_folder}/compile_commands.json"
        COMMAND ${WAVLAB_RUN_CLANG_TIDY} -quiet -p "${tidy_folder}"
                "${CMAKE_SOURCE_DIR}/(core|datasets|model|views|app)/.*\\.cpp$"
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM USES_TERMINAL COMMENT "Running clang-tidy")
endif()
