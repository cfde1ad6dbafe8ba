// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/window_feature.h"

namespace wavlab {

class ProbePanel;
class RunRecord;
struct ProbeChoice;

/// Causal probes of the focused run: makes them, keeps them in the run, and shows their numbers as a table. The plot of
/// them is the window's, as all plots are.
class ProbesFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit ProbesFeature(MainWindow& window);
    ~ProbesFeature() override;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

    ProbePanel& panel() { return *panel_; }
    /// Nothing is being probed.
    bool idle() const { return !probing_ && worker_.idle(); }

private:
    /// One probe: what is asked for, and what the thread that makes it has to say.
    struct Probing;

    std::shared_ptr<RunRecord> focused_record() const;
    QString obstacle() const;
    void open_dialog();
    void start(const std::filesystem::path& run, const ProbeChoice& choice);
    void poll();
    void cancel();
    /// Views read again which probes the run has.
    void tell(const RunRecord& record);
    void show_kept(const std::filesystem::path& run);
    void copy();

    MainWindow& window_;
    ProbePanel* panel_ = nullptr;
    QTimer poll_timer_;
    std::shared_ptr<Probing> probing_;
    BackgroundWorker worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
