// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/dock_desk.h"

#include <algorithm>

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMainWindow>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>

#include "views/theme.h"

namespace wavlab {

namespace {

/// Changes when docks are renamed or added, so that an old saved layout is not applied to new views.
constexpr int layout_version = 2;

}  // namespace

DockTitleBar::DockTitleBar(QDockWidget& dock) : QWidget(&dock) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 2, 2, 2);
    row->setSpacing(1);
    title_ = new QLabel(dock.windowTitle(), this);
    title_->setTextFormat(Qt::PlainText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    QFont font = title_->font();
    font.setWeight(QFont::DemiBold);
    title_->setFont(font);
    row->addWidget(title_, 1);
    connect(&dock, &QDockWidget::windowTitleChanged, title_, &QLabel::setText);

    QToolButton* floating = add_button(QStringLiteral("float"), tr("Float"),
                                       tr("Put this view into a window of its own, "
                                          "or back"));
    connect(floating, &QToolButton::clicked, &dock, [&dock] { dock.setFloating(!dock.isFloating()); });
    maximise_ = add_button(QStringLiteral("maximise"), tr("Maximise"),
                           tr("Fill the window with this view (also: double click on its header)"));
    connect(maximise_, &QToolButton::clicked, this, &DockTitleBar::maximise_requested);
    QToolButton* close =
        add_button(QStringLiteral("close"), tr("Close"), tr("Hide this view; the View menu shows it again"));
    connect(close, &QToolButton::clicked, &dock, &QDockWidget::close);
    for (QToolButton* button : {floating, maximise_, close})
        button->setAccessibleName(tr("%1: %2").arg(dock.windowTitle(), button->text()));
}

QToolButton* DockTitleBar::add_button(const QString& icon, const QString& name, const QString& help) {
    auto* button = new QToolButton(this);
    button->setAutoRaise(true);
    button->setIcon(themed_icon(icon));
    button->setText(name);
    button->setToolTip(help);
    button->setFocusPolicy(Qt::TabFocus);
    const int side = fontMetrics().height();
    button->setIconSize(QSize(side - 2, side - 2));
    layout()->addWidget(button);
    return button;
}

void DockTitleBar::show_maximised(bool maximised) {
    maximise_->setIcon(themed_icon(maximised ? QStringLiteral("restore") : QStringLiteral("maximise")));
    maximise_->setToolTip(maximised ? tr("Show the other views again (Esc)")
                                    : tr("Fill the window with this view (also: double click on its header)"));
}

void DockTitleBar::mouseDoubleClickEvent(QMouseEvent* event) {
    // Accepted, or QDockWidget would float the view.
    event->accept();
    emit maximise_requested();
}

void DockTitleBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Button));
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

void DockTitleBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) update();
    QWidget::changeEvent(event);
}

DockDesk::DockDesk(QMainWindow& window) : QObject(&window), window_(window) {
    window_.setDockOptions(QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks);
    window_.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
}

QDockWidget& DockDesk::add(const QString& id, const QString& title, const QString& help, QWidget* content,
                           DockPlace place) {
    auto* dock = new QDockWidget(title, &window_);
    dock->setObjectName(QStringLiteral("dock.") + id);
    dock->setAccessibleName(title);
    dock->setWidget(content);
    auto* bar = new DockTitleBar(*dock);
    bar->setToolTip(help);
    dock->setTitleBarWidget(bar);
    connect(bar, &DockTitleBar::maximise_requested, this, [this, dock] { toggle_maximised(*dock); });
    window_.addDockWidget(Qt::LeftDockWidgetArea, dock);
    docks_.insert(id, dock);
    places_.insert(dock, place);
    order_.append(dock);
    return *dock;
}

void DockDesk::reset() {
    if (maximised_) restore();
    for (QDockWidget* dock : order_) {
        dock->setFloating(false);
        window_.removeDockWidget(dock);
    }
    QHash<int, QDockWidget*> first;
    const auto put_first = [&](DockPlace place, DockPlace beside, Qt::Orientation direction) {
        const auto found =
            std::find_if(order_.begin(), order_.end(), [&](QDockWidget* dock) { return places_.value(dock) == place; });
        if (found == order_.end()) return;
        if (QDockWidget* neighbour = first.value(int(beside)))
            window_.splitDockWidget(neighbour, *found, direction);
        else
            window_.addDockWidget(Qt::LeftDockWidgetArea, *found, direction);
        first.insert(int(place), *found);
    };
    put_first(DockPlace::left, DockPlace::left, Qt::Horizontal);
    put_first(DockPlace::top_left, DockPlace::left, Qt::Horizontal);
    put_first(DockPlace::top_right, DockPlace::top_left, Qt::Horizontal);
    put_first(DockPlace::bottom_left, DockPlace::top_left, Qt::Vertical);
    put_first(DockPlace::bottom_right, DockPlace::top_right, Qt::Vertical);
    // Tabs come after all splits: Qt does not split a dock that has tabs.
    for (QDockWidget* dock : order_) {
        QDockWidget* holder = first.value(int(places_.value(dock)));
        if (holder != dock) window_.tabifyDockWidget(holder, dock);
        dock->show();
    }
    for (QDockWidget* holder : first) holder->raise();
    spread();
    emit layout_changed();
}

void DockDesk::spread() {
    QList<QDockWidget*> columns, rows;
    QList<int> widths, heights;
    const int width = window_.width();
    const int form = qBound(300, width / 4, 400);
    for (QDockWidget* dock : order_) {
        const DockPlace place = places_.value(dock);
        if (place == DockPlace::left) {
            columns.append(dock);
            widths.append(form);
        } else if (place == DockPlace::top_left || place == DockPlace::top_right) {
            columns.append(dock);
            widths.append((width - form) / 2);
            rows.append(dock);
            heights.append(window_.height() * 11 / 20);
        } else {
            rows.append(dock);
            heights.append(window_.height() * 9 / 20);
        }
    }
    window_.resizeDocks(columns, widths, Qt::Horizontal);
    window_.resizeDocks(rows, heights, Qt::Vertical);
}

void DockDesk::toggle_maximised(QDockWidget& dock) {
    if (maximised_ == &dock) {
        restore();
        return;
    }
    if (maximised_) restore();
    if (dock.isFloating()) {
        dock.isMaximized() ? dock.showNormal() : dock.showMaximized();
        return;
    }
    before_maximised_ = window_.saveState(layout_version);
    maximised_ = &dock;
    for (QDockWidget* other : order_)
        if (other != &dock && !other->isFloating()) other->hide();
    dock.show();
    dock.raise();
    static_cast<DockTitleBar*>(dock.titleBarWidget())->show_maximised(true);
    emit layout_changed();
}

void DockDesk::restore() {
    if (!maximised_) return;
    static_cast<DockTitleBar*>(maximised_->titleBarWidget())->show_maximised(false);
    maximised_ = nullptr;
    window_.restoreState(before_maximised_, layout_version);
    emit layout_changed();
}

QByteArray DockDesk::state() const { return maximised_ ? before_maximised_ : window_.saveState(layout_version); }

bool DockDesk::set_state(const QByteArray& state) {
    if (maximised_) restore();
    return window_.restoreState(state, layout_version);
}

}  // namespace wavlab
