// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include "views/color_bar.h"
#include "views/plot_style.h"

namespace wavlab {

/// What a heatmap beside others shows, in the upper margin of its axes: its name, a line of text below (or behind it),
/// and a ramp of its colours with the values at their ends.
class PanelScale : public QCPLayerable {
    Q_OBJECT

public:
    explicit PanelScale(QCPAxisRect* axes);
    const QCPAxisRect* axes() const { return axes_; }
    /// `compact`: name and text in one line.
    void set_style(const PlotStyle& style, bool compact) {
        style_ = style;
        compact_ = compact;
    }
    /// `short_title`: in place of a title for which there is no room. `note`: up to its first comma where that is so.
    void set_text(const QString& title, const QString& short_title, const QString& note);
    /// `low`, `high`: the numbers at its ends.
    void set_scale(const ColorScale& scale, const QString& low, const QString& high);
    const QString& title() const { return title_; }
    const QString& short_title() const { return short_title_; }
    const QString& note() const { return note_; }
    const QString& low() const { return low_; }
    const QString& high() const { return high_; }
    bool compact() const { return compact_; }
    const ColorScale& scale() const { return scale_; }
    /// The room that it needs above the axes.
    static int height(const PlotStyle& style, bool compact);

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    void draw_texts(QCPPainter* painter, double top) const;
    void draw_ramp(QCPPainter* painter, const QRectF& area) const;

    QCPAxisRect* axes_;
    PlotStyle style_;
    bool compact_ = false;
    QString title_;
    QString short_title_;
    QString note_;
    ColorScale scale_;
    QString low_;
    QString high_;
};

}  // namespace wavlab
