// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/file_dialog.h"

#include <QFileDialog>
#include <QFileIconProvider>
#include <QFileInfo>
#include <QMimeDatabase>

namespace wavlab {
namespace {

class FileIcons : public QFileIconProvider {
public:
    using QFileIconProvider::icon;
    QIcon icon(const QFileInfo& file) const override {
        if (file.isRoot()) return icon(Drive);
        return icon(file.isDir() ? Folder : File);
    }
    QString type(const QFileInfo& file) const override {
        if (file.isRoot()) return QFileDialog::tr("Drive");
        if (file.isDir()) return QFileDialog::tr("Folder");
        return QMimeDatabase().mimeTypeForFile(file.fileName(), QMimeDatabase::MatchExtension).comment();
    }
};

}  // namespace

QAbstractFileIconProvider& file_icons() {
    static FileIcons icons;
    return icons;
}

QFileDialog* new_file_dialog(QWidget* parent, const QString& title, const QString& place) {
    auto* dialog = new QFileDialog(parent, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setIconProvider(&file_icons());  // before it looks at the folder
    const QFileInfo info(place);
    dialog->setDirectory(info.isDir() ? place : info.path());
    if (!info.isDir()) dialog->selectFile(info.fileName());
    return dialog;
}

}  // namespace wavlab
