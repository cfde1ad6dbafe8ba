// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/evaluate_dialog.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/text_choice.h"

namespace wavlab {

EvaluateDialog::EvaluateDialog(const QString& what, std::int64_t usual_windows, std::int64_t whole_windows,
                               std::int64_t context, QWidget* parent)
    : QDialog(parent), whole_windows_(whole_windows), context_(context) {
    setObjectName(QStringLiteral("evaluate_dialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Evaluate %1").arg(what));
    auto* column = new QVBoxLayout(this);
    text_ = new TextChoice(QStringLiteral("evaluate"), this);
    column->addWidget(text_);

    auto* windows_row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Windows"), this);
    windows_ = new QSpinBox(this);
    windows_->setObjectName(QStringLiteral("evaluate.windows"));
    windows_->setAccessibleName(tr("Windows"));
    windows_->setRange(1, 1'000'000);
    windows_->setValue(int(std::clamp<std::int64_t>(whole_windows > 0 ? whole_windows : usual_windows, 1, 1'000'000)));
    windows_->setToolTip(tr("Pieces of %1 tokens each, spread evenly over the text. The run itself evaluates on %2.")
                             .arg(count_text(double(context)), count_text(double(usual_windows))));
    label->setBuddy(windows_);
    windows_row->addWidget(label);
    windows_row->addWidget(windows_);
    note_ = new QLabel(this);
    note_->setObjectName(QStringLiteral("evaluate.note"));
    note_->setEnabled(false);
    windows_row->addWidget(note_, 1);
    column->addLayout(windows_row);

    notice_ = new QLabel(this);
    notice_->setObjectName(QStringLiteral("evaluate.notice"));
    notice_->setWordWrap(true);
    notice_->hide();
    column->addWidget(notice_);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    start_ = buttons->addButton(tr("Evaluate"), QDialogButtonBox::AcceptRole);
    start_->setObjectName(QStringLiteral("evaluate.start"));
    start_->setDefault(true);
    column->addWidget(buttons);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(text_, &TextChoice::file_wanted, this, &EvaluateDialog::file_wanted);
    connect(text_, &TextChoice::changed, this, &EvaluateDialog::refresh);
    connect(windows_, &QSpinBox::valueChanged, this, &EvaluateDialog::refresh);
    refresh();
}

EvaluateChoice EvaluateDialog::choice() const {
    EvaluateChoice choice;
    choice.text = text_->file();
    choice.windows = windows_->value();
    return choice;
}

void EvaluateDialog::set_file(const QString& file) { text_->set_file(file); }

void EvaluateDialog::set_notice(const QString& text) {
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

void EvaluateDialog::refresh() {
    const QString problem = text_->problem();
    start_->setEnabled(problem.isEmpty());
    start_->setToolTip(problem);
    QString note = tr("%1 tokens").arg(count_text(double(windows_->value()) * double(context_)));
    if (!text_->is_file() && whole_windows_ > 0 && windows_->value() >= whole_windows_)
        note += tr(", the whole validation part");
    note_->setText(problem.isEmpty() ? note : problem);
}

}  // namespace wavlab
