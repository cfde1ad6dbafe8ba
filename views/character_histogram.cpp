// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/character_histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>

#include <qcustomplot.h>

#include "views/plot_style.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

QString code_point_text(char32_t character) {
    return QStringLiteral("U+") + QStringLiteral("%1").arg(uint(character), 4, 16, QLatin1Char('0')).toUpper();
}

/// Empty for a character without a name of its own here.
QString special_name(char32_t character) {
    switch (character) {
        case U'\0':
            return CharacterHistogram::tr("null");
        case U'\t':
            return CharacterHistogram::tr("tab");
        case U'\n':
            return CharacterHistogram::tr("line feed");
        case U'\r':
            return CharacterHistogram::tr("carriage return");
        case U'\x1b':
            return CharacterHistogram::tr("escape");
        case U' ':
            return CharacterHistogram::tr("space");
        case U'\u00a0':
            return CharacterHistogram::tr("no-break space");
        case U'\u00ad':
            return CharacterHistogram::tr("soft hyphen");
        case U'\u200b':
            return CharacterHistogram::tr("zero width space");
        case U'\u3000':
            return CharacterHistogram::tr("ideographic space");
        case U'\ufeff':
            return CharacterHistogram::tr("byte order mark");
        case U'\ufffd':
            return CharacterHistogram::tr("replacement character");
        default:
            return {};
    }
}

}  // namespace

QString character_name(char32_t character) {
    const QString special = special_name(character);
    const bool common = character == U' ' || character == U'\n' || character == U'\t';
    if (!special.isEmpty()) return common ? special : code_point_text(character) + QLatin1Char(' ') + special;
    switch (QChar::category(character)) {
        case QChar::Mark_NonSpacing:
        case QChar::Mark_Enclosing:
        case QChar::Mark_SpacingCombining:
            return QStringLiteral("\u25cc") + QString::fromUcs4(&character, 1);  // on a dotted circle
        case QChar::Other_Control:
        case QChar::Other_Format:
        case QChar::Other_Surrogate:
        case QChar::Other_PrivateUse:
        case QChar::Other_NotAssigned:
        case QChar::Separator_Space:
        case QChar::Separator_Line:
        case QChar::Separator_Paragraph:
            return code_point_text(character);
        default:
            return QString::fromUcs4(&character, 1);
    }
}

CharacterHistogram::CharacterHistogram(QWidget* parent) : QWidget(parent), canvas_(new QCustomPlot(this)) {
    setObjectName(QStringLiteral("character_histogram"));
    setAccessibleName(tr("The most frequent characters"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(canvas_);
    canvas_->setMinimumSize(120, 80);
    canvas_->setFocusPolicy(Qt::NoFocus);
    bars_ = new QCPBars(canvas_->yAxis, canvas_->xAxis);
    bars_->setWidth(0.75);
    canvas_->yAxis->setRangeReversed(true);
    canvas_->xAxis->ticker()->setTickCount(4);
    canvas_->yAxis->setTicker(QSharedPointer<QCPAxisTickerText>::create());
    canvas_->yAxis->grid()->setVisible(false);
    connect(canvas_, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) { show_tip(event->pos()); });
}

QSize CharacterHistogram::sizeHint() const { return {260, 300}; }

void CharacterHistogram::set_counts(std::vector<CharacterCount> counts, std::int64_t all) {
    counts_ = std::move(counts);
    all_ = all;
    QStringList read;
    for (std::size_t i = 0; i < std::min<std::size_t>(counts_.size(), 10); ++i)
        read.append(tr("%1: %2 %")
                        .arg(character_name(counts_[i].character),
                             QString::number(100.0 * double(counts_[i].count) / double(all_), 'f', 1)));
    setAccessibleDescription(read.join(QStringLiteral(", ")));
    draw();
}

void CharacterHistogram::draw() {
    const PlotStyle style = PlotStyle::screen(palette(), font());
    canvas_->setBackground(style.ground);
    for (QCPAxis* axis : {canvas_->xAxis, canvas_->yAxis}) {
        axis->setBasePen(QPen(style.ink, style.frame_width));
        axis->setTickPen(QPen(style.ink, style.frame_width));
        axis->setSubTicks(false);
        axis->setTickLabelFont(style.tick_font);
        axis->setTickLabelColor(style.ink);
        axis->setLabelFont(style.font);
        axis->setLabelColor(style.ink);
        axis->grid()->setPen(QPen(style.grid, 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
    }
    canvas_->yAxis->setTickLength(0);
    canvas_->xAxis->setLabel(tr("share of the characters (%)"));
    const QColor color = run_color(0, style);
    bars_->setPen(Qt::NoPen);
    bars_->setBrush(style.faint(color, 0.85));

    const double line = QFontMetricsF(style.tick_font).height() + 2;
    const double room = canvas_->height() - 4 * line;
    shown_ = std::clamp(int(room / line), 0, int(counts_.size()));
    auto* names = static_cast<QCPAxisTickerText*>(canvas_->yAxis->ticker().data());
    names->clear();
    QVector<double> places, shares;
    for (int i = 0; i < shown_; ++i) {
        const CharacterCount& one = counts_[std::size_t(i)];
        places.append(i);
        shares.append(all_ > 0 ? 100.0 * double(one.count) / double(all_) : 0.0);
        names->addTick(i, character_name(one.character));
    }
    bars_->setData(places, shares, true);
    canvas_->yAxis->setRange(-0.6, std::max(1, shown_) - 0.4);
    canvas_->xAxis->setRange(0, shares.isEmpty() ? 1 : std::max(0.001, shares.first() * 1.05));
    canvas_->replot(QCustomPlot::rpQueuedRefresh);
}

void CharacterHistogram::show_tip(const QPoint& position) {
    const int row = int(std::lround(canvas_->yAxis->pixelToCoord(position.y())));
    if (row < 0 || row >= shown_ || all_ <= 0 || !canvas_->rect().contains(position)) {
        QToolTip::hideText();
        return;
    }
    const CharacterCount& one = counts_[std::size_t(row)];
    QToolTip::showText(
        canvas_->mapToGlobal(position),
        tr("%1 (%2): %3 times, %4 %")
            .arg(character_name(one.character), code_point_text(one.character), count_text(double(one.count)),
                 QString::number(100.0 * double(one.count) / double(all_), 'f', 2)),
        canvas_);
}

void CharacterHistogram::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    draw();
}

void CharacterHistogram::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) draw();
}

}  // namespace wavlab
