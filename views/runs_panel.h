// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <QStringList>
#include <QWidget>

class QLabel;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;

namespace wavlab {

class ActionRegistry;
class RunsModel;

/// The list of runs. The selected row is the focus: the run that single-run views show and that run actions act on.
class RunsPanel : public QWidget {
    Q_OBJECT

public:
    /// `menu`: ids of the actions that the context menu offers; an empty one is a separator.
    RunsPanel(RunsModel& model, const ActionRegistry& actions, const QStringList& menu, QWidget* parent = nullptr);

    /// Empty when no row is selected.
    std::filesystem::path focus() const;
    void set_focus(const std::filesystem::path& folder);
    /// What stands there while there is no run.
    void set_empty_text(const QString& text);
    QTableView& table() { return *table_; }

    QByteArray columns_state() const;
    void set_columns_state(const QByteArray& state);

signals:
    void focus_changed(const QString& folder);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void show_context_menu(const QPoint& position);
    void show_table_or_text();

    RunsModel& model_;
    const ActionRegistry& actions_;
    QStringList menu_;
    QSortFilterProxyModel* sorted_;
    QStackedWidget* stack_;
    QTableView* table_;
    QLabel* empty_;
};

}  // namespace wavlab
