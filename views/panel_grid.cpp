// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/panel_grid.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wavlab {

namespace {

// Width by height of a panel: beyond them its size counts less.
constexpr double narrowest = 0.8, widest = 3.5;

}  // namespace

void PanelGrid::set_labels(const QString& horizontal, const QString& vertical) {
    horizontal_label_ = horizontal;
    vertical_label_ = vertical;
}

void PanelGrid::set_spacing(double gap, double label) {
    gap_ = int(std::ceil(gap));
    label_width_ = label;
}

void PanelGrid::update(UpdatePhase phase) {
    if (phase == upPreparation) arrange();
    QCPLayoutGrid::update(phase);
}

/// By the room of the last layout: how many stand beside each other, and which have names on their axes.
void PanelGrid::arrange() {
    if (panels_.empty()) return;
    const int count = int(panels_.size());
    // What names and titles take.
    const QMargins least = panels_.front()->minimumMargins();
    int left = least.left(), bottom = least.bottom();
    for (const QCPAxisRect* panel : panels_) {
        left = std::max(left, panel->margins().left());
        bottom = std::max(bottom, panel->margins().bottom());
    }
    const double width = rect().width() - left + least.left(), height = rect().height() - bottom + least.bottom();
    double best = -INFINITY, room = 0;
    const int in_a_row = rect().width() >= 0.8 * rect().height() ? count : 1;
    for (int columns = 1; columns <= count; ++columns) {
        if (one_row_ && columns != in_a_row) continue;
        const int rows = (count + columns - 1) / columns;
        if (rows > 1 && (rows - 1) * columns >= count) continue;  // a row would be empty
        const double across = std::max(1.0, width / columns - least.left() - least.right() - gap_);
        const double down = std::max(1.0, height / rows - least.top() - least.bottom());
        const double shape = across / down;
        const double area = across * down * std::min({1.0, shape / narrowest, widest / shape});
        if (area <= best) continue;
        best = area;
        columns_ = columns;
        room = across;
    }
    for (std::size_t i = 0; i < panels_.size(); ++i) {
        QCPAxis* x = panels_[i]->axis(QCPAxis::atBottom);
        QCPAxis* y = panels_[i]->axis(QCPAxis::atLeft);
        x->setTickLabels(!has_one_below(i));
        x->setLabel(has_one_below(i) ? QString() : horizontal_label_);
        y->setTickLabels(i % std::size_t(columns_) == 0);
        y->setLabel(i % std::size_t(columns_) == 0 ? vertical_label_ : QString());
        x->ticker()->setTickCount(std::clamp(int(room / (label_width_ * 1.8)), 2, 6));
    }
}

void PanelGrid::updateLayout() {
    if (panels_.empty()) return;
    std::vector<int> left, right, top, bottom;
    left.resize(std::size_t(columns_));
    right.resize(left.size());
    top.resize(std::size_t(rows()));
    bottom.resize(top.size());
    for (std::size_t i = 0; i < panels_.size(); ++i) {
        const std::size_t row = i / std::size_t(columns_), column = i % std::size_t(columns_);
        const QMargins margins = panels_[i]->margins();
        left[column] = std::max(left[column], margins.left());
        right[column] = std::max(right[column], margins.right());
        top[row] = std::max(top[row], margins.top());
        // Names below a panel that has an empty place below it stand in that place.
        if (has_one_below(i) || row + 1 == top.size()) bottom[row] = std::max(bottom[row], margins.bottom());
    }
    const auto sum = [](const std::vector<int>& lengths) { return std::accumulate(lengths.begin(), lengths.end(), 0); };
    const int width = std::max(1, (rect().width() - sum(left) - sum(right) - gap_ * (columns_ - 1)) / columns_);
    const int height = std::max(1, (rect().height() - sum(top) - sum(bottom)) / rows());
    int y = rect().top();
    for (std::size_t row = 0; row < top.size(); ++row) {
        y += top[row];
        int x = rect().left();
        for (std::size_t column = 0; column < left.size(); ++column) {
            const std::size_t i = row * left.size() + column;
            if (i >= panels_.size()) break;
            x += left[column];
            const QMargins margins = panels_[i]->margins();
            panels_[i]->setOuterRect(QRect(x, y, width, height).marginsAdded(margins));
            x += width + right[column] + gap_;
        }
        y += height + bottom[row];
    }
}

// ---- PanelTitle

PanelTitle::PanelTitle(QCPAxisRect* axes) : QCPLayerable(axes->parentPlot(), "axes"), axes_(axes) {}

void PanelTitle::set_title(const QString& text, const QPen& line, bool bold) {
    text_ = text;
    line_ = line;
    bold_ = bold;
}

int PanelTitle::height(const PlotStyle& style) {
    return int(std::ceil(QFontMetricsF(style.tick_font).height() + style.px(5)));
}

void PanelTitle::applyDefaultAntialiasingHint(QCPPainter* painter) const { painter->setAntialiasing(true); }

void PanelTitle::draw(QCPPainter* painter) {
    const QRectF area = axes_->rect();
    if (!note_.isEmpty()) {
        painter->setFont(style_.tick_font);
        painter->setPen(style_.muted_ink);
        const double pad = style_.px(4);
        painter->drawText(area.adjusted(pad, pad, -pad, -pad), Qt::AlignCenter | Qt::TextWordWrap, note_);
    }
    if (text_.isEmpty()) return;
    QFont font = style_.tick_font;
    font.setBold(bold_);
    const QFontMetricsF metrics(font);
    const double line = style_.px(24), gap = style_.px(4);
    const double baseline = area.top() - style_.px(3) - metrics.descent();
    const double middle = baseline - metrics.xHeight() / 2;
    painter->setPen(line_);
    painter->drawLine(QPointF(area.left(), middle), QPointF(area.left() + line, middle));
    painter->setFont(font);
    painter->setPen(style_.ink);
    const double room = std::max(0.0, area.width() - line - gap);
    painter->drawText(QPointF(area.left() + line + gap, baseline), metrics.elidedText(text_, Qt::ElideMiddle, room));
}

}  // namespace wavlab
