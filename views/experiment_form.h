// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <QList>
#include <QString>
#include <QWidget>

#include "core/sweep.h"
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
class SweepSummary;

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
    /// The same with a sweep: the options of its axes have several values.
    void set_sweep(const Sweep& sweep, const FormOrigin& origin = {});
    /// Whether some option has several values: the form then describes several runs.
    bool has_several() const { return !axes_.isEmpty(); }
    /// Nothing when no option has several values, or when they cannot be read.
    std::optional<Sweep> sweep() const;
    /// The key of the field that has or had the keyboard last; empty when it is not there any more.
    QString current_key() const { return editor(current_key_) ? current_key_ : QString(); }
    /// What the form says now is what this says (it was saved there).
    void set_origin(const FormOrigin& origin);
    const FormOrigin& origin() const { return origin_; }
    /// What the fields say; fields that cannot be read keep their last value. Of several values the first.
    Experiment experiment() const;
    bool is_valid() const { return problems_.empty(); }
    /// "Layers: must be ..."; empty when nothing is wrong.
    QString first_problem() const;
    /// A problem only the program knows of (a file that is not there); shown beside the field of this key.
    void set_outside_problem(const QString& key, const QString& message);

    /// Its steps to undo and redo.
    FormHistory& history() { return *history_; }
    /// Forgets all steps to undo.
    void forget_history();
    /// What the field of this key is called; the key itself when there is none.
    QString label_of(const QString& key) const;

    CostPanel& costs() { return *costs_; }
    /// Stands in the place of the costs while there are several runs.
    SweepSummary& sweep_summary() { return *sweep_summary_; }
    /// What the big button does while there are several runs.
    void set_sweep_action(QAction& action);
    /// Null when no field has this dotted key.
    OptionEditor* editor(const QString& key) const;
    /// Opens the section of the field and gives it the keyboard.
    void show_field(const QString& key);

signals:
    /// The experiment or its validity has changed by the user's hand or by being filled.
    void edited();
    void starting_point_chosen(const QString& id);
    /// Another field has the keyboard.
    void current_changed();
    /// A file field's button: `key` is "data.dataset" or "data.validation".
    void file_wanted(const QString& key);

private:
    // experiment_form.cpp: its parts
    void build_fields();
    void keep_method_values();
    void drop_method_fields();
    void build_method_fields();
    FormSection& section(const QString& id, const QString& title);
    OptionEditor& add_editor(const Option& option, const QString& key, FormSection& section);
    void add_method_field(const Option& option, FormSection& section);
    void add_browse_button(const QString& key);
    void order_tabs();
    void refresh_start();

    // experiment_form_state.cpp: what it says
    FormState state() const;
    QStringList chosen_methods() const;
    /// What the form says, of every method that is looked at.
    Experiment whole_experiment() const;
    Sweep content() const;
    void fill(const Sweep& sweep, const FormOrigin& origin);
    void note_axis(const QString& key);
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

    Experiment base_;                          ///< what no field shows: the folder, the schema
    OptionValues method_values_;               ///< of every method that was looked at
    QStringList methods_;                      ///< whose options are shown
    std::map<QString, QString> method_lists_;  ///< several values of options of methods that were looked at
    QStringList axes_;                         ///< keys of the options with several values, in the order of the sweep
    QString current_key_;
    std::int64_t width_ = 0;  ///< before the last edit, to keep mlp_hidden at 4·width
    bool filling_ = false;
    FormOrigin origin_;
    Sweep as_loaded_;  ///< what the form said when it was filled
    FormHistory* history_ = nullptr;

    std::vector<ExperimentField> fields_;
    std::map<QString, OptionEditor*> editors_;
    std::vector<std::unique_ptr<OptionEditor>> method_editors_;
    std::map<QString, FormSection*> sections_;
    FormChoices choices_;
    std::vector<ExperimentProblem> problems_;
    std::map<QString, QString> outside_problems_;

    QAction& start_;
    QAction* sweep_action_ = nullptr;
    StartingPoints* points_;
    QScrollArea* scroll_;
    QWidget* page_;
    QLabel* method_help_ = nullptr;
    CostPanel* costs_;
    SweepSummary* sweep_summary_;
    QPushButton* start_button_;
    QLabel* start_reason_;
};

}  // namespace wavlab
