// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/probe_table_model.h"

#include <cmath>
#include <limits>

#include "views/plot_style.h"
#include "views/routing_grid.h"
#include "views/translated.h"

namespace wavlab {

namespace {

QString removal_text(Removal removal) {
    return removal == Removal::zero ? ProbeTableModel::tr("set to zero") : ProbeTableModel::tr("renormalised");
}

}  // namespace

int ProbeTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

int ProbeTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

QVariant ProbeTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    const QString titles[] = {tr("Router"),   tr("Source"), tr("Removal"),     tr("Δloss"),
                              tr("Estimate"), tr("α"),      tr("Contribution")};
    const QString tips[] = {
        tr("The router that must do without it, counted from 1; of a family the first and the last"),
        tr("The source that is removed, or the family of sources"),
        tr("Set to zero: h − α v. Renormalised: (h − α v) / (1 − α), so that the weights sum to 1 again."),
        tr("Exact change of the loss in nats per token: above zero, the model needs it"),
        tr("First-order estimate of the same in nats per token: −Σ α v·G with G = dL/dh"),
        tr("Mean weight over the tokens; of a family the sum over its sources, mean over routers and tokens"),
        tr("Mean of ‖α v‖ over the tokens; of a family the sum over its sources"),
    };
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == Qt::TextAlignmentRole && section >= delta_loss)
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    return {};
}

QString ProbeTableModel::display(const Row& row, int column) const {
    if (column == router) return row.router;
    if (column == source) return row.source;
    if (column == mode) return row.mode;
    const double value = row.values[column - delta_loss];
    return std::isnan(value) ? tr("–") : QString::number(value, 'g', 4);
}

QVariant ProbeTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= column_count) return {};
    const Row& row = rows_[std::size_t(index.row())];
    const int column = index.column();
    switch (role) {
        case Qt::DisplayRole:
            return display(row, column);
        case Qt::ToolTipRole:
            if (column >= delta_loss && std::isnan(row.values[column - delta_loss]))
                return tr("Without it nothing would be left for a router to read.");
            return {};
        case Qt::TextAlignmentRole:
            return QVariant::fromValue((column >= delta_loss ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        case Qt::AccessibleTextRole:
            return tr("%1: %2").arg(headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(),
                                    display(row, column));
        case sort_role: {
            if (column == router) return row.router_order;
            if (column < delta_loss) return display(row, column);
            const double value = row.values[column - delta_loss];
            return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
        }
        default:
            return {};
    }
}

void ProbeTableModel::set_probe(std::shared_ptr<const ProbeResult> probe) {
    if (probe == probe_) return;
    beginResetModel();
    probe_ = std::move(probe);
    rows_.clear();
    if (probe_) {
        add_cells();
        add_families();
    }
    endResetModel();
}

void ProbeTableModel::add_cells() {
    const std::size_t routers = probe_->layout.routers.size();
    std::size_t cell = 0;
    for (std::size_t i = 0; i < routers; ++i)
        for (const Source& read : probe_->layout.routers[i]) {
            for (const Removal removal : {Removal::zero, Removal::renormalise}) {
                const auto& effects = removal == Removal::zero ? probe_->zero : probe_->renormalise;
                if (cell >= effects.size() || cell >= probe_->alpha.size() || cell >= probe_->contribution.size())
                    continue;
                rows_.push_back({tr("%1: %2", "router").arg(i + 1).arg(router_label(i, routers)),
                                 double(i + 1),
                                 source_label(read),
                                 removal_text(removal),
                                 {effects[cell].delta_loss, effects[cell].attribution, probe_->alpha[cell],
                                  probe_->contribution[cell]}});
            }
            ++cell;
        }
}

void ProbeTableModel::add_families() {
    for (const ProbedFamily& family : probe_->families) {
        if (family.routers.empty()) continue;
        rows_.push_back({tr("%1 to %2", "routers").arg(family.routers.front()).arg(family.routers.back()),
                         double(probe_->layout.routers.size()) + double(family.routers.front()),
                         tr("all: %1").arg(translated(kind_title(family.family))),
                         removal_text(family.removal),
                         {family.effect.delta_loss, family.effect.attribution, family.alpha, family.contribution}});
    }
}

}  // namespace wavlab
