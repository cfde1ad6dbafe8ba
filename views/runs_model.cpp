// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/runs_model.h"

#include <algorithm>
#include <cmath>

#include <QGuiApplication>
#include <QPainter>

#include "core/run_record.h"
#include "views/plot_style.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

QString path_text(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

QVariant number_or_last(std::optional<double> value) { return value ? QVariant(*value) : QVariant(HUGE_VAL); }

/// Numbers stand under each other by their last digit.
int alignment_of(int column) {
    switch (column) {
        case RunsModel::layers:
        case RunsModel::step:
        case RunsModel::train_loss:
        case RunsModel::validation_loss:
        case RunsModel::speed:
            return int(Qt::AlignRight | Qt::AlignVCenter);
        default:
            return int(Qt::AlignLeft | Qt::AlignVCenter);
    }
}

}  // namespace

QString state_text(RunState state) { return QString::fromStdString(to_string(state)); }

RunsModel::RunsModel(QObject* parent) : QAbstractTableModel(parent) { set_palette(QGuiApplication::palette(), 1); }

int RunsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

int RunsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(column_count); }

QVariant RunsModel::display(const Row& row, int column) const {
    const RunSummary& run = row.summary;
    const bool unknown = run.method.empty();  // not read yet, or not readable
    switch (column) {
        case name:
            return QString::fromStdString(run.name);
        case state:
            if (!row.problem.isEmpty()) return tr("not readable");
            return unknown ? tr("opening…") : state_text(run.state);
        case method:
            return QString::fromStdString(run.method);
        case layers:
            return unknown ? QVariant() : QVariant(qint64(run.layers));
        case dataset:
            return QString::fromStdString(run.dataset);
        case step:
            if (unknown) return {};
            return run.step == run.total_steps
                       ? count_text(double(run.step))
                       : tr("%1 of %2").arg(count_text(double(run.step)), short_count_text(double(run.total_steps)));
        case train_loss:
            return unknown ? QString() : loss_text(run.train_loss);
        case validation_loss:
            return unknown ? QString() : loss_text(run.validation_loss);
        case speed:
            return run.tokens_per_second ? count_text(*run.tokens_per_second) : QString();
        case started:
            return local_time_text(QString::fromStdString(run.started_at));
        default:
            return {};
    }
}

QVariant RunsModel::sort_value(const Row& row, int column) const {
    const RunSummary& run = row.summary;
    switch (column) {
        case layers:
            return qint64(run.layers);
        case step:
            return qint64(run.step);
        case train_loss:
            return number_or_last(run.train_loss);
        case validation_loss:
            return number_or_last(run.validation_loss);
        case speed:
            return run.tokens_per_second.value_or(0);
        case started:
            return QString::fromStdString(run.started_at);
        default:
            return display(row, column);
    }
}

QString RunsModel::tip(const Row& row) const {
    const RunSummary& run = row.summary;
    QString html = QStringLiteral("<b>%1</b><br>%2")
                       .arg(QString::fromStdString(run.name).toHtmlEscaped(), path_text(run.folder).toHtmlEscaped());
    if (!row.problem.isEmpty()) return html + QStringLiteral("<p>%1</p>").arg(row.problem.toHtmlEscaped());
    if (!run.reason.empty())
        html += QStringLiteral("<p>%1</p>").arg(QString::fromStdString(run.reason).toHtmlEscaped());
    if (row.record && row.record->description().origin) {
        const QString origin = QString::fromStdString(to_string(*row.record->description().origin));
        html += QStringLiteral("<p>%1</p>").arg(tr("Began with the weights of %1").arg(origin).toHtmlEscaped());
    }
    if (run.best_validation_loss)
        html += QStringLiteral("<p>%1</p>")
                    .arg(tr("Best validation loss: %1 nats per token").arg(loss_text(run.best_validation_loss)));
    return html;
}

QVariant RunsModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Row& row = rows_[std::size_t(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return display(row, index.column());
        case Qt::ToolTipRole:
            return tip(row);
        case Qt::CheckStateRole:
            return index.column() == name ? QVariant(row.drawn ? Qt::Checked : Qt::Unchecked) : QVariant();
        case Qt::DecorationRole:
            return index.column() == name ? QVariant(swatch(row.style_index)) : QVariant();
        case Qt::TextAlignmentRole:
            return alignment_of(index.column());
        case Qt::AccessibleTextRole:
            return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                    display(row, index.column()).toString());
        case sort_role:
            return sort_value(row, index.column());
        case folder_role:
            return path_text(row.summary.folder);
        default:
            return {};
    }
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || index.column() != name || role != Qt::CheckStateRole)
        return false;
    Row& row = rows_[std::size_t(index.row())];
    const bool wanted = value.toInt() == Qt::Checked;
    if (row.drawn == wanted) return true;
    row.drawn = wanted;
    emit dataChanged(index, index, {Qt::CheckStateRole});
    emit drawn_changed(path_text(row.summary.folder), wanted);
    return true;
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    if (index.column() == name) flags |= Qt::ItemIsUserCheckable;
    return flags;
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    struct Heading {
        QString title, help;
    };
    const auto heading = [section]() -> Heading {
        switch (section) {
            case name:
                return {tr("Run"),
                        tr("The run's folder name. Ticked runs are drawn, in this colour and dash pattern.")};
            case state:
                return {tr("State"), tr("running, paused, finished, stopped, interrupted, diverged or failed")};
            case method:
                return {tr("Method"), tr("The residual method")};
            case layers:
                return {tr("Depth"), tr("Layers; each has two sublayers, attention and MLP")};
            case dataset:
                return {tr("Data"), tr("The dataset")};
            case step:
                return {tr("Step"), tr("Updates done")};
            case train_loss:
                return {tr("Train loss"), tr("Last training loss, nats per token")};
            case validation_loss:
                return {tr("Val. loss"), tr("Last validation loss, nats per token")};
            case speed:
                return {tr("Tokens/s"), tr("Training tokens per second, at the last step")};
            case started:
                return {tr("Started"), tr("When the run was started, local time")};
            default:
                return {};
        }
    }();
    if (role == Qt::DisplayRole) return heading.title;
    if (role == Qt::ToolTipRole) return heading.help;
    if (role == Qt::TextAlignmentRole) return alignment_of(section);
    return {};
}

