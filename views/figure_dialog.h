// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include <QDialog>

#include "views/figure_export.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;

namespace wavlab {

/// Which plot, how wide, in which font, into which file.
class FigureDialog : public QDialog {
    Q_OBJECT

public:
    /// What the dialog was told, when the user presses Export. Throws what export_figure throws: the dialog then shows
    /// the sentence and stays open.
    using Export = std::function<void(const PlotDescriptor& plot, const FigureOptions& options,
                                      const std::filesystem::path& file)>;

    /// `plot`: id of the plot chosen at first. `folder`, `stem`: where the file goes unless the user says otherwise.
    FigureDialog(const QString& plot, const QString& folder, const QString& stem, Export run, QWidget* parent);
    /// For a plot that is not in the registry: it is the only choice.
    FigureDialog(PlotDescriptor plot, const QString& folder, const QString& stem, Export run, QWidget* parent);

    FigureOptions options() const;
    std::filesystem::path file() const;

private:
    FigureDialog(const QString& plot, std::optional<PlotDescriptor> own, const QString& folder, const QString& stem,
                 Export run, QWidget* parent);
    void suggest_file();
    void browse();
    void run_export();

    Export export_;
    std::optional<PlotDescriptor> own_;  ///< the only plot, not of the registry
    QString folder_;
    QString stem_;
    QString suggested_;
    QComboBox* plot_;
    QComboBox* width_;
    QComboBox* font_;
    QDoubleSpinBox* points_;
    QComboBox* format_;
    QLineEdit* file_;
    QLabel* problem_;
};

}  // namespace wavlab
