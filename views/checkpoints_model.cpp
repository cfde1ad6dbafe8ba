// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/checkpoints_model.h"

#include <algorithm>
#include <limits>

#include "views/quantity_text.h"

namespace wavlab {

QString marks_text(const CheckpointSummary& checkpoint) {
    QStringList marks;
    if (checkpoint.best) marks.append(CheckpointsModel::tr("best"));
    if (checkpoint.last) marks.append(CheckpointsModel::tr("last"));
    return marks.join(QStringLiteral(", "));
}

QString evaluation_text(const CheckpointEvaluation& evaluation) {
    switch (evaluation.state) {
        case CheckpointEvaluation::State::waiting:
            return CheckpointsModel::tr("waiting…");
        case CheckpointEvaluation::State::running:
            return evaluation.total > 0
                       ? CheckpointsModel::tr("%1 of %2 windows…")
                             .arg(count_text(double(evaluation.done)), count_text(double(evaluation.total)))
                       : CheckpointsModel::tr("reading…");
        case CheckpointEvaluation::State::failed:
            return CheckpointsModel::tr("not possible");
        default:
            return CheckpointsModel::tr("%1 on %2 windows of %3")
                .arg(loss_text(evaluation.loss), count_text(double(evaluation.windows)), evaluation.source);
    }
}

int CheckpointsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

int CheckpointsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant CheckpointsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    const QString titles[] = {tr("Step"), tr("Mark"), tr("Validation"), tr("Evaluated"), tr("Size")};
    const QString tips[] = {
        tr("Updates done when it was saved"),
        tr("best: the lowest validation loss of those that are there. last: where Resume goes on."),
        tr("The run's own validation loss at this step, in nats per token; – where it was not evaluated"),
        tr("What an evaluation asked for here has found, in nats per token, and on what"),
        tr("On the disk: the model and the state of its optimizer"),
    };
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return tips[section];
    return {};
}

QVariant CheckpointsModel::display(const CheckpointSummary& row, int column) const {
    switch (column) {
        case step:
            return count_text(double(row.folder.step));
        case marks:
            return marks_text(row);
        case validation_loss:
            return loss_text(row.validation_loss);
        case evaluated: {
            const CheckpointEvaluation* found = evaluation(row.folder.path);
            return found ? evaluation_text(*found) : QString();
        }
        default:
            return bytes_text(double(row.bytes));
    }
}

QString CheckpointsModel::tip(const CheckpointSummary& row, int column) const {
    const CheckpointEvaluation* found = evaluation(row.folder.path);
    if (column == evaluated && found && found->state == CheckpointEvaluation::State::failed) return found->problem;
    if (column == evaluated && found && found->state == CheckpointEvaluation::State::done)
        return tr("%1 nats per token, on %2 windows (%3 tokens) of %4; computed on %5")
            .arg(loss_text(found->loss), count_text(double(found->windows)), count_text(double(found->tokens)),
                 found->source, found->device);
    return QString::fromStdString(row.folder.path.string());
}

QVariant CheckpointsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= column_count) return {};
    const CheckpointSummary& row = rows_[std::size_t(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return display(row, index.column());
        case Qt::ToolTipRole:
            return tip(row, index.column());
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
        case Qt::AccessibleTextRole:
            return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                    display(row, index.column()).toString());
        case sort_role: {
            constexpr double last = std::numeric_limits<double>::infinity();
            const CheckpointEvaluation* found = evaluation(row.folder.path);
            if (index.column() == step) return double(row.folder.step);
            if (index.column() == validation_loss) return row.validation_loss.value_or(last);
            if (index.column() == size) return double(row.bytes);
            if (index.column() == evaluated)
                return found && found->state == CheckpointEvaluation::State::done ? found->loss : last;
            return display(row, index.column());
        }
        default:
            return {};
    }
}

void CheckpointsModel::set_checkpoints(const std::filesystem::path& run,
                                       const std::vector<CheckpointSummary>& checkpoints) {
    if (run != run_) {
        beginResetModel();
        run_ = run;
        rows_ = checkpoints;
        endResetModel();
        return;
    }
    const auto step_of = [](const CheckpointSummary& one) { return one.folder.step; };
    for (int row = int(rows_.size()) - 1; row >= 0; --row) {
        const auto same = std::find_if(checkpoints.begin(), checkpoints.end(), [&](const CheckpointSummary& one) {
            return step_of(one) == step_of(rows_[std::size_t(row)]);
        });
        if (same != checkpoints.end()) continue;
        beginRemoveRows({}, row, row);
        rows_.erase(rows_.begin() + row);
        endRemoveRows();
    }
    for (std::size_t i = 0; i < checkpoints.size(); ++i) {
        if (i < rows_.size() && step_of(rows_[i]) == step_of(checkpoints[i])) {
            rows_[i] = checkpoints[i];
            continue;
        }
        beginInsertRows({}, int(i), int(i));
        rows_.insert(rows_.begin() + std::ptrdiff_t(i), checkpoints[i]);
        endInsertRows();
    }
    if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, column_count - 1));
}

void CheckpointsModel::set_evaluation(const std::filesystem::path& checkpoint, const CheckpointEvaluation& evaluation) {
    evaluations_[checkpoint] = evaluation;
    evaluation_changed(checkpoint);
}

void CheckpointsModel::remove_evaluation(const std::filesystem::path& checkpoint) {
    if (evaluations_.erase(checkpoint) > 0) evaluation_changed(checkpoint);
}

void CheckpointsModel::remove_evaluations_of(const std::filesystem::path& run) {
    std::erase_if(evaluations_, [&](const auto& one) { return one.first.parent_path().parent_path() == run; });
    if (run == run_ && !rows_.empty()) emit dataChanged(index(0, evaluated), index(rowCount() - 1, evaluated));
}

void CheckpointsModel::evaluation_changed(const std::filesystem::path& checkpoint) {
    for (int row = 0; row < rowCount(); ++row)
        if (rows_[std::size_t(row)].folder.path == checkpoint)
            emit dataChanged(index(row, evaluated), index(row, evaluated));
}

const CheckpointEvaluation* CheckpointsModel::evaluation(const std::filesystem::path& checkpoint) const {
    const auto found = evaluations_.find(checkpoint);
    return found == evaluations_.end() ? nullptr : &found->second;
}

}  // namespace wavlab
