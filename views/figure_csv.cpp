// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/number_text.h"

namespace wavlab {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// In quotes also where it holds a '#', which begins a comment elsewhere.
std::string cell(const std::string& text) {
    if (text.find_first_of(",\"\n\r#") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c == '\n' || c == '\r' ? ' ' : c;
    }
    return quoted + '"';
}

std::string number(double value) { return number_text(value, 9); }

/// Names where it is an axis of names.
class Places {
public:
    explicit Places(const DrawnAxis& axis) : names_(axis.categories) {
        std::set<std::string> known;
        for (const std::string& name : names_) repeats_ |= !name.empty() && !known.insert(name).second;
    }
    std::string operator()(double value, bool unique = false) const {
        const double index = std::round(value);
        if (names_.empty() || index != value || index < 0 || index >= double(names_.size())) return number(value);
        const std::string& name = names_[std::size_t(index)];
        return unique && repeats_ ? number(index + 1) + ": " + name : name;
    }

private:
    const std::vector<std::string>& names_;
    bool repeats_ = false;
};

/// The letter of a panel: a, b, ..., z, aa, ab, ...
std::string letter(std::size_t panel) {
    std::string text;
    for (std::size_t rest = panel + 1; rest > 0; rest = (rest - 1) / 26)
        text.insert(text.begin(), char('a' + (rest - 1) % 26));
    return text;
}

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    void write(const std::string& panel, std::size_t number_of_axes, const DrawnAxes& axes) {
        begin_ = panel + ',' + std::to_string(number_of_axes) + ',';
        for (const DrawnMatrix& matrix : axes.matrices) write(matrix, axes);
        for (const DrawnReference& line : axes.references)
            row("reference", line.text, {}, number(line.value), {}, none, none);
        for (const DrawnSeries& series : axes.series) write(series, axes);
        for (const DrawnMark& mark : axes.marks) row("mark", {}, number(mark.x), {}, {}, none, none);
        for (const DrawnText& text : axes.texts) row("text", text.text, number(text.x), number(text.y), {}, none, none);
    }

private:
    void row(const char* kind, const std::string& series, const std::string& x, const std::string& y,
             const std::string& value, double low, double high) {
        out_ += begin_;
        out_ += kind;
        for (const std::string& text : {series, x, y}) out_ += ',' + cell(text);
        out_ += ',' + value + ',' + (std::isnan(low) ? std::string() : number(low)) + ',' +
                (std::isnan(high) ? std::string() : number(high)) + '\n';
    }

    void write(const DrawnSeries& series, const DrawnAxes& axes) {
        static constexpr const char* kinds[] = {"line", "band", "marker", "bar"};
        const Places x(axes.x), y(axes.y);
        const char* kind = kinds[std::size_t(series.kind)];
        const bool bar = series.kind == DrawnSeries::Kind::bar, band = series.kind == DrawnSeries::Kind::band;
        for (std::size_t i = 0; i < series.x.size(); ++i)
            row(kind, series.name, x(series.x[i]), band ? std::string() : y(series.y[i]), {},
                i < series.low.size() ? series.low[i] : none, !bar && i < series.high.size() ? series.high[i] : none);
    }

    void write(const DrawnMatrix& matrix, const DrawnAxes& axes) {
        const Places x(axes.x), y(axes.y);
        for (std::size_t row_index = 0; row_index < matrix.rows; ++row_index) {
            const double at = (matrix.row_edges[row_index] + matrix.row_edges[row_index + 1]) / 2;
            const std::string name = y(at, true);
            for (std::size_t column = 0; column < matrix.columns; ++column) {
                const std::size_t place = row_index * matrix.columns + column;
                const double value = matrix.values[place];
                const bool hatched = !matrix.hatched.empty() && matrix.hatched[place];
                if (std::isnan(value) && !hatched) continue;
                const double key = matrix.column_keys[column];
                const double begin = matrix.column_edges[column], end = matrix.column_edges[column + 1];
                const bool seen =
                    end > axes.x.low && begin < axes.x.high && at + 0.5 > axes.y.low && at - 0.5 < axes.y.high;
                if (seen) row("cell", matrix.name, x(key, true), name, hatched ? "nan" : number(value), none, none);
            }
        }
    }

    std::string& out_;
    std::string begin_;
};

void comment(std::string& out, const std::string& text) {
    std::string line = "# ";
    for (const char c : text) {
        line += c == '\r' ? ' ' : c;
        if (c == '\n') line += "# ";
    }
    out += line + '\n';
}

std::string description(const DrawnAxis& axis) {
    std::string text = axis.label.empty() ? "(no label)" : axis.label;
    std::replace(text.begin(), text.end(), '\n', ' ');  // broken where its axis is short
    if (axis.logarithmic) text += ", logarithmic";
    if (axis.symmetric > 0) text += ", logarithmic on both sides of zero";
    if (!axis.categories.empty()) return text;
    return text + " from " + number(axis.low) + " to " + number(axis.high);
}

}  // namespace

std::string figure_csv(const std::vector<FigureData>& panels, const std::string& provenance) {
    std::string out;
    if (!provenance.empty()) comment(out, provenance);
    for (std::size_t panel = 0; panel < panels.size(); ++panel) {
        // Panels that share an axis label it once.
        std::string x_label, y_label;
        for (const DrawnAxes& axes : panels[panel].axes) {
            if (x_label.empty()) x_label = axes.x.label;
            if (y_label.empty()) y_label = axes.y.label;
        }
        for (std::size_t i = 0; i < panels[panel].axes.size(); ++i) {
            const DrawnAxes& axes = panels[panel].axes[i];
            DrawnAxis x = axes.x, y = axes.y;
            if (x.label.empty()) x.label = x_label;
            if (y.label.empty()) y.label = y_label;
            std::string line = letter(panel) + ' ' + std::to_string(i + 1) + ':';
            if (!axes.title.empty()) line += ' ' + axes.title + ';';
            line += " x " + description(x) + "; y " + description(y);
            for (const DrawnMatrix& matrix : axes.matrices) {
                std::string colors = matrix.name;
                if (!panels[panel].color_bars.empty()) colors = panels[panel].color_bars.front().axis.label;
                line +=
                    "; colours " + colors + " from " + number(matrix.scale.low) + " to " + number(matrix.scale.high);
                if (axes.head && !axes.head->note.empty()) line += " (" + axes.head->note + ")";
            }
            if (!axes.note.empty()) line += "; " + axes.note;
            comment(out, line);
        }
    }
    out += "panel,axes,kind,series,x,y,value,low,high\n";
    Writer writer(out);
    for (std::size_t panel = 0; panel < panels.size(); ++panel)
        for (std::size_t i = 0; i < panels[panel].axes.size(); ++i)
            writer.write(letter(panel), i + 1, panels[panel].axes[i]);
    return out;
}

}  // namespace wavlab
