// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plot_pane.h"

#include <algorithm>
#include <utility>

#include <QEvent>
#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <qcustomplot.h>

#include "views/plot_style.h"
#include "views/time_cursor.h"
#include "views/translated.h"

namespace wavlab {

PlotPane::PlotPane(const PlotDescriptor& descriptor, QWidget* parent) : QWidget(parent), descriptor_(descriptor) {
    setObjectName(QStringLiteral("pane.") + QString::fromStdString(descriptor.id));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    stack_ = new QStackedWidget(this);
    column->addWidget(stack_);
    text_ = new QLabel(stack_);
    text_->setTextFormat(Qt::RichText);
    text_->setWordWrap(true);
    text_->setAlignment(Qt::AlignCenter);
    text_->setMargin(20);
    text_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    stack_->addWidget(text_);
    plot_ = descriptor.make(stack_);
    plot_->setAccessibleName(translated(descriptor.title));
    stack_->addWidget(plot_);
    setMinimumSize(160, 110);
    restyle();
}

void PlotPane::set_hint(const QString& hint) {
    QString help = translated(descriptor_.help).toHtmlEscaped();
    help.replace(QLatin1Char('\n'), QStringLiteral("<br>"));
    text_->setText(QStringLiteral("<p>%1</p><p><b>%2</b></p>").arg(help, hint.toHtmlEscaped()));
}

bool PlotPane::can_be_seen() const { return isVisible() && !visibleRegion().isEmpty(); }

void PlotPane::set_runs(const std::vector<DrawnRun>& runs) {
    runs_ = runs;
    runs_changed_ = true;
    noted_.clear();
    stack_->setCurrentWidget(runs_.empty() ? static_cast<QWidget*>(text_) : plot_);
    flush();
}

void PlotPane::set_time_cursor(TimeCursor& cursor) {
    plot_->set_time_cursor(&cursor);
    connect(&cursor, &TimeCursor::changed, this, [this] {
        cursor_moved_ = true;
        flush();
    });
}

void PlotPane::note(const RunRecord& record, const RecordChanges& changes) {
    if (runs_changed_) return;  // everything is drawn anew anyway
    const bool drawn =
        std::any_of(runs_.begin(), runs_.end(), [&](const DrawnRun& run) { return run.record.get() == &record; });
    if (!drawn) return;
    for (auto& [known, noted] : noted_)
        if (known == &record) {
            noted |= changes;
            return;
        }
    noted_.emplace_back(&record, changes);
}

void PlotPane::flush() {
    if (!can_be_seen()) return;
    if (std::exchange(runs_changed_, false)) {
        noted_.clear();
        cursor_moved_ = false;
        plot_->set_runs(runs_);
        return;
    }
    const auto noted = std::exchange(noted_, {});
    for (const auto& [record, changes] : noted) plot_->update_from(*record, changes);
    if (std::exchange(cursor_moved_, false)) plot_->time_cursor_moved();
}

void PlotPane::paint_now() {
    flush();
    if (can_be_seen() && !runs_.empty()) plot_->canvas().replot(QCustomPlot::rpImmediateRefresh);
}

void PlotPane::restyle() { plot_->set_style(PlotStyle::screen(palette(), font())); }

void PlotPane::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    // Once the layout is done.
    QMetaObject::invokeMethod(
        this, [this] { flush(); }, Qt::QueuedConnection);
}

void PlotPane::paintEvent(QPaintEvent* event) {
    QWidget::paintEvent(event);
    // A tab that comes to the front was shown all the time, outside of the window: no show event tells.
    if (!runs_changed_ && !cursor_moved_ && noted_.empty()) return;
    QMetaObject::invokeMethod(
        this, [this] { flush(); }, Qt::QueuedConnection);
}

void PlotPane::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) restyle();
    QWidget::changeEvent(event);
}

}  // namespace wavlab
