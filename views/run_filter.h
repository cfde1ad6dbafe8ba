// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QSortFilterProxyModel>
#include <QString>
#include <QStringList>
#include <QTimer>

#include "views/runs_model.h"

namespace wavlab {

/// Which runs of the list are shown, as typed: words that stand in the run's name, method, data, tags or note, and
/// terms such as `method:wav layers:48 tag:paper state:finished loss<1.7 batch>=16`. A run must meet all of them; `-`
/// before one turns it round; quotes keep words together.
class RunFilter {
public:
    RunFilter() = default;
    /// `options`: dotted keys that runs have, for terms such as `seed:3`.
    RunFilter(const QString& text, const QStringList& options);

    bool matches(const RunsModel::Row& row) const;
    bool empty() const { return conditions_.empty(); }
    /// One sentence for each term that means nothing; the others count all the same.
    const QStringList& problems() const { return problems_; }

    /// What can be typed, for a tooltip (HTML).
    static QString help();

private:
    using Condition = std::function<bool(const RunsModel::Row&)>;
    Condition parse_term(const QString& key, const QString& sign, const QString& value, const QStringList& options);

    std::vector<Condition> conditions_;
    QStringList problems_;
};

/// The runs as they are shown: filtered, without the archived ones unless they are wanted, sorted by one column with
/// those last that have no value there.
class ShownRuns : public QSortFilterProxyModel {
    Q_OBJECT

public:
    ShownRuns(RunsModel& model, QObject* parent);

    void set_filter(const QString& text);
    const RunFilter& filter() const { return filter_; }
    void show_archived(bool shown);
    /// How many runs only the archive keeps from view.
    int hidden_by_archive() const;

signals:
    /// The filter was read anew, because runs brought an option that it names.
    void filter_read();

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QStringList known_options() const;
    void read_again();

    RunsModel& model_;
    RunFilter filter_;
    QString text_;         ///< of the filter
    QStringList options_;  ///< that were known when it was read
    QTimer read_again_;
    bool archived_ = false;
};

}  // namespace wavlab
