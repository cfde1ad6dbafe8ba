// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QAbstractFileIconProvider;
class QFileDialog;
class QString;
class QWidget;

namespace wavlab {

/// Icons and kinds of files by their names alone. Qt's own opens each file of a folder in the window's thread to look
/// what it holds, which is slow on a network and never ends for some files of /proc.
QAbstractFileIconProvider& file_icons();

/// A file dialog that deletes itself when it is closed. `place`: the folder to begin in, or a file in it to begin with.
QFileDialog* new_file_dialog(QWidget* parent, const QString& title, const QString& place);

}  // namespace wavlab
