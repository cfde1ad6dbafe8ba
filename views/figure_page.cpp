// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_page.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <QRectF>

#include "core/error.h"
#include "core/figure_look.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/figure_data.h"
#include "views/figure_tikz.h"
#include "views/figure_walk.h"
#include "views/plot_style.h"

namespace wavlab {
namespace {

constexpr int units_per_inch = PlotStyle::print_units_per_inch;
constexpr double gap_inches = 0.12;  // between panels

using Entries = std::vector<LegendStrip::Entry>;

bool has_look(const LegendStrip::Entry& entry) {
    return entry.line != Qt::NoPen || entry.marker.shape() != QCPScatterStyle::ssNone || entry.swatch.isValid();
}

bool look_alike(const LegendStrip::Entry& a, const LegendStrip::Entry& b) {
    return a.line == b.line && a.marker.shape() == b.marker.shape() && a.marker.pen() == b.marker.pen() &&
           a.swatch == b.swatch;
}

LegendStrip* legend_of(QCustomPlot& canvas) {
    for (QCPLayoutElement* element : canvas.plotLayout()->elements(true))
        if (auto* strip = dynamic_cast<LegendStrip*>(element)) return strip;
    return nullptr;
}

/// The entries of all, each once and behind the one that it followed; nothing when one text means different things, or
/// one look does, or when a legend has nothing in common with those before it.
std::optional<Entries> united(const std::vector<LegendStrip*>& legends) {
    Entries all;
    for (const LegendStrip* legend : legends) {
        auto next = all.begin();
        bool related = all.empty();
        for (const LegendStrip::Entry& entry : legend->entries()) {
            auto same = std::find_if(all.begin(), all.end(), [&](const LegendStrip::Entry& one) {
                return one.text == entry.text || (has_look(entry) && look_alike(one, entry));
            });
            if (same == all.end())
                same = all.insert(next, entry);
            else if (same->text == entry.text && look_alike(*same, entry))
                related = true;
            else
                return std::nullopt;
            next = same + 1;
        }
        if (!related) return std::nullopt;
    }
    return all;
}

void check(const PagePanel& panel) {
    if (panel.runs.empty()) throw InputError("a figure needs at least one run");
    const std::size_t compared = panel.plot->compares && panel.state.contains("against") ? 1 : 0;
    if (!panel.plot->several_runs && panel.runs.size() > 1 + compared)
        throw InputError("the figure '" + panel.plot->id + "' shows one run, and " + std::to_string(panel.runs.size()) +
                         " were given");
}

/// The first axes of the plot: what labels and annotations are of.
QCPAxisRect* main_axes(QCustomPlot& canvas) { return canvas.axisRectCount() > 0 ? canvas.axisRect(0) : nullptr; }

void annotate(QCustomPlot& canvas, const FigureAnnotation& annotation, const PlotStyle& style) {
    QCPAxisRect* axes = main_axes(canvas);
    if (!axes) return;
    QCPAxis *x = axes->axis(QCPAxis::atBottom), *y = axes->axis(QCPAxis::atLeft);
    auto* item = new QCPItemText(&canvas);
    item->setClipToAxisRect(false);
    item->position->setAxes(x, y);
    const QPointF place(AxisValues(*x).coordinate(annotation.x), AxisValues(*y).coordinate(annotation.y));
    item->position->setCoords(place);
    // Towards the middle, so that it stays within the axes.
    const bool right = place.x() > x->range().center();
    item->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    item->setText(QString::fromStdString(annotation.text));
    item->setFont(style.tick_font);
    item->setColor(style.ink);
    item->setPadding(QMargins(style.ipx(4), 0, style.ipx(4), 0));
}

QString letter_of(std::size_t panel) { return "(" + QString(QChar('a' + char(panel % 26))) + ")"; }

}  // namespace

struct FigurePage::Parts {
    struct Panel {
        const PlotDescriptor* kind = nullptr;
        std::unique_ptr<Plot> plot;
        QString letter, title;
        QRect heading, place;  ///< in units of the page
        std::optional<std::int64_t> step;
    };

    /// A legend that panels have in common, above their row; one of all panels stands above the first row.
    struct Legend {
        std::size_t row = 0;
        std::unique_ptr<QCustomPlot> canvas;
        QRect place;
    };

