// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/loss_unit.h"
#include "core/run_groups.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/curves/axis_units.h"
#include "views/curves/run_curves.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;

namespace wavlab {

/// Training and validation loss of all drawn runs, one by one or as means of groups.
class LossPlot final : public CanvasPlot {
    Q_OBJECT

public:
    explicit LossPlot(QWidget* parent);
    ~LossPlot() override;

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;

protected:
    void rebuild() override;
    void refresh(const RecordChanges& changes) override;
    bool concerns(const RecordChanges& changes) const override { return changes.scalars; }
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;
    std::optional<double> key_of_step(std::int64_t step) const override;
    std::int64_t step_of_key(double key) const override;

private:
    /// A run that is drawn, or that is part of a group.
    struct ShownRun {
        RunCurves* curves = nullptr;
        int style_index = 0;
    };
    struct ShownGroup {
        std::string id;
        QString label;
        int style_index = 0;
        std::vector<const RunCurves*> members;
        GroupCurves train, validation;
    };

    void make_controls();
    QComboBox* add_choice(const QString& name, const QString& help,
                          const std::vector<std::pair<QString, QString>>& choices);
    TrainingAxis axis_kind() const;
    LossUnit loss_unit() const;
    GroupCurves::Band band() const;
    bool grouped() const;
    bool shows_train() const;
    bool shows_validation() const;
    /// Whether each step's own loss is drawn beside the smoothed one: of many runs it would hide everything.
    bool shows_recorded() const;

    void update_runs();
    void update_group_choices();
    void update_groups();
    void average(ShownGroup& group);
    int group_style(const RunGroup& group);
    void set_up_axes();
    void set_up_unit();
    void set_up_layer();
    void add_runs();
    void add_groups();
    void set_up_marks();
    void set_up_references();
    void set_up_legend();
    QPen pen_of(int style_index, bool thin) const;
    /// The smallest and largest position and value of what is drawn.
    void measure(Extent& positions, Extent& values) const;

    void hover_runs(double position, const QPointF& mouse, HoverBox::Content& content) const;
    void hover_groups(double position, HoverBox::Content& content) const;
    /// Horizontal and vertical.
    std::pair<const QCPAxis*, const QCPAxis*> axes_of_hover() const;
    double nearest_position(double position) const;
    QString position_title(double position) const;
    /// How many runs the group's mean is over: "3", or of training and validation where they differ.
    QString runs_text(const ShownGroup& group) const;

    QComboBox* axis_ = nullptr;
    QComboBox* group_ = nullptr;
    QComboBox* band_ = nullptr;
    QComboBox* curves_shown_ = nullptr;
    QComboBox* loss_unit_ = nullptr;
    QCheckBox* single_runs_ = nullptr;
    QDoubleSpinBox* smoothing_ = nullptr;
    QCheckBox* log_steps_ = nullptr;
    QCheckBox* log_loss_ = nullptr;
    QCheckBox* entropies_ = nullptr;
    ReferenceLines* references_ = nullptr;
    NonFiniteMarks* marks_ = nullptr;
    CurveLayer* layer_ = nullptr;
    AxisUnit unit_;
    bool unit_logarithmic_ = false;
    std::vector<std::unique_ptr<RunCurves>> kept_;  ///< of the drawn runs, with what was computed of them
    std::vector<ShownRun> shown_;                   ///< those that lie on the chosen axis
    std::size_t left_out_ = 0;                      ///< drawn runs that do not
    std::vector<ShownGroup> groups_;
    std::map<std::string, int> group_styles_;  ///< a group keeps its colour while others come and go
    QString group_wanted_;                     ///< the key that was chosen, also while no run has it
};

}  // namespace wavlab
