// SPDX-License-Identifier: GPL-3.0-or-later
// The results of the queue's sweeps as a table.
#include <QTimer>

#include "app/gui/features/queue.h"
#include "app/gui/main_window.h"
#include "app/gui/window_feature.h"
#include "views/dock_desk.h"
#include "views/runs_model.h"
#include "views/sweep_table_panel.h"

namespace wavlab {

namespace {

class SweepResultsFeature : public WindowFeature {
public:
    explicit SweepResultsFeature(MainWindow& window) : WindowFeature(&window), window_(window) {}

    void add_views() override {
        panel_ = new SweepTablePanel(&window_);
        window_.desk().add(
            QStringLiteral("sweep_results"), MainWindow::tr("Sweep results"),
            MainWindow::tr("A row for each setting of a sweep: mean over seeds, difference to a baseline"), panel_,
            DockPlace::bottom_left);
        queue_ = window_.feature<QueueFeature>();
        if (!queue_) return;
        connect(panel_, &SweepTablePanel::sweep_chosen, this, [this] { show(); });
        connect(queue_, &QueueFeature::changed, this, [this] {
            panel_->set_sweeps(queue_->sweeps());
            show();
        });
        // Results of runs that were cleared from the queue come from the list of runs.
        soon_.setSingleShot(true);
        soon_.setInterval(show_milliseconds);
        connect(&soon_, &QTimer::timeout, this, &SweepResultsFeature::show);
        const auto later = [this] {
            if (!soon_.isActive()) soon_.start();
        };
        connect(&window_.runs_model(), &QAbstractItemModel::dataChanged, this, later);
        connect(&window_.runs_model(), &QAbstractItemModel::rowsInserted, this, later);
        connect(&window_.runs_model(), &QAbstractItemModel::rowsRemoved, this, later);
        panel_->set_sweeps(queue_->sweeps());
        show();
    }

private:
    static constexpr int show_milliseconds = 300;

    void show() {
        panel_->set_table(sweep_table(queue_->outcomes(panel_->sweep())), queue_->unit(panel_->sweep()));
    }

    MainWindow& window_;
    QueueFeature* queue_ = nullptr;
    SweepTablePanel* panel_ = nullptr;
    QTimer soon_;
};

const Registration<WindowFeatureDescriptor> registration({"sweep_results", 13, [](MainWindow& window) {
                                                              return new SweepResultsFeature(window);
                                                          }});

}  // namespace

}  // namespace wavlab
