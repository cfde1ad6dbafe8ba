// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/runs_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <variant>

#include <QGuiApplication>
#include <QPainter>

#include "core/run_record.h"
#include "views/plot_style.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

QString path_text(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

/// What is not a number sorts as if there were none.
QVariant number_or_none(std::optional<double> value) {
    return value && !std::isnan(*value) ? QVariant(*value) : QVariant();
}

QVariant text_or_none(const QString& text) { return text.isEmpty() ? QVariant() : QVariant(text); }

QVariant option_sort_value(const OptionValue* value) {
    if (!value) return {};
    if (const auto* text = std::get_if<std::string>(value)) return QString::fromStdString(*text);
    if (const auto* number = std::get_if<double>(value)) return *number;
    if (const auto* whole = std::get_if<std::int64_t>(value)) return qint64(*whole);
    return std::get<bool>(*value) ? 1 : 0;
}

/// Numbers stand under each other by their last digit.
int alignment_of(int column) {
    switch (column) {
        case RunsModel::layers:
        case RunsModel::step:
        case RunsModel::train_loss:
        case RunsModel::validation_loss:
        case RunsModel::best_loss:
        case RunsModel::bits_per_character:
        case RunsModel::bits_per_byte:
        case RunsModel::speed:
            return int(Qt::AlignRight | Qt::AlignVCenter);
        default:
            return int(Qt::AlignLeft | Qt::AlignVCenter);
    }
}

}  // namespace

const OptionValue* option_of(const RunSummary& run, const std::string& dotted_key) {
    if (!run.options) return nullptr;
    const auto found = run.options->find(dotted_key);
    return found == run.options->end() ? nullptr : &found->second;
}

QString state_text(RunState state) { return QString::fromStdString(to_string(state)); }

RunsModel::RunsModel(QObject* parent) : QAbstractTableModel(parent) { set_palette(QGuiApplication::palette(), 1); }

int RunsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(rows_.size()); }

int RunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(column_count) + int(option_columns_.size());
}

