// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/checkpoint_comparison_view.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/csv.h"
#include "views/plot_style.h"
#include "views/quantity_text.h"
#include "views/tensor_changes_model.h"
#include "views/theme.h"

namespace wavlab {

namespace {

std::optional<double> scalar_at(const ComparedCheckpoint& checkpoint, const std::string& name) {
    const ScalarSeries* series = checkpoint.record ? checkpoint.record->scalars(name) : nullptr;
    if (!series) return std::nullopt;
    const auto found = std::lower_bound(series->steps.begin(), series->steps.end(), double(checkpoint.step));
    if (found == series->steps.end() || *found != double(checkpoint.step)) return std::nullopt;
    return series->values[std::size_t(found - series->steps.begin())];
}

/// The frame nearest at or before the checkpoint's step.
std::shared_ptr<const RoutingFrame> frame_of(const ComparedCheckpoint& checkpoint) {
    if (!checkpoint.record) return nullptr;
    const std::vector<std::int64_t>& steps = checkpoint.record->frame_steps(FrameKind::routing);
    const auto after = std::upper_bound(steps.begin(), steps.end(), checkpoint.step);
    return after == steps.begin() ? nullptr : checkpoint.record->routing_frame(*std::prev(after));
}

}  // namespace

RoutingComparison compare_routing(const ComparedCheckpoint& first, const ComparedCheckpoint& second) {
    RoutingComparison comparison;
    if (!first.record || !second.record) {
        comparison.problem =
            CheckpointComparisonView::tr("The run of a checkpoint is not open, so its recorded routing is not known.");
        return comparison;
    }
    const RoutingLayout& a = first.record->description().routing;
    const RoutingLayout& b = second.record->description().routing;
    if (a.empty() || b.empty()) {
        comparison.problem = CheckpointComparisonView::tr("A run without routing has no weights to compare.");
        return comparison;
    }
    const auto first_frame = frame_of(first);
    const auto second_frame = frame_of(second);
    if (!first_frame || !second_frame) {
        comparison.problem = CheckpointComparisonView::tr("No routing was recorded up to one of the two steps.");
        return comparison;
    }
    if (a.routers.size() != b.routers.size()) {
        comparison.problem = CheckpointComparisonView::tr("The two runs have different numbers of routers.");
        return comparison;
    }
    comparison.first_step = first_frame->step;
    comparison.second_step = second_frame->step;
    std::size_t cell_a = 0;
    std::size_t base_b = 0;
    for (std::size_t router = 0; router < a.routers.size(); ++router) {
        const auto& sources_b = b.routers[router];
        for (const Source& source : a.routers[router]) {
            const std::size_t cell = cell_a++;
            const auto same = std::find_if(sources_b.begin(), sources_b.end(),
                                           [&](const Source& other) { return label(other) == label(source); });
            if (same == sources_b.end()) continue;
            const std::size_t cell_b = base_b + std::size_t(same - sources_b.begin());
            if (cell >= first_frame->weight.size() || cell_b >= second_frame->weight.size()) continue;
            comparison.changes.push_back({router_label(router, a.routers.size()), QString::fromStdString(label(source)),
                                          double(first_frame->weight[cell]), double(second_frame->weight[cell_b])});
        }
        base_b += sources_b.size();
    }
    if (comparison.changes.empty())
        comparison.problem = CheckpointComparisonView::tr("The two runs have no source in common.");
    return comparison;
}

CheckpointComparisonView::CheckpointComparisonView(QWidget* parent)
    : QDialog(parent), tensors_(new TensorChangesModel(this)), routing_(new RoutingChangesModel(this)) {
    setObjectName(QStringLiteral("checkpoint_comparison"));
    setWindowTitle(tr("Compare checkpoints"));
    build();
    resize(820, 600);
}

void CheckpointComparisonView::build_chooser(QLayout* column) {
    auto* row = new QHBoxLayout;
    const auto add_box = [&](const QString& label, const QString& name) {
        auto* title = new QLabel(label, this);
        auto* box = new QComboBox(this);
        box->setObjectName(name);
        box->setAccessibleName(QString(label).remove(QLatin1Char('&')));
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(16);
        title->setBuddy(box);
        row->addWidget(title);
        row->addWidget(box, 1);
        connect(box, &QComboBox::currentIndexChanged, this, &CheckpointComparisonView::compare);
        return box;
    };
    first_ = add_box(tr("&First"), QStringLiteral("comparison.first"));
    auto* swap_button = new QToolButton(this);
    swap_button->setText(QStringLiteral("⇄"));
    swap_button->setToolTip(tr("Swap the two"));
    swap_button->setAccessibleName(swap_button->toolTip());
    swap_button->setFocusPolicy(Qt::TabFocus);
    row->addWidget(swap_button);
    second_ = add_box(tr("&Second"), QStringLiteral("comparison.second"));
    connect(swap_button, &QToolButton::clicked, this, &CheckpointComparisonView::swap);
    static_cast<QVBoxLayout*>(column)->addLayout(row);
}

void CheckpointComparisonView::build() {
    auto* column = new QVBoxLayout(this);
    build_chooser(column);
    const auto add_line = [&](const QString& name) {
        auto* label = new QLabel(this);
        label->setObjectName(name);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        column->addWidget(label);
        return label;
    };
    whole_ = add_line(QStringLiteral("comparison.whole"));
    losses_ = add_line(QStringLiteral("comparison.losses"));
    problem_ = add_line(QStringLiteral("comparison.problem"));
    problem_->hide();

    tabs_ = new QTabWidget(this);
    tabs_->setDocumentMode(true);
    tabs_->addTab(add_table(sorted_tensors_, *tensors_, TensorChangesModel::relative_change,
                            QStringLiteral("comparison.tensors"), tr("Tensors")),
                  tr("&Tensors"));
    auto* page = new QWidget(tabs_);
    auto* page_column = new QVBoxLayout(page);
    page_column->setContentsMargins(0, 4, 0, 0);
    auto* note_row = new QHBoxLayout;
    routing_note_ = new QLabel(page);
    routing_note_->setObjectName(QStringLiteral("comparison.routing_note"));
    routing_note_->setWordWrap(true);
    note_row->addWidget(routing_note_, 1);
    auto* heatmap = new QPushButton(tr("Show as &heatmap"), page);
    heatmap->setObjectName(QStringLiteral("comparison.heatmap"));
    heatmap->setToolTip(
        tr("Shows in the Routing view what changed: of one run between the two steps, of two runs between them at the "
           "second step"));
    heatmap->setAutoDefault(false);
    note_row->addWidget(heatmap);
    page_column->addLayout(note_row);
    page_column->addWidget(add_table(sorted_routing_, *routing_, RoutingChangesModel::change,
                                     QStringLiteral("comparison.routing"), tr("Routing")),
                           1);
    tabs_->addTab(page, tr("&Routing"));
    column->addWidget(tabs_, 1);

    auto* row = new QHBoxLayout;
    filter_ = new QLineEdit(this);
    filter_->setObjectName(QStringLiteral("comparison.filter"));
    filter_->setPlaceholderText(tr("Filter by name"));
    filter_->setAccessibleName(filter_->placeholderText());
    filter_->setClearButtonEnabled(true);
    row->addWidget(filter_, 1);
    auto* copy = new QPushButton(tr("&Copy as CSV"), this);
    copy->setObjectName(QStringLiteral("comparison.copy"));
    copy->setToolTip(tr("Copies the rows of the table in front, as they are sorted and filtered"));
    copy->setAutoDefault(false);
    row->addWidget(copy);
    auto* close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    row->addWidget(close);
    column->addLayout(row);

    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        for (QSortFilterProxyModel* sorted : {sorted_tensors_, sorted_routing_}) sorted->setFilterFixedString(text);
    });
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(csv()); });
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(heatmap, &QPushButton::clicked, this, [this] {
        const ComparedCheckpoint* a = chosen(first_);
        const ComparedCheckpoint* b = chosen(second_);
        if (a && b) emit heatmap_wanted(*a, *b);
    });
}

