// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QAction;
class QLabel;
class QToolButton;

namespace wavlab {

/// A line over the window's views for what must not be missed: what happened, why, what to do. Whoever holds it shows
/// it with `show_message` and hides it when it is `closed`.
class MessageBar : public QFrame {
    Q_OBJECT

public:
    enum class Kind { information, problem };

    explicit MessageBar(QWidget* parent = nullptr);
    /// `offer`: what can be done about it, as a button.
    void show_message(Kind kind, const QString& text, QAction* offer = nullptr);
    void clear();
    QString text() const;
    /// As many lines as the text needs at the window's width.
    QSize sizeHint() const override;

signals:
    void closed();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* icon_;
    QLabel* label_;
    QToolButton* offer_;
    QToolButton* close_;
    Kind kind_ = Kind::information;
};

}  // namespace wavlab
