// SPDX-License-Identifier: GPL-3.0-or-later
// Axes of a figure as pgfplots draws them: their frame, and what stands around it.
#include <algorithm>
#include <cmath>

#include "views/figure_tikz.h"
#include "views/symmetric_log.h"
#include "views/tikz_parts.h"

namespace wavlab {

namespace {

// In points, as the plots have them.
constexpr double frame_width = 0.8, grid_width = 0.375, tick_length = 3, strip_gap = 1.5;
const QColor muted(0x55, 0x55, 0x55), grid_color(0xe6, 0xe6, 0xe6);
constexpr double points_per_inch = 72;
constexpr int shades = 48;
constexpr double squeezed = 1.2;  // LaTeX makes texts smaller that need so much more room, longer ones are cut

QRectF on_page(const QRectF& place, const QRectF& canvas) {
    return {canvas.left() + place.left() * canvas.width(), canvas.top() + place.top() * canvas.height(),
            place.width() * canvas.width(), place.height() * canvas.height()};
}

/// A text whose lines are broken.
std::string lines_of(const std::string& text) {
    std::string result;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        result += (begin > 0 ? "\\\\" : "") + tikz_text(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

class AxesWriter {
public:
    AxesWriter(TikzPage& page, const DrawnAxes& axes, const QRectF& canvas)
        : page_(page), axes_(axes), canvas_(canvas), place_(on_page(axes.place, canvas)), x_(axes.x), y_(axes.y) {}

    void write() {
        for (const DrawnMatrix& matrix : axes_.matrices) write_cells(page_, matrix, axes_, place_);
        page_.body += "\\begin{axis}[\n";
        write_frame();
        write_axis("x", axes_.x, x_);
        write_axis("y", axes_.y, y_);
        if (!axes_.matrices.empty()) write_colors(axes_.matrices.front().scale);
        page_.body += "]\n";
        write_zero_lines();
        write_references();
        for (const DrawnMatrix& matrix : axes_.matrices) write_matrix(page_, matrix, axes_, place_);
        write_series(page_, axes_, width());
        write_marks();
        write_texts();
        page_.body += "\\end{axis}\n";
        for (const DrawnStrip& strip : axes_.strips) write_strip(strip);
        write_title();
        if (axes_.head) write_head(*axes_.head);
        if (!axes_.note.empty())
            page_.body += "\\node[align=center, text=" + page_.color(muted) + ", " + page_.small_font() +
                          ", text width=" + tikz_inches(place_.width() * 0.95) + "] at " +
                          page_.at(place_.center().x(), place_.center().y()) + " {" + tikz_text(axes_.note) + "};\n";
    }

private:
    double width() const { return place_.width() * points_per_inch; }
    double height() const { return place_.height() * points_per_inch; }

    void option(const std::string& text) { page_.body += "  " + text + ",\n"; }

    void write_frame() {
        option("scale only axis, at={" + page_.at(place_.left(), place_.bottom()) + "}, anchor=south west, width=" +
               tikz_inches(place_.width()) + ", height=" + tikz_inches(place_.height()));
        option("axis x line*=bottom, axis y line*=left, axis on top=false, clip mode=individual");
        option(
            "enlargelimits=false, unbounded coords=jump, scaled ticks=false, tick align=outside, "
            "xminorticks=false, yminorticks=false, major tick length=" +
            tikz_points(tick_length));
        option("every axis label/.append style={" + page_.font() +
               ", align=center, inner sep=1bp}, every tick label/.append style={" + page_.small_font() +
               ", inner sep=1.5bp}");
        option("axis line style={line width=" + tikz_points(frame_width) + "}, tick style={draw=black, line width=" +
               tikz_points(frame_width) + "}, major grid style={draw=" + page_.color(grid_color) +
               ", line width=" + tikz_points(grid_width) + "}");
    }

    void write_axis(const std::string& name, const DrawnAxis& axis, const TikzCoordinates& along) {
        if (axis.logarithmic) option(name + "mode=log");
        option(name + "min=" + tikz_number(along.low()) + ", " + name + "max=" + tikz_number(along.high()) +
               (axis.reversed ? ", " + name + " dir=reverse" : ""));
        std::string ticks, labels;
        for (const DrawnTick& tick : axis.ticks) {
            ticks += (ticks.empty() ? "" : ",") + tikz_number(along(tick.value));
            std::string label = axis.tick_labels ? tikz_tick_text(tick.label) : "";
            // A broad font must not push the axis' label off the page.
            if (name == "y" && tikz_text_width(tick.label, page_.small_font_points()) > 0.8 * room_for_names())
                label = tikz_fit(label, room_for_names() / points_per_inch);
            labels += (labels.empty() ? "{" : ",{") + label + "}";
        }
        option(name + "tick={" + (ticks.empty() ? "\\empty" : ticks) + "}, " + name + "ticklabels={" + labels + "}");
        if (!axis.label.empty()) option(name + "label={" + lines_of(axis.label) + "}");
        if (axis.grid) option(name + "majorgrids=true");
        if (!axis.line) option(name + " axis line style={draw=none}");
        if (!axis.tick_marks) option(name + "tick style={draw=none}");
        double strip = 0;
        for (const DrawnStrip& one : axes_.strips)
            if (one.horizontal == (name == "x")) strip = std::max(strip, one.thickness + strip_gap);
        const double shift = strip - (axis.tick_marks ? 0 : tick_length);
        if (shift != 0) option(name + "ticklabel shift=" + tikz_points(shift));
        if (axis.tick_rotation != 0)
            option(name + "ticklabel style={rotate=" + tikz_number(-axis.tick_rotation) +
                   (name == "x" ? std::string(", anchor=") + (axis.tick_rotation < 0 ? "east" : "west") : "") + "}");
    }

    /// Of the numbers or names to the left of the axes, in points.
    double room_for_names() const {
        double strip = axes_.y.tick_marks ? tick_length : 0;
        for (const DrawnStrip& one : axes_.strips)
            if (!one.horizontal) strip += one.thickness + strip_gap;
        const double label = axes_.y.label.empty() ? 0 : 1.2 * page_.font_points() + 2;
        return std::max(6.0, (place_.left() - canvas_.left()) * points_per_inch - strip - label - 4);
    }

    void write_colors(const DrawnScale& scale) {
        const auto end = [&](double value) {
            return scale.logarithmic     ? std::log10(value)
                   : scale.symmetric > 0 ? SymmetricLog{scale.symmetric}.to(value)
                                         : value;
        };
        option("colormap name=" + page_.color_map(scale.map) + ", point meta min=" + tikz_number(end(scale.low)) +
               ", point meta max=" + tikz_number(end(scale.high)));
    }

    void write_line(bool horizontal, double value, const std::string& options, const std::string& after = {}) {
        const std::string at = tikz_number(value);
        page_.body += "\\addplot[" + options + "] coordinates {";
        page_.body += horizontal
                          ? "(" + tikz_number(x_.low()) + "," + at + ") (" + tikz_number(x_.high()) + "," + at + ")"
                          : "(" + at + "," + tikz_number(y_.low()) + ") (" + at + "," + tikz_number(y_.high()) + ")";
        page_.body += "}" + after + ";\n";
    }

    void write_zero_lines() {
        const auto crosses = [](const DrawnAxis& axis) {
            return axis.zero_line.isValid() && axis.low < 0 && axis.high > 0;
        };
        const DrawnLine line{muted, frame_width, {}};
        if (crosses(axes_.x)) write_line(false, 0, page_.pen(line));
        if (crosses(axes_.y)) write_line(true, 0, page_.pen(line));
    }

    void write_references() {
        const DrawnLine line{muted, frame_width, {4 * frame_width, 3 * frame_width}};
        const double text_height = 1.2 * page_.small_font_points();
        std::string last_text;
        double last_place = 0;
        for (const DrawnReference& reference : axes_.references) {
            const double place = y_.share(reference.value) * height();
            const bool named = reference.text == last_text && std::abs(place - last_place) < text_height;
            std::string name;
            if (!reference.text.empty() && !named) {
                last_text = reference.text;
                last_place = place;
                const bool below = reference.text_below && place > text_height + 2;
                name = std::string(" node[pos=1, anchor=") + (below ? "north" : "south") +
                       " east, inner sep=1.5bp, text=" + page_.color(muted) + ", " + page_.small_font() + "] {" +
                       tikz_text(reference.text) + "}";
            }
            write_line(true, y_(reference.value), page_.pen(line), name);
        }
    }

    void write_marks() {
        const double half = 2.6;
        double last = -1e9;
        for (const DrawnMark& mark : axes_.marks) {
            const double place = x_.share(mark.x) * width();
            if (std::abs(place - last) < 2 * half) continue;
            last = place;
            page_.body += "\\addplot[only marks, mark=x, mark size=" + tikz_points(half) +
                          ", mark options={draw=" + page_.color(mark.color) +
                          ", line width=1.1bp, yshift=" + tikz_points(axes_.y.reversed ? 0 : -half - 0.75) +
                          "}] coordinates {(" + tikz_number(x_(mark.x)) + "," +
                          tikz_number(axes_.y.reversed ? y_.low() : y_.high()) + ")};\n";
        }
    }

    void write_texts() {
        static constexpr const char* vertical[] = {"north", "", "south"};
        static constexpr const char* horizontal[] = {"west", "", "east"};
        for (const DrawnText& text : axes_.texts) {
            const std::string up = vertical[text.vertical + 1], across = horizontal[text.horizontal + 1];
            const std::string anchor =
                up.empty() && across.empty() ? "center" : up + (up.empty() || across.empty() ? "" : " ") + across;
            page_.body += "\\node[anchor=" + anchor +
                          ", inner sep=0pt, align=left, xshift=" + tikz_points(text.shift_x) +
                          ", yshift=" + tikz_points(-text.shift_y) + ", text=" + page_.color(text.color) + ", " +
                          page_.small_font() + "] at (axis cs:" + tikz_number(x_(text.x)) + "," +
                          tikz_number(y_(text.y)) + ") {" + lines_of(text.text) + "};\n";
        }
    }

    void write_strip(const DrawnStrip& strip) {
        const DrawnAxis& axis = strip.horizontal ? axes_.x : axes_.y;
        const TikzCoordinates& along = strip.horizontal ? x_ : y_;
        const double length = strip.horizontal ? place_.width() : place_.height();
        const double gap = strip_gap / points_per_inch, thickness = strip.thickness / points_per_inch;
        for (std::size_t i = 0; i < strip.colors.size(); ++i) {
            if (!strip.colors[i].isValid() || strip.colors[i].alpha() == 0) continue;
            const double low = std::clamp(double(i) - 0.5, axis.low, axis.high);
            const double high = std::clamp(double(i) + 0.5, axis.low, axis.high);
            double from = along.share(low) * length, to = along.share(high) * length;
            if (from > to) std::swap(from, to);
            if (to <= from) continue;
            // A hairline between neighbours where there is room for one.
            if ((to - from) * points_per_inch > 3.75) to -= 0.75 / points_per_inch;
            const std::string ends = strip.horizontal
                                         ? page_.at(place_.left() + from, place_.bottom() + gap) + " rectangle " +
                                               page_.at(place_.left() + to, place_.bottom() + gap + thickness)
                                         : page_.at(place_.left() - gap - thickness, place_.bottom() - from) +
                                               " rectangle " + page_.at(place_.left() - gap, place_.bottom() - to);
            page_.body += "\\fill[" + page_.color(strip.colors[i]) + "] " + ends + ";\n";
        }
    }

    void node_above(double above_points, const std::string& text, const std::string& options = {}, double room = 0) {
        page_.body += "\\node[anchor=base west, inner sep=0pt, " + page_.small_font() + options + "] at " +
                      page_.at(place_.left(), place_.top() - above_points / points_per_inch) + " {" +
                      tikz_fit(text, (room > 0 ? room : width()) / points_per_inch) + "};\n";
    }

    void write_title() {
        if (axes_.title.empty()) return;
        const double size = page_.small_font_points(), baseline = 2.25 + 0.25 * size;
        constexpr double line = 18, gap = 3;
        const double middle = place_.top() - (baseline + 0.22 * size) / points_per_inch;
        double left = 0;
        if (axes_.title_line.color.isValid()) {
            left = line + gap;
            page_.body += "\\draw[" + page_.pen(axes_.title_line) + "] " + page_.at(place_.left(), middle) + " -- " +
                          page_.at(place_.left() + line / points_per_inch, middle) + ";\n";
        }
        node_above(baseline, tikz_text(tikz_fitting(axes_.title, width() - left, size)),
                   ", xshift=" + tikz_points(left));
    }

    void write_head(const DrawnHead& head) {
        const double size = page_.small_font_points(), line = 1.22 * size, lowest = 2.25 + 0.25 * size;
        const auto fitting = [&](const std::string& text, const std::string& shorter) {
            return tikz_text(
                tikz_fitting(tikz_text_width(text, size) <= width() ? text : shorter, width() * squeezed, size));
        };
        const std::string short_note = head.note.substr(0, head.note.find(','));
        const auto joined = [](const std::string& a, const std::string& b) { return b.empty() ? a : a + ", " + b; };
        if (head.compact) {
            node_above(lowest + line, fitting(joined(head.title, head.note), joined(head.short_title, short_note)));
        } else {
            node_above(lowest + 2 * line, fitting(head.title, head.short_title));
            node_above(lowest + line, fitting(head.note, short_note), ", text=" + page_.color(muted));
        }
        std::string low = head.low, high = head.high;
        const auto room = [&] { return width() - tikz_text_width(low, size) - tikz_text_width(high, size) - 6; };
        if (room() < 18 && low == "-" + high) {
            low.clear();
            high = "\xC2\xB1" + high;
        }
        const double ramp = std::min(room(), 120.0);
        if (ramp < 4.5) return;
        node_above(lowest, tikz_tick_text(low) + (low.empty() ? "" : "\\kern2.25bp ") +
                               tikz_ramp(page_, head.scale, ramp, 5.25) + "\\kern2.25bp " +
                               (high.starts_with("\xC2\xB1") ? tikz_text(high) : tikz_tick_text(high)));
    }

    TikzPage& page_;
    const DrawnAxes& axes_;
    QRectF canvas_, place_;
    TikzCoordinates x_, y_;
};

}  // namespace

std::string tikz_ramp(TikzPage& page, const DrawnScale& scale, double width, double height) {
    std::string text;
    const double one = width / shades;
    for (int i = 0; i < shades; ++i) {
        // They overlap, so that no viewer lets the ground shine through between them.
        const bool last = i + 1 == shades;
        text += "{\\color{" + page.color(QColor(color_at(scale.map, (i + 0.5) / shades))) + "}\\rule{" +
                tikz_points(last ? one : one + 0.3) + "}{" + tikz_points(height) + "}}" + (last ? "" : "\\kern-0.3bp");
    }
    return text;
}

void write_axes(TikzPage& page, const DrawnAxes& axes, const QRectF& canvas) { AxesWriter(page, axes, canvas).write(); }

void write_color_bar(TikzPage& page, const DrawnColorBar& bar, const QRectF& canvas) {
    const QRectF place = on_page(bar.place, canvas);
    const TikzCoordinates along(bar.axis);
    for (int i = 0; i < shades * 2; ++i) {
        const double low = double(i) / (shades * 2), high = i + 1 < shades * 2 ? double(i + 1.5) / (shades * 2) : 1;
        page.body += "\\fill[" + page.color(QColor(color_at(bar.scale.map, (i + 0.5) / (shades * 2)))) + "] " +
                     page.at(place.left(), place.bottom() - low * place.height()) + " rectangle " +
                     page.at(place.right(), place.bottom() - high * place.height()) + ";\n";
    }
    std::string ticks, labels;
    for (const DrawnTick& tick : bar.axis.ticks) {
        ticks += (ticks.empty() ? "" : ",") + tikz_number(along.share(tick.value));
        labels += (labels.empty() ? "{" : ",{") + tikz_tick_text(tick.label) + "}";
    }
    page.body +=
        "\\begin{axis}[\n  scale only axis, at={" + page.at(place.left(), place.bottom()) +
        "}, anchor=south west, width=" + tikz_inches(place.width()) + ", height=" + tikz_inches(place.height()) +
        ",\n  xmin=0, xmax=1, ymin=0, ymax=1, axis x line=none, axis y line*=right, xtick=\\empty, ytick={" + ticks +
        "}, yticklabels={" + labels + "},\n  tick align=outside, major tick length=" + tikz_points(tick_length) +
        ", axis line style={line width=" + tikz_points(frame_width) +
        "}, tick style={draw=black, line width=" + tikz_points(frame_width) + "},\n  every axis label/.append style={" +
        page.font() + ", align=center, inner sep=1bp}, every tick label/.append style={" + page.small_font() +
        ", inner sep=1.5bp},\n  ylabel={" + lines_of(bar.axis.label) + "},\n]\n\\end{axis}\n";
}

}  // namespace wavlab
