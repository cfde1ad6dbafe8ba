// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QPointer>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/cost_estimator.h"
#include "app/gui/window_feature.h"
#include "views/sweep_grid.h"

namespace wavlab {

class SweepPreview;

/// Several values for options of the form: the grid of runs with its cost, and the way into the queue.
class SweepPreviewFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit SweepPreviewFeature(MainWindow& window);

    void add_actions() override;
    void refresh_actions() override;
    bool start_instead() override;

    /// The runs of the form's sweep; without rows while it has none or while they are laid out.
    const SweepGrid& grid() const { return grid_; }
    /// The grid is that of what the form says, and no more times will come.
    bool is_settled() const;

private:
    struct LaidOut {
        SweepGrid grid;
        std::vector<StepShape> shapes;  ///< of the rows
    };
    static LaidOut lay_out_all(const Sweep& sweep, std::int64_t vocabulary);

    void on_ready();
    void on_edited();
    void lay_out_now();
    void take(LaidOut laid_out);
    void show();
    void show_preview();
    void toggle_several();
    void enqueue();
    void start_queue();
    void on_queue_over(const QString& problem);
    QString enqueue_obstacle() const;

    MainWindow& window_;
    SweepGrid grid_;
    std::vector<StepShape> shapes_;
    std::uint64_t request_ = 0;  ///< the newest; what older ones find is passed over
    bool pending_ = false;
    bool was_busy_ = false;
    bool start_wanted_ = false;  ///< as soon as the runs are counted
    bool started_ = false;       ///< the queue works because of that
    QTimer pause_;
    QPointer<SweepPreview> preview_;
    BackgroundWorker worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
