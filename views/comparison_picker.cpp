// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/comparison_picker.h"

#include <algorithm>

#include <QAbstractItemView>
#include <QScreen>
#include <QSignalBlocker>

namespace wavlab {

namespace {

constexpr int none_item = 0, step_item = 1, pin_item = 2, first_run_item = 3;

}  // namespace

ComparisonPicker::ComparisonPicker(bool minus, QWidget* parent) : QComboBox(parent), minus_(minus) {
    setSizeAdjustPolicy(QComboBox::AdjustToContents);
    setMinimumWidth(56);
    setMaximumWidth(130);  // names of runs are long; the list shows them whole
    setAccessibleName(tr("Compare with"));
    setToolTip(minus ? tr("The difference to another ticked run or to another step of this run: red is more here, blue "
                          "is less. Where only one of two runs has a router or source there is a stroke.")
                     : tr("The ratio to another ticked run or to another step of this run: red is more here, blue is "
                          "less. Where only one of two runs has a sublayer there is a stroke."));
    connect(this, &QComboBox::activated, this, &ComparisonPicker::choose);
    offer();
}

void ComparisonPicker::set_choices(const std::vector<DrawnRun>& runs, const RunRecord* focused,
                                   std::optional<std::int64_t> first, std::optional<std::int64_t> shown) {
    others_.clear();
    for (const DrawnRun& run : runs)
        if (run.record.get() != focused) others_.push_back(run.record);
    first_ = first;
    shown_ = shown;
    offer();
}

void ComparisonPicker::offer() {
    const QString sign = minus_ ? QStringLiteral("\u2212") : QStringLiteral("\u00f7");
    const std::int64_t step = wanted_step_.value_or(first_.value_or(0));
    QStringList items{tr("No comparison"), tr("%1 step %2").arg(sign).arg(step), tr("%1 the shown step").arg(sign)};
    int current = wanted_step_ ? int(step_item) : int(none_item);
    for (std::size_t i = 0; i < others_.size(); ++i) {
        const std::string name = others_[i]->name();
        if (!wanted_run_.empty() && name == wanted_run_) current = first_run_item + int(i);
        items << tr("%1 run %2").arg(sign, QString::fromStdString(name));
    }
    const QSignalBlocker blocker(this);
    if (items != offered_) {
        offered_ = items;
        clear();
        addItems(items);
        for (int i = 0; i < count(); ++i) setItemData(i, items[i], Qt::ToolTipRole);
        setItemData(pin_item, tr("Keeps the step that is shown now, to compare others with it"), Qt::ToolTipRole);
    }
    setCurrentIndex(current);
}

void ComparisonPicker::choose(int index) {
    wanted_run_.clear();
    if (index == none_item) wanted_step_.reset();
    if (index == step_item) wanted_step_ = wanted_step_.value_or(first_.value_or(0));
    if (index == pin_item) wanted_step_ = shown_.value_or(0);
    if (index >= first_run_item && std::size_t(index - first_run_item) < others_.size()) {
        wanted_step_.reset();
        wanted_run_ = others_[std::size_t(index - first_run_item)]->name();
    }
    offer();
    emit comparison_changed();
}

void ComparisonPicker::showPopup() {
    const int most = screen() ? screen()->availableSize().width() / 2 : 600;
    view()->setMinimumWidth(std::min(view()->sizeHintForColumn(0) + 24, most));
    QComboBox::showPopup();
}

Comparison ComparisonPicker::comparison() const {
    if (wanted_step_) return {Comparison::Kind::step, nullptr, *wanted_step_};
    for (const auto& other : others_)
        if (!wanted_run_.empty() && other->name() == wanted_run_) return {Comparison::Kind::run, other.get(), 0};
    return {};
}

void ComparisonPicker::save(QJsonObject& state) const {
    if (!wanted_run_.empty()) state["against"] = QString::fromStdString(wanted_run_);
    if (wanted_step_) state["against_step"] = qint64(*wanted_step_);
}

void ComparisonPicker::load(const QJsonObject& state) {
    wanted_run_ = state["against"].toString().toStdString();
    wanted_step_.reset();
    if (wanted_run_.empty() && state.contains("against_step"))
        wanted_step_ = std::int64_t(state["against_step"].toDouble());
    offer();
}

}  // namespace wavlab