    FigureLook look;
    PlotStyle style;
    std::vector<Panel> panels;
    std::vector<Legend> legends;
    QSize size;
    std::string font;
    std::vector<std::string> notes;

    void make(const PagePanel& content, std::size_t index, std::size_t count);
    void note(const std::string& sentence);
    void note_step(const PagePanel& content, const Panel& panel);
    std::size_t columns() const;
    std::size_t rows() const;
    std::vector<LegendStrip*> strips(std::size_t first, std::size_t last) const;
    bool share(std::size_t row, const std::vector<LegendStrip*>& strips);
    void set_up_legends();
    void place(const PageContent& content);
    std::vector<int> legend_heights(int width) const;
    bool has_heading(std::size_t first, std::size_t last) const;
    void align_axes();
    void draw_headings(QPainter& painter) const;
};

void FigurePage::Parts::make(const PagePanel& content, std::size_t index, std::size_t count) {
    check(content);
    Panel panel;
    panel.kind = content.plot;
    panel.plot.reset(content.plot->make(nullptr));
    panel.title = QString::fromStdString(content.title);
    if (look.letters && count > 1) panel.letter = letter_of(index);
    panel.plot->show_controls(false);
    panel.plot->set_style(style);
    panel.plot->set_runs(content.runs);
    QJsonObject state = content.state;
    if (content.step) state["step"] = double(*content.step);
    panel.plot->set_state(state);
    // Drawn first: what a plot reads of its runs it may not be able to read.
    QCustomPlot& canvas = panel.plot->canvas();
    if (const QString problem = panel.plot->problem(); !problem.isEmpty()) throw InputError(problem.toStdString());
    panel.step = panel.plot->shown_step();
    note_step(content, panel);
    for (const QString& sentence : panel.plot->notes()) note(sentence.toStdString());
    if (QCPAxisRect* axes = main_axes(canvas)) {
        if (content.x_label) axes->axis(QCPAxis::atBottom)->setLabel(QString::fromStdString(*content.x_label));
        if (content.y_label) axes->axis(QCPAxis::atLeft)->setLabel(QString::fromStdString(*content.y_label));
    }
    for (const FigureAnnotation& annotation : content.annotations) annotate(canvas, annotation, style);
    panels.push_back(std::move(panel));
}

/// Panels of the same runs have the same notes.
void FigurePage::Parts::note(const std::string& sentence) {
    if (std::find(notes.begin(), notes.end(), sentence) == notes.end()) notes.push_back(sentence);
}

void FigurePage::Parts::note_step(const PagePanel& content, const Panel& panel) {
    if (!content.step || !panel.step || *content.step == *panel.step) return;
    const std::string drawn = std::to_string(*panel.step), asked = std::to_string(*content.step);
    note("The record of step " + drawn + " is drawn, the " +
         (*panel.step < *content.step ? "last one up to" : "first one after") + " step " + asked + ".");
}

std::size_t FigurePage::Parts::columns() const {
    return std::min(panels.size(), look.columns > 0 ? std::size_t(look.columns) : std::size_t(2));
}

std::size_t FigurePage::Parts::rows() const { return (panels.size() + columns() - 1) / columns(); }

std::vector<LegendStrip*> FigurePage::Parts::strips(std::size_t first, std::size_t last) const {
    std::vector<LegendStrip*> found;
    for (std::size_t i = first; i < std::min(last, panels.size()); ++i)
        if (LegendStrip* strip = legend_of(panels[i].plot->canvas()); strip && !strip->entries().empty())
            found.push_back(strip);
    return found;
}

/// False when they do not mean the same.
bool FigurePage::Parts::share(std::size_t row, const std::vector<LegendStrip*>& strips) {
    std::optional<Entries> all = united(strips);
    if (!all) return false;
    Legend legend{row, std::make_unique<QCustomPlot>(), {}};
    legend.canvas->plotLayout()->clear();
    auto* strip = new LegendStrip(legend.canvas.get());
    strip->set_style(style);
    strip->set_entries(std::move(*all));
    legend.canvas->plotLayout()->addElement(0, 0, strip);
    legends.push_back(std::move(legend));
    for (LegendStrip* own : strips) own->set_entries({});
    return true;
}

void FigurePage::Parts::set_up_legends() {
    const std::vector<LegendStrip*> all = strips(0, panels.size());
    if (look.legend == FigureLegend::none)
        for (LegendStrip* strip : all) strip->set_entries({});
    if (look.legend != FigureLegend::shared || (all.size() > 1 && share(0, all))) return;
    // What differs between rows may be one within a row: plots of one kind side by side.
    for (std::size_t row = 0; row < rows(); ++row)
        if (const auto own = strips(row * columns(), (row + 1) * columns()); own.size() > 1) share(row, own);
}

/// Of each row, without a legend 0.
std::vector<int> FigurePage::Parts::legend_heights(int width) const {
    std::vector<int> heights(rows(), 0);
    for (const Legend& legend : legends) {
        LegendStrip* strip = legend_of(*legend.canvas);
        strip->setOuterRect(QRect(0, 0, width, units_per_inch));
        heights[legend.row] = strip->minimumOuterSizeHint().height() + style.ipx(2);
    }
    return heights;
}

bool FigurePage::Parts::has_heading(std::size_t first, std::size_t last) const {
    return std::any_of(panels.begin() + std::ptrdiff_t(first), panels.begin() + std::ptrdiff_t(last),
                       [](const Panel& panel) { return !panel.letter.isEmpty() || !panel.title.isEmpty(); });
}

void FigurePage::Parts::place(const PageContent& content) {
    // Pages are measured in whole points.
    const auto units = [](double inches) { return int(std::lround(inches * 72)) * (units_per_inch / 72); };
    const std::size_t count = panels.size(), columns = this->columns(), rows = this->rows();
    const int width = units(look.width_inches), gap = int(gap_inches * units_per_inch);
    const int panel_width = (width - int(columns - 1) * gap) / int(columns);
    const int heading = int(std::ceil(QFontMetricsF(style.font).height() * 1.2));
    const std::vector<int> legend = legend_heights(width);

    std::vector<int> heights(rows, 0), headings(rows, 0);
    int total = int(rows - 1) * gap, natural = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t first = row * columns, last = std::min(count, first + columns);
        headings[row] = has_heading(first, last) ? heading : 0;
        for (std::size_t i = first; i < last; ++i)
            heights[row] = std::max(
                {heights[row], units_per_inch, int(std::lround(panel_width * content.panels[i].plot->height_ratio))});
        natural += heights[row];
        total += legend[row] + headings[row];
    }
    if (look.height_inches) {
        const int room = units(*look.height_inches) - total;
        if (room < int(rows) * units_per_inch / 2)
            throw InputError("the height of the figure leaves its panels less than half an inch each");
        for (int& height : heights) height = int(std::int64_t(height) * room / natural);
        size = QSize(width, units(*look.height_inches));
    } else {
        size = QSize(width, units(double(total + natural) / units_per_inch));
        heights.back() += size.height() - total - natural;  // the page is whole points
    }

