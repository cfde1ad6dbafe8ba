// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <qcustomplot.h>

#include "views/plot_style.h"

namespace wavlab {

/// The parts that plots are put together from, beside QCustomPlot's own.

/// A line of symbols with names above the axes, which wraps where it is too wide; nothing in the plot is covered.
class LegendStrip : public QCPLayoutElement {
public:
    struct Entry {
        QString text;
        QPen line = Qt::NoPen;
        QCPScatterStyle marker = QCPScatterStyle::ssNone;
        QColor swatch = QColor();
        bool heading = false;  ///< begins a group: where all entries do not fit on one line it starts a new one
    };

    explicit LegendStrip(QCustomPlot* plot);
    void set_entries(std::vector<Entry> entries);
    void set_style(const PlotStyle& style);
    /// Entries that would need more lines are left out, and the last line says how many.
    void set_most_lines(int lines) { most_lines_ = lines; }
    const std::vector<Entry>& entries() const { return entries_; }
    struct Shown {
        Entry entry;  ///< its text as it is drawn, cut where it is too long
        int line = 0;
    };
    /// Those there is room for; where some are left out, the last one says how many.
    std::vector<Shown> shown() const;

    QSize minimumOuterSizeHint() const override;
    QSize maximumOuterSizeHint() const override;

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    struct Place {
        QPointF corner;
        QString text;
        bool is_rest = false;  ///< the text says how many entries are left out from here on
    };
    /// Lets the last place say how many entries follow that have none.
    void shorten(std::vector<Place>& places, const QFontMetricsF& metrics, double width) const;
    std::vector<Place> places(double width, double* height) const;
    double symbol_width(const Entry& entry) const;

    std::vector<Entry> entries_;
    PlotStyle style_;
    int most_lines_ = 1000;
};

/// A box with a small table beside a point, a vertical line, and a frame around a cell.
class HoverBox : public QCPLayerable {
public:
    struct Row {
        QColor color;  ///< invalid: no swatch
        QVector<qreal> dashes;
        QStringList cells;
        bool muted = false;
    };
    struct Content {
        QString title;
        std::vector<Row> rows;
        QPointF anchor;
        bool vertical_line = false;
        QRectF frame;  ///< around what is described; empty: none
        std::vector<std::pair<QPointF, QColor>> dots;
    };

    explicit HoverBox(QCustomPlot* plot);
    void set_style(const PlotStyle& style) { style_ = style; }
    /// Draws it in this area, on its own layer only.
    void show(Content content, const QRectF& area);
    void clear();
    bool shown() const { return shown_; }
    QStringList lines() const;

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    void draw_box(QCPPainter* painter) const;

    PlotStyle style_;
    Content content_;
    QRectF area_;
    bool shown_ = false;
};

/// The step of the time cursor, as a line across axes over time (all of one range); on a layer of its own with what is
/// hovered.
class CursorLine : public QCPLayerable {
public:
    explicit CursorLine(QCPAxisRect* axes);
    void set_axes(std::vector<QCPAxisRect*> axes) { axes_ = std::move(axes); }
    const std::vector<QCPAxisRect*>& axes() const { return axes_; }
    void set_style(const PlotStyle& style) { style_ = style; }
    /// Nothing: no line. `following`: the newest is followed, so that the line is faint.
    void set_key(std::optional<double> key, bool following);
    /// Where it is drawn on these axes; nothing when it is not.
    std::optional<double> pixel(const QCPAxisRect& axes) const;

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    void draw_on(QCPPainter* painter, const QCPAxisRect& axes) const;

    std::vector<QCPAxisRect*> axes_;
    PlotStyle style_;
    std::optional<double> key_;
    bool following_ = true;
};

/// A sentence in the middle of an otherwise empty canvas.
class CenteredNote : public QCPLayerable {
public:
    explicit CenteredNote(QCustomPlot* plot) : QCPLayerable(plot, "overlay") {}
    void set_style(const PlotStyle& style) { style_ = style; }
    void set_text(const QString& text) { text_ = text; }
    const QString& text() const { return text_; }

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    PlotStyle style_;
    QString text_;
};

/// Horizontal dashed lines with a name: the floor, the unigram entropy, zero.
class ReferenceLines : public QCPLayerable {
public:
    struct Line {
        double value = 0;
        QString text;
        bool text_below = false;
    };

    explicit ReferenceLines(QCPAxisRect* axes);
    void set_style(const PlotStyle& style) { style_ = style; }
    void set_lines(std::vector<Line> lines) { lines_ = std::move(lines); }
    const std::vector<Line>& lines() const { return lines_; }
    const QCPAxisRect* axes() const { return axes_; }

protected:
    QRect clipRect() const override;
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    QCPAxisRect* axes_;
    PlotStyle style_;
    std::vector<Line> lines_;
};

/// Crosses at the upper end of the axes where a value is not finite, so that it is seen and not dropped.
class NonFiniteMarks : public QCPLayerable {
public:
    struct Mark {
        double key = 0;
        QColor color;
    };

    explicit NonFiniteMarks(QCPAxisRect* axes);
    void set_style(const PlotStyle& style) { style_ = style; }
    void clear() { marks_.clear(); }
    void add(double key, const QColor& color) { marks_.push_back({key, color}); }
    const std::vector<Mark>& marks() const { return marks_; }
    const QCPAxisRect* axes() const { return axes_; }

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    QCPAxisRect* axes_;
    PlotStyle style_;
    std::vector<Mark> marks_;
};

/// A narrow coloured strip along an axis of categories: which kind is each row or column?
class KindStrip : public QCPLayerable {
public:
    KindStrip(QCPAxis* axis, double thickness);
    /// Category i lies at i - 0.5 .. i + 0.5 of the axis.
    void set_colors(std::vector<QColor> colors) { colors_ = std::move(colors); }
    void set_style(const PlotStyle& style) { style_ = style; }
    const QCPAxis* axis() const { return axis_; }
    const std::vector<QColor>& colors() const { return colors_; }
    /// In canvas units.
    double thickness() const { return style_.px(thickness_); }

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override;
    void draw(QCPPainter* painter) override;

private:
    QCPAxis* axis_;
    double thickness_;  ///< in 1/96 inch
    PlotStyle style_;
    std::vector<QColor> colors_;
};

}  // namespace wavlab
