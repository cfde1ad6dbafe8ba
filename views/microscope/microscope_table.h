// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QWidget>

#include "views/microscope/microscope_state.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;
class QTableView;

namespace wavlab {

/// The slice as numbers: rows and columns as in the picture.
class TokenSliceModel : public QAbstractTableModel {
    Q_OBJECT

public:
    explicit TokenSliceModel(const MicroscopeState& state, QObject* parent = nullptr);

    /// The state has changed.
    void refresh();
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// The whole slice with its labels, tabs between columns.
    QString tsv() const;

private:
    QString column_label(std::size_t column) const;

    const MicroscopeState& state_;
    TokenSlice slice_;
    TokenScale scale_;
};

/// The text, a token a row: its loss, what it reads of the chosen source, and what the model expects after it.
class InspectedTokensModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { text, loss, value, pinned, first_next };

    explicit InspectedTokensModel(const MicroscopeState& state, QObject* parent = nullptr);

    void refresh();
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString display(std::size_t token, int column) const;

    const MicroscopeState& state_;
    int tokens_ = 0;
    int next_ = 0;
};

/// Everything that the picture shows, as tables with controls: for screens without OpenGL, and for who prefers numbers
/// and keys.
class MicroscopeTable : public QWidget {
    Q_OBJECT

public:
    explicit MicroscopeTable(MicroscopeState& state, QWidget* parent = nullptr);

    /// The state was changed elsewhere.
    void show_state();
    /// Why there is no picture; empty: nothing to say.
    void set_reason(const QString& reason);
    QString tsv() const { return slice_->tsv(); }

signals:
    /// The user chose something else here.
    void state_changed();

private:
    void build_controls(QWidget* parent);
    void build_tables();
    void show_choices();

    MicroscopeState& state_;
    TokenSliceModel* slice_;
    InspectedTokensModel* tokens_;
    QLabel* reason_;
    QComboBox* by_;
    QComboBox* router_;
    QComboBox* source_;
    QSpinBox* token_;
    QComboBox* quantity_;
    QDoubleSpinBox* threshold_;
    QCheckBox* own_scale_;
    QTableView* slice_view_;
    QTableView* tokens_view_;
    bool showing_ = false;
};

}  // namespace wavlab
