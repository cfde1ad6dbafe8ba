# SPDX-License-Identifier: GPL-3.0-or-later
# Generates the source of core/build_info.h: version, and the commit as of the last build.
set(build_info_source "${CMAKE_BINARY_DIR}/generated/core/build_info.cpp")
set(build_info_inputs "${CMAKE_SOURCE_DIR}/setup/cmake/WriteBuildInfo.cmake")
if(EXISTS "${CMAKE_SOURCE_DIR}/.git/logs/HEAD")
    list(APPEND build_info_inputs "${CMAKE_SOURCE_DIR}/.git/logs/HEAD")
endif()
add_custom_command(
    OUTPUT "${build_info_source}"
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${build_info_source} -DVERSION=${PROJECT_VERSION}
            -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DBUILD_TYPE=${CMAKE_BUILD_TYPE}
            "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
            -P "${CMAKE_SOURCE_DIR}/setup/cmake/WriteBuildInfo.cmake"
    DEPENDS ${build_info_inputs}
    COMMENT "Recording version and commit"
    VERBATIM)
