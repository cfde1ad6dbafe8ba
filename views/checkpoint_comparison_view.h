// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include <QDialog>
#include <QList>

#include "core/checkpoint_comparison.h"
#include "core/run_record.h"

class QAbstractItemModel;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QTabWidget;
class QTableView;

namespace wavlab {

class RoutingChangesModel;
class TensorChangesModel;
struct RoutingChange;

/// A checkpoint that can be compared.
struct ComparedCheckpoint {
    QString title;  ///< "wav-12, step 300"
    std::filesystem::path model;
    std::shared_ptr<RunRecord> record;  ///< of its run; may be null: then only tensors are compared
    std::int64_t step = 0;
};

/// What the recorded routing frames nearest at or before two steps say; `problem` why nothing can be said.
struct RoutingComparison {
    std::vector<RoutingChange> changes;
    std::int64_t first_step = 0;  ///< of the frames
    std::int64_t second_step = 0;
    QString problem;
};
RoutingComparison compare_routing(const ComparedCheckpoint& first, const ComparedCheckpoint& second);

/// Two checkpoints compared: every tensor's norm and change, mean routing weights, losses. Does not stop the window.
/// Whoever holds it compares the model files when `compare_wanted` comes, and tells by `set_result` or `fail`.
class CheckpointComparisonView : public QDialog {
    Q_OBJECT

public:
    explicit CheckpointComparisonView(QWidget* parent = nullptr);

    void set_checkpoints(const QList<ComparedCheckpoint>& checkpoints, const std::filesystem::path& first,
                         const std::filesystem::path& second);
    void show_working();
    void set_result(const CheckpointComparison& comparison);
    void fail(const QString& message);
    /// The table in front as CSV.
    QString csv() const;

signals:
    void compare_wanted(const std::filesystem::path& first, const std::filesystem::path& second);
    /// The routing of these two steps is to be seen as a heatmap.
    void heatmap_wanted(const ComparedCheckpoint& first, const ComparedCheckpoint& second);

private:
    void build();
    void build_chooser(QLayout* column);
    QTableView* add_table(QSortFilterProxyModel*& sorted, QAbstractItemModel& model, int sort_column,
                          const QString& name, const QString& title);
    const ComparedCheckpoint* chosen(const QComboBox* box) const;
    void compare();
    void show_losses();
    void show_routing();
    void swap();

    QList<ComparedCheckpoint> checkpoints_;
    QComboBox* first_;
    QComboBox* second_;
    QLabel* whole_;
    QLabel* losses_;
    QLabel* problem_;
    QLabel* routing_note_;
    QLineEdit* filter_;
    QTabWidget* tabs_;
    TensorChangesModel* tensors_;
    RoutingChangesModel* routing_;
    QSortFilterProxyModel* sorted_tensors_ = nullptr;
    QSortFilterProxyModel* sorted_routing_ = nullptr;
};

}  // namespace wavlab
