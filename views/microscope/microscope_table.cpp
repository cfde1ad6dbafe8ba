// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/microscope_table.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QBrush>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFont>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "views/color_map.h"
#include "views/flow_layout.h"
#include "views/quantity_text.h"
#include "views/theme.h"

namespace wavlab {

namespace {

QString number(float value) { return std::isnan(value) ? QStringLiteral("–") : QString::number(double(value), 'g', 3); }

QRgb ground_of(const TokenScale& scale, float value) {
    return color_at(scale.diverging ? ColorMap::diverging : ColorMap::viridis, shade(scale, value));
}

}  // namespace

TokenSliceModel::TokenSliceModel(const MicroscopeState& state, QObject* parent)
    : QAbstractTableModel(parent), state_(state) {
    refresh();
}

void TokenSliceModel::refresh() {
    TokenSlice slice = state_.slice();
    const TokenScale scale = state_.scale();
    if (slice.rows != slice_.rows || slice.columns != slice_.columns) {
        beginResetModel();
        slice_ = std::move(slice);
        scale_ = scale;
        endResetModel();
        return;
    }
    slice_ = std::move(slice);
    scale_ = scale;
    if (slice_.rows == 0 || slice_.columns == 0) return;
    emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    emit headerDataChanged(Qt::Vertical, 0, rowCount() - 1);
    emit headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
}

int TokenSliceModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(slice_.rows); }

int TokenSliceModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(slice_.columns); }

QVariant TokenSliceModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const float value = slice_.value(std::size_t(index.row()), std::size_t(index.column()));
    const bool dimmed = state_.is_dimmed(scale_, value);
    switch (role) {
        case Qt::DisplayRole:
            return number(value);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
        case Qt::BackgroundRole:
            return std::isnan(value) || dimmed ? QVariant() : QVariant(QBrush(QColor(ground_of(scale_, value))));
        case Qt::ForegroundRole:
            if (std::isnan(value) || dimmed) return QBrush(quiet_color(QApplication::palette()));
            return QBrush(QColor(text_color_on(ground_of(scale_, value))));
        case Qt::ToolTipRole:
        case Qt::AccessibleTextRole: {
            const std::optional<TokenCell> cell = state_.cell_at(std::size_t(index.row()), std::size_t(index.column()));
            if (!cell) return tr("This router does not read this source.");
            return QString(state_.cell_text(*cell) + QStringLiteral(": ") + state_.values_text(*cell));
        }
        default:
            return {};
    }
}

QString TokenSliceModel::column_label(std::size_t column) const {
    return state_.slice_by() == SliceBy::token ? slice_.column_labels[column] : state_.token_text(column);
}

QVariant TokenSliceModel::headerData(int section, Qt::Orientation orientation, int role) const {
    const bool across = orientation == Qt::Horizontal;
    const std::size_t place = std::size_t(section);
    if (section < 0 || place >= (across ? slice_.columns : slice_.rows)) return {};
    if (role == Qt::DisplayRole) return across ? column_label(place) : slice_.row_labels[place];
    if (role == Qt::FontRole && across && state_.slice_by() != SliceBy::token && state_.is_pinned(place)) {
        QFont font = QApplication::font();
        font.setBold(true);
        return font;
    }
    return {};
}

QString TokenSliceModel::tsv() const {
    QStringList lines;
    QStringList cells{QString()};
    for (std::size_t column = 0; column < slice_.columns; ++column) cells << column_label(column);
    lines << cells.join(QLatin1Char('\t'));
    for (std::size_t row = 0; row < slice_.rows; ++row) {
        cells = {slice_.row_labels[row]};
        for (std::size_t column = 0; column < slice_.columns; ++column) {
            const float value = slice_.value(row, column);
            cells << (std::isnan(value) ? QString() : QString::number(double(value), 'g', 9));
        }
        lines << cells.join(QLatin1Char('\t'));
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

InspectedTokensModel::InspectedTokensModel(const MicroscopeState& state, QObject* parent)
    : QAbstractTableModel(parent), state_(state) {
    refresh();
}

void InspectedTokensModel::refresh() {
    const int tokens = int(state_.tokens());
    std::size_t next = 0;
    if (state_.routing())
        for (const InspectedToken& token : state_.routing()->tokens) next = std::max(next, token.next.size());
    if (tokens != tokens_ || int(next) != next_) {
        beginResetModel();
        tokens_ = tokens;
        next_ = int(next);
        endResetModel();
    } else if (tokens_ > 0) {
        emit dataChanged(index(0, 0), index(tokens_ - 1, columnCount() - 1));
        emit headerDataChanged(Qt::Horizontal, value, value);
    }
}

int InspectedTokensModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : tokens_; }

int InspectedTokensModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : first_next + next_;
}

