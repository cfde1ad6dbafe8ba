// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include "core/run_event.h"

class QLabel;
class QProgressBar;
class QStatusBar;

namespace wavlab {

/// Device · step k of n [progress] time left · tokens/s · memory, in a window's status bar. Messages stand left of it.
class StatusLine : public QObject {
    Q_OBJECT

public:
    explicit StatusLine(QStatusBar& bar);

    void set_device(const QString& text, const QString& help);
    void show_progress(const RunProgress& progress);
    /// No run goes: what was last ("wav-12 finished: 300 steps in 1:42"), may be empty.
    void show_idle(const QString& text);
    QString text() const;

private:
    QLabel* add_label(const QString& help);

    QStatusBar& bar_;
    QLabel* device_;
    QLabel* step_;
    QProgressBar* progress_;
    QLabel* left_;
    QLabel* speed_;
    QLabel* memory_;
};

}  // namespace wavlab
