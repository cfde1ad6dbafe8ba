// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/text_choice.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QRadioButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/theme.h"

namespace wavlab {

TextChoice::TextChoice(const QString& name, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    validation_ = new QRadioButton(tr("The &validation part of its dataset"), this);
    validation_->setObjectName(name + QStringLiteral(".validation"));
    validation_->setChecked(true);
    column->addWidget(validation_);
    file_ = new QRadioButton(tr("A text &file"), this);
    file_->setObjectName(name + QStringLiteral(".file"));
    column->addWidget(file_);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(24, 0, 0, 0);
    path_ = new QLineEdit(this);
    path_->setObjectName(name + QStringLiteral(".path"));
    path_->setAccessibleName(tr("Text file"));
    path_->setPlaceholderText(tr("Any UTF-8 text of characters that the model knows"));
    path_->setMinimumWidth(320);
    row->addWidget(path_, 1);
    auto* browse = new QToolButton(this);
    browse->setIcon(themed_icon(QStringLiteral("folder")));
    browse->setToolTip(tr("Choose a text file"));
    browse->setAccessibleName(browse->toolTip());
    row->addWidget(browse);
    column->addLayout(row);
    connect(browse, &QToolButton::clicked, this, &TextChoice::file_wanted);
    connect(path_, &QLineEdit::textEdited, this, [this] { file_->setChecked(true); });
    connect(path_, &QLineEdit::textChanged, this, &TextChoice::changed);
    connect(file_, &QRadioButton::toggled, this, &TextChoice::changed);
}

bool TextChoice::is_file() const { return file_->isChecked(); }

std::filesystem::path TextChoice::file() const {
    return is_file() ? path_->text().trimmed().toStdString() : std::string();
}

void TextChoice::set_file(const QString& file) {
    path_->setText(file);
    file_->setChecked(true);
}

QString TextChoice::problem() const {
    const QString path = path_->text().trimmed();
    if (!is_file()) return {};
    if (path.isEmpty()) return tr("Choose a text file.");
    return QFileInfo(path).isFile() ? QString() : tr("This file is not there.");
}

}  // namespace wavlab
