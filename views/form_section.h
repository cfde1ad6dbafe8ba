// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QGridLayout;
class QToolButton;

namespace wavlab {

/// A titled part of a form that can be folded.
class FormSection : public QWidget {
    Q_OBJECT

public:
    FormSection(const QString& title, QWidget* parent);

    /// Two columns: label and field.
    QGridLayout& grid() { return *grid_; }
    QWidget* body() { return body_; }
    void set_open(bool open);
    bool is_open() const;
    void set_title(const QString& title);

private:
    QToolButton* header_;
    QWidget* body_;
    QGridLayout* grid_;
};

}  // namespace wavlab
