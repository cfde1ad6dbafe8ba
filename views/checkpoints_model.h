// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include <QAbstractTableModel>
#include <QString>

#include "core/checkpoint_list.h"

namespace wavlab {

/// What an evaluation that the user asked for has found, or how far it is.
struct CheckpointEvaluation {
    enum class State { waiting, running, done, failed };

    State state = State::waiting;
    std::int64_t done = 0;  ///< windows, while it runs
    std::int64_t total = 0;
    double loss = 0;  ///< nats per token
    std::int64_t windows = 0;
    std::int64_t tokens = 0;
    QString source;  ///< what text it was
    QString device;
    QString problem;
};

/// The checkpoints of one run as a table, with the evaluations that the user asked for.
class CheckpointsModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { step, marks, validation_loss, evaluated, size, column_count };
    enum Role { sort_role = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    const std::vector<CheckpointSummary>& rows() const { return rows_; }
    const std::filesystem::path& run() const { return run_; }
    /// The checkpoints of a run that are there now, by step. Rows of the same run stay the rows they are.
    void set_checkpoints(const std::filesystem::path& run, const std::vector<CheckpointSummary>& checkpoints);
    void set_evaluation(const std::filesystem::path& checkpoint, const CheckpointEvaluation& evaluation);
    void remove_evaluation(const std::filesystem::path& checkpoint);
    /// Another run stands in this folder now, or the same goes on.
    void remove_evaluations_of(const std::filesystem::path& run);
    /// Null when none was asked for.
    const CheckpointEvaluation* evaluation(const std::filesystem::path& checkpoint) const;

private:
    QVariant display(const CheckpointSummary& row, int column) const;
    QString tip(const CheckpointSummary& row, int column) const;
    void evaluation_changed(const std::filesystem::path& checkpoint);

    std::filesystem::path run_;
    std::vector<CheckpointSummary> rows_;
    std::map<std::filesystem::path, CheckpointEvaluation> evaluations_;
};

/// "best, last"; empty when it is neither.
QString marks_text(const CheckpointSummary& checkpoint);
/// "1.2345 on 64 windows of the validation part", "12 of 64 windows…", "not possible", ...
QString evaluation_text(const CheckpointEvaluation& evaluation);

}  // namespace wavlab