    int top = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        for (Legend& one : legends)
            if (one.row == row) one.place = QRect(0, top, width, legend[row]);
        top += legend[row];
        for (std::size_t column = 0; column < columns && row * columns + column < count; ++column) {
            Panel& panel = panels[row * columns + column];
            const int left = int(column) * (panel_width + gap);
            panel.heading = QRect(left, top, panel_width, headings[row]);
            panel.place = QRect(left, top + headings[row], panel_width, heights[row]);
        }
        top += headings[row] + heights[row] + gap;
    }
}

/// Axes below each other begin at one line; axes of one kind of plot that are side by side end at one.
void FigurePage::Parts::align_axes() {
    std::map<int, int> left;                                      // margins by the place of a column
    std::map<std::pair<int, const PlotDescriptor*>, int> bottom;  // and by that of a row
    const auto each = [&](const auto& act) {
        for (const Panel& panel : panels)
            if (QCPAxisRect* axes = main_axes(panel.plot->canvas())) act(panel, *axes);
    };
    each([&](const Panel& panel, const QCPAxisRect& axes) {
        lay_out_canvas(panel.plot->canvas(), panel.place.size());
        left[panel.place.left()] = std::max(left[panel.place.left()], axes.margins().left());
        int& most = bottom[{panel.place.top(), panel.kind}];
        most = std::max(most, axes.margins().bottom());
    });
    each([&](const Panel& panel, QCPAxisRect& axes) {
        QMargins margins = axes.minimumMargins();
        margins.setLeft(left[panel.place.left()]);
        margins.setBottom(bottom[{panel.place.top(), panel.kind}]);
        axes.setMinimumMargins(margins);
    });
}

