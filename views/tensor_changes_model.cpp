// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/tensor_changes_model.h"

#include <cmath>
#include <limits>
#include <utility>

namespace wavlab {

QString value_text(double value) {
    if (std::isnan(value)) return QStringLiteral("–");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    return QString::number(value, 'g', 4);
}

namespace {

QString exact_text(double value) { return QString::number(value, 'g', 9); }

/// What is no number comes last when sorted downwards.
double sortable(double value) { return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value; }

QString shape_text(const std::vector<std::int64_t>& shape) {
    QStringList sides;
    for (const std::int64_t side : shape) sides.append(QString::number(side));
    return sides.join(QStringLiteral(" × "));
}

}  // namespace

int TensorChangesModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(changes_.size());
}

int TensorChangesModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant TensorChangesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    const QString titles[] = {tr("Tensor"), tr("Relative change"), tr("‖b − a‖"), tr("‖a‖"),
                              tr("‖b‖"),    tr("Cosine"),          tr("Shape")};
    const QString tips[] = {
        tr("The tensor's name in the checkpoint"),
        tr("‖b − a‖₂ / ‖a‖₂: the length of the change in lengths of the first"),
        tr("Euclidean length of the change, all numbers of the tensor seen as one vector"),
        tr("Euclidean length in the first checkpoint"),
        tr("Euclidean length in the second checkpoint"),
        tr("a·b / (‖a‖₂ ‖b‖₂): 1 where only the length changed"),
        tr("Its sides"),
    };
    const char* plain[] = {"tensor", "relative_change", "difference_norm", "first_norm", "second_norm", "cosine",
                           "shape"};
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == csv_role) return QLatin1String(plain[section]);
    return {};
}

QVariant TensorChangesModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= column_count) return {};
    const TensorChange& change = changes_[std::size_t(index.row())];
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
    const bool sorting = role == sort_role;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != csv_role && !sorting) return {};
    double value = 0;
    switch (index.column()) {
        case name:
            return QString::fromStdString(change.name);
        case shape:
            return shape_text(change.shape);
        case relative_change:
            value = change.relative_change;
            break;
        case difference_norm:
            value = change.difference_norm;
            break;
        case first_norm:
            value = change.first_norm;
            break;
        case second_norm:
            value = change.second_norm;
            break;
        default:
            value = change.cosine;
    }
    if (sorting) return sortable(value);
    if (role == csv_role) return exact_text(value);
    return index.column() == cosine && !std::isnan(value) ? QString::number(value, 'f', 6) : value_text(value);
}

void TensorChangesModel::set_changes(std::vector<TensorChange> changes) {
    beginResetModel();
    changes_ = std::move(changes);
    endResetModel();
}

int RoutingChangesModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(changes_.size());
}

int RoutingChangesModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant RoutingChangesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    const QString titles[] = {tr("Router"), tr("Source"), tr("Change"), tr("First"), tr("Second")};
    const QString tips[] = {
        tr("The sublayer that reads"),
        tr("What it reads"),
        tr("Mean weight at the second step minus that at the first; sorted by its size"),
        tr("Mean weight α over the tokens at the first step"),
        tr("Mean weight α over the tokens at the second step"),
    };
    const char* plain[] = {"router", "source", "change", "first_weight", "second_weight"};
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == csv_role) return QLatin1String(plain[section]);
    return {};
}

QVariant RoutingChangesModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= column_count) return {};
    const RoutingChange& one = changes_[std::size_t(index.row())];
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
    const bool sorting = role == sort_role;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != csv_role && !sorting) return {};
    const double moved = one.second - one.first;
    switch (index.column()) {
        case router:
            return one.router;
        case source:
            return one.source;
        case change:
            if (sorting) return sortable(std::fabs(moved));
            if (role == csv_role) return exact_text(moved);
            return (moved > 0 ? QStringLiteral("+") : QString()) + QString::number(moved, 'f', 4);
        default: {
            const double weight = index.column() == first ? one.first : one.second;
            if (sorting) return sortable(weight);
            return role == csv_role ? exact_text(weight) : QString::number(weight, 'f', 4);
        }
    }
}

void RoutingChangesModel::set_changes(std::vector<RoutingChange> changes) {
    beginResetModel();
    changes_ = std::move(changes);
    endResetModel();
}

}  // namespace wavlab
