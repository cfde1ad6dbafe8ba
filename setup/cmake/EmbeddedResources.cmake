# SPDX-License-Identifier: GPL-3.0-or-later
# Generates the source of core/embedded_resources.h: the text files under resources/, and the manifests of datasets,
# that the program needs without Qt, so that it runs from anywhere.
file(GLOB_RECURSE embedded_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
    "${CMAKE_SOURCE_DIR}/resources/*.toml" "${CMAKE_SOURCE_DIR}/resources/*.json"
    "${CMAKE_SOURCE_DIR}/datasets/manifests/*.toml")
set(embedded_resources_source "${CMAKE_BINARY_DIR}/generated/core/embedded_resources.cpp")
list(TRANSFORM embedded_files PREPEND "${CMAKE_SOURCE_DIR}/" OUTPUT_VARIABLE embedded_paths)
list(JOIN embedded_files "|" embedded_names)
add_custom_command(
    OUTPUT "${embedded_resources_source}"
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${embedded_resources_source} -DSOURCE_DIR=${CMAKE_SOURCE_DIR}
            "-DFILES=${embedded_names}" -P "${CMAKE_SOURCE_DIR}/setup/cmake/WriteEmbeddedResources.cmake"
    DEPENDS ${embedded_paths} "${CMAKE_SOURCE_DIR}/setup/cmake/WriteEmbeddedResources.cmake"
    COMMENT "Embedding resources"
    VERBATIM)