void FigurePage::Parts::draw_headings(QPainter& painter) const {
    QFont bold = style.font;
    bold.setBold(true);
    painter.setPen(style.ink);
    for (const Panel& panel : panels) {
        QRectF room(panel.heading);
        painter.setFont(bold);
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, panel.letter);
        if (!panel.letter.isEmpty())
            room.setLeft(room.left() + QFontMetricsF(bold).horizontalAdvance(panel.letter) + style.px(5));
        painter.setFont(style.font);
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetricsF(style.font).elidedText(panel.title, Qt::ElideRight, room.width()));
    }
}

FigurePage::FigurePage(const PageContent& content) : parts_(std::make_unique<Parts>()) {
    check_figure_look(content.look);
    if (content.panels.empty()) throw InputError("a figure needs at least one panel");
    Parts& parts = *parts_;
    parts.look = content.look;
    const FontChoice font = choose_font(QString::fromStdString(content.look.font));
    parts.font = font.family.toStdString();
    if (font.instead)
        parts.notes.push_back("The font '" + font.instead->toStdString() + "' is not installed; '" + parts.font +
                              "' is used instead.");
    parts.style = PlotStyle::print_style(font.family, content.look);
    for (std::size_t i = 0; i < content.panels.size(); ++i) parts.make(content.panels[i], i, content.panels.size());
    parts.set_up_legends();
    parts.place(content);
    if (parts.panels.size() > 1) parts.align_axes();
}

FigurePage::~FigurePage() = default;

double FigurePage::width_inches() const { return double(parts_->size.width()) / units_per_inch; }
double FigurePage::height_inches() const { return double(parts_->size.height()) / units_per_inch; }
QSize FigurePage::size() const { return parts_->size; }
const std::string& FigurePage::font() const { return parts_->font; }
std::optional<std::int64_t> FigurePage::step(std::size_t panel) const { return parts_->panels[panel].step; }
std::vector<std::int64_t> FigurePage::steps(std::size_t panel, const DrawnRun& run) const {
    return parts_->panels[panel].plot->shown_steps(run);
}
const std::vector<std::string>& FigurePage::notes() const { return parts_->notes; }

void FigurePage::draw(QPaintDevice& device, double scale) const {
    QCPPainter painter;
    painter.begin(&device);
    painter.setMode(QCPPainter::pmVectorized);
    painter.scale(scale, scale);
    for (const Parts::Legend& legend : parts_->legends) draw_canvas(*legend.canvas, painter, legend.place);
    for (const Parts::Panel& panel : parts_->panels) draw_canvas(panel.plot->canvas(), painter, panel.place);
    parts_->draw_headings(painter);
    painter.end();
}

std::vector<FigureData> FigurePage::data() const {
    std::vector<FigureData> data;
    for (const Parts::Panel& panel : parts_->panels)
        data.push_back(figure_data(panel.plot->canvas(), panel.place.size(), units_per_inch / 72.0));
    return data;
}

TikzOptions FigurePage::tikz_options() const {
    const auto inches = [](const QRect& place) {
        return QRectF(QPointF(place.topLeft()) / units_per_inch, QSizeF(place.size()) / units_per_inch);
    };
    TikzOptions options;
    options.width = width_inches();
    options.height = height_inches();
    options.font_points = parts_->look.font_points;
    for (const Parts::Panel& panel : parts_->panels)
        options.panels.push_back(
            {inches(panel.place), panel.letter.toStdString(), panel.title.toStdString(), inches(panel.heading)});
    for (const Parts::Legend& legend : parts_->legends) {
        const FigureData strip = figure_data(*legend.canvas, legend.place.size(), units_per_inch / 72.0);
        const QRectF page = inches(legend.place), &inner = strip.legend_place;  // parts of the strip
        options.legends.push_back(
            {strip.legend, QRectF(page.x() + inner.x() * page.width(), page.y() + inner.y() * page.height(),
                                  inner.width() * page.width(), inner.height() * page.height())});
    }
    return options;
}

}  // namespace wavlab
