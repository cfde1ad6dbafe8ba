// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/token_map_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <QCoreApplication>

#include "core/translatable.h"
#include "views/axis_tickers.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/color_bar.h"
#include "views/heatmap.h"

namespace wavlab {

namespace {

/// Which names of sources give way where there is no room: details first, then summaries.
int level_of(const Source& source) { return source.block == 0 ? 0 : source.kind == SourceKind::block ? 1 : 2; }

/// Tokens by their names where all of them fit, else by their numbers: a name here and there would read like a text.
class TokenTicker : public CategoryTicker {
public:
    explicit TokenTicker(const QCPAxis* axis) : CategoryTicker(axis), of_(axis) {}
    void set_number_spacing(double spacing) { number_spacing_ = spacing; }

    void generate(const QCPRange& range, const QLocale& locale, QChar format, int precision, QVector<double>& ticks,
                  QVector<double>* sub_ticks, QVector<QString>* labels) override {
        CategoryTicker::generate(range, locale, format, precision, ticks, sub_ticks, labels);
        const auto first = std::int64_t(std::ceil(range.lower)), last = std::int64_t(std::floor(range.upper));
        if (number_spacing_ <= 0 || ticks.size() >= last - first + 1) return;
        const double length = double(of_->axisRect()->width()) / range.size();
        std::int64_t every = 1;
        for (const std::int64_t step : {2, 5, 10, 20, 50, 100, 200, 500, 1000})
            if (double(every) * length < number_spacing_) every = step;
        ticks.clear();
        if (labels) labels->clear();
        for (std::int64_t token = first; token <= last; ++token) {
            if ((token + 1) % every != 0) continue;
            ticks.append(double(token));
            if (labels) labels->append(QString::number(token + 1));
        }
    }

private:
    const QCPAxis* of_;
    double number_spacing_ = 0;  ///< zero: names only
};

class TokenMapPlot final : public CanvasPlot {
    Q_DECLARE_TR_FUNCTIONS(TokenMapPlot)

public:
    TokenMapPlot(MicroscopeState looked_at, QWidget* parent);

    QJsonObject state() const override { return {}; }
    void set_state(const QJsonObject&) override {}
    std::optional<std::int64_t> shown_step() const override {
        return looked_at_.empty() ? std::nullopt : std::optional(looked_at_.routing()->step);
    }

protected:
    void rebuild() override;
    void refresh(const RecordChanges&) override {}
    bool concerns(const RecordChanges&) const override { return false; }
    QString problem_of(const RunRecord&) const override {
        return looked_at_.empty() ? tr("No text has been looked at yet.") : QString();
    }
    QString invitation() const override { return tr("No text has been looked at yet."); }
    bool show_hover(const QPointF&) override { return false; }
    void fit_axes() override;

private:
    void set_up_axis(QCPAxis& axis, const QSharedPointer<CategoryTicker>& ticker, KindStrip& strip);
    void set_up_columns();
    void set_up_rows();

