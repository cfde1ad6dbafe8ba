// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Marks a text that the window shows where nothing is known of languages: in core, datasets and model, and in static
/// descriptions. It stays as it is there; views translate it where they show it (`translated`, views/translated.h).
/// lupdate reads the macro as QT_TR_NOOP (setup/cmake/Translations.cmake). Use it at namespace scope and in free
/// functions, so that its context is always the namespace.
#define WAVLAB_TEXT(text) text
