// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>

#include <QFileDialog>
#include <QString>

namespace wavlab {

class MainWindow;
struct RunFolder;

/// A file or folder that the user is to choose.
struct FileChoice {
    QString remembered;   ///< under which name the folder is remembered: "text"
    QString object_name;  ///< of the dialog, behind "file_dialog."; empty: as `remembered`
    QString title;
    QString filter = {};
    QFileDialog::FileMode mode = QFileDialog::ExistingFile;
    QString name = {};  ///< of a file to write, proposed; where its ending is missing, that of the filter is added
};

/// Opens a file dialog above `parent` that does not stop the window. `chosen` gets the path; what it throws is a
/// problem that the window shows.
void choose_file(MainWindow& window, QWidget* parent, const FileChoice& choice,
                 std::function<void(const std::filesystem::path& path)> chosen);

/// Lets the user choose a file, and writes the model of this checkpoint (`step` as in export_checkpoint) to it, beside
/// the window.
void choose_checkpoint_export(MainWindow& window, const RunFolder& run, const std::string& step);

}  // namespace wavlab
