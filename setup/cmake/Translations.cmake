# SPDX-License-Identifier: GPL-3.0-or-later
# The window's texts in other languages. A language is one file, resources/translations/wavlab_<language>.ts; target
# `translations` brings all of them up to date with the sources (lupdate), the build compiles them (lrelease) to where
# the program looks for them. `translation_template` writes every text of the window to <build>/translations/wavlab.ts.
find_program(WAVLAB_LUPDATE NAMES lupdate PATHS /usr/lib/qt6/bin NO_DEFAULT_PATH)
find_program(WAVLAB_LRELEASE NAMES lrelease PATHS /usr/lib/qt6/bin NO_DEFAULT_PATH)
mark_as_advanced(WAVLAB_LUPDATE WAVLAB_LRELEASE)
file(GLOB translation_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/resources/translations/wavlab_*.ts")

if(WAVLAB_LUPDATE)
    # Texts outside the window's code are marked by WAVLAB_TEXT (core/translatable.h).
    set(lupdate_command ${WAVLAB_LUPDATE} -silent -locations relative -I . -tr-function-alias QT_TR_NOOP+=WAVLAB_TEXT
        core datasets model views app "${CMAKE_BINARY_DIR}/translations/ready_texts.cpp")
    # Titles and descriptions of ready experiments and sweeps are the comments that their files begin with.
    file(GLOB ready_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/resources/experiments/*.toml"
        "${CMAKE_SOURCE_DIR}/resources/sweeps/*.toml")
    set(ready_texts "")
    foreach(file IN LISTS ready_files)
        file(STRINGS "${file}" comment REGEX "^#")
        set(title "")
        set(description "")
        foreach(line IN LISTS comment)
            string(REGEX REPLACE "^# ?" "" line "${line}")
            if(title STREQUAL "")
                set(title "${line}")
            else()
                string(APPEND description " ${line}")
            endif()
        endforeach()
        string(STRIP "${description}" description)
        foreach(text IN ITEMS "${title}" "${description}")
            string(REPLACE "\"" "\\\"" text "${text}")
            string(APPEND ready_texts "const char* t = WAVLAB_TEXT(\"${text}\");\n")
        endforeach()
    endforeach()
    # So are those of the datasets that come with the program; what stands in quotes there does so in C++.
    file(GLOB manifest_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/datasets/manifests/*.toml")
    foreach(file IN LISTS manifest_files)
        file(STRINGS "${file}" texts REGEX "^(title|summary) = ")
        foreach(text IN LISTS texts)
            string(REGEX REPLACE "^[a-z]+ = " "" text "${text}")
            string(APPEND ready_texts "const char* t = WAVLAB_TEXT(${text});\n")
        endforeach()
    endforeach()
    file(WRITE "${CMAKE_BINARY_DIR}/translations/ready_texts.cpp" "namespace wavlab {\n${ready_texts}}\n")
    set(translation_template "${CMAKE_BINARY_DIR}/translations/wavlab.ts")
    add_custom_target(translation_template COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_BINARY_DIR}/translations"
        COMMAND ${lupdate_command} -no-obsolete -ts "${translation_template}"
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM COMMENT "Collecting the window's texts")
    if(translation_files)
        add_custom_target(translations COMMAND ${lupdate_command} -ts ${translation_files}
            WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM COMMENT "Bringing the translations up to date")
    endif()
endif()
if(WAVLAB_LRELEASE)
    foreach(file IN LISTS translation_files)
        get_filename_component(name "${file}" NAME_WE)
        set(compiled "${CMAKE_BINARY_DIR}/share/translations/${name}.qm")
        add_custom_command(OUTPUT "${compiled}" COMMAND ${WAVLAB_LRELEASE} -silent "${file}" -qm "${compiled}"
            DEPENDS "${file}" VERBATIM COMMENT "Compiling ${name}")
        list(APPEND compiled_translations "${compiled}")
    endforeach()
    add_custom_target(compiled_translations ALL DEPENDS ${compiled_translations})
endif()
