// SPDX-License-Identifier: GPL-3.0-or-later
// The bar below the views that moves the time cursor, and what it can do as actions.
#include <algorithm>
#include <iterator>

#include <QToolBar>

#include "app/gui/main_window.h"
#include "app/gui/window_feature.h"
#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/plot_pane.h"
#include "views/sample_text.h"
#include "views/time_bar.h"
#include "views/time_cursor.h"

namespace wavlab {

namespace {

/// Every step at which the run has recorded something that views show at one step.
std::vector<std::int64_t> steps_of(const RunRecord& record) {
    std::vector<std::int64_t> steps = record.frame_steps(FrameKind::depth);
    const auto add = [&](const std::vector<std::int64_t>& more) {
        if (more == steps || more.empty()) return;
        std::vector<std::int64_t> both;
        std::set_union(steps.begin(), steps.end(), more.begin(), more.end(), std::back_inserter(both));
        steps = std::move(both);
    };
    add(record.frame_steps(FrameKind::routing));
    add(record.frame_steps(FrameKind::details));
    add(sample_steps(record.samples()));
    return steps;
}

class TimeFeature : public WindowFeature {
public:
    explicit TimeFeature(MainWindow& window)
        : WindowFeature(&window), window_(window), bar_(new TimeBar(window.time_cursor(), &window)) {
        connect(&window, &MainWindow::runs_shown, this, [this](const std::vector<DrawnRun>& runs) {
            shown_.reset();
            for (const DrawnRun& run : runs)
                if (run.focused || !shown_) shown_ = run.record;
            show_steps();
        });
        connect(&window, &MainWindow::record_changed, this,
                [this](const RunRecord& record, const RecordChanges& changes) {
                    const bool steps =
                        changes.description || changes.routing || changes.details || changes.depth || changes.samples;
                    if (steps && shown_.get() == &record) show_steps();
                });
        connect(bar_, &TimeBar::playing_changed, this, &TimeFeature::show_playing);
    }

    void add_actions() override {
        ActionRegistry& actions = window_.actions();
        const QString menu = MainWindow::tr("&Time");
        QAction& previous = actions.add(
            {"time.previous", MainWindow::tr("&Previous step"), MainWindow::tr("All views show the record before."),
             "previous", QKeySequence(Qt::ALT | Qt::Key_Left), menu, false, false},
            [this] { bar_->move(-1); });
        QAction& play = actions.add({"time.play", play_text(), play_help(), "start",
                                     QKeySequence(Qt::CTRL | Qt::Key_Space), menu, false, false},
                                    [this] { bar_->is_playing() ? bar_->pause() : bar_->play(); });
        QAction& next =
            actions.add({"time.next", MainWindow::tr("&Next step"), MainWindow::tr("All views show the next record."),
                         "next", QKeySequence(Qt::ALT | Qt::Key_Right), menu, false, false},
                        [this] { bar_->move(1); });
        actions.add({"time.first", MainWindow::tr("&First step"), MainWindow::tr("All views show the first record."),
                     "", QKeySequence(Qt::ALT | Qt::Key_Home), menu, true, false},
                    [this] { bar_->show_first(); });
        QAction& newest = actions.add({"time.newest", MainWindow::tr("Follow the ne&west"),
                                       MainWindow::tr("All views show the newest record as it comes in."), "newest",
                                       QKeySequence(Qt::ALT | Qt::Key_End), menu, false, true},
                                      [this] { bar_->follow_newest(); });
        bar_->set_actions({&previous, &play, &next}, newest);
    }

    void add_views() override {
        auto* tools = new QToolBar(MainWindow::tr("Time"), &window_);
        tools->setObjectName(QStringLiteral("toolbar.time"));
        tools->setMovable(false);
        tools->setContextMenuPolicy(Qt::PreventContextMenu);
        const int side = window_.fontMetrics().height();
        tools->setIconSize(QSize(side, side));
        tools->addWidget(bar_);
        window_.addToolBar(Qt::BottomToolBarArea, tools);
        for (PlotPane* pane : window_.panes()) pane->set_time_cursor(window_.time_cursor());
    }

    void refresh_actions() override {
        const QString obstacle =
            bar_->steps().size() < 2
                ? MainWindow::tr("The shown run has not recorded several steps yet. Select one in the list of runs.")
                : QString();
        for (const char* id : {"time.previous", "time.play", "time.next", "time.first", "time.newest"})
            window_.actions().set_obstacle(QLatin1String(id), obstacle);
    }

private:
    static QString play_text() { return MainWindow::tr("P&lay"); }
    static QString play_help() {
        return MainWindow::tr(
            "Plays the shown run from the shown step, in all views. Space in the time bar does the "
            "same.");
    }

    void show_steps() {
        const bool had_several = bar_->steps().size() > 1;
        bar_->set_steps(shown_ ? steps_of(*shown_) : std::vector<std::int64_t>());
        if ((bar_->steps().size() > 1) != had_several) refresh_actions();
    }

    void show_playing(bool playing) {
        if (playing)
            window_.actions().set_text(QStringLiteral("time.play"), MainWindow::tr("Pa&use"), QStringLiteral("pause"),
                                       MainWindow::tr("Stops playing at the shown step."));
        else
            window_.actions().set_text(QStringLiteral("time.play"), play_text(), QStringLiteral("start"), play_help());
    }

    MainWindow& window_;
    TimeBar* bar_;
    std::shared_ptr<RunRecord> shown_;
};

const Registration<WindowFeatureDescriptor> registration({"time", 40,
                                                          [](MainWindow& window) { return new TimeFeature(window); }});

}  // namespace

}  // namespace wavlab
