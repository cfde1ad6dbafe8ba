// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include <QObject>

namespace wavlab {

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
