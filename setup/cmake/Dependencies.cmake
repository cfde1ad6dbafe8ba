# SPDX-License-Identifier: GPL-3.0-or-later
# Finds every library. run.sh puts LibTorch, and nvcc where the machine has none, into .deps/python; a user's own
# CMAKE_PREFIX_PATH or Torch_DIR comes first.
set(wavlab_local_packages "${CMAKE_SOURCE_DIR}/.deps/python")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)  # SHA-256
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)  # what kind of character a code point is

if(WAVLAB_GUI)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Svg PrintSupport OpenGL OpenGLWidgets DBus Network)
    find_package(Qt6 6.4 QUIET OPTIONAL_COMPONENTS LinguistTools)
    find_package(QCustomPlotQt6 REQUIRED)
    pkg_check_modules(IMGUI REQUIRED IMPORTED_TARGET imgui)
endif()

if(WAVLAB_TESTS)
    find_package(GTest REQUIRED)
    if(WAVLAB_GUI)
        find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
    endif()
endif()

if(WAVLAB_MODEL)
    include(LibTorch)
endif()
