// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <QList>
#include <QString>
#include <QWidget>

#include "core/experiment.h"
#include "views/option_editor.h"

class QAction;
class QComboBox;
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

/// An experiment to start from.
struct StartingPoint {
    QString id;  ///< "ready:default", "recent:/path/x.toml"
    QString title;
    QString help;
    bool recent = false;
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

    void set_experiment(const Experiment& experiment);
    /// What the fields say; fields that cannot be read keep their last value.
    Experiment experiment() const;
    /// Everything wrong now, unreadable fields included.
    const std::vector<ExperimentProblem>& problems_now() const { return problems_; }
    bool is_valid() const { return problems_.empty(); }
    /// A problem only the program knows of (a file that is not there); shown beside the field of this key.
    void set_outside_problem(const QString& key, const QString& message);

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
    void build_fields();
    void build_method_fields();
    FormSection& section(const QString& id, const QString& title);
    OptionEditor& add_editor(const Option& option, const QString& key, FormSection& section);
    void add_browse_button(const QString& key);
    void order_tabs();
    void follow_width();
    void show_matching_data_options();
    void on_edited(const QString& key);
    void validate();
    void refresh_start();

    Experiment base_;             ///< what no field shows: the folder, the schema
    OptionValues method_values_;  ///< of every method that was looked at
    QString method_;              ///< whose options are shown
    std::int64_t width_ = 0;      ///< before the last edit, to keep mlp_hidden at 4·width
    bool filling_ = false;

    std::vector<ExperimentField> fields_;
    std::map<QString, OptionEditor*> editors_;
    std::vector<std::unique_ptr<OptionEditor>> method_editors_;
    std::map<QString, FormSection*> sections_;
    FormChoices choices_;
    std::vector<ExperimentProblem> problems_;
    std::map<QString, QString> outside_problems_;

    QAction& start_;
    QComboBox* points_;
    QScrollArea* scroll_;
    QWidget* page_;
    QLabel* method_help_ = nullptr;
    CostPanel* costs_;
    QPushButton* start_button_;
    QLabel* start_reason_;
};

}  // namespace wavlab
