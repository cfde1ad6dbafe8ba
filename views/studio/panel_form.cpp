// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/panel_form.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QToolButton>

#include "core/number_text.h"
#include "views/studio/run_names.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

namespace {

enum AnnotationColumn { text_column, x_column, y_column };

template <class Widget>
Widget* named(Widget* widget, const QString& label, const char* name, const QString& help) {
    widget->setObjectName(QStringLiteral("panel.") + QLatin1String(name));
    widget->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    widget->setToolTip(help);
    return widget;
}

void add_row(QFormLayout& form, const QString& label, QWidget* buddy, QLayout* row) {
    auto* text = new QLabel(label, form.parentWidget());
    text->setBuddy(buddy);
    form.addRow(text, row);
}

QToolButton* icon_button(QWidget* parent, const char* icon, const char* name, const QString& help) {
    auto* button = new QToolButton(parent);
    button->setObjectName(QLatin1String(name));
    button->setIcon(themed_icon(QLatin1String(icon)));
    button->setToolTip(help);
    button->setAccessibleName(help);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

/// A number that the user typed, in the user's notation or with a point.
std::optional<double> typed_number(const QString& text) {
    if (const std::optional<double> number = parse_number(text.trimmed().toStdString())) return number;
    bool is_number = false;
    const double number = QLocale().toDouble(text.trimmed(), &is_number);
    return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace

PanelForm::PanelForm(const StudioRuns& runs, QWidget* parent) : QWidget(parent), runs_of_(runs) {
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);

    const QString kind = tr("P&lot");
    kind_ = named(new QComboBox(this), kind, "kind", tr("What this panel draws."));
    kind_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    for (const PlotDescriptor& plot : PlotRegistry::all()) {
        kind_->addItem(translated(plot.title), QString::fromStdString(plot.id));
        kind_->setItemData(kind_->count() - 1, translated(plot.help), Qt::ToolTipRole);
    }
    form->addRow(kind, kind_);

    const QString runs_label = tr("&Runs");
    runs_ = named(new QLineEdit(this), runs_label, "runs",
                  tr("Names of runs or patterns of names (wav-*), with commas between them."));
    runs_->setCompleter(new RunNamesCompleter(runs_of_.names, runs_));
    choose_runs_ = icon_button(this, "down", "panel.choose_runs", tr("Choose runs"));
    choose_runs_->setPopupMode(QToolButton::InstantPopup);
    choose_runs_->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
    runs_menu_ = new QMenu(choose_runs_);
    choose_runs_->setMenu(runs_menu_);
    connect(runs_menu_, &QMenu::aboutToShow, this, &PanelForm::fill_runs_menu);
    auto* row = new QHBoxLayout;
    row->addWidget(runs_, 1);
    row->addWidget(choose_runs_);
    add_row(*form, runs_label, runs_, row);

    state_ = new QPushButton(tr("Choose what it s&hows…"), this);
    state_->setObjectName(QStringLiteral("panel.state"));
    state_->setToolTip(tr("Shows the plot with all its controls: quantity, scale, zoom."));
    reset_ = new QPushButton(tr("Reset"), this);
    reset_->setObjectName(QStringLiteral("panel.reset"));
    reset_->setToolTip(tr("Shows what the plot shows at first."));
    for (QPushButton* button : {state_, reset_}) button->setAutoDefault(false);
    auto* shows = new QHBoxLayout;
    shows->addWidget(state_, 1);
    shows->addWidget(reset_);
    form->addRow(shows);
    make_texts();
    make_annotations();

    connect(kind_, &QComboBox::activated, this, &PanelForm::choose_kind);
    connect(runs_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (showing_) return;
        panel_.runs = split_run_names(text);
        emit changed();
    });
    connect(state_, &QPushButton::clicked, this, &PanelForm::state_wanted);
    connect(reset_, &QPushButton::clicked, this, [this] {
        panel_.state = "{}";
        panel_.step.reset();
        show_panel();
        emit changed();
    });
    show_panel();
}

void PanelForm::make_texts() {
    auto* form = static_cast<QFormLayout*>(layout());
    const auto line = [&](const QString& label, const char* name, const QString& help, const QString& without) {
        auto* edit = named(new QLineEdit(this), label, name, help);
        edit->setPlaceholderText(without);
        form->addRow(label, edit);
        return edit;
    };
    title_ = line(tr("T&itle"), "title", tr("Above the panel, behind its letter."), tr("none"));
    const QString step = tr("At s&tep");
    step_ =
        named(new QSpinBox(this), step, "step", tr("Of plots of one step: the last record up to this step is drawn."));
    step_->setRange(-1, std::numeric_limits<int>::max());
    step_->setSingleStep(100);
    step_->setSpecialValueText(tr("the newest"));
    form->addRow(step, step_);
    x_label_ = line(tr("&x label"), "x_label", tr("Below the axis, in place of the plot's own."), tr("the plot's own"));
    y_label_ =
        line(tr("&y label"), "y_label", tr("Beside the axis, in place of the plot's own."), tr("the plot's own"));
    connect(title_, &QLineEdit::textEdited, this, [this](const QString& text) {
        panel_.title = text.toStdString();
        emit changed();
    });
    connect(step_, &QSpinBox::valueChanged, this, [this](int value) {
        if (showing_) return;
        panel_.step = value < 0 ? std::nullopt : std::optional<std::int64_t>(value);
        emit changed();
    });
    connect(x_label_, &QLineEdit::textEdited, this, [this](const QString& text) { set_label(panel_.x_label, text); });
    connect(y_label_, &QLineEdit::textEdited, this, [this](const QString& text) { set_label(panel_.y_label, text); });
}

void PanelForm::set_label(std::optional<std::string>& label, const QString& text) {
    label = text.isEmpty() ? std::nullopt : std::optional(text.toStdString());
    emit changed();
}

void PanelForm::make_annotations() {
    auto* form = static_cast<QFormLayout*>(layout());
    const QString label = tr("A&nnotations");
    auto* row = new QHBoxLayout;
    auto* caption = new QLabel(label, this);
    QToolButton* add = icon_button(this, "add", "panel.add_annotation", tr("Add a text at a point of the axes"));
    remove_ = icon_button(this, "discard", "panel.remove_annotation", tr("Remove the selected annotation"));
    row->addWidget(caption, 1);
    row->addWidget(add);
    row->addWidget(remove_);
    form->addRow(row);
    annotations_ = named(new QTableWidget(0, 3, this), label, "annotations",
                         tr("Texts at points of the axes; a double click or F2 changes them."));
    caption->setBuddy(annotations_);
    annotations_->setHorizontalHeaderLabels({tr("Text"), tr("x"), tr("y")});
    annotations_->horizontalHeader()->setSectionResizeMode(text_column, QHeaderView::Stretch);
    annotations_->horizontalHeader()->setDefaultSectionSize(8 * fontMetrics().averageCharWidth() + 12);
    annotations_->verticalHeader()->hide();
    annotations_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    annotations_->setTabKeyNavigation(false);
    annotations_->setFixedHeight(4 * (fontMetrics().height() + 8) + 8);
    form->addRow(annotations_);
    connect(add, &QToolButton::clicked, this, &PanelForm::add_annotation);
    connect(remove_, &QToolButton::clicked, this, &PanelForm::remove_annotation);
    connect(annotations_, &QTableWidget::cellChanged, this, &PanelForm::edit_annotation);
}

void PanelForm::set_panel(const FigurePanel& panel) {
    panel_ = panel;
    show_panel();
}

void PanelForm::set_has_step(bool has_step) { step_->setEnabled(has_step); }

void PanelForm::set_middle(std::function<QPointF()> middle) { middle_ = std::move(middle); }

void PanelForm::show_panel() {
    showing_ = true;
    kind_->setCurrentIndex(kind_->findData(QString::fromStdString(panel_.kind)));
    runs_->setText(join_run_names(panel_.runs));
    runs_->setCursorPosition(0);
    title_->setText(QString::fromStdString(panel_.title));
    step_->setEnabled(true);
    const std::int64_t most = step_->maximum();
    step_->setValue(int(std::clamp<std::int64_t>(panel_.step.value_or(-1), -1, most)));
    x_label_->setText(QString::fromStdString(panel_.x_label.value_or("")));
    y_label_->setText(QString::fromStdString(panel_.y_label.value_or("")));
    show_annotations();
    showing_ = false;
}

void PanelForm::show_annotations() {
    const bool before = std::exchange(showing_, true);
    annotations_->setRowCount(int(panel_.annotations.size()));
    for (int row = 0; row < annotations_->rowCount(); ++row) {
        const FigureAnnotation& annotation = panel_.annotations[std::size_t(row)];
        const QString texts[] = {QString::fromStdString(annotation.text),
                                 QString::fromStdString(number_text(annotation.x)),
                                 QString::fromStdString(number_text(annotation.y))};
        for (const int column : {text_column, x_column, y_column}) {
            // An item that is being edited must stay.
            if (!annotations_->item(row, column)) annotations_->setItem(row, column, new QTableWidgetItem);
            annotations_->item(row, column)->setText(texts[column]);
        }
    }
    remove_->setEnabled(annotations_->rowCount() > 0);
    showing_ = before;
}

void PanelForm::choose_kind() {
    const std::string kind = kind_->currentData().toString().toStdString();
    if (kind == panel_.kind) return;
    const PlotDescriptor* plot = PlotRegistry::find(kind);
    const PlotDescriptor* before = PlotRegistry::find(panel_.kind);
    // The runs that the window shows stay those: a plot may draw one of them only.
    const bool shown = before && panel_.runs == runs_of_.shown(*before, plot_state(panel_));
    panel_.kind = kind;
    panel_.state = "{}";
    panel_.step.reset();
    if (plot && (shown || panel_.runs.empty())) panel_.runs = runs_of_.shown(*plot, {});
    show_panel();
    emit changed();
}

void PanelForm::set_runs(std::vector<std::string> runs) {
    panel_.runs = std::move(runs);
    show_panel();
    emit changed();
}

void PanelForm::fill_runs_menu() {
    runs_menu_->clear();
    const PlotDescriptor* plot = PlotRegistry::find(panel_.kind);
    QAction* shown = runs_menu_->addAction(tr("The runs shown in the window"));
    const std::vector<std::string> drawn =
        plot ? runs_of_.shown(*plot, plot_state(panel_)) : std::vector<std::string>();
    shown->setEnabled(!drawn.empty());
    connect(shown, &QAction::triggered, this, [this, drawn] { set_runs(drawn); });
    runs_menu_->addSeparator();
    for (const QString& name : runs_of_.names()) {
        QAction* run = runs_menu_->addAction(QString(name).replace(QLatin1Char('&'), QStringLiteral("&&")));
        run->setCheckable(true);
        const std::string id = name.toStdString();
        run->setChecked(std::find(panel_.runs.begin(), panel_.runs.end(), id) != panel_.runs.end());
        connect(run, &QAction::triggered, this, [this, id](bool chosen) {
            std::vector<std::string> runs = panel_.runs;
            std::erase(runs, id);
            if (chosen) runs.push_back(id);
            set_runs(std::move(runs));
        });
    }
}

void PanelForm::add_annotation() {
    const QPointF middle = middle_ ? middle_() : QPointF(0.5, 0.5);
    panel_.annotations.push_back({middle.x(), middle.y(), tr("Text").toStdString()});
    show_annotations();
    emit changed();
    const int row = annotations_->rowCount() - 1;
    annotations_->setCurrentCell(row, text_column);
    annotations_->setFocus();
    annotations_->editItem(annotations_->item(row, text_column));
}

void PanelForm::remove_annotation() {
    const int row = annotations_->currentRow() < 0 ? annotations_->rowCount() - 1 : annotations_->currentRow();
    if (row < 0) return;
    panel_.annotations.erase(panel_.annotations.begin() + row);
    show_annotations();
    emit changed();
}

void PanelForm::edit_annotation(int row, int column) {
    if (showing_ || row < 0 || std::size_t(row) >= panel_.annotations.size()) return;
    FigureAnnotation& annotation = panel_.annotations[std::size_t(row)];
    const QString text = annotations_->item(row, column)->text();
    if (column == text_column) {
        if (!text.trimmed().isEmpty()) annotation.text = text.toStdString();
    } else if (const std::optional<double> number = typed_number(text); number && std::isfinite(*number)) {
        (column == x_column ? annotation.x : annotation.y) = *number;
    }
    show_annotations();  // what was no number, or empty, is as it was
    emit changed();
}

}  // namespace wavlab