QVariant RunsModel::display(const Row& row, int column) const {
    const RunSummary& run = row.summary;
    const bool unknown = run.method.empty();  // not read yet, or not readable
    if (column >= column_count) {
        const OptionValue* value = option_of(run, option_columns_[column - column_count].toStdString());
        return value ? QString::fromStdString(to_text(*value)) : QString();
    }
    switch (column) {
        case name:
            return QString::fromStdString(run.name);
        case state:
            if (!row.problem.isEmpty()) return tr("damaged");
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
        case best_loss:
            return unknown ? QString() : loss_text(run.best_validation_loss);
        case bits_per_character:
            return unknown ? QString() : loss_text(run.bits_per_character);
        case bits_per_byte:
            return unknown ? QString() : loss_text(run.bits_per_byte);
        case tags:
            return QString::fromStdString(tags_text(row.annotations.tags));
        case note:
            return QString::fromStdString(row.annotations.note).section(QLatin1Char('\n'), 0, 0);
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
    if (column >= column_count)
        return option_sort_value(option_of(run, option_columns_[column - column_count].toStdString()));
    const bool unknown = run.method.empty();
    switch (column) {
        case layers:
            return unknown ? QVariant() : QVariant(qint64(run.layers));
        case step:
            return unknown ? QVariant() : QVariant(qint64(run.step));
        case train_loss:
            return number_or_none(run.train_loss);
        case validation_loss:
            return number_or_none(run.validation_loss);
        case best_loss:
            return number_or_none(run.best_validation_loss);
        case bits_per_character:
            return number_or_none(run.bits_per_character);
        case bits_per_byte:
            return number_or_none(run.bits_per_byte);
        case speed:
            return number_or_none(run.tokens_per_second);
        case started:
            return text_or_none(QString::fromStdString(run.started_at));
        default:
            return text_or_none(display(row, column).toString());
    }
}

QString RunsModel::tip(const Row& row) const {
    const RunSummary& run = row.summary;
    QString html = QStringLiteral("<b>%1</b><br>%2")
                       .arg(QString::fromStdString(run.name).toHtmlEscaped(), path_text(run.folder).toHtmlEscaped());
    if (!row.problem.isEmpty()) html += QStringLiteral("<p>%1</p>").arg(row.problem.toHtmlEscaped());
    if (!row.annotations_problem.isEmpty())
        html += QStringLiteral("<p>%1</p>").arg(row.annotations_problem.toHtmlEscaped());
    if (!row.annotations.note.empty())
        html += QStringLiteral("<p style=\"white-space: pre-wrap\">%1</p>")
                    .arg(QString::fromStdString(row.annotations.note).toHtmlEscaped());
    if (row.annotations.archived) html += QStringLiteral("<p>%1</p>").arg(tr("Archived"));
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
        case Qt::ForegroundRole:
            return row.annotations.archived
                       ? QVariant(QGuiApplication::palette().color(QPalette::Disabled, QPalette::Text))
                       : QVariant();
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
    emit drawn_changed({path_text(row.summary.folder)}, wanted);
    return true;
}

void RunsModel::draw(const std::vector<std::filesystem::path>& folders, bool drawn) {
    QStringList told;
    for (const std::filesystem::path& folder : folders) {
        const int row = row_of(folder);
        if (row < 0 || rows_[std::size_t(row)].drawn == drawn) continue;
        rows_[std::size_t(row)].drawn = drawn;
        told.append(path_text(folder));
    }
    if (told.isEmpty()) return;
    emit dataChanged(index(0, name), index(rowCount() - 1, name), {Qt::CheckStateRole});
    emit drawn_changed(told, drawn);
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    if (index.column() == name) flags |= Qt::ItemIsUserCheckable;
    return flags;
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    struct Heading {
        QString title, help;
    };
    const auto heading = [this, section]() -> Heading {
        if (section >= column_count) {
            const QString& key = option_columns_[section - column_count];
            return {key.section(QLatin1Char('.'), -1), tr("The option %1 of the experiment").arg(key)};
        }
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
            case best_loss:
                return {tr("Best val."), tr("Smallest validation loss, nats per token")};
            case bits_per_character:
                return {tr("Bits/char."),
                        tr("Smallest validation loss in bits per character of the text; – where the tokens do not give "
                           "the text back")};
            case bits_per_byte:
                return {tr("Bits/byte"),
                        tr("Smallest validation loss in bits per byte of the text: comparable between tokenizers")};
            case tags:
                return {tr("Tags"), tr("Words given to the run (F2 edits them); they lie in its folder")};
            case note:
                return {tr("Note"), tr("First line of the run's note; hold the mouse over it for all of it")};
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
    const auto found = std::find_if(rows_.begin(), rows_.end(),
                                    [&](const Row& row) { return row.summary.folder.native() == folder.native(); });
    return found == rows_.end() ? -1 : int(found - rows_.begin());
}

void RunsModel::changed(int row) { emit dataChanged(index(row, 0), index(row, columnCount() - 1)); }

void RunsModel::put(const RunSummary& summary, int style_index) {
    const int row = row_of(summary.folder);
    if (row >= 0) {
        RunSummary& known = rows_[std::size_t(row)].summary;
        const auto options = known.options;
        known = summary;
        if (!known.options) known.options = options;
        changed(row);
        return;
    }
    Row added;
    added.summary = summary;
    added.style_index = style_index;
    add({std::move(added)});
}

void RunsModel::add(std::vector<Row> rows) {
    if (rows.empty()) return;
    beginInsertRows({}, int(rows_.size()), int(rows_.size() + rows.size()) - 1);
    for (Row& row : rows) rows_.push_back(std::move(row));
    endInsertRows();
}

void RunsModel::set_annotations(const std::filesystem::path& folder, const RunAnnotations& annotations,
                                const QString& problem) {
    const int row = row_of(folder);
    if (row < 0) return;
    Row& known = rows_[std::size_t(row)];
    if (known.annotations == annotations && known.annotations_problem == problem) return;
    known.annotations = annotations;
    known.annotations_problem = problem;
    changed(row);
}

void RunsModel::set_option_columns(const QStringList& keys) {
    if (keys == option_columns_) return;
    if (!option_columns_.isEmpty()) {
        beginRemoveColumns({}, column_count, columnCount() - 1);
        option_columns_.clear();
        endRemoveColumns();
    }
    if (keys.isEmpty()) return;
    beginInsertColumns({}, column_count, column_count + int(keys.size()) - 1);
    option_columns_ = keys;
    endInsertColumns();
}

QStringList RunsModel::differing_options() const {
    static const std::set<std::string> shown_anyway{"model.method", "model.layers", "data.dataset"};
    std::map<std::string, std::pair<const OptionValue*, int>> first;  // and how many runs have it
    std::set<std::string> differing;
    int known = 0;
    for (const Row& row : rows_) {
        if (!row.summary.options) continue;
        ++known;
        for (const auto& [key, value] : *row.summary.options) {
            auto& [seen, count] = first[key];
            if (seen && *seen != value) differing.insert(key);
            if (!seen) seen = &value;
            ++count;
        }
    }
    for (const auto& [key, seen] : first)
        if (seen.second < known) differing.insert(key);
    QStringList keys;
    for (const std::string& key : differing)
        if (!shown_anyway.contains(key)) keys.append(QString::fromStdString(key));
    return keys;
}

QStringList RunsModel::all_tags() const {
    std::set<std::string> tags;
    for (const Row& row : rows_) tags.insert(row.annotations.tags.begin(), row.annotations.tags.end());
    QStringList texts;
    for (const std::string& tag : tags) texts.append(QString::fromStdString(tag));
    return texts;
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
    Row& known = rows_[std::size_t(row)];
    known.loading = false;
    if (known.problem == problem) return;
    known.problem = problem;
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
    painter.setPen(run_pen(style_index, *style_, 2.5));
    painter.drawLine(QPointF(2, 6), QPointF(28, 6));
    painter.end();
    QIcon icon;
    // Given for both modes, or a selected row would tint it.
    icon.addPixmap(pixmap, QIcon::Normal);
    icon.addPixmap(pixmap, QIcon::Selected);
    return icon;
}

}  // namespace wavlab
