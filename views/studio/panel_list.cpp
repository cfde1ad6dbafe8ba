// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/panel_list.h"

#include <algorithm>
#include <utility>

#include <QHBoxLayout>
#include <QListWidget>
#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/studio/panel_form.h"
#include "views/studio/run_names.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

PanelList::PanelList(const StudioRuns& runs, QWidget* parent) : QWidget(parent), runs_(runs) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    list_ = new QListWidget(this);
    list_->setObjectName(QStringLiteral("panels.list"));
    list_->setAccessibleName(tr("Panels"));
    list_->setTextElideMode(Qt::ElideRight);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setFixedHeight(5 * (fontMetrics().height() + 4) + 8);
    column->addWidget(list_);

    auto* row = new QHBoxLayout;
    const auto button = [&](const char* name, const char* icon, const QString& help) {
        auto* one = new QToolButton(this);
        one->setObjectName(QStringLiteral("panels.") + QLatin1String(name));
        one->setIcon(themed_icon(QLatin1String(icon)));
        one->setToolTip(help);
        one->setAccessibleName(help);
        one->setFocusPolicy(Qt::StrongFocus);
        row->addWidget(one);
        return one;
    };
    add_ = button("add", "add", tr("Add a panel"));
    add_->setText(tr("&Add a panel"));
    add_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    add_->setPopupMode(QToolButton::InstantPopup);
    auto* kinds = new QMenu(add_);
    kinds->setToolTipsVisible(true);
    for (const PlotDescriptor& plot : PlotRegistry::all()) {
        QAction* action = kinds->addAction(translated(plot.title));
        action->setToolTip(translated(plot.help));
        connect(action, &QAction::triggered, this, [this, &plot] {
            add(panel_of(plot, {}, runs_.shown(plot, {})));
            emit changed();
        });
    }
    add_->setMenu(kinds);
    row->addStretch(1);
    up_ = button("up", "up", tr("Move the panel forward"));
    down_ = button("down", "down", tr("Move the panel back"));
    remove_ = button("remove", "discard", tr("Remove the panel"));
    column->addLayout(row);
    form_ = new PanelForm(runs_, this);
    column->addWidget(form_);

    connect(remove_, &QToolButton::clicked, this, &PanelList::remove);
    connect(up_, &QToolButton::clicked, this, [this] { move(-1); });
    connect(down_, &QToolButton::clicked, this, [this] { move(1); });
    connect(list_, &QListWidget::currentRowChanged, this, [this](int current) { select(current); });
    connect(form_, &PanelForm::state_wanted, this, &PanelList::state_wanted);
    connect(form_, &PanelForm::changed, this, [this] {
        const int current = this->current();
        if (current < 0) return;
        panels_[std::size_t(current)] = form_->panel();
        list_->item(current)->setText(text_of(std::size_t(current)));
        emit changed();
    });
    show_list(-1);
}

int PanelList::current() const { return list_->currentRow(); }

void PanelList::select(int row) {
    {
        const QSignalBlocker silent(list_);
        list_->setCurrentRow(row);
    }
    if (row >= 0 && std::size_t(row) < panels_.size()) form_->set_panel(panels_[std::size_t(row)]);
    refresh_buttons();
    emit current_changed(row);
}

void PanelList::set_panels(std::vector<FigurePanel> panels) {
    panels_ = std::move(panels);
    show_list(panels_.empty() ? -1 : 0);
}

void PanelList::add(FigurePanel panel) {
    panels_.push_back(std::move(panel));
    show_list(int(panels_.size()) - 1);
}

void PanelList::set_state(const QJsonObject& state) {
    const int row = current();
    if (row < 0) return;
    FigurePanel& panel = panels_[std::size_t(row)];
    if (const PlotDescriptor* plot = PlotRegistry::find(panel.kind)) set_panel_state(panel, *plot, state);
    form_->set_panel(panel);
    emit changed();
}

void PanelList::remove() {
    const int row = current();
    if (row < 0) return;
    panels_.erase(panels_.begin() + row);
    show_list(std::min(row, int(panels_.size()) - 1));
    emit changed();
}

void PanelList::move(int by) {
    const int row = current(), target = row + by;
    if (row < 0 || target < 0 || std::size_t(target) >= panels_.size()) return;
    std::swap(panels_[std::size_t(row)], panels_[std::size_t(target)]);
    show_list(target);
    emit changed();
}

void PanelList::show_list(int current) {
    {
        const QSignalBlocker silent(list_);
        list_->clear();
        for (std::size_t i = 0; i < panels_.size(); ++i) list_->addItem(text_of(i));
    }
    select(current);
}

QString PanelList::text_of(std::size_t row) const {
    const FigurePanel& panel = panels_[row];
    const PlotDescriptor* plot = PlotRegistry::find(panel.kind);
    const QString kind = plot ? translated(plot->title) : QString::fromStdString(panel.kind);
    return QStringLiteral("(%1) %2: %3").arg(QChar('a' + char(row % 26))).arg(kind, join_run_names(panel.runs));
}

void PanelList::refresh_buttons() {
    const int row = current();
    remove_->setEnabled(row >= 0);
    up_->setEnabled(row > 0);
    down_->setEnabled(row >= 0 && row + 1 < int(panels_.size()));
    form_->setEnabled(row >= 0);
}

}  // namespace wavlab