QString InspectedTokensModel::display(std::size_t token, int column) const {
    const InspectedToken& one = state_.routing()->tokens[token];
    TokenCell cell = state_.chosen();
    cell.token = token;
    switch (column) {
        case text:
            return visible_token(one.text);
        case loss:
            return loss_text(one.loss);
        case value:
            return number(state_.value(cell));
        case pinned:
            return state_.is_pinned(token) ? tr("pinned") : QString();
        default: {
            const std::size_t place = std::size_t(column - first_next);
            if (place >= one.next.size()) return {};
            return QStringLiteral("‘%1’ %2 %")
                .arg(visible_token(one.next[place].text), QString::number(100 * one.next[place].probability, 'f', 1));
        }
    }
}

QVariant InspectedTokensModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const std::size_t token = std::size_t(index.row());
    if (token >= state_.tokens()) return {};
    if (role == Qt::DisplayRole) return display(token, index.column());
    if (role == Qt::TextAlignmentRole && (index.column() == loss || index.column() == value))
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    const bool came = index.column() >= first_next && token + 1 < state_.tokens() &&
                      std::size_t(index.column() - first_next) < state_.routing()->tokens[token].next.size() &&
                      state_.routing()->tokens[token].next[std::size_t(index.column() - first_next)].id ==
                          state_.routing()->tokens[token + 1].id;
    if (role == Qt::FontRole && came) {
        QFont font = QApplication::font();
        font.setBold(true);
        return font;
    }
    if (role == Qt::ToolTipRole && came) return tr("This one came.");
    return {};
}

QVariant InspectedTokensModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (section < 0 || section >= (orientation == Qt::Horizontal ? columnCount() : rowCount())) return {};
    if (orientation == Qt::Vertical) return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    if (role == Qt::ToolTipRole) {
        if (section == loss) return tr("Nats, given the tokens before it");
        if (section == value) return state_.empty() ? QVariant() : QVariant(state_.cell_text(state_.chosen()));
        if (section >= first_next) return tr("What the model expects after the token, likeliest first");
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case text:
            return tr("Token");
        case loss:
            return tr("Loss");
        case value:
            return title(state_.quantity());
        case pinned:
            return tr("Pinned");
        default:
            return tr("Next %1").arg(section - first_next + 1);
    }
}

MicroscopeTable::MicroscopeTable(MicroscopeState& state, QWidget* parent)
    : QWidget(parent),
      state_(state),
      slice_(new TokenSliceModel(state, this)),
      tokens_(new InspectedTokensModel(state, this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, 6, 6, 6);
    reason_ = new QLabel(this);
    reason_->setObjectName(QStringLiteral("microscope.reason"));
    reason_->setWordWrap(true);
    reason_->hide();
    column->addWidget(reason_);
    auto* controls = new QWidget(this);
    build_controls(controls);
    column->addWidget(controls);
    build_tables();
    auto* split = new QSplitter(Qt::Vertical, this);
    split->addWidget(slice_view_);
    split->addWidget(tokens_view_);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    split->setChildrenCollapsible(false);
    column->addWidget(split, 1);
    show_state();
}

void MicroscopeTable::build_controls(QWidget* parent) {
    auto* flow = new FlowLayout(parent);
    const auto add = [&](auto* widget, const QString& name, const char* object) {
        auto* pair = new QWidget(parent);
        auto* row = new QHBoxLayout(pair);
        row->setContentsMargins(0, 0, 0, 0);
        auto* label = new QLabel(name, pair);
        label->setBuddy(widget);
        widget->setObjectName(QLatin1String(object));
        widget->setAccessibleName(QString(name).remove(QLatin1Char('&')));
        row->addWidget(label);
        row->addWidget(widget);
        flow->addWidget(pair);
    };
    const auto chose = [this](auto choose) {
        return [this, choose](auto choice) {
            if (showing_) return;
            choose(choice);
            emit state_changed();
        };
    };
    by_ = new QComboBox(parent);
    for (const SliceBy by : {SliceBy::router, SliceBy::source, SliceBy::token}) by_->addItem(title(by));
    add(by_, tr("Sl&ice"), "microscope.slice");
    connect(by_, &QComboBox::currentIndexChanged, this,
            chose([this](int index) { state_.set_slice_by(SliceBy(index)); }));
    router_ = new QComboBox(parent);
    add(router_, tr("&Router"), "microscope.router");
    connect(router_, &QComboBox::currentIndexChanged, this,
            chose([this](int index) { state_.choose_router(std::size_t(index)); }));
    source_ = new QComboBox(parent);
    add(source_, tr("S&ource"), "microscope.source");
    connect(source_, &QComboBox::currentIndexChanged, this,
            chose([this](int index) { state_.choose_source(std::size_t(index)); }));
    token_ = new QSpinBox(parent);
    add(token_, tr("To&ken"), "microscope.token");
    connect(token_, &QSpinBox::valueChanged, this,
            chose([this](int token) { state_.choose_token(std::size_t(token - 1)); }));
    quantity_ = new QComboBox(parent);
    for (const TokenQuantity quantity : all_token_quantities) {
        quantity_->addItem(axis_title(quantity));
        quantity_->setItemData(quantity_->count() - 1, help(quantity), Qt::ToolTipRole);
    }
    add(quantity_, tr("&Quantity"), "microscope.quantity");
    connect(quantity_, &QComboBox::currentIndexChanged, this,
            chose([this](int index) { state_.set_quantity(TokenQuantity(index)); }));
    threshold_ = new QDoubleSpinBox(parent);
    threshold_->setRange(0, 100);
    threshold_->setDecimals(0);
    threshold_->setSuffix(tr(" %"));
    threshold_->setToolTip(tr("Cells below this share of the colour scale are dimmed."));
    add(threshold_, tr("&Threshold"), "microscope.threshold");
    connect(threshold_, &QDoubleSpinBox::valueChanged, this,
            chose([this](double percent) { state_.set_threshold(percent / 100); }));
    own_scale_ = new QCheckBox(tr("Colo&urs of this slice"), parent);
    own_scale_->setObjectName(QStringLiteral("microscope.own_scale"));
    own_scale_->setAccessibleName(tr("Colours of this slice"));
    own_scale_->setToolTip(tr("Colours span what this slice holds, rather than what all slices hold."));
    flow->addWidget(own_scale_);
    connect(own_scale_, &QCheckBox::toggled, this, chose([this](bool own) { state_.set_own_scale(own); }));
}