    MicroscopeState looked_at_;
    TokenSlice slice_;
    Heatmap* heatmap_;
    KindStrip* row_strip_;
    KindStrip* column_strip_;
    ColorBar color_bar_;
    QSharedPointer<CategoryTicker> row_ticker_;
    QSharedPointer<TokenTicker> column_ticker_;
};

TokenMapPlot::TokenMapPlot(MicroscopeState looked_at, QWidget* parent)
    : CanvasPlot(parent), looked_at_(std::move(looked_at)), slice_(looked_at_.slice()), color_bar_(chart(), axes()) {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    y->setRangeReversed(true);
    heatmap_ = new Heatmap(x, y);
    row_strip_ = new KindStrip(y, 4);
    column_strip_ = new KindStrip(x, 4);
    row_ticker_.reset(new CategoryTicker(y));
    column_ticker_.reset(new TokenTicker(x));
}

void TokenMapPlot::set_up_axis(QCPAxis& axis, const QSharedPointer<CategoryTicker>& ticker, KindStrip& strip) {
    axis.setTicker(ticker);
    axis.setTickLength(0, 0);
    axis.setBasePen(Qt::NoPen);
    axis.setTickPen(Qt::NoPen);
    axis.setSubTickPen(Qt::NoPen);
    axis.grid()->setVisible(false);
    axis.setTickLabelPadding(int(style().px(9)));
    ticker->set_spacing(QFontMetricsF(style().tick_font).height());
    strip.set_style(style());
    strip.set_colors({});
}

void TokenMapPlot::set_up_columns() {
    QCPAxis& x = *axes().axis(QCPAxis::atBottom);
    set_up_axis(x, column_ticker_, *column_strip_);
    std::vector<CategoryTicker::Category> names;
    const bool sources = looked_at_.slice_by() == SliceBy::token;
    const QFontMetricsF metrics(style().tick_font);
    double widest = 0;
    std::vector<QColor> colors;
    for (std::size_t column = 0; column < slice_.columns; ++column) {
        names.push_back({slice_.column_labels[column], sources ? level_of(looked_at_.sources()[column]) : 1});
        widest = std::max(widest, metrics.horizontalAdvance(slice_.column_labels[column]));
        if (sources) colors.push_back(source_color(looked_at_.sources()[column].kind, style()));
    }
    const bool upright = sources || widest > 1.5 * metrics.height();
    x.setTickLabelRotation(upright ? -90 : 0);
    if (!upright) column_ticker_->set_spacing(widest + style().px(1));
    if (!sources) x.setTickLabelPadding(int(style().px(2)));
    column_ticker_->set_number_spacing(sources ? 0 : metrics.horizontalAdvance(QStringLiteral("0000")));
    column_ticker_->set_categories(std::move(names));
    column_strip_->set_colors(std::move(colors));
    x.setLabel(sources ? tr("Source") : tr("Token"));
}

void TokenMapPlot::set_up_rows() {
    QCPAxis& y = *axes().axis(QCPAxis::atLeft);
    set_up_axis(y, row_ticker_, *row_strip_);
    std::vector<CategoryTicker::Category> names;
    std::vector<QColor> colors;
    const bool sources = looked_at_.slice_by() == SliceBy::router;
    for (std::size_t row = 0; row < slice_.rows; ++row) {
        const RouterKind kind = router_kind(row, looked_at_.routers());
        const int level = kind == RouterKind::final_norm ? 0 : kind == RouterKind::attention ? 1 : 2;
        if (sources) {
            const auto cell = looked_at_.cell_at(row, 0);
            const Source& source = looked_at_.sources()[cell ? cell->source : 0];
            names.push_back({slice_.row_labels[row], level_of(source)});
            colors.push_back(source_color(source.kind, style()));
        } else {
            names.push_back({slice_.row_labels[row], level});
            colors.push_back(router_color(kind, style()));
        }
    }
    row_ticker_->set_categories(std::move(names));
    row_strip_->set_colors(std::move(colors));
    y.setLabel(sources ? tr("Source") : tr("Router before"));
}

void TokenMapPlot::rebuild() {
    color_bar_.set_style(style(), [this](QCPAxisRect& axes) { style_axes(axes); });
    heatmap_->set_style(style());
    heatmap_->set_gaps(slice_.columns <= 64);
    set_up_columns();
    set_up_rows();
    const TokenScale span = looked_at_.scale();
    const ColorScale scale = ColorScale::to(span.end, span.diverging, style().color_map);
    heatmap_->set_scale(scale.map, scale.low, scale.high);
    std::vector<double> cells(slice_.values.begin(), slice_.values.end());
    for (double& cell : cells)
        if (looked_at_.is_dimmed(span, float(cell))) cell = std::nan("");
    heatmap_->set_cells(slice_.rows, slice_.columns, std::move(cells));
    color_bar_.set_scale(scale, axis_title(looked_at_.quantity()));
    LegendStrip::Entry title, blank;
    title.heading = true;
    title.text = looked_at_.slice_text();
    std::vector<LegendStrip::Entry> entries{title};
    if (looked_at_.threshold() > 0) {
        blank.text = tr("blank: below %1").arg(QString::number(looked_at_.threshold_value(), 'g', 2));
        entries.push_back(blank);
    }
    legend().set_entries(std::move(entries));
}

void TokenMapPlot::fit_axes() {
    const auto seen = [&](double begin, std::size_t count) {
        return QCPRange(begin * double(count) - 0.5, (begin + looked_at_.seen()) * double(count) - 0.5);
    };
    axes().axis(QCPAxis::atBottom)->setRange(seen(looked_at_.left(), slice_.columns));
    axes().axis(QCPAxis::atLeft)->setRange(seen(looked_at_.top(), slice_.rows));
}

}  // namespace

PlotDescriptor token_map_descriptor(const MicroscopeState& state) {
    PlotDescriptor descriptor;
    descriptor.id = "token-map";
    descriptor.title = WAVLAB_TEXT("Token map");
    descriptor.help = WAVLAB_TEXT("What every token of a text reads: the slice of the microscope as it is seen.");
    descriptor.height_ratio = std::clamp(0.2 + 0.012 * double(state.rows()) * state.seen(), 0.3, 1.0);
    descriptor.make = [state](QWidget* parent) -> Plot* { return new TokenMapPlot(state, parent); };
    return descriptor;
}

}  // namespace wavlab
