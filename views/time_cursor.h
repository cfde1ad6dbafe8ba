// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QObject>

namespace wavlab {

/// Of the steps at which a run has recorded something (ascending), the one to show for a wanted step: the nearest at or
/// before it, else the first; the newest where none is wanted. Nothing when there are none.
std::optional<std::int64_t> recorded_step(const std::vector<std::int64_t>& steps, std::optional<std::int64_t> wanted);

/// The training step that every view of a window shows. Until the user chooses one, the newest is followed.
class TimeCursor : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    /// The chosen step; nothing while the newest is followed.
    std::optional<std::int64_t> step() const { return step_; }
    bool following() const { return !step_; }
    /// Nothing: follows the newest from now on.
    void set_step(std::optional<std::int64_t> step);

signals:
    void changed();

private:
    std::optional<std::int64_t> step_;
};

}  // namespace wavlab
