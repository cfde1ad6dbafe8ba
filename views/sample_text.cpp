// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/sample_text.h"

#include <algorithm>

#include <QPalette>
#include <QTextCursor>

#include "views/theme.h"

namespace wavlab {

std::vector<std::int64_t> sample_steps(const std::vector<SampleDrawn>& samples) {
    std::vector<std::int64_t> steps;
    for (const SampleDrawn& sample : samples) steps.push_back(sample.step);
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    return steps;
}

std::vector<const SampleDrawn*> samples_at(const std::vector<SampleDrawn>& samples, std::optional<std::int64_t> step) {
    std::optional<std::int64_t> nearest;
    for (const SampleDrawn& sample : samples)
        if ((!step || sample.step <= *step) && (!nearest || sample.step > *nearest)) nearest = sample.step;
    std::vector<const SampleDrawn*> found;
    for (const SampleDrawn& sample : samples)
        if (sample.step == nearest) found.push_back(&sample);
    return found;
}

QString visible_text(const QString& text) {
    QString shown = text;
    for (QChar& letter : shown) {
        const char16_t code = letter.unicode();
        if (code < 0x20 && code != u'\n' && code != u'\t') letter = QChar(char16_t(0x2400 + code));
        if (code == 0x7f) letter = QChar(0x2421);
        // Qt's own marks inside of documents.
        if (code == 0xfffc || code == 0xfdd0 || code == 0xfdd1) letter = QChar(0xfffd);
    }
    return shown;
}

QTextCharFormat prompt_format(const QPalette& palette) {
    QTextCharFormat format;
    format.setForeground(palette.color(QPalette::Text));
    QColor ground = palette.color(QPalette::Highlight);
    ground.setAlpha(is_dark(palette) ? 90 : 48);
    format.setBackground(ground);
    return format;
}

QTextCharFormat continuation_format(const QPalette& palette) {
    QTextCharFormat format;
    format.setForeground(palette.color(QPalette::Text));
    return format;
}

void insert_sample(QTextCursor& cursor, const QString& prompt, const QString& continuation, const QPalette& palette) {
    cursor.insertText(visible_text(prompt), prompt_format(palette));
    cursor.insertText(visible_text(continuation), continuation_format(palette));
}

}  // namespace wavlab
