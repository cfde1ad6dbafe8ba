// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QAbstractTableModel>
#include <QIcon>
#include <QString>
#include <QStringList>

#include "core/run_annotations.h"
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
        tags,
        train_loss,
        best_loss,
        speed,
        layers,
        dataset,
        note,
        started,
        bits_per_character,
        bits_per_byte,
        column_count  ///< of these; columns of chosen options follow
    };
    enum Role {
        sort_role = Qt::UserRole + 1,  ///< a number or text to sort by; invalid where there is none
        folder_role,                   ///< QString
    };

    struct Row {
        RunSummary summary;
        RunAnnotations annotations;
        std::shared_ptr<RunRecord> record;  ///< null until it is opened
        int style_index = 0;
        bool drawn = false;
        bool loading = false;
        QString problem;              ///< why it cannot be opened
        QString annotations_problem;  ///< why its tags and note cannot be read
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
    /// Adds runs that are not there yet, at once.
    void add(std::vector<Row> rows);
    void set_annotations(const std::filesystem::path& folder, const RunAnnotations& annotations,
                         const QString& problem = {});
    void set_record(const std::filesystem::path& folder, std::shared_ptr<RunRecord> record);
    void set_loading(const std::filesystem::path& folder, bool loading);
    void set_problem(const std::filesystem::path& folder, const QString& problem);
    void set_drawn(const std::filesystem::path& folder, bool drawn);
    /// As if the user had ticked or unticked all of them: `drawn_changed` tells those that are new to it, at once.
    void draw(const std::vector<std::filesystem::path>& folders, bool drawn);
    void remove(const std::filesystem::path& folder);

    /// Dotted keys of the options that have columns of their own, in their order.
    const QStringList& option_columns() const { return option_columns_; }
    void set_option_columns(const QStringList& keys);
    /// Options that differ between the runs, or that only some of them have; those that have a column of the model
    /// itself are left out.
    QStringList differing_options() const;
    /// Every tag of any run, sorted.
    QStringList all_tags() const;

    /// The ticked runs whose records are open; the focused one, ticked or not, is among them and marked.
    std::vector<DrawnRun> drawn_runs(const std::filesystem::path& focus) const;

    /// Swatches follow the theme.
    void set_palette(const QPalette& palette, qreal device_pixel_ratio);

signals:
    /// The user ticked or unticked runs.
    void drawn_changed(const QStringList& folders, bool drawn);

private:
    QVariant display(const Row& row, int column) const;
    QVariant sort_value(const Row& row, int column) const;
    QString tip(const Row& row) const;
    QIcon swatch(int style_index) const;
    void changed(int row);

    std::vector<Row> rows_;
    QStringList option_columns_;
    std::shared_ptr<PlotStyle> style_;
    qreal pixel_ratio_ = 1;
};

/// The value of one option of a run; null when it has none, or when it is not known.
const OptionValue* option_of(const RunSummary& run, const std::string& dotted_key);

/// "running", "finished", ... as the list and the status line say it.
QString state_text(RunState state);

}  // namespace wavlab
