// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include <QDialog>
#include <QList>
#include <QString>

#include "core/source.h"

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace wavlab {

class TextChoice;

/// What of a checkpoint is to be probed.
struct ProbeChoice {
    std::filesystem::path model;
    std::filesystem::path text;  ///< empty: the validation part of its dataset
    std::int64_t windows = 0;
    bool cells = true;  ///< every source at every router; else families of sources only
};

/// A checkpoint that can be probed.
struct ProbedCheckpoint {
    QString title;
    std::filesystem::path model;
};

/// What the estimate of the work needs to know of the run.
struct ProbedRun {
    QString name;
    RoutingLayout layout;
    std::int64_t bands = 3;          ///< of depth, in which families are removed
    std::int64_t usual_windows = 1;  ///< on which the run evaluates
    std::int64_t context = 1;        ///< tokens a window
    std::int64_t batch = 1;          ///< windows a forward pass
};

/// About how many forward passes a probe takes: one for each removal and batch.
std::int64_t probe_passes(const ProbedRun& run, std::int64_t windows, bool cells);

/// Asks which checkpoint to probe, and how. Does not stop the window; `accepted` when the user has chosen.
class ProbeDialog : public QDialog {
    Q_OBJECT

public:
    /// `checkpoints`: at least one. `wanted`: the model that is chosen first.
    ProbeDialog(const ProbedRun& run, const QList<ProbedCheckpoint>& checkpoints, const std::filesystem::path& wanted,
                QWidget* parent = nullptr);
    ProbeChoice choice() const;
    void set_file(const QString& file);
    /// Something to know beforehand.
    void set_notice(const QString& text);

signals:
    void file_wanted();

private:
    void refresh();

    ProbedRun run_;
    QComboBox* checkpoint_;
    QComboBox* what_;
    QSpinBox* windows_;
    TextChoice* text_;
    QLabel* note_;
    QLabel* notice_;
    QPushButton* start_;
};

}  // namespace wavlab
