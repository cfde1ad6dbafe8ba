// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/step_slider.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

namespace wavlab {

StepSlider::StepSlider(QWidget* parent)
    : QWidget(parent), slider_(new QSlider(Qt::Horizontal)), label_(new QLabel), follow_(new QToolButton) {
    slider_->setRange(0, 0);
    slider_->setMinimumWidth(60);
    slider_->setToolTip("The recorded step that is shown. Arrow keys go one record on or back.");
    slider_->setAccessibleName("Shown step");
    follow_->setText("Newest");
    follow_->setCheckable(true);
    follow_->setChecked(true);
    follow_->setToolTip("Show the newest record as it comes in");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(slider_, 1);
    row->addWidget(label_);
    row->addWidget(follow_);
    connect(slider_, &QSlider::valueChanged, this, [this](int index) {
        if (std::size_t(index) >= steps_.size()) return;
        following_ = false;
        wanted_ = steps_[std::size_t(index)];
        show_step();
        emit changed();
    });
    connect(follow_, &QToolButton::clicked, this, [this](bool on) {
        choose(on ? std::nullopt : step());
        emit changed();
    });
    show_step();
}

void StepSlider::set_steps(const std::vector<std::int64_t>& steps) {
    const bool grown = steps.size() > steps_.size() && (steps_.empty() || steps[steps_.size() - 1] == steps_.back());
    if (grown)
        steps_.insert(steps_.end(), steps.begin() + std::ptrdiff_t(steps_.size()), steps.end());
    else if (steps != steps_)
        steps_ = steps;
    else
        return;
    show_step();
}

std::size_t StepSlider::index_of(std::int64_t step) const {
    const auto after = std::upper_bound(steps_.begin(), steps_.end(), step);
    return after == steps_.begin() ? 0 : std::size_t(after - steps_.begin()) - 1;
}

std::optional<std::int64_t> StepSlider::step() const {
    if (steps_.empty()) return std::nullopt;
    return wanted_ ? steps_[index_of(*wanted_)] : steps_.back();
}

void StepSlider::choose(std::optional<std::int64_t> step) {
    wanted_ = step;
    following_ = !step;
    show_step();
}

void StepSlider::show_step() {
    const QSignalBlocker blocker(slider_);
    slider_->setRange(0, std::max(0, int(steps_.size()) - 1));
    const std::optional<std::int64_t> shown = step();
    slider_->setValue(shown ? int(index_of(*shown)) : 0);
    slider_->setEnabled(steps_.size() > 1);
    follow_->setChecked(following_);
    // As wide as the last step, so that the slider does not jump about.
    const QString widest = steps_.empty() ? QString("no step") : "step " + QString::number(steps_.back());
    label_->setMinimumWidth(label_->fontMetrics().horizontalAdvance(widest) + 2);
    label_->setText(shown ? "step " + QString::number(*shown) : widest);
}

}  // namespace wavlab
