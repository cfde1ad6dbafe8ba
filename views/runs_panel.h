// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include <QStringList>
#include <QWidget>

class QLabel;
class QLineEdit;
class QStackedWidget;
class QTableView;

namespace wavlab {

class ActionRegistry;
class RunsModel;
class ShownRuns;

/// The list of runs with its filter. The current row is the focus: the run that single-run views show and that run
/// actions act on; several rows can be selected for what is done to many. A focused run that the filter hides stays
/// the focus until another is chosen.
class RunsPanel : public QWidget {
    Q_OBJECT

public:
    /// `menu`: title of the registry's menu that the context menu offers; `more`: ids of further actions.
    RunsPanel(RunsModel& model, const ActionRegistry& actions, const QString& menu, const QStringList& more,
              QWidget* parent = nullptr);

    /// Empty when there is none.
    std::filesystem::path focus() const { return focus_; }
    void set_focus(const std::filesystem::path& folder);
    /// The selected runs that can be seen, from top to bottom.
    std::vector<std::filesystem::path> selected() const;
    /// All runs that can be seen, from top to bottom.
    std::vector<std::filesystem::path> shown() const;
    bool has_shown() const;
    /// What stands there while there is no run.
    void set_empty_text(const QString& text);
    QTableView& table() { return *table_; }
    ShownRuns& shown_runs() { return *shown_; }
    QLineEdit& filter() { return *filter_; }
    /// What is wrong with the filter, or empty.
    QString filter_problem() const;
    /// "12 of 200 runs".
    QString count_text() const;

    /// Widths, order and visibility of the columns, and which options have one.
    QByteArray columns_state() const;
    void set_columns_state(const QByteArray& state);

signals:
    void focus_changed(const QString& folder);
    void selection_changed();
    /// Ctrl+Z in the list.
    void undo_wanted();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void make_table();
    void make_filter();
    void follow_current();
    void keep_focus();
    void choose(const QModelIndex& index);
    void show_place();
    void show_context_menu(const QPoint& position);
    void show_header_menu(const QPoint& position);
    void tick_selected();
    std::filesystem::path folder_at(const QModelIndex& index) const;

    RunsModel& model_;
    const ActionRegistry& actions_;
    QString menu_;
    QStringList more_;
    std::filesystem::path focus_;
    bool hiding_ = false;    ///< rows leave the view; the current one moves by itself
    bool removing_ = false;  ///< runs leave the model
    ShownRuns* shown_;
    QWidget* filter_line_;
    QLineEdit* filter_;
    QLabel* count_;
    QLabel* problem_;
    QStackedWidget* stack_;
    QTableView* table_;
    QLabel* empty_;
    QLabel* none_;
};

}  // namespace wavlab
