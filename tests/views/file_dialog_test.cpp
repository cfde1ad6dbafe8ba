// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <gtest/gtest.h>

#include <QAbstractFileIconProvider>
#include <QFile>
#include <QFileDialog>
#include <QTemporaryDir>

#include "views/file_dialog.h"

namespace wavlab {
namespace {

TEST(FileDialog, DoesNotOpenTheFilesOfAFolder) {
    const QTemporaryDir folder;
    QFile file(folder.filePath("picture"));  // only its contents say that it is one
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("\x89PNG\r\n\x1a\n");
    file.close();
    EXPECT_TRUE(QAbstractFileIconProvider().type(QFileInfo(file)).contains("PNG")) << "Qt's own looks into it";
    EXPECT_FALSE(file_icons().type(QFileInfo(file)).contains("PNG"));
    EXPECT_EQ(file_icons().type(QFileInfo(folder.path())), "Folder");

    const std::unique_ptr<QFileDialog> dialog(new_file_dialog(nullptr, "Open", file.fileName()));
    EXPECT_EQ(dialog->iconProvider(), &file_icons());
    EXPECT_EQ(dialog->directory().absolutePath(), folder.path());
    EXPECT_EQ(dialog->selectedFiles(), QStringList{file.fileName()});
}

}  // namespace
}  // namespace wavlab