void MicroscopeTable::build_tables() {
    const auto make = [this](QAbstractItemModel* model, const QString& name, const char* object) {
        auto* view = new QTableView(this);
        view->setModel(model);
        view->setObjectName(QLatin1String(object));
        view->setAccessibleName(name);
        view->setSelectionMode(QAbstractItemView::SingleSelection);
        view->setWordWrap(false);
        view->setTabKeyNavigation(false);
        view->verticalHeader()->setDefaultSectionSize(view->fontMetrics().height() + 6);
        return view;
    };
    slice_view_ = make(slice_, tr("Routing of every token, as numbers"), "microscope.slice_table");
    slice_view_->horizontalHeader()->setDefaultSectionSize(
        slice_view_->fontMetrics().horizontalAdvance(QStringLiteral("-0.0008888")) + 20);
    tokens_view_ = make(tokens_, tr("The text, with what the model expects next"), "microscope.tokens_table");
    tokens_view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    connect(slice_view_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& to) {
        if (showing_ || !to.isValid()) return;
        const std::optional<TokenCell> cell = state_.cell_at(std::size_t(to.row()), std::size_t(to.column()));
        if (!cell || *cell == state_.chosen()) return;
        state_.choose(*cell);
        emit state_changed();
    });
    connect(tokens_view_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& to) {
        if (showing_ || !to.isValid() || std::size_t(to.row()) == state_.chosen().token) return;
        state_.choose_token(std::size_t(to.row()));
        emit state_changed();
    });
}

void MicroscopeTable::set_reason(const QString& reason) {
    reason_->setText(reason);
    reason_->setVisible(!reason.isEmpty());
}

void MicroscopeTable::show_choices() {
    const auto fill = [](QComboBox& box, std::size_t count, std::size_t chosen, const auto& name) {
        bool same = box.count() == int(count);
        for (std::size_t i = 0; same && i < count; ++i) same = box.itemText(int(i)) == name(i);
        if (!same) {
            box.clear();
            for (std::size_t i = 0; i < count; ++i) box.addItem(name(i));
        }
        box.setCurrentIndex(count ? int(chosen) : -1);
    };
    by_->setCurrentIndex(int(state_.slice_by()));
    fill(*router_, state_.routers(), state_.chosen().router, [this](std::size_t i) { return state_.router_text(i); });
    fill(*source_, state_.sources().size(), state_.chosen().source,
         [this](std::size_t i) { return state_.source_text(i); });
    token_->setRange(1, std::max(1, int(state_.tokens())));
    token_->setValue(int(state_.chosen().token) + 1);
    token_->setToolTip(state_.token_text(state_.chosen().token));
    quantity_->setCurrentIndex(int(state_.quantity()));
    quantity_->setToolTip(help(state_.quantity()));
    threshold_->setValue(100 * state_.threshold());
    own_scale_->setChecked(state_.own_scale());
    for (QWidget* widget :
         {static_cast<QWidget*>(router_), static_cast<QWidget*>(source_), static_cast<QWidget*>(token_)})
        widget->setEnabled(!state_.empty());
}

void MicroscopeTable::show_state() {
    showing_ = true;
    slice_->refresh();
    tokens_->refresh();
    show_choices();
    if (!state_.empty()) {
        const QModelIndex cell =
            slice_->index(int(state_.row_of(state_.chosen())), int(state_.column_of(state_.chosen())));
        if (slice_view_->currentIndex() != cell) slice_view_->setCurrentIndex(cell);
        const int token = int(state_.chosen().token);
        if (tokens_view_->currentIndex().row() != token) tokens_view_->setCurrentIndex(tokens_->index(token, 0));
    }
    showing_ = false;
}

}  // namespace wavlab
