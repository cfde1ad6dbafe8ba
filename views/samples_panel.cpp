// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/samples_panel.h"

#include <algorithm>
#include <utility>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QTextBlock>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/run_record.h"
#include "views/plot_style.h"
#include "views/quantity_text.h"
#include "views/sample_text.h"
#include "views/text_finder.h"
#include "views/theme.h"
#include "views/time_cursor.h"

namespace wavlab {

SamplesPanel::SamplesPanel(TimeCursor& cursor, QAction& generate, QWidget* parent) : QWidget(parent), cursor_(cursor) {
    setObjectName(QStringLiteral("samples_panel"));
    setMinimumSize(160, 110);
    stack_ = new QStackedWidget(this);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(stack_);

    empty_ = new QLabel(stack_);
    empty_->setObjectName(QStringLiteral("samples_empty"));
    empty_->setTextFormat(Qt::RichText);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setMargin(20);
    empty_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    stack_->addWidget(empty_);

    auto* page = new QWidget(stack_);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(6, 4, 6, 4);
    column->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->setSpacing(4);
    const auto add_arrow = [&](Qt::ArrowType arrow, const QString& id, const QString& name) {
        auto* button = new QToolButton(page);
        button->setObjectName(id);
        button->setArrowType(arrow);
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::TabFocus);
        button->setToolTip(name);
        button->setAccessibleName(name);
        row->addWidget(button);
        return button;
    };
    earlier_ = add_arrow(Qt::LeftArrow, QStringLiteral("samples_earlier"), tr("The text before"));
    later_ = add_arrow(Qt::RightArrow, QStringLiteral("samples_later"), tr("The text after; the last follows the run"));
    finder_ = new TextFinder(page);
    row->addWidget(finder_, 1);
    beside_ = new QComboBox(page);
    beside_->setObjectName(QStringLiteral("samples_beside"));
    beside_->setAccessibleName(tr("Run beside"));
    beside_->setToolTip(tr("Another drawn run whose texts stand beside, at the same step"));
    beside_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    beside_->setMinimumContentsLength(9);
    row->addWidget(beside_);
    auto* copy_button = new QToolButton(page);
    copy_button->setObjectName(QStringLiteral("samples_copy"));
    copy_button->setIcon(themed_icon(QStringLiteral("copy")));
    copy_button->setToolTip(tr("Copy the texts that are shown"));
    copy_button->setAccessibleName(tr("Copy the texts"));
    copy_button->setAutoRaise(true);
    copy_button->setFocusPolicy(Qt::TabFocus);
    row->addWidget(copy_button);
    auto* generate_button = new QToolButton(page);
    generate_button->setObjectName(QStringLiteral("samples_generate"));
    generate_button->setDefaultAction(&generate);
    generate_button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    generate_button->setFocusPolicy(Qt::TabFocus);
    row->addWidget(generate_button);
    column->addLayout(row);

    splitter_ = new QSplitter(Qt::Horizontal, page);
    splitter_->setChildrenCollapsible(false);
    focused_ = make_column(QStringLiteral("samples_text"));
    other_ = make_column(QStringLiteral("samples_text_beside"));
    other_.widget->hide();
    column->addWidget(splitter_, 1);
    stack_->addWidget(page);
    finder_->set_views({focused_.view, other_.view});

    connect(earlier_, &QToolButton::clicked, this, [this] { go(-1); });
    connect(later_, &QToolButton::clicked, this, [this] { go(1); });
    connect(&cursor_, &TimeCursor::changed, this, &SamplesPanel::refresh);
    connect(beside_, &QComboBox::activated, this, [this] {
        wanted_ = beside_->currentData().toString().toStdString();
        refresh();
    });
    connect(copy_button, &QToolButton::clicked, this, &SamplesPanel::copy);
    set_hint({});
    set_runs({});
}

SamplesPanel::Column SamplesPanel::make_column(const QString& name) {
    Column column;
    column.widget = new QWidget(splitter_);
    auto* rows = new QVBoxLayout(column.widget);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(2);
    column.title = new QLabel(column.widget);
    column.title->setObjectName(name + QStringLiteral("_title"));
    column.title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    column.title->setTextFormat(Qt::RichText);
    rows->addWidget(column.title);
    column.view = new QTextEdit(column.widget);
    column.view->setObjectName(name);
    column.view->setReadOnly(true);
    column.view->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    column.view->setTabChangesFocus(true);
    column.view->setUndoRedoEnabled(false);
    column.view->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    column.view->setAccessibleName(tr("Texts drawn while training"));
    rows->addWidget(column.view, 1);
    return column;
}

