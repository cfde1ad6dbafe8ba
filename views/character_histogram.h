// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QString>
#include <QWidget>

class QCPBars;
class QCustomPlot;

namespace wavlab {

/// How often a character occurs.
struct CharacterCount {
    char32_t character = 0;
    std::int64_t count = 0;
};

/// A character as it can be read: "e", "space", "line feed", "U+200B zero width space".
QString character_name(char32_t character);

/// Horizontal bars: the share of each of the most frequent characters in a text, as many as there is room for.
class CharacterHistogram : public QWidget {
    Q_OBJECT

public:
    explicit CharacterHistogram(QWidget* parent = nullptr);

    /// `counts`: the most frequent first; `all`: number of characters they are counted in.
    void set_counts(std::vector<CharacterCount> counts, std::int64_t all);
    QCustomPlot& canvas() { return *canvas_; }
    /// How many bars are drawn.
    int bars() const { return shown_; }

    QSize sizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void draw();
    void show_tip(const QPoint& position);

    QCustomPlot* canvas_;
    QCPBars* bars_;
    std::vector<CharacterCount> counts_;
    std::int64_t all_ = 0;
    int shown_ = 0;
};

}  // namespace wavlab