QTableView* CheckpointComparisonView::add_table(QSortFilterProxyModel*& sorted, QAbstractItemModel& model,
                                                int sort_column, const QString& name, const QString& title) {
    sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(&model);
    // The roles are the same numbers in both models.
    sorted->setSortRole(TensorChangesModel::sort_role);
    sorted->setFilterKeyColumn(-1);
    sorted->setFilterCaseSensitivity(Qt::CaseInsensitive);
    auto* table = new QTableView(this);
    table->setObjectName(name);
    table->setAccessibleName(title);
    table->setModel(sorted);
    table->setSortingEnabled(true);
    table->sortByColumn(sort_column, Qt::DescendingOrder);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    for (int i = 0; i < model.columnCount(); ++i)
        table->horizontalHeader()->resizeSection(i, (i == 0 && model.columnCount() > 5 ? 26 : 15) * letter);
    return table;
}

void CheckpointComparisonView::set_checkpoints(const QList<ComparedCheckpoint>& checkpoints,
                                               const std::filesystem::path& first,
                                               const std::filesystem::path& second) {
    checkpoints_ = checkpoints;
    const QSignalBlocker quiet_first(first_);
    const QSignalBlocker quiet_second(second_);
    for (const auto& [box, wanted] : {std::pair{first_, first}, std::pair{second_, second}}) {
        box->clear();
        for (const ComparedCheckpoint& one : checkpoints_)
            box->addItem(one.title, QString::fromStdString(one.model.string()));
        box->setCurrentIndex(box->findData(QString::fromStdString(wanted.string())));
    }
    compare();
}

