// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result_curves.h"
#include "views/canvas_plot.h"
#include "views/chart_parts.h"
#include "views/plots/results_parts.h"
#include "views/side_by_side.h"

class QCheckBox;
class QComboBox;
class QToolButton;

namespace wavlab {

/// The end results of the drawn runs by one numeric setting, a line for each method or value of another setting.
class ResultsPlot final : public CanvasPlot {
    Q_OBJECT

public:
    explicit ResultsPlot(QWidget* parent);
    ~ResultsPlot() override;

    QJsonObject state() const override;
    void set_state(const QJsonObject& state) override;
    QStringList notes() const override;
    std::vector<std::int64_t> shown_steps(const DrawnRun& run) const override;

protected:
    void rebuild() override;
    void refresh(const RecordChanges& changes) override;
    bool concerns(const RecordChanges& changes) const override { return changes.scalars || changes.state; }
    void forget() override;
    QString problem_of(const RunRecord& record) const override;
    QString invitation() const override;
    bool show_hover(const QPointF& position) override;
    void fit_axes() override;

private:
    enum class Band { deviation, interval, none, seeds };
    /// What a published result is of: it is drawn only where the axes mean this.
    struct PublishedOf {
        std::string quantity, x;
        std::string unit;      ///< of losses
        std::string baseline;  ///< of differences: the value of its setting
        friend bool operator==(const PublishedOf&, const PublishedOf&) = default;
    };
    /// As they are kept.
    static constexpr std::pair<const char*, std::string PublishedOf::*> published_keys[] = {
        {"quantity", &PublishedOf::quantity},
        {"by", &PublishedOf::x},
        {"unit", &PublishedOf::unit},
        {"baseline", &PublishedOf::baseline}};
    /// A result from elsewhere, which is never part of a line.
    struct Published {
        double x = 0, y = 0;
        QString label;
        PublishedOf of;
    };
    /// A run as it was read last, and by what it is seen that it must be read anew.
    struct KeptRun {
        std::shared_ptr<RunRecord> record;
        std::vector<double> signature;
        TableRun run;
    };
    struct Line {
        ResultCurve curve;  ///< a copy: results may be computed anew before they are drawn
        int style_index = 0;
        QString label;
        std::size_t place = 0;  ///< side by side with others; of those with points
    };

    void make_controls();
    QComboBox* add_choice(const char* name, const QString& title, const QString& help,
                          const std::vector<std::pair<QString, QString>>& choices);
    ResultQuantity quantity() const;
    bool of_losses() const;
    Band band() const;
    TableMoment moment() const;
    std::vector<std::string> line_keys() const;
    void load_published(const QJsonObject& state);

    /// What is drawn, computed anew when a run or a choice changed.
    const ResultCurves& results() const;
    bool read_runs() const;
    void update_choices();
    void update_baselines();
    bool is_number(const std::string& key) const;
    QString line_label(const std::vector<std::string>& keys, const std::vector<std::string>& values) const;

    void choose_lines();
    void set_up_axes();
    void set_up_references();
    void set_up_legend();
    void add_lines();
    void place_lines();
    void add_published();
    QString value_label() const;
    /// By what values are multiplied as they are drawn: bytes as MB or GB.
    double scale() const;
    QString value_text(double value, bool spread = false) const;
    QString spread_text(const ResultPoint& point) const;
    QString seeds_text(const ResultPoint& point) const;
    /// The ends of a point's error bar; nothing without one.
    std::optional<std::pair<double, double>> bar_of(const ResultPoint& point) const;
    /// The number of seeds, where all points have the same.
    std::optional<std::size_t> common_n() const;
    QString n_text(const ResultCurve& curve) const;
    PublishedOf published_now() const;
    std::vector<const Published*> shown_published() const;

    QComboBox* quantity_ = nullptr;
    QComboBox* x_ = nullptr;
    QComboBox* line_ = nullptr;
    QComboBox* baseline_ = nullptr;
    QComboBox* band_ = nullptr;
    QComboBox* at_ = nullptr;
    QComboBox* unit_ = nullptr;
    QCheckBox* log_x_ = nullptr;
    QToolButton* notes_ = nullptr;
    ReferenceLines* reference_lines_ = nullptr;
    QSharedPointer<PositionTicker> position_ticker_;
    std::shared_ptr<SideBySide> side_by_side_;
    std::string x_wanted_, line_wanted_, baseline_wanted_;  ///< as chosen, also while no run has it
    std::vector<Published> published_;
    QString published_problem_;
    std::vector<Line> lines_;
    std::vector<QCPItemText*> labels_;  ///< of what is published

    mutable std::vector<KeptRun> kept_;
    mutable ResultCurves curves_;
    mutable QString problem_;  ///< why there are none
    mutable bool stale_ = true;
    mutable int version_ = 0;  ///< of the curves
    int drawn_version_ = -1;
};

}  // namespace wavlab
