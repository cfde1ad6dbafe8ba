# SPDX-License-Identifier: GPL-3.0-or-later
# Warnings and sanitizers for our own sources. Libraries' headers come in as system headers.
add_library(wavlab_options INTERFACE)
target_include_directories(wavlab_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(wavlab_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${WAVLAB_WERROR}>>:-Werror>)
target_compile_definitions(wavlab_options INTERFACE
    $<$<BOOL:${WAVLAB_GUI}>:WAVLAB_WITH_GUI> $<$<BOOL:${WAVLAB_CUDA}>:WAVLAB_WITH_CUDA>)

if(WAVLAB_SANITIZE STREQUAL "address")
    set(sanitizer -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
elseif(WAVLAB_SANITIZE STREQUAL "thread")
    set(sanitizer -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT WAVLAB_SANITIZE STREQUAL "")
    message(FATAL_ERROR "WAVLAB_SANITIZE is '${WAVLAB_SANITIZE}'; it may be empty, address or thread")
endif()
if(sanitizer)
    target_compile_options(wavlab_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${sanitizer}>)
    target_link_options(wavlab_options INTERFACE ${sanitizer})
endif()
