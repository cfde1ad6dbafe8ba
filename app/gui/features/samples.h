// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/window_feature.h"
#include "views/generate_dialog.h"

namespace wavlab {

class SamplesPanel;

/// The texts of runs: those drawn while they trained, and those that the user has a checkpoint draw.
class SamplesFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit SamplesFeature(MainWindow& window);
    ~SamplesFeature() override;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

    /// Opens the dialog with this model file chosen; empty: the selected checkpoint, else the last of the focused run.
    void open_dialog(const std::filesystem::path& model);
    SamplesPanel& panel() { return *panel_; }
    /// Null until it was opened first.
    GenerateDialog* dialog() { return dialog_; }

private:
    struct Generation;  // what the thread that draws has to say

    void offer_checkpoints(const std::filesystem::path& wanted);
    void choose_file();
    void start(const GenerateSettings& settings);
    void stop();
    void poll();

    MainWindow& window_;
    SamplesPanel* panel_ = nullptr;
    GenerateDialog* dialog_ = nullptr;
    QTimer poll_timer_;
    std::vector<std::filesystem::path> files_;  ///< chosen by the user
    std::shared_ptr<Generation> generation_;
    BackgroundWorker worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
