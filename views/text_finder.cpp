// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/text_finder.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QTextBlock>
#include <QTextEdit>

#include "views/theme.h"

namespace wavlab {

namespace {

/// More are neither marked nor counted.
constexpr int most_places = 2000;

}  // namespace

TextFinder::TextFinder(QWidget* parent) : QWidget(parent), field_(new QLineEdit(this)), count_(new QLabel(this)) {
    field_->setObjectName(QStringLiteral("find_field"));
    field_->setPlaceholderText(tr("Find in text"));
    field_->setAccessibleName(tr("Find in text"));
    field_->setToolTip(
        tr("Marks every place where this text stands (Ctrl+F). Return goes to the next, Shift+Return "
           "to the one before, Escape clears."));
    field_->setClearButtonEnabled(true);
    field_->setMinimumWidth(80);
    field_->installEventFilter(this);
    count_->setObjectName(QStringLiteral("find_count"));
    count_->hide();
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(field_, 1);
    row->addWidget(count_);
    setFocusProxy(field_);
    connect(field_, &QLineEdit::textChanged, this, [this] {
        current_ = -1;
        refresh();
        if (!places_.isEmpty()) go(1);
    });
}

void TextFinder::set_views(const QList<QTextEdit*>& views) {
    for (QTextEdit* view : views_)
        if (!views.contains(view)) view->setExtraSelections({});
    views_ = views;
    refresh();
}

void TextFinder::start() {
    field_->setFocus(Qt::ShortcutFocusReason);
    field_->selectAll();
}

void TextFinder::refresh() {
    places_.clear();
    const QString wanted = field_->text();
    for (QTextEdit* view : views_) {
        QList<QTextEdit::ExtraSelection> marks;
        QTextCharFormat mark;
        mark.setBackground(is_dark(palette()) ? QColor(0x7a5c00u) : QColor(0xffe08au));
        QTextCursor place = wanted.isEmpty() ? QTextCursor() : view->document()->find(wanted);
        while (!place.isNull() && places_.size() < most_places) {
            marks.append({place, mark});
            places_.append({view, place.selectionStart(), place.selectionEnd()});
            place = view->document()->find(wanted, place);
        }
        view->setExtraSelections(marks);
    }
    if (current_ >= places_.size()) current_ = -1;
    count_->setVisible(!wanted.isEmpty());
    if (places_.isEmpty())
        count_->setText(tr("none"));
    else if (current_ < 0)
        count_->setText(QString::number(places_.size()));
    else
        count_->setText(tr("%1 of %2").arg(current_ + 1).arg(places_.size()));
}

void TextFinder::go(int direction) {
    if (places_.isEmpty()) return;
    const int count = int(places_.size());
    current_ = current_ < 0 ? (direction > 0 ? 0 : count - 1) : (current_ + direction + count) % count;
    const Place& place = places_[current_];
    QTextCursor cursor(place.view->document());
    cursor.setPosition(place.from);
    cursor.setPosition(place.to, QTextCursor::KeepAnchor);
    place.view->setTextCursor(cursor);
    place.view->ensureCursorVisible();
    count_->setText(tr("%1 of %2").arg(current_ + 1).arg(count));
}

bool TextFinder::eventFilter(QObject* watched, QEvent* event) {
    if (watched == field_ && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            go(key->modifiers() & Qt::ShiftModifier ? -1 : 1);
            return true;
        }
        if (key->key() == Qt::Key_Escape && !field_->text().isEmpty()) {
            field_->clear();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace wavlab
