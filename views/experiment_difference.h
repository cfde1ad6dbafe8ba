// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QDialog>
#include <QString>

#include "core/experiment.h"

class QCheckBox;
class QLabel;
class QTableView;

namespace wavlab {

/// One experiment among those that are compared.
struct ComparedExperiment {
    QString title;  ///< "The form", or a run's name
    Experiment experiment;
    QString origin = {};  ///< with which weights it begins, as in "step 20 of wav-12"; empty: those of its seed
};

/// Experiments side by side: a row for each option, a column for each experiment. Options in which all agree are left
/// out unless they are asked for.
class DifferenceModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Role { differs_role = Qt::UserRole + 1 };  ///< bool: not what the first experiment has

    explicit DifferenceModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void set_experiments(const std::vector<ComparedExperiment>& experiments);
    void show_all(bool all);
    /// How many options differ, shown or not.
    int differences() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        QString key;    ///< dotted
        QString title;  ///< as in the form
        QString help;
        QStringList values;  ///< of each experiment; "–" where its method does not have the option
        bool differs = false;
    };
    void choose_rows();

    std::vector<Row> rows_;
    std::vector<std::size_t> shown_;
    QStringList titles_;
    bool all_ = false;
};

/// The comparison in a window of its own.
class ExperimentDifference : public QDialog {
    Q_OBJECT

public:
    explicit ExperimentDifference(QWidget* parent);

    void set_experiments(const std::vector<ComparedExperiment>& experiments);
    /// Whether the form stands among them.
    bool with_form() const;
    void set_with_form(bool with);
    DifferenceModel& model() { return *model_; }
    /// The table as text, columns parted by tabs.
    QString text() const;

signals:
    void with_form_changed(bool with);

private:
    void describe();

    DifferenceModel* model_;
    QLabel* heading_;
    QTableView* table_;
    QCheckBox* all_;
    QCheckBox* form_;
};

}  // namespace wavlab
