// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <QCompleter>
#include <QStringList>

namespace wavlab {

/// "wav-*, standard-12-s1" as names and patterns; spaces around commas do not count.
std::vector<std::string> split_run_names(const QString& text);
QString join_run_names(const std::vector<std::string>& names);

/// Completes the last of several names.
class RunNamesCompleter : public QCompleter {
    Q_OBJECT

public:
    /// `names`: asked for whenever something is completed.
    RunNamesCompleter(std::function<QStringList()> names, QObject* parent);

    QString pathFromIndex(const QModelIndex& index) const override;
    QStringList splitPath(const QString& path) const override;

private:
    std::function<QStringList()> names_;
};

}  // namespace wavlab
