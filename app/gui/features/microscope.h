// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <QPointer>

#include "app/gui/background_worker.h"
#include "app/gui/window_feature.h"
#include "core/token_routing.h"
#include "views/microscope/microscope_window.h"

namespace wavlab {

/// The routing microscope of a checkpoint, in a window of its own that goes with the main window.
class MicroscopeFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit MicroscopeFeature(MainWindow& window);
    ~MicroscopeFeature() override;

    void add_actions() override;
    void refresh_actions() override;

    /// Opens it with this model file chosen; empty: the selected checkpoint, else the last of the focused run.
    void open(const std::filesystem::path& model);
    /// Null while it is closed.
    MicroscopeWindow* microscope() { return microscope_; }
    /// Nothing is being computed.
    bool idle() const { return !computing_; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QString obstacle() const;
    void make_window();
    void offer_checkpoints(const std::filesystem::path& wanted);
    void look(const MicroscopeWish& wish);
    void compute(const MicroscopeWish& wish);
    void take(const MicroscopeWish& wish, std::shared_ptr<const TokenRouting> routing, const std::string& problem);
    void export_figure();
    void keep_place();

    MainWindow& window_;
    QPointer<MicroscopeWindow> microscope_;
    bool computing_ = false;
    std::optional<MicroscopeWish> next_;  ///< the latest that came while another was computed
    std::filesystem::path shown_;         ///< the model whose routing is shown
    BackgroundWorker worker_;             ///< last: its tasks use the others
};

}  // namespace wavlab
