// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <qcustomplot.h>

#include "views/plot_style.h"

namespace wavlab {

/// Ticks at given positions and nowhere else; where their labels would overlap, some are left out.
class PositionTicker : public QCPAxisTicker {
public:
    explicit PositionTicker(const QCPAxis* axis) : axis_(axis) {}
    void set_positions(std::vector<double> positions) { positions_ = std::move(positions); }

    void generate(const QCPRange& range, const QLocale& locale, QChar format, int precision, QVector<double>& ticks,
                  QVector<double>* sub_ticks, QVector<QString>* labels) override;

private:
    const QCPAxis* axis_;
    std::vector<double> positions_;
};

/// Labels with as many decimals as the step between them needs: 3.50, 3.52, 3.54.
class EvenTicker : public QCPAxisTicker {
protected:
    double getTickStep(const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

private:
    int decimals_ = 0;
};

/// Breaks the label of a vertical axis into lines where the axis is too short for it, whoever set the label. Takes no
/// room itself; it lies in the axis rectangle's inset layout.
class AxisLabelBreaker : public QCPLayoutElement {
public:
    explicit AxisLabelBreaker(QCPAxis* axis);
    void update(UpdatePhase phase) override;

private:
    QCPAxis* axis_;
    QString whole_, broken_;
};

/// A text in lines no wider than `width` where its words allow it; what stands in brackets is one word.
QString broken_text(const QString& text, const QFontMetricsF& metrics, double width);

/// "12", "0.001", "100k".
QString position_text(double position);

/// The marker of a line's means: eight shapes, so that grey print tells them apart where dashes repeat.
QCPScatterStyle mean_marker(int style_index, const PlotStyle& style);
/// An open star, which no line of ours has.
QCPScatterStyle published_marker(const PlotStyle& style);
/// A bar with whiskers, for the legend.
QCPScatterStyle bar_marker(const PlotStyle& style);

}  // namespace wavlab
