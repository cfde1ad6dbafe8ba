// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/starting_points.h"

#include <algorithm>

#include <QStandardItemModel>
#include <QStyleOptionComboBox>
#include <QStylePainter>

namespace wavlab {

StartingPoints::StartingPoints(QWidget* parent) : QComboBox(parent) {
    setAccessibleName(tr("Start from: ready and recent experiments"));
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(8);
    setMaxVisibleItems(30);
    connect(this, &QComboBox::activated, this, [this](int index) {
        const QString id = itemData(index).toString();
        refill();  // until it has been read, the form is what it was
        if (!id.isEmpty()) emit chosen(id);
    });
    refill();
}

void StartingPoints::set_points(const QList<StartingPoint>& points) {
    points_ = points;
    refill();
}

void StartingPoints::show_origin(const FormOrigin& origin, bool changed) {
    if (origin_ == origin && changed_ == changed) return;
    origin_ = origin;
    changed_ = changed;
    refill();
}

void StartingPoints::refill() {
    const QSignalBlocker quiet(this);
    clear();
    const auto with_change = [this](const QString& title) { return changed_ ? tr("%1 (changed)").arg(title) : title; };
    const bool listed = std::any_of(points_.begin(), points_.end(),
                                    [this](const StartingPoint& point) { return point.id == origin_.id; });
    if (!listed) {
        const bool nothing = origin_.title.isEmpty();
        title_ = origin_.title;
        addItem(nothing ? tr("Choose an experiment…") : with_change(origin_.title), QString());
        setCurrentIndex(0);
    }
    QString group;
    for (const StartingPoint& point : points_) {
        if (point.group != group) {
            group = point.group;
            addItem(group);
            auto* heading = static_cast<QStandardItemModel*>(model())->item(count() - 1);
            heading->setFlags(Qt::NoItemFlags);
            QFont font = this->font();
            font.setWeight(QFont::DemiBold);
            heading->setFont(font);
        }
        const bool current = point.id == origin_.id;
        addItem(current ? with_change(point.title) : point.title, point.id);
        setItemData(count() - 1, point.help, Qt::ToolTipRole);
        if (current) {
            title_ = point.title;
            setCurrentIndex(count() - 1);
        }
    }
    QString help = tr("What the form was filled from. Choose another experiment to start from it; that can be undone.");
    if (changed_) help += QLatin1Char(' ') + tr("Choose the same one to take back your changes.");
    if (!currentText().isEmpty()) help.prepend(currentText() + QStringLiteral(".\n"));
    setToolTip(help);
    setAccessibleDescription(currentText());
}

void StartingPoints::paintEvent(QPaintEvent*) {
    QStylePainter painter(this);
    QStyleOptionComboBox option;
    initStyleOption(&option);
    painter.drawComplexControl(QStyle::CC_ComboBox, option);
    if (changed_ && !title_.isEmpty()) {
        // What is cut off is the title, not that it was changed.
        const int space =
            style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this).width() - 4;
        const QString marked = tr("%1 (changed)");
        const int rest = fontMetrics().horizontalAdvance(marked.arg(QString()));
        option.currentText = marked.arg(fontMetrics().elidedText(title_, Qt::ElideRight, space - rest));
    }
    painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

}  // namespace wavlab
