// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>

#include <QDialog>
#include <QString>

class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QToolButton;

class QGridLayout;

namespace wavlab {

/// A dataset that the user wants to make of files of their own.
struct OwnText {
    QString name, path, json_field, separator, validation;
};

/// Asks for it. Does not stop the window, and stays open while the dataset is made, so that what is found wrong then is
/// said beside the field as well.
class OwnTextDialog : public QDialog {
    Q_OBJECT

public:
    enum Field { name, path, json_field, separator, validation, field_count };
    /// What is wrong with each field; empty: nothing.
    using Problems = std::array<QString, field_count>;
    using Check = std::function<Problems(const OwnText&)>;

    /// `check` is asked after every edit.
    explicit OwnTextDialog(Check check, QWidget* parent = nullptr);

    OwnText text() const;
    void set_path(Field field, const QString& path);
    /// The dataset is being made: nothing can be edited. `fraction` from 0 to 1, below 0 where it is not known.
    void show_work(const QString& text, double fraction);
    /// It could not be made: why, beside this field.
    void show_failure(Field field, const QString& problem);
    /// It was stopped: everything is as before.
    void show_stopped();
    bool is_working() const { return working_; }

signals:
    /// Add was pressed, and nothing is wrong.
    void add_wanted();
    /// The work is to be stopped.
    void cancel_wanted();
    /// The user wants to choose a file, or a folder, for this field.
    void file_wanted(int field);
    void folder_wanted(int field);

private:
    struct Line {
        QLineEdit* edit = nullptr;
        QLabel* problem = nullptr;
        bool touched = false;
    };

    Line& add_line(QGridLayout& grid, Field field, const QString& label, const QString& help,
                   const QString& placeholder);
    QToolButton* add_chooser(class QGridLayout& grid, Field field, int column, const QString& icon,
                             const QString& help);
    void refresh();
    void set_working(bool working);

    Check check_;
    std::array<Line, field_count> lines_;
    QList<QWidget*> choosers_;
    QLabel* activity_;
    QProgressBar* progress_;
    QPushButton* add_ = nullptr;
    QPushButton* cancel_;
    bool working_ = false;
};

}  // namespace wavlab
