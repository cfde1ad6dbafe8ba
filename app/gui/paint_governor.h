// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

#include <QObject>

namespace wavlab {

/// How often the window brings its views up to date while a run goes. Training on the CPU wants the cores: then the
/// window's thread keeps to a small share of one of them, unless the user is doing something.
class PaintGovernor : public QObject {
    Q_OBJECT

public:
    /// Watches the user's input to all windows of the program.
    explicit PaintGovernor(QObject* parent = nullptr);

    /// The share of one core that the window may take while nobody touches it.
    void set_quiet_share(double share) { quiet_share_ = share; }
    /// Call before an update of the views; gives the time until the next one. Measures what this thread has used since
    /// the last call.
    std::chrono::milliseconds next_interval();
    /// The user did something in the last two seconds.
    bool user_is_active() const;

signals:
    /// The user did something after a while of doing nothing: an update may be due at once.
    void user_became_active();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    using Clock = std::chrono::steady_clock;
    static std::chrono::nanoseconds thread_time();

    double quiet_share_ = 0.04;
    Clock::time_point last_input_{};
    std::chrono::nanoseconds last_thread_time_{};
    double smoothed_cost_ = 0;  ///< seconds of CPU an update
};

}  // namespace wavlab
