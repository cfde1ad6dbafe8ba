// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QWidget>

class QLabel;
class QLineEdit;
class QTextEdit;

namespace wavlab {

/// A field that finds a text in one or several text views: marks every place, says how many there are, and goes from
/// one to the next (Return, Shift+Return). Escape clears it.
class TextFinder : public QWidget {
    Q_OBJECT

public:
    explicit TextFinder(QWidget* parent = nullptr);
    /// Where to look. They must live as long as the finder, or until the next call.
    void set_views(const QList<QTextEdit*>& views);
    /// Looks again: the texts have changed.
    void refresh();
    /// Gives the field the keyboard.
    void start();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void go(int direction);

    QList<QTextEdit*> views_;
    QLineEdit* field_;
    QLabel* count_;
    struct Place {
        QTextEdit* view;
        int from;
        int to;
    };
    QList<Place> places_;
    int current_ = -1;
};

}  // namespace wavlab
