// SPDX-License-Identifier: GPL-3.0-or-later
// What can be chosen above the loss plot, and how it is kept.
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QJsonObject>
#include <QLabel>

#include "views/flow_layout.h"
#include "views/plots/loss_plot.h"

namespace wavlab {

QComboBox* LossPlot::add_choice(const QString& name, const QString& help,
                                const std::vector<std::pair<QString, QString>>& choices) {
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    box->setToolTip(help);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    for (const auto& [text, key] : choices) box->addItem(text, key);
    controls().addWidget(box);
    return box;
}

void LossPlot::make_controls() {
    axis_ = add_choice(
        tr("Horizontal axis"),
        tr("What training is measured by. Tokens: step · batch · accumulate · context. Time: what the "
           "updates took, from the recorded tokens per second; evaluations, checkpoints, pauses and the "
           "time between a stop and its resume do not count. FLOPs: forward and backward, multiply and "
           "add counted as two, as estimated when the run was started."),
        {{tr("by step"), "step"}, {tr("by tokens"), "tokens"}, {tr("by time"), "time"}, {tr("by FLOPs"), "flops"}});
    group_ = add_choice(tr("Groups"),
                        tr("Draws the mean of all runs that have the same value of a setting, whatever else differs. "
                           "The mean is taken where all runs of the group have values, so that n is the same all along "
                           "the line: it stops with the shortest run. At positions that the runs share their own "
                           "values are taken; where they share less than half (by time, or with different batches), "
                           "values are read off linearly inside each run's range. Each run is smoothed before."),
                        {{tr("no groups"), ""}});
    band_ = add_choice(
        tr("Band"),
        tr("Around the mean of a group: the standard deviation over its runs (n - 1), or the interval "
           "that holds the mean with 95 % confidence (Student's t)."),
        {{tr("± standard deviation"), "deviation"}, {tr("95 % interval"), "interval"}, {tr("no band"), "none"}});
    single_runs_ = new QCheckBox(tr("Single runs"));
    single_runs_->setToolTip(tr("Draws each run of a group as a faint line too."));
    controls().addWidget(single_runs_);
    curves_shown_ =
        add_choice(tr("Losses"), tr("Which losses are drawn."),
                   {{tr("both losses"), "both"}, {tr("training"), "train"}, {tr("validation"), "validation"}});
    loss_unit_ = add_choice(
        tr("Unit of the losses"),
        tr("Losses are recorded in nats per token. Bits per character and per byte = loss / ln 2 · tokens / characters "
           "(bytes), both counted over the whole validation part: so runs with different tokenizers can be compared. "
           "They are not defined where the tokens do not give the text back (lower case, rare characters)."),
        {{tr("nats/token"), "nats-per-token"},
         {tr("bits/character"), "bits-per-character"},
         {tr("bits/byte"), "bits-per-byte"}});
    smoothing_ = new QDoubleSpinBox;
    smoothing_->setRange(0, 0.999);
    smoothing_->setSingleStep(0.05);
    smoothing_->setDecimals(3);
    smoothing_->setValue(0.9);
    smoothing_->setAccessibleName(tr("Smoothing"));
    smoothing_->setToolTip(
        tr("Exponential moving average of the training loss over every recorded step: m = s m + (1 - s) loss, divided "
           "by 1 - s^n so that the start is not biased. 0 draws the recorded values only."));
    auto* smoothing = new QWidget;
    auto* row = new QHBoxLayout(smoothing);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    auto* label = new QLabel(tr("Smoothing"));
    label->setToolTip(smoothing_->toolTip());
    label->setBuddy(smoothing_);
    row->addWidget(label);
    row->addWidget(smoothing_);
    controls().addWidget(smoothing);
    log_steps_ = new QCheckBox(tr("Log x"));
    log_steps_->setToolTip(tr("A logarithmic horizontal axis."));
    log_loss_ = new QCheckBox(tr("Log loss"));
    entropies_ = new QCheckBox(tr("Entropies"));
    entropies_->setToolTip(
        tr("What a model reaches that knows how frequent each token of the validation text is and nothing else "
           "(unigram entropy), and one that knows how frequent each is after the one before it (bigram entropy)."));
    for (QCheckBox* box : {log_steps_, log_loss_, entropies_}) controls().addWidget(box);
    for (QCheckBox* box : {log_steps_, log_loss_, entropies_, single_runs_})
        connect(box, &QCheckBox::toggled, this, [this] { request_rebuild(); });
    for (QComboBox* box : {band_, curves_shown_})
        connect(box, &QComboBox::currentIndexChanged, this, [this] { request_rebuild(); });
    connect(axis_, &QComboBox::currentIndexChanged, this, [this] {
        load_zoom({});  // it was in other units
        request_rebuild();
    });
    connect(loss_unit_, &QComboBox::currentIndexChanged, this, [this] {
        load_zoom({});
        request_rebuild();
    });
    connect(group_, &QComboBox::activated, this, [this] {
        group_wanted_ = group_->currentData().toString();
        request_rebuild();
    });
    connect(smoothing_, &QDoubleSpinBox::valueChanged, this, [this] { request_rebuild(); });
    band_->hide();
    single_runs_->hide();
}

QJsonObject LossPlot::state() const {
    QJsonObject styles;
    for (const auto& [id, style] : group_styles_) styles[QString::fromStdString(id)] = style;
    QJsonObject state{{"smoothing", smoothing_->value()},
                      {"log_steps", log_steps_->isChecked()},
                      {"log_loss", log_loss_->isChecked()},
                      {"entropies", entropies_->isChecked()},
                      {"x", axis_->currentData().toString()},
                      {"unit", loss_unit_->currentData().toString()},
                      {"group", group_wanted_},
                      {"band", band_->currentData().toString()},
                      {"single_runs", single_runs_->isChecked()},
                      {"losses", curves_shown_->currentData().toString()}};
    if (!styles.isEmpty()) state["group_styles"] = styles;
    save_zoom(state);
    return state;
}

void LossPlot::set_state(const QJsonObject& state) {
    smoothing_->setValue(state["smoothing"].toDouble(0.9));
    log_steps_->setChecked(state["log_steps"].toBool());
    log_loss_->setChecked(state["log_loss"].toBool());
    entropies_->setChecked(state["entropies"].toBool());
    single_runs_->setChecked(state["single_runs"].toBool());
    for (const auto& [box, key] :
         {std::pair{axis_, "x"}, {band_, "band"}, {curves_shown_, "losses"}, {loss_unit_, "unit"}})
        box->setCurrentIndex(std::max(0, box->findData(state[key].toString())));
    group_wanted_ = state["group"].toString();
    group_styles_.clear();
    const QJsonObject styles = state["group_styles"].toObject();
    for (const QString& id : styles.keys()) group_styles_[id.toStdString()] = styles[id].toInt();
    load_zoom(state);
    request_rebuild();
}

LossUnit LossPlot::loss_unit() const {
    return parse_loss_unit(loss_unit_->currentData().toString().toStdString()).value_or(LossUnit::nats_per_token);
}

TrainingAxis LossPlot::axis_kind() const {
    return parse_training_axis(axis_->currentData().toString().toStdString()).value_or(TrainingAxis::step);
}

GroupCurves::Band LossPlot::band() const {
    const QString chosen = band_->currentData().toString();
    return chosen == "none"       ? GroupCurves::Band::none
           : chosen == "interval" ? GroupCurves::Band::interval
                                  : GroupCurves::Band::deviation;
}

bool LossPlot::grouped() const { return !group_wanted_.isEmpty(); }
bool LossPlot::shows_train() const { return curves_shown_->currentData().toString() != "validation"; }
bool LossPlot::shows_validation() const { return curves_shown_->currentData().toString() != "train"; }

}  // namespace wavlab
