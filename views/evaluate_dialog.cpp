// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/evaluate_dialog.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/theme.h"

namespace wavlab {

EvaluateDialog::EvaluateDialog(const QString& what, std::int64_t usual_windows, std::int64_t whole_windows,
                               std::int64_t context, QWidget* parent)
    : QDialog(parent), whole_windows_(whole_windows), context_(context) {
    setObjectName(QStringLiteral("evaluate_dialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Evaluate %1").arg(what));
    auto* column = new QVBoxLayout(this);
    validation_ = new QRadioButton(tr("The &validation part of its dataset"), this);
    validation_->setObjectName(QStringLiteral("evaluate.validation"));
    validation_->setChecked(true);
    column->addWidget(validation_);
    file_ = new QRadioButton(tr("A text &file"), this);
    file_->setObjectName(QStringLiteral("evaluate.file"));
    column->addWidget(file_);
    auto* file_row = new QHBoxLayout;
    file_row->setContentsMargins(24, 0, 0, 0);
    path_ = new QLineEdit(this);
    path_->setObjectName(QStringLiteral("evaluate.path"));
    path_->setAccessibleName(tr("Text file"));
    path_->setPlaceholderText(tr("Any UTF-8 text of characters that the model knows"));
    path_->setMinimumWidth(320);
    file_row->addWidget(path_, 1);
    auto* browse = new QToolButton(this);
    browse->setIcon(themed_icon(QStringLiteral("folder")));
    browse->setToolTip(tr("Choose a text file"));
    browse->setAccessibleName(browse->toolTip());
    file_row->addWidget(browse);
    column->addLayout(file_row);

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
    connect(browse, &QToolButton::clicked, this, &EvaluateDialog::file_wanted);
    connect(path_, &QLineEdit::textEdited, this, [this] { file_->setChecked(true); });
    connect(path_, &QLineEdit::textChanged, this, &EvaluateDialog::refresh);
    connect(file_, &QRadioButton::toggled, this, &EvaluateDialog::refresh);
    connect(windows_, &QSpinBox::valueChanged, this, &EvaluateDialog::refresh);
    refresh();
}

EvaluateChoice EvaluateDialog::choice() const {
    EvaluateChoice choice;
    if (file_->isChecked()) choice.text = path_->text().trimmed().toStdString();
    choice.windows = windows_->value();
    return choice;
}

void EvaluateDialog::set_file(const QString& file) {
    path_->setText(file);
    file_->setChecked(true);
}

void EvaluateDialog::set_notice(const QString& text) {
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

void EvaluateDialog::refresh() {
    QString problem;
    const QString path = path_->text().trimmed();
    if (file_->isChecked() && path.isEmpty())
        problem = tr("Choose a text file.");
    else if (file_->isChecked() && !QFileInfo(path).isFile())
        problem = tr("This file is not there.");
    start_->setEnabled(problem.isEmpty());
    start_->setToolTip(problem);
    QString note = tr("%1 tokens").arg(count_text(double(windows_->value()) * double(context_)));
    if (!file_->isChecked() && whole_windows_ > 0 && windows_->value() >= whole_windows_)
        note += tr(", the whole validation part");
    note_->setText(problem.isEmpty() ? note : problem);
}

}  // namespace wavlab
