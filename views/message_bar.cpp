// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/message_bar.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

#include "views/theme.h"

namespace wavlab {

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
    setObjectName(QStringLiteral("message_bar"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 4, 4, 4);
    icon_ = new QLabel(this);
    row->addWidget(icon_);
    label_ = new QLabel(this);
    label_->setTextFormat(Qt::PlainText);
    label_->setWordWrap(true);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    row->addWidget(label_, 1);
    close_ = new QToolButton(this);
    close_->setAutoRaise(true);
    close_->setIcon(themed_icon(QStringLiteral("close")));
    close_->setToolTip(tr("Close this message"));
    close_->setAccessibleName(tr("Close this message"));
    row->addWidget(close_);
    connect(close_, &QToolButton::clicked, this, [this] {
        clear();
        emit closed();
    });
}

void MessageBar::show_message(Kind kind, const QString& text) {
    kind_ = kind;
    const int side = fontMetrics().height() + 2;
    icon_->setPixmap(themed_icon(kind == Kind::problem ? QStringLiteral("warning") : QStringLiteral("info"))
                         .pixmap(QSize(side, side), devicePixelRatioF()));
    label_->setText(text);
    label_->setAccessibleName(text);
    setFixedHeight(sizeHint().height());
    update();
}

QSize MessageBar::sizeHint() const {
    const int width = window()->width();
    const int beside = icon_->sizeHint().width() + close_->sizeHint().width() + 50;
    const int text_height = label_->heightForWidth(std::max(100, width - beside));
    return {width / 2, std::max(text_height, close_->sizeHint().height()) + 8};
}

void MessageBar::clear() { label_->clear(); }

QString MessageBar::text() const { return label_->text(); }

void MessageBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    QColor color = kind_ == Kind::problem ? QColor(0xd5, 0x5e, 0x00) : QColor(0x00, 0x72, 0xb2);
    painter.fillRect(QRect(0, 0, 4, height()), color);
    color.setAlpha(38);
    painter.fillRect(rect(), color);
}

}  // namespace wavlab
