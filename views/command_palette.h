// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QLineEdit;
class QListWidget;

namespace wavlab {

class ActionRegistry;

/// Type a few letters of what to do, press Enter. Lists every action of the registry; those that cannot be used now say
/// why.
class CommandPalette : public QDialog {
    Q_OBJECT

public:
    CommandPalette(const ActionRegistry& actions, QWidget* parent);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& text);
    void run_current();

    const ActionRegistry& actions_;
    QLineEdit* text_;
    QListWidget* list_;
};

}  // namespace wavlab
