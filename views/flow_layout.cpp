// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/flow_layout.h"

#include <algorithm>

#include <QStyle>
#include <QWidget>

namespace wavlab {

FlowLayout::~FlowLayout() {
    for (QLayoutItem* item : items_) delete item;
}

void FlowLayout::addItem(QLayoutItem* item) { items_.push_back(item); }

QLayoutItem* FlowLayout::itemAt(int index) const {
    return index >= 0 && std::size_t(index) < items_.size() ? items_[std::size_t(index)] : nullptr;
}

QLayoutItem* FlowLayout::takeAt(int index) {
    QLayoutItem* item = itemAt(index);
    if (item) items_.erase(items_.begin() + index);
    return item;
}

int FlowLayout::heightForWidth(int width) const { return lay_out(QRect(0, 0, width, 0), false); }

QSize FlowLayout::minimumSize() const {
    QSize size;
    for (const QLayoutItem* item : items_)
        if (!item->isEmpty()) size = size.expandedTo(item->minimumSize());
    const QMargins margins = contentsMargins();
    return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom());
}

QSize FlowLayout::sizeHint() const {
    int width = 0, height = 0;
    for (const QLayoutItem* item : items_) {
        if (item->isEmpty()) continue;
        width += (width > 0 ? spacing() : 0) + item->sizeHint().width();
        height = std::max(height, item->sizeHint().height());
    }
    const QMargins margins = contentsMargins();
    return {width + margins.left() + margins.right(), height + margins.top() + margins.bottom()};
}

void FlowLayout::setGeometry(const QRect& area) {
    QLayout::setGeometry(area);
    lay_out(area, true);
}

int FlowLayout::lay_out(const QRect& area, bool apply) const {
    const QMargins margins = contentsMargins();
    const QRect inner = area.marginsRemoved(margins);
    int y = inner.top();
    std::size_t next = 0;
    while (next < items_.size()) {
        std::vector<QLayoutItem*> row;
        int used = 0, height = 0, growing = 0;
        for (; next < items_.size(); ++next) {
            QLayoutItem* item = items_[next];
            if (item->isEmpty()) continue;
            const int width = std::min(item->sizeHint().width(), inner.width());
            if (!row.empty() && used + spacing() + width > inner.width()) break;
            used += (row.empty() ? 0 : spacing()) + width;
            height = std::max(height, item->sizeHint().height());
            growing += item->expandingDirections().testFlag(Qt::Horizontal) ? 1 : 0;
            row.push_back(item);
        }
        if (row.empty()) break;
        if (y > inner.top()) y += spacing() / 2;
        int x = inner.left(), spare = std::max(0, inner.width() - used);
        for (QLayoutItem* item : row) {
            int width = std::min(item->sizeHint().width(), inner.width());
            if (item->expandingDirections().testFlag(Qt::Horizontal)) {
                const int share = spare / growing--;
                spare -= share;
                width = std::min(width + share, item->maximumSize().width());
            }
            const int tall = std::min(height, item->sizeHint().height());
            if (apply)
                item->setGeometry(QStyle::visualRect(parentWidget()->layoutDirection(), area,
                                                     QRect(x, y + (height - tall) / 2, width, tall)));
            x += width + spacing();
        }
        y += height;
    }
    return y - area.top() + margins.bottom();
}

}  // namespace wavlab
