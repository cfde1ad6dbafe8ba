// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/message_bar.h"

#include <algorithm>

#include <QAction>
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
    offer_ = new QToolButton(this);
    offer_->setObjectName(QStringLiteral("message_offer"));
    offer_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    offer_->hide();
    row->addWidget(offer_);
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

void MessageBar::show_message(Kind kind, const QString& text, QAction* offer) {
    kind_ = kind;
    if (QAction* before = offer_->defaultAction()) offer_->removeAction(before);
    if (offer) offer_->setDefaultAction(offer);
    offer_->setVisible(offer != nullptr);
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
    const int beside = icon_->sizeHint().width() + close_->sizeHint().width() + 50 +
                       (offer_->isHidden() ? 0 : offer_->sizeHint().width());
    const int text_height = label_->heightForWidth(std::max(100, width - beside));
    return {width / 2, std::max(text_height, close_->sizeHint().height()) + 8};
}

void MessageBar::clear() {
    label_->clear();
    offer_->hide();
}

QString MessageBar::text() const { return label_->text(); }

void MessageBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    QColor color = kind_ == Kind::problem ? QColor(0xd5, 0x5e, 0x00) : QColor(0x00, 0x72, 0xb2);
    painter.fillRect(QRect(0, 0, 4, height()), color);
    color.setAlpha(38);
    painter.fillRect(rect(), color);
}

}  // namespace wavlab
