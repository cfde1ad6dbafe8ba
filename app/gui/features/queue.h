// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QString>

#include "app/gui/window_feature.h"
#include "core/sweep.h"

namespace wavlab {

/// The queue of runs of the runs folder: shows it, takes sweeps into it, works through it with processes of their own.
/// Reached by `window.feature<QueueFeature>()`.
class QueueFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit QueueFeature(class MainWindow& window);
    ~QueueFeature() override;

    /// Why nothing can be added now (another process works through the queue); empty when it can.
    QString enqueue_obstacle() const;
    /// Adds every run of the sweep that is neither finished nor queued, and shows the queue. It starts at once if the
    /// queue is working, else when the user starts it. Returns how many were added; throws InputError.
    int enqueue(const Sweep& sweep);
    /// The same for one run.
    int enqueue(const Experiment& experiment);

    /// Runs of the queue are being trained by this window.
    bool is_working() const;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;
    bool may_close() override;

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace wavlab