const ComparedCheckpoint* CheckpointComparisonView::chosen(const QComboBox* box) const {
    const int index = box->currentIndex();
    return index >= 0 && index < checkpoints_.size() ? &checkpoints_[index] : nullptr;
}

void CheckpointComparisonView::swap() {
    const int first = first_->currentIndex();
    const QSignalBlocker quiet(first_);
    first_->setCurrentIndex(second_->currentIndex());
    if (second_->currentIndex() == first)
        compare();
    else
        second_->setCurrentIndex(first);
}

void CheckpointComparisonView::compare() {
    problem_->hide();
    tensors_->set_changes({});
    whole_->setText(tr("Choose two checkpoints."));
    show_losses();
    show_routing();
    const ComparedCheckpoint* a = chosen(first_);
    const ComparedCheckpoint* b = chosen(second_);
    if (a && b) emit compare_wanted(a->model, b->model);
}

void CheckpointComparisonView::show_working() { whole_->setText(tr("Reading both models…")); }

void CheckpointComparisonView::set_result(const CheckpointComparison& comparison) {
    const TensorChange& whole = comparison.whole;
    QString text =
        tr("All %1 tensors together: relative change %2, norm %3 → %4, cosine %5.")
            .arg(comparison.tensors.size())
            .arg(value_text(whole.relative_change), value_text(whole.first_norm), value_text(whole.second_norm),
                 std::isnan(whole.cosine) ? value_text(whole.cosine) : QString::number(whole.cosine, 'f', 6));
    const auto names = [](const std::vector<std::string>& list) {
        QStringList all;
        for (const std::string& name : list) all.append(QString::fromStdString(name));
        constexpr qsizetype most = 6;
        const qsizetype more = all.size() - most;
        return more > 0 ? all.mid(0, most).join(QStringLiteral(", ")) + QStringLiteral(", +%1").arg(more)
                        : all.join(QStringLiteral(", "));
    };
    if (!comparison.only_first.empty())
        text += QLatin1Char('\n') + tr("Only in the first: %1.").arg(names(comparison.only_first));
    if (!comparison.only_second.empty())
        text += QLatin1Char('\n') + tr("Only in the second: %1.").arg(names(comparison.only_second));
    whole_->setText(text);
    tensors_->set_changes(comparison.tensors);
}

void CheckpointComparisonView::fail(const QString& message) {
    whole_->setText({});
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, error_color(colors));
    problem_->setPalette(colors);
    problem_->setText(message);
    problem_->show();
}

void CheckpointComparisonView::show_losses() {
    const ComparedCheckpoint* a = chosen(first_);
    const ComparedCheckpoint* b = chosen(second_);
    losses_->clear();
    if (!a || !b) return;
    QStringList lines;
    for (const auto& [title, name] :
         {std::pair{tr("Validation loss"), "val/loss"}, {tr("Training loss"), "train/loss"}}) {
        const std::optional<double> first = scalar_at(*a, name);
        const std::optional<double> second = scalar_at(*b, name);
        QString line = tr("%1: %2 → %3").arg(title, loss_text(first), loss_text(second));
        if (first && second) {
            const double change = *second - *first;
            line += tr(" (%1%2)").arg(change > 0 ? QStringLiteral("+") : QString(), QString::number(change, 'f', 4));
        }
        lines.append(line);
    }
    losses_->setText(tr("%1 nats per token.").arg(lines.join(QStringLiteral(" · "))));
}

void CheckpointComparisonView::show_routing() {
    const ComparedCheckpoint* a = chosen(first_);
    const ComparedCheckpoint* b = chosen(second_);
    RoutingComparison comparison;
    if (a && b) comparison = compare_routing(*a, *b);
    findChild<QPushButton*>(QStringLiteral("comparison.heatmap"))->setEnabled(!comparison.changes.empty());
    if (a && b)
        routing_note_->setText(
            comparison.problem.isEmpty()
                ? tr("Mean weights over tokens, recorded at steps %1 and %2.")
                      .arg(count_text(double(comparison.first_step)), count_text(double(comparison.second_step)))
                : comparison.problem);
    else
        routing_note_->clear();
    routing_->set_changes(std::move(comparison.changes));
}

QString CheckpointComparisonView::csv() const {
    const QSortFilterProxyModel* rows = tabs_->currentIndex() == 0 ? sorted_tensors_ : sorted_routing_;
    QString text;
    for (int row = -1; row < rows->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < rows->columnCount(); ++column) {
            const QVariant cell = row < 0 ? rows->headerData(column, Qt::Horizontal, TensorChangesModel::csv_role)
                                          : rows->index(row, column).data(TensorChangesModel::csv_role);
            cells.append(QString::fromStdString(csv_cell(cell.toString().toStdString())));
        }
        text += cells.join(QLatin1Char(',')) + QLatin1Char('\n');
    }
    return text;
}

}  // namespace wavlab
