// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QDockWidget>
#include <QHash>
#include <QObject>
#include <QString>

class QLabel;
class QMainWindow;
class QToolButton;

namespace wavlab {

/// The title bar of a view: its name, a button that floats it, one that fills the window with it (as does a double
/// click), one that closes it.
class DockTitleBar : public QWidget {
    Q_OBJECT

public:
    explicit DockTitleBar(QDockWidget& dock);
    void show_maximised(bool maximised);

signals:
    void maximise_requested();

protected:
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QToolButton* add_button(const QString& icon, const QString& name, const QString& help);

    QLabel* title_;
    QToolButton* maximise_;
};

/// Where a view stands in the default layout.
enum class DockPlace { left, top_left, top_right, bottom_left, bottom_right };

/// The views of a main window as docks: default layout, one view over the whole window, layout kept over restarts.
class DockDesk : public QObject {
    Q_OBJECT

public:
    explicit DockDesk(QMainWindow& window);

    /// Adds a view. `id` names it in the saved layout. Views added to a place that is taken lie as tabs behind the
    /// first.
    QDockWidget& add(const QString& id, const QString& title, const QString& help, QWidget* content, DockPlace place);
    QDockWidget* dock(const QString& id) const { return docks_.value(id); }
    const QList<QDockWidget*>& docks() const { return order_; }

    /// The layout of design §9, whatever it was before.
    void reset();
    /// Fills the window with one view, or gives the others back.
    void toggle_maximised(QDockWidget& dock);
    void restore();
    QDockWidget* maximised() const { return maximised_; }

    /// The layout with nothing maximised.
    QByteArray state() const;
    /// False when `state` is none of ours; the layout is then as it was.
    bool set_state(const QByteArray& state);

signals:
    void layout_changed();

private:
    void spread();

    QMainWindow& window_;
    QHash<QString, QDockWidget*> docks_;
    QHash<QDockWidget*, DockPlace> places_;
    QList<QDockWidget*> order_;
    QDockWidget* maximised_ = nullptr;
    QByteArray before_maximised_;
};

}  // namespace wavlab
