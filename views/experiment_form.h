// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <QList>
#include <QString>
#include <QWidget>

#include "core/experiment.h"
#include "views/form_history.h"
#include "views/option_editor.h"
#include "views/starting_points.h"

class QAction;
class QLabel;
class QPushButton;
class QScrollArea;

namespace wavlab {

class CostPanel;
class FormSection;

/// A dataset as the form offers it.
struct DatasetChoice {
    QString id;
    QString title;
    QString help;
    QStringList options;  ///< keys of [data] that only some datasets know and this one does: "size", "seed"
};

/// What the form offers beyond what options say themselves.
struct FormChoices {
    QList<DatasetChoice> datasets;
    QList<FormChoice> tokenizers;
    QList<FormChoice> devices;
};

/// The experiment as a form, made from the options' descriptions: core's experiment fields and the chosen method's
/// options. It edits a copy: a run that goes is never touched.
class ExperimentForm : public QWidget {
    Q_OBJECT

public:
    /// `start` is what the big button does. The methods must be registered.
    explicit ExperimentForm(QAction& start, QWidget* parent = nullptr);
    ~ExperimentForm() override;

    void set_choices(const FormChoices& choices);
    void set_starting_points(const QList<StartingPoint>& points);

    /// Fills the form; one step that can be undone. `origin`: what it was filled from.
    void set_experiment(const Experiment& experiment, const FormOrigin& origin = {});
    /// What the form says now is what this says (it was saved there).
    void set_origin(const FormOrigin& origin);
    /// What the fields say; fields that cannot be read keep their last value.
    Experiment experiment() const;
    /// Everything wrong now, unreadable fields included.
    const std::vector<ExperimentProblem>& problems_now() const { return problems_; }
    bool is_valid() const { return problems_.empty(); }
    /// A problem only the program knows of (a file that is not there); shown beside the field of this key.
    void set_outside_problem(const QString& key, const QString& message);

    /// Its steps to undo and redo.
    FormHistory& history() { return *history_; }
    /// Forgets all steps to undo.
    void forget_history();
    /// What the field of this key is called; the key itself when there is none.
    QString label_of(const QString& key) const;

    CostPanel& costs() { return *costs_; }
    /// Null when no field has this dotted key.
    OptionEditor* editor(const QString& key) const;
    /// Opens the section of the field and gives it the keyboard.
    void show_field(const QString& key);

signals:
    /// The experiment or its validity has changed by the user's hand or by set_experiment.
    void edited();
    void starting_point_chosen(const QString& id);
    /// A file field's button: `key` is "data.dataset" or "data.validation".
    void file_wanted(const QString& key);

private:
    // experiment_form.cpp: its parts
    void build_fields();
    void drop_method_fields();
    void build_method_fields();
    FormSection& section(const QString& id, const QString& title);
    OptionEditor& add_editor(const Option& option, const QString& key, FormSection& section);
    void add_browse_button(const QString& key);
    void order_tabs();
    void refresh_start();

    // experiment_form_state.cpp: what it says
    FormState state() const;
    void restore(const FormState& state, const QString& key);
    void reveal(const QString& key);
    void follow_width();
    void show_matching_data_options();
    void on_edited(const QString& key);
    void on_focus_changed(QWidget* before, QWidget* now);
    /// The next edit of a field is a step of its own.
    void end_edit(QWidget* where);
    void validate();
    void show_origin();

    Experiment base_;             ///< what no field shows: the folder, the schema
    OptionValues method_values_;  ///< of every method that was looked at
    QString method_;              ///< whose options are shown
    std::int64_t width_ = 0;      ///< before the last edit, to keep mlp_hidden at 4·width
    bool filling_ = false;
    FormOrigin origin_;
    Experiment as_loaded_;  ///< what the form said when it was filled
    FormHistory* history_ = nullptr;

    std::vector<ExperimentField> fields_;
    std::map<QString, OptionEditor*> editors_;
    std::vector<std::unique_ptr<OptionEditor>> method_editors_;
    std::map<QString, FormSection*> sections_;
    FormChoices choices_;
    std::vector<ExperimentProblem> problems_;
    std::map<QString, QString> outside_problems_;

    QAction& start_;
    StartingPoints* points_;
    QScrollArea* scroll_;
    QWidget* page_;
    QLabel* method_help_ = nullptr;
    CostPanel* costs_;
    QPushButton* start_button_;
    QLabel* start_reason_;
};

}  // namespace wavlab