void SamplesPanel::set_hint(const QString& hint) {
    empty_->setText(QStringLiteral("<p>%1</p><p><b>%2</b></p>")
                        .arg(tr("While a run trains it draws texts at its prompts; they appear here, each with its "
                                "step, so that you can read how the model learns.")
                                 .toHtmlEscaped(),
                             hint.toHtmlEscaped()));
}

void SamplesPanel::set_runs(const std::vector<DrawnRun>& runs) {
    runs_ = runs;
    const auto found = std::find_if(runs.begin(), runs.end(), [](const DrawnRun& run) { return run.focused; });
    const DrawnRun shown = found != runs.end() ? *found : runs.empty() ? DrawnRun{} : runs.front();
    if (focused_.record != shown.record) focused_.shown.reset();
    focused_.record = shown.record;
    focused_.style_index = shown.style_index;
    stack_->setCurrentIndex(shown.record ? 1 : 0);
    offer_runs();
    refresh();
}

void SamplesPanel::set_beside(const std::filesystem::path& folder) {
    wanted_ = folder;
    offer_runs();
    refresh();
}

void SamplesPanel::offer_runs() {
    const QSignalBlocker blocker(beside_);
    beside_->clear();
    beside_->addItem(tr("One run"), QString());
    for (const DrawnRun& run : runs_)
        if (run.record != focused_.record)
            beside_->addItem(tr("and %1").arg(QString::fromStdString(run.record->name())),
                             QString::fromStdString(run.record->folder().string()));
    beside_->setVisible(beside_->count() > 1);
}

void SamplesPanel::note(const RunRecord& record, const RecordChanges& changes) {
    if (!changes.samples && !changes.description) return;
    if (&record == focused_.record.get() || &record == other_.record.get()) refresh();
}

void SamplesPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (stale_) refresh();
}

void SamplesPanel::refresh() {
    stale_ = !isVisible();
    if (stale_) return;
    other_.record.reset();
    for (const DrawnRun& run : runs_) {
        if (run.record == focused_.record || run.record->folder() != wanted_ || wanted_.empty()) continue;
        other_.record = run.record;
        other_.style_index = run.style_index;
    }
    {
        const QSignalBlocker blocker(beside_);
        const int chosen = other_.record ? beside_->findData(QString::fromStdString(wanted_.string())) : 0;
        beside_->setCurrentIndex(std::max(0, chosen));
    }
    if (!focused_.record) return;
    const std::vector<std::int64_t> there = steps();
    const std::optional<std::int64_t> wanted = cursor_.step();
    earlier_->setEnabled(there.size() > 1 && (!wanted || *wanted > there.front()));
    later_->setEnabled(!there.empty() && wanted);
    const bool anew = std::exchange(restyle_, false);
    show_column(focused_, anew);
    other_.widget->setVisible(other_.record != nullptr);
    show_column(other_, anew);
    finder_->refresh();
}

void SamplesPanel::show_column(Column& column, bool anew) {
    if (!column.record) {
        column.view->clear();
        column.shown.reset();
        return;
    }
    const std::vector<SampleDrawn>& samples = column.record->samples();
    const std::vector<const SampleDrawn*> found = samples_at(samples, cursor_.step());
    const std::optional<std::int64_t> step = found.empty() ? std::nullopt : std::optional(found.front()->step);
    // The same texts are not written again: the reader may have selected some.
    const bool same = !anew && step && column.shown == step && column.count == samples.size();
    column.shown = step;
    column.count = samples.size();
    show_title(column);
    if (same) return;
    const int scrolled = column.view->verticalScrollBar()->value();
    column.view->clear();
    QTextCursor cursor = column.view->textCursor();
    if (found.empty()) {
        QTextCharFormat quiet;
        quiet.setForeground(quiet_color(palette()));
        cursor.insertText(why_empty(*column.record), quiet);
        return;
    }
    cursor.beginEditBlock();
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (i > 0) cursor.insertBlock({}, continuation_format(palette()));
        if (i > 0) cursor.insertBlock({}, continuation_format(palette()));
        if (found.size() > 1) {
            QTextCharFormat heading;
            heading.setForeground(quiet_color(palette()));
            heading.setFontItalic(true);
            cursor.insertText(tr("Prompt %1").arg(i + 1) + QLatin1Char('\n'), heading);
        }
        insert_sample(cursor, QString::fromStdString(found[i]->prompt), QString::fromStdString(found[i]->text),
                      palette());
    }
    cursor.endEditBlock();
    column.view->verticalScrollBar()->setValue(scrolled);
}