const RunsModel::Row* RunsModel::find(const std::filesystem::path& folder) const {
    const int row = row_of(folder);
    return row < 0 ? nullptr : &rows_[std::size_t(row)];
}

int RunsModel::row_of(const std::filesystem::path& folder) const {
    const auto found =
        std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.summary.folder == folder; });
    return found == rows_.end() ? -1 : int(found - rows_.begin());
}

void RunsModel::changed(int row) { emit dataChanged(index(row, 0), index(row, column_count - 1)); }

void RunsModel::put(const RunSummary& summary, int style_index) {
    const int row = row_of(summary.folder);
    if (row >= 0) {
        rows_[std::size_t(row)].summary = summary;
        changed(row);
        return;
    }
    beginInsertRows({}, int(rows_.size()), int(rows_.size()));
    Row added;
    added.summary = summary;
    added.style_index = style_index;
    rows_.push_back(std::move(added));
    endInsertRows();
}

void RunsModel::set_record(const std::filesystem::path& folder, std::shared_ptr<RunRecord> record) {
    const int row = row_of(folder);
    if (row < 0) return;
    rows_[std::size_t(row)].record = std::move(record);
    rows_[std::size_t(row)].loading = false;
    changed(row);
}

void RunsModel::set_loading(const std::filesystem::path& folder, bool loading) {
    const int row = row_of(folder);
    if (row >= 0) rows_[std::size_t(row)].loading = loading;
}

void RunsModel::set_problem(const std::filesystem::path& folder, const QString& problem) {
    const int row = row_of(folder);
    if (row < 0) return;
    rows_[std::size_t(row)].problem = problem;
    rows_[std::size_t(row)].loading = false;
    changed(row);
}

void RunsModel::set_drawn(const std::filesystem::path& folder, bool drawn) {
    const int row = row_of(folder);
    if (row < 0 || rows_[std::size_t(row)].drawn == drawn) return;
    rows_[std::size_t(row)].drawn = drawn;
    changed(row);
}

void RunsModel::remove(const std::filesystem::path& folder) {
    const int row = row_of(folder);
    if (row < 0) return;
    beginRemoveRows({}, row, row);
    rows_.erase(rows_.begin() + row);
    endRemoveRows();
}

std::vector<DrawnRun> RunsModel::drawn_runs(const std::filesystem::path& focus) const {
    std::vector<DrawnRun> drawn;
    for (const Row& row : rows_) {
        const bool focused = row.summary.folder == focus;
        if (row.record && (row.drawn || focused)) drawn.push_back({row.record, row.style_index, focused});
    }
    return drawn;
}

void RunsModel::set_palette(const QPalette& palette, qreal device_pixel_ratio) {
    style_ = std::make_shared<PlotStyle>(PlotStyle::screen(palette, QGuiApplication::font()));
    pixel_ratio_ = device_pixel_ratio;
    if (!rows_.empty()) emit dataChanged(index(0, name), index(rowCount() - 1, name), {Qt::DecorationRole});
}

QIcon RunsModel::swatch(int style_index) const {
    const QSize size(30, 12);
    QPixmap pixmap(size * pixel_ratio_);
    pixmap.setDevicePixelRatio(pixel_ratio_);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    // A ground of its own, or the selection would swallow the run's colour.
    painter.setPen(Qt::NoPen);
    painter.setBrush(style_->ground);
    painter.drawRoundedRect(QRectF(0, 0, 30, 12), 2, 2);
    QPen pen(run_color(style_index, *style_), 2.5);
    pen.setCapStyle(Qt::FlatCap);
    const QVector<qreal> dashes = run_dashes(style_index);
    if (!dashes.isEmpty()) pen.setDashPattern(dashes);
    painter.setPen(pen);
    painter.drawLine(QPointF(2, 6), QPointF(28, 6));
    painter.end();
    QIcon icon;
    // Given for both modes, or a selected row would tint it.
    icon.addPixmap(pixmap, QIcon::Normal);
    icon.addPixmap(pixmap, QIcon::Selected);
    return icon;
}

}  // namespace wavlab
