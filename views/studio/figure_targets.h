// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <QDialog>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace wavlab {

/// Into which files a figure is exported: one name, a file for each format.
class FigureTargets : public QDialog {
    Q_OBJECT

public:
    /// Writes the files. What it throws the dialog shows, and stays open.
    using Export = std::function<void(const std::vector<std::filesystem::path>& files)>;

    /// `extensions`: of the formats that are ticked at first (".pdf").
    FigureTargets(const QString& folder, const QString& name, const QStringList& extensions, Export run,
                  QWidget* parent);

    std::vector<std::filesystem::path> files() const;

private:
    void browse();
    void show_files();
    void run_export();

    Export export_;
    QLineEdit* folder_;
    QLineEdit* name_;
    std::vector<QCheckBox*> formats_;
    QLabel* note_;
    QPushButton* save_;
};

}  // namespace wavlab
