// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <QObject>
#include <QString>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/data_facts.h"
#include "core/experiment.h"
#include "model/model_library.h"

namespace wavlab {

class ExperimentForm;
class Session;

/// What the time of a step depends on: experiments of one shape take the same.
struct StepShape {
    std::string key;
    Experiment experiment;  ///< one of them
    double work = 0;        ///< FLOP a step
};
/// `vocabulary`: number of tokens.
StepShape step_shape(const Experiment& experiment, std::int64_t vocabulary);

/// How long a whole run takes.
struct RunTime {
    std::optional<double> seconds;  ///< nothing while it is not known
    bool is_scaled = false;         ///< from a similar run that was measured, by its work
};

/// Keeps the form's "what it will cost" up to date: data facts and device from a thread of their own, step time from a
/// few real steps, measured when the user has stopped typing, never while a run goes.
class CostEstimator : public QObject {
    Q_OBJECT

public:
    CostEstimator(ExperimentForm& form, Session& session, QObject* parent = nullptr);
    ~CostEstimator() override;

    /// The form has changed, or a run has begun or ended.
    void refresh();
    /// Datasets may be others than before: what is known of them is looked up anew.
    void forget_data() { data_.clear(); }
    /// What `device = auto` would choose for the form's experiment; empty until it is known.
    const std::optional<DeviceChoice>& device() const { return device_; }
    /// Different tokens of the experiment's text, or what is usual while that is not known.
    std::int64_t vocabulary_of(const Experiment& experiment) const;
    /// Shapes to measure in the place of the form's experiment: those of a sweep. Within a limit of time; what is left
    /// is scaled from the others. Empty: the form's experiment again.
    void set_shapes(std::vector<StepShape> shapes);
    /// The time of one run of the sweep, by its shape.
    RunTime time_of(const StepShape& shape, const TrainSettings& train) const;
    /// Why the sweep's times are not all known; empty when nothing more will come.
    QString shapes_status() const;
    /// Tells when something else computes on the device, so that nothing can be measured.
    void set_busy(std::function<bool()> busy) { busy_ = std::move(busy); }
    /// Nothing is being measured or about to be.
    bool idle() const;

signals:
    /// A time of the sweep's became known, or will not.
    void times_changed();
    /// The device or a problem of the data became known.
    void changed();

private:
    void ask_data(const Experiment& experiment);
    void ask_device(const Experiment& experiment);
    void show_data(const Experiment& experiment);
    void show_estimate(const Experiment& experiment);
    void show_time(const Experiment& experiment);
    void measure();
    bool is_busy() const;
    bool is_wanted(const std::string& key) const;
    std::optional<StepShape> next_shape() const;

    struct Measured {
        StepTime time;
        QString problem;
    };
    const Measured* neighbour(const StepShape& shape, double& ratio) const;

    ExperimentForm& form_;
    Session& session_;
    std::map<std::string, DataFacts> data_;
    std::string data_asked_;
    std::atomic<std::uint64_t> data_request_{0};  ///< the newest; older ones that still wait are dropped
    std::map<std::string, Measured> times_;
    std::string measuring_;
    std::vector<StepShape> shapes_;  ///< in the order in which they are measured
    double spent_seconds_ = 0;       ///< measuring the present shapes
    std::function<bool()> busy_;
    std::stop_source measurement_;
    std::optional<DeviceChoice> device_;
    QString device_problem_;
    std::string device_asked_;
    QTimer measure_timer_;
    BackgroundWorker data_worker_;
    BackgroundWorker measure_worker_;
};

}  // namespace wavlab
