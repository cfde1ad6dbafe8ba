// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/time_bar.h"

#include <algorithm>

#include <QAction>
#include <QActionGroup>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QScopedValueRollback>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include "views/time_cursor.h"

namespace wavlab {

namespace {

constexpr int durations[] = {5, 10, 20, 60};   // seconds for the whole run
constexpr int picture_interval = 33;           // milliseconds
constexpr double fewest_records_a_second = 2;  // short runs are not drawn out
constexpr std::size_t pages = 10;              // PageUp and PageDown go over the run in so many

}  // namespace

TimeBar::TimeBar(TimeCursor& cursor, QWidget* parent)
    : QWidget(parent),
      cursor_(cursor),
      row_(new QHBoxLayout(this)),
      slider_(new QSlider(Qt::Horizontal)),
      label_(new QLabel),
      speed_(new QToolButton) {
    setObjectName(QStringLiteral("time_bar"));
    slider_->setRange(0, 0);
    slider_->setMinimumWidth(80);
    slider_->setToolTip(
        tr("The training step that all views show. Left and Right go one record back or on, PageUp and PageDown a "
           "tenth of the run, Home to the first, End to the newest; Space plays."));
    slider_->setAccessibleName(tr("Shown step"));
    slider_->installEventFilter(this);
    speed_->setPopupMode(QToolButton::InstantPopup);
    speed_->setAutoRaise(true);
    speed_->setToolTip(tr("How long playing the whole run takes"));
    speed_->setAccessibleName(tr("Playing time"));
    auto* menu = new QMenu(speed_);
    auto* group = new QActionGroup(menu);
    for (const int seconds : durations) {
        QAction* action =
            menu->addAction(tr("Whole run in %1 s").arg(seconds), this, [this, seconds] { set_duration(seconds); });
        action->setCheckable(true);
        action->setChecked(seconds == seconds_);
        group->addAction(action);
    }
    speed_->setMenu(menu);
    row_->setContentsMargins(6, 1, 6, 1);
    row_->setSpacing(4);
    row_->addWidget(speed_);
    row_->addWidget(slider_, 1);
    row_->addWidget(label_);
    connect(slider_, &QSlider::valueChanged, this, [this](int index) { choose(std::size_t(index)); });
    connect(&cursor_, &TimeCursor::changed, this, [this] {
        if (!moving_) pause();
        show_step();
    });
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.setInterval(picture_interval);
    connect(&timer_, &QTimer::timeout, this, &TimeBar::play_on);
    set_duration(seconds_);
    show_step();
}

void TimeBar::set_actions(const QList<QAction*>& before_slider, QAction& newest) {
    const auto button = [](QAction& action) {
        auto* made = new QToolButton;
        made->setAutoRaise(true);
        made->setDefaultAction(&action);
        return made;
    };
    int place = 0;
    for (QAction* action : before_slider) row_->insertWidget(place++, button(*action));
    row_->addWidget(button(newest));
    newest_ = &newest;
    newest_->setCheckable(true);
    show_step();
}

void TimeBar::set_steps(const std::vector<std::int64_t>& steps) {
    if (steps == steps_) return;
    // A run that grows while it is played is played on from where it is.
    if (is_playing()) {
        played_from_ = position();
        played_.restart();
    }
    steps_ = steps;
    if (steps_.size() < 2) pause();
    show_step();
}

void TimeBar::set_duration(int seconds) {
    if (is_playing()) {
        played_from_ = position();
        played_.restart();
    }
    seconds_ = seconds;
    speed_->setText(tr("%1 s").arg(seconds));
}

std::size_t TimeBar::shown_index() const {
    const std::optional<std::int64_t> shown = recorded_step(steps_, cursor_.step());
    if (!shown) return 0;
    return std::size_t(std::lower_bound(steps_.begin(), steps_.end(), *shown) - steps_.begin());
}

void TimeBar::choose(std::size_t index) {
    if (index < steps_.size()) cursor_.set_step(steps_[index]);
}

void TimeBar::play() {
    if (steps_.size() < 2 || is_playing()) return;
    const std::size_t shown = shown_index();
    played_from_ = shown + 1 < steps_.size() ? double(shown) : 0;
    played_.start();
    timer_.start();
    play_on();
    emit playing_changed(true);
}

void TimeBar::pause() {
    if (!is_playing()) return;
    timer_.stop();
    emit playing_changed(false);
}

double TimeBar::position() const {
    const double rate = std::max(fewest_records_a_second, double(steps_.size() - 1) / seconds_);
    return played_from_ + rate * double(played_.elapsed()) / 1000;
}

void TimeBar::play_on() {
    const QScopedValueRollback own(moving_, true);
    const auto index = std::size_t(position());
    if (index + 1 < steps_.size()) {
        choose(index);
        return;
    }
    pause();
    cursor_.set_step(std::nullopt);
}

void TimeBar::move(int records) {
    if (steps_.empty()) return;
    const auto last = std::ptrdiff_t(steps_.size()) - 1;
    choose(std::size_t(std::clamp<std::ptrdiff_t>(std::ptrdiff_t(shown_index()) + records, 0, last)));
}

void TimeBar::show_first() { choose(0); }

void TimeBar::follow_newest() {
    cursor_.set_step(std::nullopt);
    show_step();  // the button stays down also where the newest was followed already
}

void TimeBar::show_step() {
    const QSignalBlocker blocker(slider_);
    slider_->setRange(0, std::max(0, int(steps_.size()) - 1));
    slider_->setPageStep(std::max(1, int(steps_.size() / pages)));
    slider_->setValue(int(shown_index()));
    for (QWidget* widget : {static_cast<QWidget*>(slider_), static_cast<QWidget*>(speed_)})
        widget->setEnabled(steps_.size() > 1);
    if (newest_) newest_->setChecked(cursor_.following());
    const auto number = [](std::int64_t step) { return QLocale().toString(qlonglong(step)); };
    const auto text = [&](std::int64_t step) { return tr("step %1 of %2").arg(number(step), number(steps_.back())); };
    const std::optional<std::int64_t> shown = recorded_step(steps_, cursor_.step());
    label_->setText(shown ? text(*shown) : tr("no step recorded"));
    // As wide as it gets, so that the slider does not jump about.
    if (shown) label_->setMinimumWidth(label_->fontMetrics().horizontalAdvance(text(steps_.back())) + 2);
    slider_->setAccessibleDescription(label_->text());
}

bool TimeBar::eventFilter(QObject* watched, QEvent* event) {
    if (watched == slider_ && event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
            case Qt::Key_Space:
                is_playing() ? pause() : play();
                return true;
            case Qt::Key_End:
                follow_newest();
                return true;
            default:
                break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace wavlab
