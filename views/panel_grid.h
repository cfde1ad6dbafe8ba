// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <qcustomplot.h>

#include "views/plot_style.h"

namespace wavlab {

/// Small multiples: axes of one size in rows, with names on the outer axes only. How many stand beside each other
/// follows from the room there is: as large as they can be.
class PanelGrid : public QCPLayoutGrid {
    Q_OBJECT

public:
    explicit PanelGrid(QCustomPlot* plot) : QCPLayoutGrid() { initializeParentPlot(plot); }

    /// Those that are shown, in reading order; all of them are elements of this layout.
    void set_panels(std::vector<QCPAxisRect*> panels) { panels_ = std::move(panels); }
    void set_labels(const QString& horizontal, const QString& vertical);
    /// Between panels, in canvas units, so that numbers at the ends of neighbours do not meet. `label`: the widest.
    void set_spacing(double gap, double label);
    /// All beside each other, or where the room is rather high than wide all below each other.
    void set_one_row(bool one_row) { one_row_ = one_row; }
    int columns() const { return columns_; }

    void update(UpdatePhase phase) override;
    void updateLayout() override;
    QSize minimumOuterSizeHint() const override { return {0, 0}; }
    QSize maximumOuterSizeHint() const override { return {QWIDGETSIZE_MAX, QWIDGETSIZE_MAX}; }

private:
    void arrange();
    int rows() const { return (int(panels_.size()) + columns_ - 1) / columns_; }
    bool has_one_below(std::size_t panel) const { return panel + std::size_t(columns_) < panels_.size(); }

    std::vector<QCPAxisRect*> panels_;
    QString horizontal_label_;
    QString vertical_label_;
    int gap_ = 0;
    double label_width_ = 30;
    bool one_row_ = false;
    int columns_ = 1;
};

/// Whose panel it is, in the upper margin of its axes: line and name of a run; and a sentence in place of its data.
class PanelTitle : public QCPLayerable {
    Q_OBJECT

public:
    explicit PanelTitle(QCPAxisRect* axes);
    const QCPAxisRect* axes() const { return axes_; }
    void set_style(const PlotStyle& style) { style_ = style; }
    /// Empty: none.
    void set_title(const QString& text, const QPen& line, bool bold);
    const QString& text() const { return text_; }
    const QPen& line() const { return line_; }
    void set_note(const QString& note) { note_ = note; }
    const QString& note() const { return note_; }
    /// The room that it needs above the axes.
    static int height(const PlotStyle& style);

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    QCPAxisRect* axes_;
    PlotStyle style_;
    QString text_;
    QPen line_;
    bool bold_ = false;
    QString note_;
};

}  // namespace wavlab
