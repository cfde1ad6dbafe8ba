// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QAbstractTableModel>
#include <QIcon>
#include <QString>

#include "views/plots/plot.h"
#include "views/run_summary.h"

namespace wavlab {

/// The runs as a table. Ticked runs are drawn. Knows runs by their folder; a run whose record is not open (yet) has its
/// summary only.
class RunsModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column {
        name,
        state,
        method,
        validation_loss,
        step,
        train_loss,
        speed,
        layers,
        dataset,
        started,
        column_count
    };
    enum Role {
        sort_role = Qt::UserRole + 1,  ///< a number or text to sort by
        folder_role,                   ///< QString
    };

    struct Row {
        RunSummary summary;
        std::shared_ptr<RunRecord> record;  ///< null until it is opened
        int style_index = 0;
        bool drawn = false;
        bool loading = false;
        QString problem;  ///< why it cannot be opened
    };

    explicit RunsModel(QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    const std::vector<Row>& rows() const { return rows_; }
    /// Null when there is no run of this folder.
    const Row* find(const std::filesystem::path& folder) const;
    int row_of(const std::filesystem::path& folder) const;

    /// Adds a run, or replaces what is known of it (not whether it is drawn, nor its style).
    void put(const RunSummary& summary, int style_index);
    void set_record(const std::filesystem::path& folder, std::shared_ptr<RunRecord> record);
    void set_loading(const std::filesystem::path& folder, bool loading);
    void set_problem(const std::filesystem::path& folder, const QString& problem);
    void set_drawn(const std::filesystem::path& folder, bool drawn);
    void remove(const std::filesystem::path& folder);

    /// The ticked runs whose records are open; the focused one, ticked or not, is among them and marked.
    std::vector<DrawnRun> drawn_runs(const std::filesystem::path& focus) const;

    /// Swatches follow the theme.
    void set_palette(const QPalette& palette, qreal device_pixel_ratio);

signals:
    /// The user ticked or unticked a run.
    void drawn_changed(const QString& folder, bool drawn);

private:
    QVariant display(const Row& row, int column) const;
    QVariant sort_value(const Row& row, int column) const;
    QString tip(const Row& row) const;
    QIcon swatch(int style_index) const;
    void changed(int row);

    std::vector<Row> rows_;
    std::shared_ptr<PlotStyle> style_;
    qreal pixel_ratio_ = 1;
};

/// "running", "finished", ... as the list and the status line say it.
QString state_text(RunState state);

}  // namespace wavlab
