// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/run_names.h"

#include <QLineEdit>
#include <QStringListModel>

namespace wavlab {

std::vector<std::string> split_run_names(const QString& text) {
    std::vector<std::string> names;
    for (const QString& one : text.split(QLatin1Char(',')))
        if (const QString name = one.trimmed(); !name.isEmpty()) names.push_back(name.toStdString());
    return names;
}

QString join_run_names(const std::vector<std::string>& names) {
    QStringList texts;
    for (const std::string& name : names) texts.append(QString::fromStdString(name));
    return texts.join(QStringLiteral(", "));
}

RunNamesCompleter::RunNamesCompleter(std::function<QStringList()> names, QObject* parent)
    : QCompleter(parent), names_(std::move(names)) {
    setModel(new QStringListModel(this));
    setCaseSensitivity(Qt::CaseInsensitive);
    setFilterMode(Qt::MatchContains);
    setMaxVisibleItems(12);
}

QStringList RunNamesCompleter::splitPath(const QString& path) const {
    auto* model = static_cast<QStringListModel*>(this->model());
    if (const QStringList names = names_(); names != model->stringList()) model->setStringList(names);
    return {path.mid(path.lastIndexOf(QLatin1Char(',')) + 1).trimmed()};
}

QString RunNamesCompleter::pathFromIndex(const QModelIndex& index) const {
    const QString name = QCompleter::pathFromIndex(index);
    const auto* line = qobject_cast<const QLineEdit*>(widget());
    if (!line) return name;
    const qsizetype comma = line->text().lastIndexOf(QLatin1Char(','));
    return comma < 0 ? name : line->text().left(comma + 1) + QLatin1Char(' ') + name;
}

}  // namespace wavlab
