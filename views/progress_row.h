// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <QWidget>

class QLabel;
class QProgressBar;

namespace wavlab {

/// The foot of a panel while something goes on: what, how far, and Cancel. Hidden otherwise.
class ProgressRow : public QWidget {
    Q_OBJECT

public:
    /// `name`: its label is "{name}_progress_text", its button "{name}_cancel". `cancel_help`: what the button does.
    ProgressRow(const QString& name, const QString& cancel_help, QWidget* parent);

    /// `total` 0: it is not known how much.
    void show_progress(const QString& text, std::int64_t done, std::int64_t total);

signals:
    void cancel_wanted();

private:
    QLabel* text_;
    QProgressBar* bar_;
};

}  // namespace wavlab
