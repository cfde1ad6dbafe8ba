// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QPointer>

#include "app/gui/figure_page_runs.h"
#include "app/gui/window_feature.h"
#include "views/studio/figure_studio.h"

namespace wavlab {

class PlotPane;

/// The figure studio, in a window of its own that goes with the main window: it begins with what the window shows.
class FigureStudioFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit FigureStudioFeature(MainWindow& window);
    ~FigureStudioFeature() override;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;
    void interrupt() override;
    bool may_close() override;

    /// With a panel of the plot that was last used, unless it is open already.
    void open();
    /// Adds a panel that shows what this plot of the window shows.
    void add_panel(PlotPane& pane);
    /// Null while it is closed.
    FigureStudio* studio() { return studio_; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QString obstacle() const;
    void make_window();
    void show_window();
    std::optional<FigurePanel> panel_of_pane(PlotPane& pane) const;
    std::vector<std::string> shown(const PlotDescriptor& plot, const QJsonObject& state) const;
    QStringList names() const;
    /// Begins to read the runs of the figure that neither the window holds nor the studio has read. Returns how many.
    std::size_t read(const FigureFile& figure);
    void read_next();
    /// What a figure file calls a run: its name, or its folder where that lies elsewhere.
    std::string name_of(const std::filesystem::path& folder) const;
    void choose_file_to_open();
    void choose_file_to_save();

    MainWindow& window_;
    QPointer<FigureStudio> studio_;
    std::unique_ptr<FigureRuns> runs_;  ///< while the studio is open
    std::vector<std::filesystem::path> to_read_;
    bool reading_ = false;
    bool interrupted_ = false;
};

}  // namespace wavlab
