// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QAction;
class QHBoxLayout;
class QLabel;
class QSlider;
class QToolButton;

namespace wavlab {

class TimeCursor;

/// Moves the time cursor over the recorded steps of a run: by a slider, step by step, or playing. Playing takes a
/// chosen time for the whole run; where painting is slower than that, steps are left out rather than played late.
class TimeBar : public QWidget {
    Q_OBJECT

public:
    explicit TimeBar(TimeCursor& cursor, QWidget* parent = nullptr);

    /// The buttons, each of which stands for an action; `newest` is checked while the newest step is followed.
    void set_actions(const QList<QAction*>& before_slider, QAction& newest);
    /// The steps to choose from, ascending.
    void set_steps(const std::vector<std::int64_t>& steps);
    const std::vector<std::int64_t>& steps() const { return steps_; }
    bool is_playing() const { return timer_.isActive(); }
    /// How long the whole run takes.
    void set_duration(int seconds);

    /// From the shown step, or from the first where that is the last. At the end the newest step is followed again.
    void play();
    void pause();
    /// One record on (+1) or back (-1).
    void move(int records);
    void show_first();
    void follow_newest();

signals:
    void playing_changed(bool playing);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void choose(std::size_t index);
    std::size_t shown_index() const;
    void show_step();
    void play_on();
    /// Where playing is now: a record, or between two.
    double position() const;

    TimeCursor& cursor_;
    QHBoxLayout* row_;
    QSlider* slider_;
    QLabel* label_;
    QToolButton* speed_;
    QAction* newest_ = nullptr;
    std::vector<std::int64_t> steps_;
    QTimer timer_;
    QElapsedTimer played_;
    double played_from_ = 0;  ///< a record, or between two
    int seconds_ = 10;
    bool moving_ = false;  ///< the cursor moves because it is played
};

}  // namespace wavlab
