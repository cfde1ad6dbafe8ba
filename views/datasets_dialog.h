// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QStringList>

#include "views/dataset_row.h"
#include "views/table_actions.h"

class QLabel;
class QPlainTextEdit;
class QSortFilterProxyModel;
class QSplitter;
class QTabWidget;
class QTableView;
class QTextBrowser;

namespace wavlab {

class ActionRegistry;
class DatasetPreview;
class DatasetsModel;
class MessageBar;

/// The data manager: the datasets as a table with buttons for what can be done, beside them the details and a preview
/// of the chosen one. It stays open beside the window.
class DatasetsDialog : public QDialog {
    Q_OBJECT

public:
    /// `buttons`: ids of the actions over the table and in its menu; an empty one is a gap. `below`: those at the lower
    /// edge.
    DatasetsDialog(DatasetsModel& model, const ActionRegistry& actions, const QStringList& buttons,
                   const QStringList& below, TableActions::Keys keys, QWidget* parent = nullptr);

    /// Id of the chosen dataset; empty without one.
    QString selected() const;
    void select(const QString& id);
    /// What went wrong, a sentence a line; stays until it is closed. Empty: nothing.
    void show_problems(const QStringList& problems);
    /// Something to know; gives way to problems.
    void show_information(const QString& text);
    /// User manifests that cannot be used, one sentence each.
    void set_manifest_problems(const QStringList& problems);
    DatasetPreview& preview() { return *preview_; }
    bool shows_preview() const;
    void show_preview();
    QTableView& table() { return *table_; }
    /// Splits and columns, to be kept over restarts.
    QByteArray layout_state() const;
    void set_layout_state(const QByteArray& state);

signals:
    void selection_changed();
    /// The preview has come into sight or gone out of it.
    void preview_toggled();
    void problems_closed();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* make_left(const ActionRegistry& actions, const QStringList& buttons);
    QWidget* make_right();
    void select_something();
    void show_details();

    DatasetsModel& model_;
    QSortFilterProxyModel* sorted_;
    MessageBar* message_;
    QSplitter* split_;
    QTableView* table_;
    QLabel* work_;
    QPlainTextEdit* manifest_problems_;
    QTabWidget* tabs_;
    QTextBrowser* details_;
    DatasetPreview* preview_;
    QString shown_;  ///< id of the dataset whose details are shown
};

}  // namespace wavlab
