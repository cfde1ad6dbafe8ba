// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/probe_choice.h"

#include <algorithm>

#include "core/probe_files.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "views/quantity_text.h"
#include "views/time_cursor.h"

namespace wavlab {

const std::vector<ProbeCache::Probe>& ProbeCache::of(const RunRecord& record) {
    std::error_code missing;
    const auto time = std::filesystem::last_write_time(record.folder() / "probes", missing);
    if (record.folder() == folder_ && time == time_) return probes_;
    folder_ = record.folder();
    time_ = time;
    probes_.clear();
    problem_.clear();
    if (missing) return probes_;
    KeptProbes kept = read_probes(RunFolder{folder_});
    for (ProbeResult& probe : kept.probes) probes_.push_back(std::make_shared<const ProbeResult>(std::move(probe)));
    for (const std::string& problem : kept.problems)
        problem_ += (problem_.isEmpty() ? QString() : QStringLiteral("\n")) + QString::fromStdString(problem);
    return probes_;
}

QString probe_key(const ProbeResult& probe) {
    return QStringLiteral("%1/%2/%3/%4/%5")
        .arg(probe.step)
        .arg(probe.windows)
        .arg(probe.zero.empty() ? QStringLiteral("families") : QStringLiteral("cells"),
             QString::fromStdString(probe.model), QString::fromStdString(probe.source));
}

QString probe_title(const ProbeResult& probe) {
    QString text = ProbePicker::tr("step %1, %2 windows of %3")
                       .arg(count_text(double(probe.step)), count_text(double(probe.windows)),
                            QString::fromStdString(probe.source));
    if (probe.zero.empty()) text += ProbePicker::tr(" (families only)");
    return text;
}

ProbeCache::Probe shown_probe(const std::vector<ProbeCache::Probe>& probes, std::optional<std::int64_t> wanted_step,
                              const QString& key) {
    std::vector<std::int64_t> steps;
    for (const ProbeCache::Probe& probe : probes) steps.push_back(probe->step);
    const std::optional<std::int64_t> step = recorded_step(steps, wanted_step);
    ProbeCache::Probe found;
    for (const ProbeCache::Probe& probe : probes) {
        if (!key.isEmpty() && probe_key(*probe) == key) return probe;
        // Single sources say more than families alone.
        if (probe->step == step && !(found && probe->zero.empty() && !found->zero.empty())) found = probe;
    }
    return found;
}

ProbePicker::ProbePicker(QWidget* parent) : QComboBox(parent) {
    setAccessibleName(tr("Probe"));
    setToolTip(tr("Which of the run's probes is shown"));
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(12);
    setVisible(false);
    connect(this, &QComboBox::activated, this, [this](int index) {
        key_ = itemData(index).toString();
        emit chosen();
    });
}

void ProbePicker::set_probes(const std::vector<ProbeCache::Probe>& probes) {
    QStringList keys;
    for (const auto& probe : probes) keys << probe_key(*probe);
    if (count() > 0 && keys == keys_) return;  // a list that is filled anew lays out the controls anew
    keys_ = keys;
    clear();
    addItem(tr("Of the shown step"), QString());
    for (auto probe = probes.rbegin(); probe != probes.rend(); ++probe) {
        addItem(probe_title(**probe), probe_key(**probe));
        setItemData(count() - 1, probe_title(**probe), Qt::ToolTipRole);
    }
    setVisible(probes.size() > 1);
    show_key();
}

void ProbePicker::set_key(const QString& key) {
    key_ = key;
    show_key();
}

void ProbePicker::show_key() { setCurrentIndex(std::max(0, findData(key_))); }

}  // namespace wavlab
