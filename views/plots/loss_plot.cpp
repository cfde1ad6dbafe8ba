// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plots/loss_plot.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>

#include <qcustomplot.h>

#include "core/method.h"
#include "core/translatable.h"
#include "views/flow_layout.h"
#include "views/method_style.h"
#include "views/option_label.h"

namespace wavlab {

namespace {

/// Each step's own loss is drawn of so many runs.
constexpr std::size_t most_recorded = 8;
/// More lines than these are thin.
constexpr std::size_t most_thick = 20;
/// With more entries the legend begins with what lines and markers mean.
constexpr std::size_t long_legend = 12;

QCPScatterStyle marker(int style_index, const PlotStyle& style, const QColor& color, bool small) {
    static constexpr QCPScatterStyle::ScatterShape shapes[] = {QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare,
                                                               QCPScatterStyle::ssTriangle, QCPScatterStyle::ssDiamond,
                                                               QCPScatterStyle::ssTriangleInverted};
    const auto shape = shapes[std::size_t(((style_index % 5) + 5) % 5)];
    return {shape, QPen(color, style.thin_line_width), QBrush(style.ground), style.marker_size * (small ? 0.7 : 1)};
}

QString name_of(const RunCurves& curves) { return QString::fromStdString(curves.record().name()); }

QString short_value(const std::string& value) {
    // The name of a file says more than the folders it is in.
    const QString text = QString::fromStdString(value);
    return text.startsWith("file:") ? text.section('/', -1) : text;
}

}  // namespace

LossPlot::LossPlot(QWidget* parent) : CanvasPlot(parent) {
    references_ = new ReferenceLines(&axes());
    marks_ = new NonFiniteMarks(&axes());
    layer_ = new CurveLayer(&axes());
    legend().set_most_lines(3);
    make_controls();
    connect(axes().axis(QCPAxis::atBottom), qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            [this] { set_up_unit(); });
}

LossPlot::~LossPlot() = default;

bool LossPlot::shows_recorded() const {
    return !grouped() && shows_train() && smoothing_->value() > 0 && shown_.size() <= most_recorded;
}

// ---- What there is to say without axes

QString LossPlot::invitation() const {
    return tr("The training and validation loss of the runs appear here, in nats per token. Press Start.");
}

QString LossPlot::problem_of(const RunRecord&) const {
    bool recorded = false, on_axis = false;
    for (const DrawnRun& run : runs())
        for (const char* name : {"train/loss", "val/loss"}) {
            const ScalarSeries* series = run.record->scalars(name);
            if (!series || series->steps.empty()) continue;
            recorded = true;
            AxisScale scale(axis_kind());
            scale.follow(*run.record);
            if (!scale.known()) continue;
            on_axis = true;
            if (loss_factor(run.record->description(), loss_unit())) return {};
        }
    const QString name = QString::fromStdString(focused_run()->name());
    if (!recorded) return tr("The run '%1' has recorded no loss yet.").arg(name);
    if (on_axis)
        return tr("The tokens of the run '%1' do not give its text back, or it was made by an older version, so its "
                  "loss in %2 is not known.")
            .arg(name, loss_unit_->currentText());
    if (axis_kind() == TrainingAxis::time)
        return tr("The run '%1' has not recorded its speed, so its training time is not known.").arg(name);
    return tr("The run '%1' does not say what a token costs, so its FLOPs are not known.").arg(name);
}

// ---- From runs to curves

void LossPlot::rebuild() {
    update_runs();
    update_group_choices();
    update_groups();
    set_up_axes();
    set_up_layer();
    set_up_marks();
    set_up_references();
    set_up_legend();
}

void LossPlot::refresh(const RecordChanges&) {
    std::set<const RunCurves*> changed;
    std::size_t drawable = 0;
    for (const auto& curves : kept_) {
        if (curves->update(axis_kind(), loss_unit(), smoothing_->value())) changed.insert(curves.get());
        drawable += curves->drawable() && curves->train().size() + curves->validation().size() > 0;
    }
    if (drawable != shown_.size()) return rebuild();
    if (changed.empty()) return;
    for (ShownGroup& group : groups_)
        if (std::any_of(group.members.begin(), group.members.end(),
                        [&](const RunCurves* member) { return changed.contains(member); }))
            average(group);
    set_up_marks();
    if (grouped()) set_up_legend();
}

void LossPlot::update_runs() {
    std::vector<std::unique_ptr<RunCurves>> known = std::exchange(kept_, {});
    shown_.clear();
    left_out_ = 0;
    for (const DrawnRun& run : runs()) {
        const auto found = std::find_if(known.begin(), known.end(), [&](const std::unique_ptr<RunCurves>& curves) {
            return curves && curves->shared_record() == run.record;
        });
        kept_.push_back(found != known.end() ? std::move(*found)
                                             : std::make_unique<RunCurves>(run.record, axis_kind()));
        RunCurves& curves = *kept_.back();
        curves.update(axis_kind(), loss_unit(), smoothing_->value());
        if (curves.train().size() + curves.validation().size() == 0) continue;
        if (curves.drawable())
            shown_.push_back({&curves, run.style_index});
        else
            ++left_out_;
    }
}

void LossPlot::update_group_choices() {
    std::vector<const Experiment*> experiments;
    for (const ShownRun& run : shown_) experiments.push_back(&run.curves->record().experiment());
    std::vector<std::string> keys = {"model.method", "model.layers", "data.dataset"};
    for (std::string& key : differing_settings(experiments))
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    const std::string wanted = group_wanted_.toStdString();
    if (grouped() && wanted != all_settings && std::find(keys.begin(), keys.end(), wanted) == keys.end())
        keys.push_back(wanted);
    const QSignalBlocker blocker(group_);
    group_->clear();
    group_->addItem(tr("no groups"), "");
    group_->addItem(tr("group: replicates"), all_settings);
    group_->setItemData(1, tr("Runs whose settings are the same but for name and seed."), Qt::ToolTipRole);
    for (const std::string& key : keys) {
        group_->addItem(tr("group: %1").arg(option_label(key)), QString::fromStdString(key));
        group_->setItemData(group_->count() - 1, QString::fromStdString(key), Qt::ToolTipRole);
    }
    group_->setCurrentIndex(std::max(0, group_->findData(group_wanted_)));
    band_->setVisible(grouped());
    single_runs_->setVisible(grouped());
}

void LossPlot::update_groups() {
    groups_.clear();
    if (!grouped()) return;
    std::vector<const Experiment*> experiments;
    for (const ShownRun& run : shown_) experiments.push_back(&run.curves->record().experiment());
    for (const RunGroup& found : group_runs(experiments, group_wanted_.toStdString())) {
        ShownGroup group;
        group.id = found.id();
        QStringList texts;
        for (const auto& [key, value] : found.settings) {
            const QString name = QString::fromStdString(key.substr(key.find('.') + 1));
            if (key == "model.method")
                texts << method_title(short_value(value).toStdString());
            else if (key == "data.dataset")
                texts << short_value(value);
            else if (value.empty() && found.settings.size() == 1)
                texts << tr("no %1", "a setting").arg(name);
            else if (value.empty())
                continue;  // what the method does not have
            else
                texts << QStringLiteral("%1 = %2").arg(name, short_value(value));
        }
        group.label = texts.isEmpty() ? tr("all runs") : texts.join(", ");
        group.style_index = group_style(found);
        for (const std::size_t member : found.members) group.members.push_back(shown_[member].curves);
        groups_.push_back(std::move(group));
        average(groups_.back());
    }
}

void LossPlot::average(ShownGroup& group) {
    if (shows_train()) group.train.average(group.members, GroupCurves::Series::train, band());
    if (shows_validation()) group.validation.average(group.members, GroupCurves::Series::validation, band());
}

int LossPlot::group_style(const RunGroup& group) {
    const std::string id = group.id();
    if (const auto known = group_styles_.find(id); known != group_styles_.end()) return known->second;
    std::set<int> taken;
    for (const auto& [other, style] : group_styles_)
        if (other.substr(0, other.find('=')) == id.substr(0, id.find('='))) taken.insert(style);
    int style = 0;
    if (group.settings.size() == 1 && group.settings.front().first == "model.method")
        style = method_style(group.settings.front().second);
    while (taken.contains(style)) ++style;
    return group_styles_[id] = style;
}

// ---- From curves to pictures

void LossPlot::set_up_axes() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    QCPAxis* y = axes().axis(QCPAxis::atLeft);
    y->setLabel(loss_unit() == LossUnit::bits_per_character ? tr("Loss (bits per character)")
                : loss_unit() == LossUnit::bits_per_byte    ? tr("Loss (bits per byte)")
                                                            : tr("Loss (nats per token)"));
    x->setScaleType(log_steps_->isChecked() ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setScaleType(log_loss_->isChecked() ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    y->setTicker(unit_ticker({}, log_loss_->isChecked(), false));
    for (QCPAxis* axis : {x, y}) {
        axis->setNumberFormat("g");
        axis->setNumberPrecision(6);
    }
    unit_ = {};
    x->grid()->setVisible(false);
    y->grid()->setVisible(true);
    references_->set_style(style());
    marks_->set_style(style());
    layer_->set_style(style());
    set_up_unit();
}

void LossPlot::set_up_unit() {
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const AxisUnit unit = axis_unit(axis_kind(), x->range().upper);
    const bool logarithmic = log_steps_->isChecked();
    if (unit == unit_ && logarithmic == unit_logarithmic_) return;
    unit_ = unit;
    unit_logarithmic_ = logarithmic;
    x->setLabel(unit.label);
    x->setTicker(unit_ticker(unit, logarithmic, axis_kind() == TrainingAxis::step));
}

QPen LossPlot::pen_of(int style_index, bool thin) const {
    return run_pen(style_index, style(), thin ? style().thin_line_width : style().line_width);
}

void LossPlot::set_up_layer() {
    chart().clearGraphs();
    layer_->clear();
    if (grouped())
        add_groups();
    else
        add_runs();
}

void LossPlot::add_runs() {
    const bool many = shown_.size() > most_thick;
    const bool with_line = shown_.size() == 1 || !shows_train();
    if (shows_recorded())
        for (const ShownRun& run : shown_) {
            const QColor faint = style().faint(run_color(run.style_index, style()), 0.3);
            layer_->add(CurveLayer::Line{[curves = run.curves] { return curves->train_data(); },
                                         QPen(faint, style().thin_line_width),
                                         tr("%1, each step").arg(name_of(*run.curves))});
        }
    for (const ShownRun& run : shown_) {
        RunCurves* curves = run.curves;
        if (shows_train())
            layer_->add(CurveLayer::Line{[curves] { return curves->smoothed_data(); }, pen_of(run.style_index, many),
                                         name_of(*curves)});
        if (!shows_validation()) continue;
        const QColor color = run_color(run.style_index, style());
        CurveLayer::Markers markers{[curves] { return curves->validation_data(); },
                                    marker(run.style_index, style(), color, many),
                                    {},
                                    Qt::NoPen,
                                    tr("%1, validation").arg(name_of(*curves))};
        // With several runs the markers alone: one more line a run would hide the others.
        if (with_line)
            markers.line = shows_train() ? QPen(color, style().thin_line_width) : pen_of(run.style_index, many);
        layer_->add(std::move(markers));
    }
}

void LossPlot::add_groups() {
    if (single_runs_->isChecked())
        for (const ShownGroup& group : groups_)
            for (const RunCurves* member : group.members) {
                const QPen pen(style().faint(run_color(group.style_index, style()), 0.4), style().thin_line_width);
                const auto data = [member, train = shows_train()] {
                    return train ? member->smoothed_data() : member->validation_data();
                };
                layer_->add(CurveLayer::Line{data, pen, name_of(*member)});
            }
    for (ShownGroup& group : groups_) {
        const QColor color = run_color(group.style_index, style());
        QColor shade = color;
        shade.setAlphaF(0.22F);
        const GroupCurves& banded = shows_train() ? group.train : group.validation;
        // A second run of the group may have its first values only later.
        if (band() != GroupCurves::Band::none)
            layer_->add(CurveLayer::Band{[&banded] { return banded.half().empty() ? CurveData{} : banded.low(); },
                                         [&banded] { return banded.half().empty() ? CurveData{} : banded.high(); },
                                         shade, group.label});
        if (shows_train())
            layer_->add(CurveLayer::Line{[&group] { return group.train.mean(); },
                                         pen_of(group.style_index, groups_.size() > most_thick), group.label});
        if (!shows_validation()) continue;
        CurveLayer::Markers markers{[&group] { return group.validation.mean(); },
                                    marker(group.style_index, style(), color, groups_.size() > most_thick),
                                    {},
                                    Qt::NoPen,
                                    tr("%1, validation").arg(group.label)};
        if (shows_train())
            markers.bars = [&group] { return group.validation.half(); };
        else
            markers.line = pen_of(group.style_index, groups_.size() > most_thick);
        layer_->add(std::move(markers));
    }
}

void LossPlot::set_up_marks() {
    marks_->clear();
    const auto mark = [&](const RunCurves& curves, int style_index) {
        const QColor color = run_color(style_index, style());
        for (const RecordedCurve* curve : {&curves.train(), &curves.validation()}) {
            if (curve == &curves.train() ? !shows_train() : !shows_validation()) continue;
            for (const double step : curve->not_finite()) marks_->add(curves.scale().position(step), color);
        }
    };
    if (grouped())
        for (const ShownGroup& group : groups_)
            for (const RunCurves* member : group.members) mark(*member, group.style_index);
    else
        for (const ShownRun& run : shown_) mark(*run.curves, run.style_index);
}

void LossPlot::set_up_references() {
    std::vector<ReferenceLines::Line> lines;
    std::set<double> floors, unigrams, bigrams;
    for (const DrawnRun& run : runs()) {
        const RunDescription& description = run.record->description();
        const std::optional<double> unit = loss_factor(description, loss_unit());
        if (!unit) continue;
        if (description.validation_floor) floors.insert(*unit * *description.validation_floor);
        if (description.unigram_entropy > 0) unigrams.insert(*unit * description.unigram_entropy);
        if (description.bigram_entropy > 0) bigrams.insert(*unit * description.bigram_entropy);
    }
    for (const double floor : floors) lines.push_back({floor, tr("floor"), true});
    if (entropies_->isChecked()) {
        for (const double entropy : unigrams) lines.push_back({entropy, tr("unigram entropy"), false});
        for (const double entropy : bigrams) lines.push_back({entropy, tr("bigram entropy"), false});
    }
    references_->set_lines(std::move(lines));
}

QString LossPlot::runs_text(const ShownGroup& group) const {
    const auto train = QString::number(group.train.curve().n), validation = QString::number(group.validation.curve().n);
    if (!shows_train() || train == validation) return validation;
    return shows_validation() ? tr("%1 and %2", "numbers of runs").arg(train, validation) : train;
}

void LossPlot::set_up_legend() {
    std::vector<LegendStrip::Entry> entries, meanings;
    const bool both = shows_train() && shows_validation();
    const bool one = !grouped() && shown_.size() == 1;
    const auto add = [&](const QString& text, int style_index, bool many) {
        LegendStrip::Entry entry;
        entry.text = text;
        entry.line = pen_of(style_index, many);
        if (shows_validation()) entry.marker = marker(style_index, style(), run_color(style_index, style()), many);
        entries.push_back(entry);
    };
    if (grouped()) {
        for (const ShownGroup& group : groups_)
            add(tr("%1 (n = %2)").arg(group.label, runs_text(group)), group.style_index, groups_.size() > most_thick);
    } else if (one) {
        const ShownRun& run = shown_.front();
        if (shows_train()) {
            add(tr("train"), run.style_index, false);
            entries.back().marker = QCPScatterStyle::ssNone;
        }
        if (shows_validation()) add(tr("validation"), run.style_index, false);
        if (both) entries.back().line = QPen(run_color(run.style_index, style()), style().thin_line_width);
    } else {
        for (const ShownRun& run : shown_)
            add(QString::fromStdString(run.curves->record().name()), run.style_index, shown_.size() > most_thick);
    }
    if (!one && both) {
        meanings.push_back({tr("train"), QPen(style().muted_ink, style().line_width)});
        meanings.push_back({tr("validation"), Qt::NoPen, marker(0, style(), style().muted_ink, false)});
    }
    if (grouped() && band() != GroupCurves::Band::none) {
        LegendStrip::Entry entry;
        entry.text =
            band() == GroupCurves::Band::deviation ? tr("mean ± standard deviation") : tr("mean and its 95 % interval");
        entry.swatch = style().faint(style().muted_ink, 0.4);
        meanings.push_back(entry);
    }
    if (left_out_ > 0) {
        LegendStrip::Entry entry;
        entry.text = tr("%n run(s) without this axis or unit", nullptr, int(left_out_));
        meanings.push_back(entry);
    }
    // What lines and markers mean must not be cut off with the end of a long list.
    const bool first = entries.size() > long_legend;
    std::vector<LegendStrip::Entry>& second_half = first ? entries : meanings;
    if (!second_half.empty()) second_half.front().heading = true;
    std::vector<LegendStrip::Entry> all = first ? std::move(meanings) : std::move(entries);
    for (LegendStrip::Entry& entry : second_half) all.push_back(std::move(entry));
    legend().set_entries(std::move(all));
}

void LossPlot::measure(Extent& positions, Extent& values) const {
    for (const ShownGroup& group : groups_)
        for (const GroupCurves* curves : {&group.train, &group.validation}) {
            if (curves->empty()) continue;
            positions.include(curves->curve().positions.front());
            positions.include(curves->curve().positions.back());
            values.include(curves->values());
        }
    if (grouped() && !single_runs_->isChecked() && !positions.empty()) return;
    for (const ShownRun& run : shown_) {
        const RunCurves& curves = *run.curves;
        if (shows_train()) {
            positions.include(curves.train().positions(curves.record()));
            values.include(shows_recorded() ? curves.train().pyramid().whole() : curves.smoothed_pyramid().whole());
        }
        if (shows_validation()) {
            positions.include(curves.validation().positions(curves.record()));
            values.include(curves.validation().pyramid().whole());
        }
    }
}

void LossPlot::fit_axes() {
    const bool log_loss = log_loss_->isChecked(), log_steps = log_steps_->isChecked();
    Extent steps, values;
    measure(steps, values);
    if (log_steps && !(steps.low > 0)) {
        // The first position that has a logarithm.
        double first = steps.high;
        for (const ShownRun& run : shown_)
            for (const CurveData& data : {run.curves->train_data(), run.curves->validation_data()}) {
                if (data.pyramid == &run.curves->train().pyramid() ? !shows_train() : !shows_validation()) continue;
                const auto found = std::upper_bound(data.keys.begin(), data.keys.end(), 0.0);
                if (found != data.keys.end()) first = std::min(first, *found * data.key_factor);
            }
        steps.low = first > 0 ? first : steps.high / 1000;
    }
    if (steps.empty()) steps = {log_steps ? 1.0 : 0.0, 1};
    if (log_loss && !(values.low > 0)) values.low = values.high > 0 ? values.high / 1000 : 0.1;
    if (values.empty()) values = {log_loss ? 0.1 : 0.0, 1};
    bool text_below = false;
    for (const ReferenceLines::Line& line : references_->lines()) {
        text_below = text_below || (line.text_below && line.value <= values.low);
        if (line.value > 0 || !log_loss) values.include(line.value);
    }
    double low = log_loss ? std::log10(values.low) : values.low;
    double high = log_loss ? std::log10(values.high) : values.high;
    const double size = std::max(high - low, 1e-3);
    low -= size * (text_below ? 0.14 : 0.05);  // room for the floor's name
    if (!log_loss && values.low >= 0) low = std::max(low, 0.0);
    high += size * 0.05;
    axes().axis(QCPAxis::atLeft)->setRange(log_loss ? std::pow(10, low) : low, log_loss ? std::pow(10, high) : high);
    QCPAxis* x = axes().axis(QCPAxis::atBottom);
    const double least = axis_kind() == TrainingAxis::step ? 1 : 1e-3 * std::max(std::abs(steps.high), 1e-3);
    if (steps.high - steps.low < least) steps.high = steps.low + least;
    if (log_steps)
        x->setRange(steps.low, steps.high * 1.03);
    else
        x->setRange(std::min(0.0, steps.low), steps.high + (steps.high - steps.low) * 0.015);
}

std::optional<double> LossPlot::key_of_step(std::int64_t step) const {
    for (const ShownRun& run : shown_)
        if (&run.curves->record() == focused_run()) return run.curves->scale().position(double(step));
    return std::nullopt;
}

std::int64_t LossPlot::step_of_key(double key) const {
    for (const ShownRun& run : shown_)
        if (&run.curves->record() == focused_run()) return std::llround(run.curves->scale().step_at(key));
    return std::llround(key);
}

namespace {

const Registration<PlotDescriptor> registration{{
    .id = "loss",
    .order = 1,
    .title = WAVLAB_TEXT("Loss"),
    .help = WAVLAB_TEXT(
        "Training and validation loss of the ticked runs: the mean of -ln p(next token), in nats per token (per "
        "character with the char tokenizer), or in bits per character or byte of the text. Faint: each step's training "
        "loss, for up to eight runs. Line: its "
        "exponential moving average over every step, debiased. Markers: validation loss on fixed windows. Groups: the "
        "mean over runs, a band or bars for its spread. Floor: the mean of -ln p of the validation text under the "
        "grammar that made it; none can be expected to be better. A cross at the upper edge marks a value that is not "
        "finite. Of every column of pixels the smallest and largest value are drawn, however many there are.\nDrag to "
        "move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.62,
    .several_runs = true,
    .make = [](QWidget* parent) -> Plot* { return new LossPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
