// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/paint_governor.h"

#include <algorithm>
#include <ctime>

#include <QCoreApplication>
#include <QEvent>

namespace wavlab {

namespace {

constexpr std::chrono::milliseconds active_interval{40};
constexpr std::chrono::milliseconds shortest_quiet_interval{200};
constexpr std::chrono::milliseconds longest_quiet_interval{2000};
constexpr std::chrono::seconds active_for{2};

}  // namespace

PaintGovernor::PaintGovernor(QObject* parent) : QObject(parent), last_thread_time_(thread_time()) {
    QCoreApplication::instance()->installEventFilter(this);
}

std::chrono::nanoseconds PaintGovernor::thread_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool PaintGovernor::user_is_active() const { return Clock::now() - last_input_ < active_for; }

std::chrono::milliseconds PaintGovernor::next_interval() {
    const std::chrono::nanoseconds now = thread_time();
    const double cost = std::chrono::duration<double>(now - last_thread_time_).count();
    last_thread_time_ = now;
    if (user_is_active()) return active_interval;
    smoothed_cost_ += 0.3 * (std::min(cost, 0.2) - smoothed_cost_);
    const auto wanted = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * smoothed_cost_ / quiet_share_));
    return std::clamp(wanted, shortest_quiet_interval, longest_quiet_interval);
}

bool PaintGovernor::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::MouseMove:
        case QEvent::MouseButtonPress:
        case QEvent::MouseButtonRelease:
        case QEvent::Wheel:
        case QEvent::KeyPress:
        case QEvent::TouchUpdate:
            if (event->spontaneous()) {
                const bool was_active = user_is_active();
                last_input_ = Clock::now();
                if (!was_active) emit user_became_active();
            }
            break;
        default:
            break;
    }
    return QObject::eventFilter(watched, event);
}

}  // namespace wavlab
