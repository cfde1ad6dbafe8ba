// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_data.h"

#include <algorithm>

#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_walk.h"
#include "views/heatmap.h"
#include "views/panel_grid.h"
#include "views/panel_scale.h"

namespace wavlab {

void FigureWalk::find_axes() {
    for (const QCPAxisRect* rect : canvas_.axisRects()) {
        if (!rect->realVisibility() || rect->width() < 2 || rect->height() < 2) continue;
        const bool has_x = rect->axis(QCPAxis::atBottom) || rect->axis(QCPAxis::atTop);
        const bool has_y = rect->axis(QCPAxis::atLeft) || rect->axis(QCPAxis::atRight);
        if (!has_x || !has_y) continue;
        DrawnAxes axes;
        axes.place = place_of(rect->rect());
        axes.x = axis_of(horizontal_axis(*rect));
        axes.y = axis_of(vertical_axis(*rect));
        result_.axes.push_back(std::move(axes));
        rects_.push_back(rect);
    }
}

DrawnAxes* FigureWalk::axes_of(const QCPAxisRect* rect) {
    const auto found = std::find(rects_.begin(), rects_.end(), rect);
    return found == rects_.end() ? nullptr : &result_.axes[std::size_t(found - rects_.begin())];
}

FigureData FigureWalk::run() {
    const double whole_width = points(canvas_.viewport().width()), whole_height = points(canvas_.viewport().height());
    result_.size = {whole_width, whole_height};
    find_axes();
    const auto each_part = [&](const auto& visit) {
        for (int i = 0; i < canvas_.layerCount(); ++i) {
            if (!canvas_.layer(i)->visible()) continue;
            for (QCPLayerable* part : canvas_.layer(i)->children())
                if (part->realVisibility()) visit(*part);
        }
    };
    // Its names serve parts that have none.
    each_part([&](QCPLayerable& part) {
        if (const auto* legend = dynamic_cast<const LegendStrip*>(&part)) add_legend(*legend);
    });
    // Bars of errors belong to what other parts have drawn.
    std::vector<const QCPErrorBars*> errors;
    each_part([&](QCPLayerable& part) {
        if (const auto* bars = dynamic_cast<const QCPErrorBars*>(&part))
            errors.push_back(bars);
        else
            add(part);
    });
    for (const QCPErrorBars* bars : errors) add_error_bars(*bars);
    std::vector<DrawnAxes> with_content;
    for (DrawnAxes& axes : result_.axes) {
        const bool empty = axes.series.empty() && axes.matrices.empty() && axes.references.empty() &&
                           axes.marks.empty() && axes.texts.empty() && axes.note.empty();
        if (!empty) with_content.push_back(std::move(axes));
    }
    result_.axes = std::move(with_content);
    name_matrices();
    return std::move(result_);
}

void FigureWalk::add(QCPLayerable& part) {
    if (const auto* curves = dynamic_cast<const CurveLayer*>(&part)) return add_curves(*curves);
    if (const auto* map = dynamic_cast<const Heatmap*>(&part))
        return map->is_ramp() ? add_color_bar(*map) : add_heatmap(*map);
    if (const auto* graph = dynamic_cast<const QCPGraph*>(&part)) return add_graph(*graph);
    if (const auto* curve = dynamic_cast<const QCPCurve*>(&part)) return add_curve(*curve);
    if (const auto* bars = dynamic_cast<const QCPBars*>(&part)) return add_bars(*bars);
    if (const auto* lines = dynamic_cast<const ReferenceLines*>(&part)) return add_references(*lines);
    if (const auto* marks = dynamic_cast<const NonFiniteMarks*>(&part)) return add_marks(*marks);
    if (const auto* title = dynamic_cast<const PanelTitle*>(&part)) return add_title(*title);
    if (const auto* head = dynamic_cast<const PanelScale*>(&part)) return add_head(*head);
    if (const auto* strip = dynamic_cast<const KindStrip*>(&part)) return add_strip(*strip);
    if (const auto* text = dynamic_cast<const QCPItemText*>(&part)) return add_text(*text);
}

void FigureWalk::add_legend(const LegendStrip& strip) {
    result_.legend_place = place_of(strip.rect());
    for (const auto& [entry, line_number] : strip.shown()) {
        DrawnLegendEntry drawn;
        drawn.text = entry.text.toStdString();
        drawn.line = line_of(entry.line);
        drawn.marker = marker_of(entry.marker, entry.line);
        drawn.swatch = entry.swatch;
        drawn.line_number = line_number;
        result_.legend.push_back(std::move(drawn));
    }
}

void FigureWalk::add_references(const ReferenceLines& lines) {
    DrawnAxes* axes = axes_of(lines.axes());
    if (!axes) return;
    const AxisValues y(vertical_axis(*lines.axes()));
    for (const ReferenceLines::Line& line : lines.lines())
        if (y.range().contains(line.value))
            axes->references.push_back({y(line.value), line.text.toStdString(), line.text_below});
}

void FigureWalk::add_marks(const NonFiniteMarks& marks) {
    DrawnAxes* axes = axes_of(marks.axes());
    if (!axes) return;
    const AxisValues x(horizontal_axis(*marks.axes()));
    for (const NonFiniteMarks::Mark& mark : marks.marks())
        if (x.range().contains(mark.key)) axes->marks.push_back({x(mark.key), mark.color});
}

void FigureWalk::add_title(const PanelTitle& title) {
    DrawnAxes* axes = axes_of(title.axes());
    if (!axes) return;
    axes->note = title.note().toStdString();
    if (title.text().isEmpty()) return;
    axes->title = title.text().toStdString();
    axes->title_line = line_of(title.line());
}

void FigureWalk::add_head(const PanelScale& head) {
    DrawnAxes* axes = axes_of(head.axes());
    if (!axes || head.title().isEmpty()) return;
    const ColorScale& scale = head.scale();
    axes->head = DrawnHead{head.title().toStdString(),
                           head.short_title().toStdString(),
                           head.note().toStdString(),
                           head.compact(),
                           {scale.map, scale.low, scale.high, scale.logarithmic, 0},
                           head.low().toStdString(),
                           head.high().toStdString()};
}

void FigureWalk::add_strip(const KindStrip& strip) {
    DrawnAxes* axes = axes_of(strip.axis()->axisRect());
    if (!axes || strip.colors().empty()) return;
    axes->strips.push_back({strip.axis()->orientation() == Qt::Horizontal, strip.colors(), points(strip.thickness())});
}

void FigureWalk::add_text(const QCPItemText& item) {
    const QCPAxisRect* rect = item.position->axisRect();
    DrawnAxes* axes = rect ? axes_of(rect) : nullptr;
    if (!axes || item.text().isEmpty() || item.position->type() != QCPItemPosition::ptPlotCoords) return;
    const AxisValues x(horizontal_axis(*rect)), y(vertical_axis(*rect));
    DrawnText text;
    text.x = x(item.position->key());
    text.y = y(item.position->value());
    text.text = item.text().toStdString();
    const Qt::Alignment where = item.positionAlignment();
    text.horizontal = where.testFlag(Qt::AlignLeft) ? -1 : where.testFlag(Qt::AlignRight) ? 1 : 0;
    text.vertical = where.testFlag(Qt::AlignTop) ? -1 : where.testFlag(Qt::AlignBottom) ? 1 : 0;
    const QMargins padding = item.padding();
    text.shift_x = points(text.horizontal < 0 ? padding.left() : text.horizontal > 0 ? -padding.right() : 0);
    text.shift_y = points(text.vertical < 0 ? padding.top() : text.vertical > 0 ? -padding.bottom() : 0);
    text.color = item.color();
    axes->texts.push_back(std::move(text));
}

void FigureWalk::name_matrices() {
    for (DrawnAxes& axes : result_.axes)
        for (DrawnMatrix& matrix : axes.matrices) {
            if (!matrix.name.empty()) continue;
            if (axes.head)
                matrix.name = axes.head->title;
            else if (!result_.color_bars.empty())
                matrix.name = result_.color_bars.front().axis.label;
            if (!axes.title.empty()) matrix.name = axes.title;
        }
}

FigureData figure_data(QCustomPlot& canvas, QSize size, double units_per_point) {
    const QRect before = canvas.viewport();
    if (!size.isEmpty()) lay_out_canvas(canvas, size);
    FigureData data = FigureWalk(canvas, units_per_point).run();
    if (!size.isEmpty()) canvas.setViewport(before);
    return data;
}

}  // namespace wavlab
