// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QString>
#include <QTextCharFormat>

#include "core/run_event.h"

class QPalette;
class QTextCursor;

namespace wavlab {

/// The steps at which texts were drawn, ascending, each once.
std::vector<std::int64_t> sample_steps(const std::vector<SampleDrawn>& samples);

/// The texts of the step nearest at or before `step`, in the order they were drawn; of the newest without one. Empty
/// when nothing was drawn by then.
std::vector<const SampleDrawn*> samples_at(const std::vector<SampleDrawn>& samples, std::optional<std::int64_t> step);

/// A model's text as a view shows it: characters that a view cannot draw (controls other than tab and line feed) stand
/// as their Unicode symbols.
QString visible_text(const QString& text);

/// How a prompt looks beside what the model made of it.
QTextCharFormat prompt_format(const QPalette& palette);
QTextCharFormat continuation_format(const QPalette& palette);

/// Writes a prompt and its continuation at the cursor, told apart.
void insert_sample(QTextCursor& cursor, const QString& prompt, const QString& continuation, const QPalette& palette);

}  // namespace wavlab
