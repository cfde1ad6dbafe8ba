// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <QComboBox>
#include <QJsonObject>

#include "views/plots/plot.h"

namespace wavlab {

/// What a heatmap is compared with: nothing, another drawn run, or another step of the same run.
struct Comparison {
    enum class Kind { none, run, step };
    Kind kind = Kind::none;
    const RunRecord* run = nullptr;  ///< of Kind::run
    std::int64_t step = 0;           ///< of Kind::step
};

/// Chooses it. A run that was chosen and is not drawn now counts as none, and again once it is drawn.
class ComparisonPicker : public QComboBox {
    Q_OBJECT

public:
    /// `minus`: differences ("− run"), else ratios ("÷ run").
    explicit ComparisonPicker(bool minus, QWidget* parent = nullptr);

    /// What there is to choose from. `shown`: the step that is drawn, `first`: the first that is recorded.
    void set_choices(const std::vector<DrawnRun>& runs, const RunRecord* focused, std::optional<std::int64_t> first,
                     std::optional<std::int64_t> shown);
    Comparison comparison() const;
    /// The name of the run that was chosen, drawn or not; empty without one.
    const std::string& wanted_run() const { return wanted_run_; }

    /// `"against"` (a run's name) and `"against_step"` of a state.
    void save(QJsonObject& state) const;
    void load(const QJsonObject& state);

    void showPopup() override;

signals:
    void comparison_changed();

private:
    void offer();
    void choose(int index);

    bool minus_;
    std::string wanted_run_;
    std::optional<std::int64_t> wanted_step_;
    std::vector<std::shared_ptr<RunRecord>> others_;
    std::optional<std::int64_t> first_;
    std::optional<std::int64_t> shown_;
    QStringList offered_;
};

}  // namespace wavlab
