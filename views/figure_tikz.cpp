// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_tikz.h"

#include <algorithm>

#include "views/tikz_parts.h"

namespace wavlab {

namespace {

std::string comment(const std::string& text) {
    std::string lines = "% ";
    for (const char c : text) {
        lines += c == '\r' ? ' ' : c;
        if (c == '\n') lines += "% ";
    }
    return lines + '\n';
}

/// Words of TeX's memory that a page's figure may take: of the five million that pdfLaTeX has, the paper needs some.
constexpr std::size_t most_words = 2'200'000, words_of_cell = 267, words_of_rectangle = 50, words_of_point = 63;
constexpr std::size_t least_points = 100;

/// What is kept of heatmaps and curves so that pdfLaTeX can draw them.
void share_memory(TikzPage& page, const std::vector<FigureData>& panels) {
    std::size_t cells = 0, curves = 0, points = 0;
    for (const FigureData& panel : panels)
        for (const DrawnAxes& axes : panel.axes) {
            for (const DrawnMatrix& matrix : axes.matrices) cells += matrix.values.size();
            for (const DrawnSeries& series : axes.series) {
                const std::size_t sides = series.kind == DrawnSeries::Kind::band ? 2 : 1;
                curves += sides;
                points += sides * std::min(series.x.size(), most_tikz_points);
            }
        }
    page.as_rectangles = cells > 2 * most_tikz_cells;
    const std::size_t most_cells = page.as_rectangles ? most_tikz_rectangles : most_tikz_cells;
    page.every_column = std::max<std::size_t>(1, (cells + most_cells - 1) / most_cells);
    const std::size_t of_cells =
        std::min(cells, most_cells) * (page.as_rectangles ? words_of_rectangle : words_of_cell);
    const std::size_t room = (most_words - of_cells) / words_of_point;
    page.most_points = points <= room
                           ? most_tikz_points
                           : std::clamp(room / std::max<std::size_t>(1, curves), least_points, most_tikz_points);
}

constexpr double line_symbol = 16.5, gap_after_symbol = 3, gap_after_entry = 9;  // points

std::string legend_symbol(TikzPage& page, const DrawnLegendEntry& entry) {
    const bool has_line = entry.line.color.isValid(), has_mark = entry.marker.shape != DrawnMarker::Shape::none;
    if (!has_line && !has_mark && !entry.swatch.isValid()) return {};
    const double width = has_line ? line_symbol : 6.75;
    const std::string middle = "(" + tikz_points(width / 2) + ",0bp)";
    std::string text = "\\tikz[baseline=-0.55ex]{\\path (0bp,0bp) -- (" + tikz_points(width) + ",0bp);";
    if (entry.swatch.isValid())
        text += "\\fill[" + page.color(entry.swatch) + "] (" + tikz_points(width / 2 - 3) + ",-3bp) rectangle (" +
                tikz_points(width / 2 + 3) + ",3bp);";
    if (has_line) text += "\\draw[" + page.pen(entry.line) + "] (0bp,0bp) -- (" + tikz_points(width) + ",0bp);";
    if (has_mark) text += "\\draw plot[only marks, " + page.marks(entry.marker) + "] coordinates {" + middle + "};";
    return text + "}\\kern" + tikz_points(gap_after_symbol) + " ";
}

/// In the lines that the plot has made of it.
void write_legend(TikzPage& page, const std::vector<DrawnLegendEntry>& entries, const QRectF& place) {
    if (entries.empty()) return;
    const int lines = entries.back().line_number + 1;
    const double line_height = place.height() / lines;
    for (int line = 0; line < lines; ++line) {
        std::string text;
        const DrawnLegendEntry* last = nullptr;
        for (const DrawnLegendEntry& entry : entries) {
            if (entry.line_number != line) continue;
            const std::string symbol = legend_symbol(page, entry);
            if (last) {
                const bool says_what_follows = legend_symbol(page, *last).empty();
                text += "\\kern" + tikz_points(says_what_follows ? 2 * gap_after_symbol : gap_after_entry) + "\n";
            }
            text += symbol + tikz_text(entry.text);
            last = &entry;
        }
        page.body += "\\node[anchor=west, inner sep=0pt, " + page.small_font() + "] at " +
                     page.at(place.left(), place.top() + (line + 0.5) * line_height) + " {\\strut" +
                     tikz_fit(text, place.width()) + "};\n";
    }
}

void write_heading(TikzPage& page, const TikzPanel& panel, const QRectF& place) {
    if (panel.letter.empty() && panel.title.empty()) return;
    const bool own = !panel.heading.isEmpty();
    const double x = own ? panel.heading.left() : place.left(), y = own ? panel.heading.center().y() : place.top();
    std::string text;
    if (!panel.letter.empty()) text = "\\textbf{" + tikz_text(panel.letter) + "}";
    if (!panel.title.empty()) text += (text.empty() ? "" : "\\kern3.75bp ") + tikz_text(panel.title);
    page.body += "\\node[anchor=" + std::string(own ? "west" : "north west") + ", inner sep=0pt, " + page.font() +
                 "] at " + page.at(x, y) + " {" + text + "};\n";
}

}  // namespace

std::string figure_tikz(const std::vector<FigureData>& panels, const TikzOptions& options) {
    TikzPage page(options.height, options.font_points);
    share_memory(page, panels);
    for (std::size_t i = 0; i < panels.size(); ++i) {
        const TikzPanel whole{QRectF(0, 0, options.width, options.height), {}, {}, {}};
        const TikzPanel panel = i < options.panels.size() ? options.panels[i] : whole;
        const QRectF place = panel.place.isEmpty() ? whole.place : panel.place;
        for (const DrawnColorBar& bar : panels[i].color_bars) write_color_bar(page, bar, place);
        for (const DrawnAxes& axes : panels[i].axes) write_axes(page, axes, place);
        const QRectF& legend = panels[i].legend_place;
        write_legend(page, panels[i].legend,
                     QRectF(place.left() + legend.left() * place.width(), place.top() + legend.top() * place.height(),
                            legend.width() * place.width(), legend.height() * place.height()));
        write_heading(page, panel, place);
    }
    for (const TikzLegend& legend : options.legends) write_legend(page, legend.entries, legend.place);

    std::string text;
    if (!options.provenance.empty()) text += comment(options.provenance);
    text += comment("Needs in the preamble: \\usepackage{pgfplots} \\pgfplotsset{compat=1.17}");
    text += comment("Then, in a figure: \\input{this file}. Its fonts are the document's.");
    text += "\\begin{tikzpicture}[line cap=butt, line join=round]\n";
    text +=
        "\\providecommand{\\wavlabfit}[2]{\\setbox0=\\hbox{#2}%\n  \\ifdim\\wd0>#1\\resizebox{#1}{!}{\\box0}"
        "\\else\\box0\\fi}\n";
    if (page.body.find("\\wavlabcell") != std::string::npos)
        text += "\\def\\wavlabcell#1,#2,#3,#4;{\\pgfpathrectangle{\\pgfqpoint{#1bp}{#2bp}}{\\pgfqpoint{#3bp}{#4bp}}}\n";
    if (page.body.find("\\wavlabchar") != std::string::npos)
        text += "\\providecommand{\\wavlabchar}[1]{\\ifdefined\\Umathchar\\char\"#1\\relax\\else?\\fi}\n";
    text += page.declarations();
    text += "\\path (0in,0in) rectangle (" + tikz_inches(options.width) + "," + tikz_inches(options.height) + ");\n";
    text += page.body;
    // As broad as the page in any case. Lines that the document's font needs more than planned make it higher.
    text +=
        "\\coordinate (wavlablow) at (current bounding box.south);\n"
        "\\coordinate (wavlabhigh) at (current bounding box.north);\n\\pgfresetboundingbox\n"
        "\\path ({0in,0in} |- wavlablow) rectangle ({" +
        tikz_inches(options.width) + ",0in} |- wavlabhigh);\n";
    return text + "\\end{tikzpicture}%\n";
}

}  // namespace wavlab
