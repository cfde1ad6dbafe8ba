// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/experiment_form.h"

#include <set>
#include <utility>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScopeGuard>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/method.h"
#include "core/sweep_option.h"
#include "views/cost_panel.h"
#include "views/form_section.h"
#include "views/sweep_summary.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

namespace {

/// The section in which a key of the file stands. Keys that this does not know go with the rest of their table.
QString section_of(const ExperimentField& field) {
    static const std::set<std::string> device = {"device", "precision", "threads", "deterministic"};
    static const std::set<std::string> records = {"eval_every",      "eval_windows", "checkpoint_every",
                                                  "checkpoint_keep", "record_every", "sample_every"};
    if (field.table == "model") return QStringLiteral("model");
    if (field.table == "data") return QStringLiteral("data");
    if (field.table == "train" && device.contains(field.option.key)) return QStringLiteral("device");
    if (field.table == "train" && records.contains(field.option.key)) return QStringLiteral("records");
    if (field.table == "train") return QStringLiteral("training");
    return QStringLiteral("experiment");
}

}  // namespace

ExperimentForm::ExperimentForm(QAction& start, QWidget* parent) : QWidget(parent), start_(start) {
    setObjectName(QStringLiteral("experiment_form"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, 6, 6, 6);
    column->setSpacing(4);

    auto* top = new QHBoxLayout;
    auto* points_label = new QLabel(tr("Start fro&m"), this);
    points_ = new StartingPoints(this);
    points_->setObjectName(QStringLiteral("starting_points"));
    points_label->setBuddy(points_);
    top->addWidget(points_label);
    top->addWidget(points_, 1);
    column->addLayout(top);
    connect(points_, &StartingPoints::chosen, this, &ExperimentForm::starting_point_chosen);

    scroll_ = new QScrollArea(this);
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    page_ = new QWidget(scroll_);
    auto* page_column = new QVBoxLayout(page_);
    page_column->setContentsMargins(0, 0, 4, 0);
    page_column->setSpacing(2);
    build_fields();
    page_column->addStretch(1);
    scroll_->setWidget(page_);
    column->addWidget(scroll_, 1);

    auto* rule = new QFrame(this);
    rule->setFrameShape(QFrame::HLine);
    rule->setFrameShadow(QFrame::Sunken);
    column->addWidget(rule);
    costs_ = new CostPanel(this);
    column->addWidget(costs_);
    sweep_summary_ = new SweepSummary(this);
    column->addWidget(sweep_summary_);

    start_button_ = new QPushButton(this);
    start_button_->setObjectName(QStringLiteral("start_button"));
    start_button_->setIcon(themed_icon(QStringLiteral("start")));
    QFont font = start_button_->font();
    font.setWeight(QFont::DemiBold);
    start_button_->setFont(font);
    start_button_->setMinimumHeight(fontMetrics().height() * 2);
    column->addWidget(start_button_);
    start_reason_ = new QLabel(this);
    start_reason_->setObjectName(QStringLiteral("start_reason"));
    start_reason_->setTextFormat(Qt::PlainText);
    start_reason_->setWordWrap(true);
    start_reason_->setEnabled(false);
    column->addWidget(start_reason_);
    connect(start_button_, &QPushButton::clicked, this,
            [this] { (has_several() && sweep_action_ ? *sweep_action_ : start_).trigger(); });
    connect(&start_, &QAction::changed, this, &ExperimentForm::refresh_start);

    setMinimumWidth(250);
    history_ = new FormHistory([this](const FormState& state, const QString& key) { restore(state, key); }, this);
    connect(qApp, &QApplication::focusChanged, this, &ExperimentForm::on_focus_changed);
    set_experiment(Experiment{});
    forget_history();
    refresh_start();
}

// The editors of the method's options own widgets of this form: they go first.
ExperimentForm::~ExperimentForm() { method_editors_.clear(); }

FormSection& ExperimentForm::section(const QString& id, const QString& title) {
    FormSection*& found = sections_[id];
    if (!found) {
        found = new FormSection(title, page_);
        found->setObjectName(QStringLiteral("section.") + id);
        page_->layout()->addWidget(found);
    }
    return *found;
}

void ExperimentForm::build_fields() {
    section(QStringLiteral("experiment"), tr("Experiment"));
    section(QStringLiteral("model"), tr("Model"));
    FormSection& method = section(QStringLiteral("method"), tr("Method options"));
    method_help_ = new QLabel(method.body());
    method_help_->setTextFormat(Qt::PlainText);
    method_help_->setWordWrap(true);
    method_help_->setEnabled(false);
    method.grid().addWidget(method_help_, 0, 0, 1, 2);
    section(QStringLiteral("data"), tr("Data"));
    section(QStringLiteral("training"), tr("Training"));
    section(QStringLiteral("records"), tr("Evaluation and records")).set_open(false);
    section(QStringLiteral("device"), tr("Device"));

    fields_ = experiment_fields();
    std::erase_if(fields_, [](const ExperimentField& field) { return field.dotted_key() == "schema"; });
    for (const ExperimentField& field : fields_) {
        const QString key = QString::fromStdString(field.dotted_key());
        editors_[key] = &add_editor(field.option, key, *sections_.at(section_of(field)));
    }
    add_browse_button(QStringLiteral("data.dataset"));
    add_browse_button(QStringLiteral("data.validation"));
    if (OptionEditor* choice = editor(QStringLiteral("model.method"))) {
        QList<FormChoice> methods;
        for (const MethodDescriptor& found : MethodRegistry::all())
            methods.append({QString::fromStdString(found.id), translated(found.title), translated(found.summary)});
        choice->set_choices(methods);
    }
}

OptionEditor& ExperimentForm::add_editor(const Option& option, const QString& key, FormSection& section) {
    auto* made = new OptionEditor(option, key, section.grid(), section.grid().rowCount(), section.body());
    connect(made, &OptionEditor::edited, this, [this, key] { on_edited(key); });
    connect(made, &OptionEditor::several_changed, this, &ExperimentForm::order_tabs);
    made->set_several_obstacle(QString::fromStdString(SweepOption(key.toStdString()).problem().value_or("")));
    connect(made, &OptionEditor::entered, this, [this, made] { end_edit(made->field()); });
    return *made;
}

void ExperimentForm::add_browse_button(const QString& key) {
    OptionEditor* found = editor(key);
    if (!found) return;
    auto* button = new QToolButton(this);
    button->setIcon(themed_icon(QStringLiteral("folder")));
    button->setToolTip(tr("Choose a text file"));
    button->setAccessibleName(tr("Choose a text file: %1").arg(translated(found->option().label)));
    connect(button, &QToolButton::clicked, this, [this, key] { emit file_wanted(key); });
    found->add_beside(button);
}

void ExperimentForm::keep_method_values() {
    for (const auto& made : method_editors_) {
        if (const std::optional<OptionValue> value = made->value()) method_values_[made->option().key] = *value;
        method_lists_.erase(made->key());
        if (made->is_several()) method_lists_[made->key()] = made->list_text();
    }
}

void ExperimentForm::drop_method_fields() {
    for (const auto& made : method_editors_) editors_.erase(made->key());
    method_editors_.clear();
}

void ExperimentForm::build_method_fields() {
    std::vector<const MethodDescriptor*> methods;
    QStringList titles, summaries, formulas;
    for (const QString& id : std::as_const(methods_))
        if (const MethodDescriptor* found = MethodRegistry::find(id.toStdString())) {
            methods.push_back(found);
            titles.append(translated(found->title));
            summaries.append(translated(found->summary));
            formulas.append(QStringLiteral("<p>%1</p><p>%2</p>")
                                .arg(QString::fromStdString(found->formula).toHtmlEscaped(),
                                     QString::fromStdString(found->citation).toHtmlEscaped()));
        }
    FormSection& section = *sections_.at(QStringLiteral("method"));
    if (methods.empty()) {
        section.set_title(tr("Method options"));
        method_help_->setText(tr("Choose a method above."));
        return;
    }
    const auto tabs_in_order = qScopeGuard([this] { order_tabs(); });
    section.set_title(methods.size() == 1 ? tr("Method options: %1").arg(titles.front())
                                          : tr("Options of %n methods", nullptr, int(methods.size())));
    for (const MethodDescriptor* method : methods)
        for (const Option& option : method->options) add_method_field(option, section);
    QString help =
        methods.size() == 1
            ? summaries.front()
            : tr("%1. What a method does not have is ignored by its runs.").arg(titles.join(QStringLiteral(", ")));
    if (method_editors_.empty()) help += QLatin1Char('\n') + tr("This method has no options.");
    method_help_->setText(help);
    method_help_->setToolTip(formulas.join(QStringLiteral("<hr>")));
}

void ExperimentForm::add_method_field(const Option& option, FormSection& section) {
    const QString key = QStringLiteral("method.") + QString::fromStdString(option.key);
    if (editor(key)) return;  // another of the chosen methods has it too
    OptionEditor& made = add_editor(option, key, section);
    method_editors_.emplace_back(&made);
    editors_[key] = &made;
    const auto value = method_values_.find(option.key);
    if (value != method_values_.end() && !problem_with(option, value->second)) made.set_value(value->second);
    const auto list = method_lists_.find(key);
    if (list != method_lists_.end()) made.set_list_text(list->second);
}

void ExperimentForm::order_tabs() {
    // Fields that were made later stand between others.
    QWidget* before = points_;
    for (int i = 0; i < page_->layout()->count(); ++i) {
        QWidget* section = page_->layout()->itemAt(i)->widget();
        if (!section) continue;
        for (QWidget* field : section->findChildren<QWidget*>()) {
            const bool inner = qobject_cast<QComboBox*>(field->parentWidget()) || field->window() != window();
            if (inner || !(field->focusPolicy() & Qt::TabFocus)) continue;
            setTabOrder(before, field);
            before = field;
        }
    }
}

void ExperimentForm::set_choices(const FormChoices& choices) {
    choices_ = choices;
    const bool before = std::exchange(filling_, true);
    if (OptionEditor* found = editor(QStringLiteral("data.dataset"))) {
        QList<FormChoice> datasets;
        for (const DatasetChoice& choice : choices.datasets) datasets.append({choice.id, choice.title, choice.help});
        found->set_choices(datasets);
    }
    OptionEditor* tokenizer = editor(QStringLiteral("data.tokenizer"));
    if (tokenizer && !choices.tokenizers.isEmpty()) tokenizer->set_choices(choices.tokenizers);
    OptionEditor* device = editor(QStringLiteral("train.device"));
    if (device && !choices.devices.isEmpty()) device->set_choices(choices.devices);
    filling_ = before;
    show_matching_data_options();
    validate();
    emit edited();
}

void ExperimentForm::set_starting_points(const QList<StartingPoint>& points) { points_->set_points(points); }

void ExperimentForm::set_sweep_action(QAction& action) {
    sweep_action_ = &action;
    connect(&action, &QAction::changed, this, &ExperimentForm::refresh_start);
    refresh_start();
}

void ExperimentForm::refresh_start() {
    const bool several = has_several() && sweep_action_;
    costs_->setVisible(!several);
    sweep_summary_->setVisible(several);
    const QAction& action = several ? *sweep_action_ : start_;
    start_button_->setIcon(themed_icon(several ? QStringLiteral("enqueue") : QStringLiteral("start")));
    start_button_->setText(QString(action.text()).remove(QLatin1Char('&')));
    start_button_->setEnabled(action.isEnabled());
    start_button_->setToolTip(action.toolTip());
    start_button_->setAccessibleName(start_button_->text());
    start_reason_->setVisible(!action.isEnabled());
    start_reason_->setText(action.isEnabled() ? QString() : action.statusTip());
    start_button_->setAccessibleDescription(start_reason_->text());
}

}  // namespace wavlab
