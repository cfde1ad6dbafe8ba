// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

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

/// Keeps the form's "what it will cost" up to date: data facts and device from a thread of their own, step time from a
/// few real steps, measured when the user has stopped typing, never while a run goes.
class CostEstimator : public QObject {
    Q_OBJECT

public:
    CostEstimator(ExperimentForm& form, Session& session, QObject* parent = nullptr);
    ~CostEstimator() override;

    /// The form has changed, or a run has begun or ended.
    void refresh();
    /// What `device = auto` would choose for the form's experiment; empty until it is known.
    const std::optional<DeviceChoice>& device() const { return device_; }
    /// Nothing is being measured or about to be.
    bool idle() const;

signals:
    /// The device or a problem of the data became known.
    void changed();

private:
    void ask_data(const Experiment& experiment);
    void ask_device(const Experiment& experiment);
    void show_data(const Experiment& experiment);
    void show_estimate(const Experiment& experiment);
    void show_time(const Experiment& experiment);
    void measure();
    std::string time_key(const Experiment& experiment) const;

    struct Measured {
        StepTime time;
        QString problem;
    };

    ExperimentForm& form_;
    Session& session_;
    std::map<std::string, DataFacts> data_;
    std::string data_asked_;
    std::atomic<std::uint64_t> data_request_{0};  ///< the newest; older ones that still wait are dropped
    std::map<std::string, Measured> times_;
    std::string measuring_;
    std::stop_source measurement_;
    std::optional<DeviceChoice> device_;
    QString device_problem_;
    std::string device_asked_;
    QTimer measure_timer_;
    BackgroundWorker data_worker_;
    BackgroundWorker measure_worker_;
};

}  // namespace wavlab
