// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QWidget>

class QLabel;
class QSlider;
class QToolButton;

namespace wavlab {

/// Chooses among the recorded steps of a run. Follows the newest until it is touched; a button follows again.
class StepSlider : public QWidget {
    Q_OBJECT

public:
    explicit StepSlider(QWidget* parent = nullptr);

    /// The steps to choose from, ascending. Keeps the chosen step, or goes to the newest while following.
    void set_steps(const std::vector<std::int64_t>& steps);
    /// The chosen step; nothing when there are none.
    std::optional<std::int64_t> step() const;
    bool following() const { return following_; }
    /// The step nearest at or before this one (else the first), or, without one, the newest from now on.
    void choose(std::optional<std::int64_t> step);

signals:
    void changed();

private:
    void show_step();
    std::size_t index_of(std::int64_t step) const;

    QSlider* slider_;
    QLabel* label_;
    QToolButton* follow_;
    std::vector<std::int64_t> steps_;
    std::optional<std::int64_t> wanted_;  ///< unset while following
    bool following_ = true;
};

}  // namespace wavlab
