// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <QComboBox>
#include <QString>
#include <QStringList>

#include "core/probe.h"

namespace wavlab {

class RunRecord;

/// The probes that a run keeps in its folder, as views show them: read again only when there are others.
class ProbeCache {
public:
    using Probe = std::shared_ptr<const ProbeResult>;

    /// By step.
    const std::vector<Probe>& of(const RunRecord& record);
    /// Why some of those that `of` was asked for last cannot be read, a sentence a line; empty when all could.
    const QString& problem() const { return problem_; }
    void forget() { folder_.clear(); }

private:
    std::filesystem::path folder_;
    std::filesystem::file_time_type time_{};  ///< of the folder that they are in, when it was read
    std::vector<Probe> probes_;
    QString problem_;
};

/// Tells a probe from the others of its run; stays the same over restarts.
QString probe_key(const ProbeResult& probe);
/// "step 300, 64 windows of the validation part of stories".
QString probe_title(const ProbeResult& probe);
/// The probe with this key, else the last one of the step that views show for the wanted one; null without any.
ProbeCache::Probe shown_probe(const std::vector<ProbeCache::Probe>& probes, std::optional<std::int64_t> wanted_step,
                              const QString& key);

/// Chooses one of several probes of a run, or that of the step which all views show (the first entry).
class ProbePicker : public QComboBox {
    Q_OBJECT

public:
    explicit ProbePicker(QWidget* parent = nullptr);
    /// Hidden where there is nothing to choose. What is chosen stays chosen, also while it is not there.
    void set_probes(const std::vector<ProbeCache::Probe>& probes);
    /// Empty: that of the step.
    const QString& key() const { return key_; }
    void set_key(const QString& key);

signals:
    void chosen();

private:
    void show_key();

    QString key_;
    QStringList keys_;  ///< of the probes that are listed
};

}  // namespace wavlab
