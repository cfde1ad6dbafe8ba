// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QDialog>
#include <QStringList>

#include "core/result_table.h"
#include "core/table_format.h"
#include "views/table_settings_model.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QTableView;
class QTimer;

namespace wavlab {

class ResultTableModel;

/// "LaTeX", "Markdown", "CSV".
QString format_title(const TableWriter& writer);

/// A table of results for a paper: which settings make rows and columns, which numbers, how they are shown; as it will
/// be printed, and as the text of a file. It computes nothing from runs: who holds it answers `table_wanted` with
/// `set_table` or `set_problem`.
class ResultTableDialog : public QDialog {
    Q_OBJECT

public:
    /// What can be chosen for the runs at hand.
    struct Choices {
        std::vector<TableSetting> settings;
        QStringList values;  ///< recorded numbers
        std::int64_t last_step = 0;
    };

    explicit ResultTableDialog(QWidget* parent);

    /// Of which runs it can be made: a text each, one of which is chosen.
    void set_run_choices(const QStringList& texts, int chosen);
    int run_choice() const;
    /// What was chosen before stays where it can be chosen still.
    void set_choices(const Choices& choices);
    void set_style(const TableStyle& style);
    void set_format(const QString& writer);

    /// What the table is to be. Throws InputError where nothing is chosen that it could show.
    TableRequest request() const;
    TableStyle style() const;
    const TableWriter& writer() const;

    /// `notice`: a sentence above the table, empty for none.
    void set_table(ResultTable table, const QString& notice = {});
    /// There is no table, and why.
    void set_problem(const QString& problem);
    /// There is no table yet, and what it waits for.
    void set_waiting(const QString& text);
    /// Something below it that was done: "Copied.".
    void say(const QString& text);
    const std::optional<ResultTable>& table() const { return table_; }
    /// The file's text; empty without a table.
    QString text() const;

signals:
    /// The table is to be made of other runs.
    void runs_wanted();
    /// The table is to be made as `request` says, with speed and memory where `style` has the cost.
    void table_wanted();
    void save_wanted();

private:
    QWidget* make_controls();
    void add_what(QFormLayout& form);
    void add_how(QFormLayout& form);
    QWidget* make_result();
    QLayout* make_buttons();
    void connect_choices();
    void ask();
    void show_table();
    void show_notice(const QString& text, bool problem);
    void fill_baselines();
    void forget_other_baseline();
    void copy();

    std::optional<ResultTable> table_;
    TableSettingsModel* settings_;
    ResultTableModel* model_;
    QTimer* soon_;
    QComboBox* runs_ = nullptr;
    QTableView* settings_view_ = nullptr;
    QListWidget* values_ = nullptr;
    QComboBox* moment_ = nullptr;
    QSpinBox* step_ = nullptr;
    QComboBox* unit_ = nullptr;
    QComboBox* baseline_ = nullptr;
    QComboBox* spread_ = nullptr;
    QSpinBox* digits_ = nullptr;
    QCheckBox* cost_ = nullptr;
    QLabel* notice_ = nullptr;
    QTableView* view_ = nullptr;
    QPlainTextEdit* notes_ = nullptr;
    QPlainTextEdit* text_ = nullptr;
    QComboBox* format_ = nullptr;
    QLabel* said_ = nullptr;
    QPushButton* copy_ = nullptr;
    QPushButton* save_ = nullptr;
};

}  // namespace wavlab