void SamplesPanel::show_title(const Column& column) {
    const QColor color = run_color(column.style_index, PlotStyle::screen(palette(), font()));
    QString step = column.shown ? tr("step %1").arg(count_text(double(*column.shown))) : tr("no text yet");
    const std::vector<SampleDrawn>& samples = column.record->samples();
    if (column.shown && column.shown == sample_steps(samples).back()) step = tr("%1, the newest").arg(step);
    column.title->setText(
        QStringLiteral("<span style='color:%1'>■</span> <b>%2</b> · %3")
            .arg(color.name(), QString::fromStdString(column.record->name()).toHtmlEscaped(), step.toHtmlEscaped()));
    column.title->setToolTip(tr("The prompt is tinted; what follows is the model's."));
}

QString SamplesPanel::why_empty(const RunRecord& record) const {
    const std::vector<SampleDrawn>& samples = record.samples();
    if (!samples.empty())
        return tr("No text was drawn up to step %1. The first is of step %2.")
            .arg(count_text(double(cursor_.step().value_or(0))))
            .arg(count_text(double(sample_steps(samples).front())));
    const std::int64_t every = record.experiment().train.sample_every;
    if (every <= 0)
        return tr(
            "This run draws no texts while it trains: its option 'Sample every' is 0. Press Generate for a "
            "text from one of its checkpoints.");
    if (record.state() == RunState::running || record.state() == RunState::paused)
        return tr("The first text is drawn at step %1.").arg(count_text(double(every)));
    return tr("This run ended before it drew a text; the first would have been at step %1.")
        .arg(count_text(double(every)));
}

QString SamplesPanel::text() const {
    QString all;
    for (const Column* column : {&focused_, &other_}) {
        if (!column->record || !column->shown) continue;
        for (const SampleDrawn* sample : samples_at(column->record->samples(), column->shown)) {
            if (!all.isEmpty()) all += QStringLiteral("\n\n");
            if (other_.record)
                all += tr("%1, step %2:").arg(QString::fromStdString(column->record->name())).arg(sample->step) +
                       QLatin1Char('\n');
            all += QString::fromStdString(sample->prompt) + QString::fromStdString(sample->text);
        }
    }
    return all;
}

std::vector<std::int64_t> SamplesPanel::steps() const {
    if (!focused_.record) return {};
    std::vector<std::int64_t> steps = sample_steps(focused_.record->samples());
    if (!other_.record) return steps;
    const std::vector<std::int64_t> more = sample_steps(other_.record->samples());
    std::vector<std::int64_t> both;
    std::set_union(steps.begin(), steps.end(), more.begin(), more.end(), std::back_inserter(both));
    return both;
}

void SamplesPanel::go(int direction) {
    const std::vector<std::int64_t> there = steps();
    if (there.empty()) return;
    const std::int64_t now = cursor_.step().value_or(there.back());
    if (direction < 0) {
        const auto at_or_after = std::lower_bound(there.begin(), there.end(), now);
        if (at_or_after != there.begin()) cursor_.set_step(*std::prev(at_or_after));
        return;
    }
    const auto after = std::upper_bound(there.begin(), there.end(), now);
    if (after == there.end() || after == std::prev(there.end()))
        cursor_.set_step(std::nullopt);
    else
        cursor_.set_step(*after);
}

void SamplesPanel::copy() { QApplication::clipboard()->setText(text()); }

void SamplesPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    restyle_ = true;
    refresh();
}

void SamplesPanel::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Find)) {
        finder_->start();
        event->accept();
        return;
    }
    QWidget::keyPressEvent(event);
}

}  // namespace wavlab
