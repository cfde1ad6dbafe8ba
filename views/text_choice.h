// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <QWidget>

class QLineEdit;
class QRadioButton;

namespace wavlab {

/// On what text a model is tried: the validation part of its dataset, or a file.
class TextChoice : public QWidget {
    Q_OBJECT

public:
    /// `name`: its parts are "{name}.validation", "{name}.file" and "{name}.path".
    TextChoice(const QString& name, QWidget* parent);

    /// Empty: the validation part.
    std::filesystem::path file() const;
    bool is_file() const;
    void set_file(const QString& file);
    /// What is wrong with the choice; empty where nothing is.
    QString problem() const;

signals:
    void changed();
    /// The user wants to choose a file in a dialog.
    void file_wanted();

private:
    QRadioButton* validation_;
    QRadioButton* file_;
    QLineEdit* path_;
};

}  // namespace wavlab
