// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/own_text_dialog.h"

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/theme.h"

namespace wavlab {

namespace {

constexpr const char* field_names[] = {"name", "path", "json_field", "separator", "validation"};

}  // namespace

OwnTextDialog::OwnTextDialog(Check check, QWidget* parent) : QDialog(parent), check_(std::move(check)) {
    setObjectName(QStringLiteral("own_text_dialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Add my own text"));
    auto* column = new QVBoxLayout(this);
    auto* note =
        new QLabel(tr("Makes a dataset of a file or of all files of a folder: .txt and .jsonl, also compressed "
                      "(.gz, .zst, .xz, .bz2), .zip, .tar. Your files stay as they are."),
                   this);
    note->setWordWrap(true);
    column->addWidget(note);
    auto* grid = new QGridLayout;
    grid->setColumnStretch(1, 1);
    column->addLayout(grid);
    add_line(*grid, name, tr("&Name"), tr("What the dataset is called in experiments: a-z, 0-9, '-', '_' and '.'"),
             tr("my-stories"));
    add_line(*grid, path, tr("&File or folder"), tr("The text; the files of a folder are taken in the order of names"),
             {});
    add_chooser(*grid, path, 2, QStringLiteral("text"), tr("Choose a file"));
    add_chooser(*grid, path, 3, QStringLiteral("folder"), tr("Choose a folder"));
    add_line(*grid, json_field, tr("&JSON field"),
             tr("Of files with one JSON object a line (.jsonl): the field that holds the text"),
             tr("only for .jsonl files"));
    add_line(*grid, separator, tr("Document &separator"),
             tr("What stands between documents: \\n is a line end, \\t a tab. The text is cut for validation there."),
             tr("a blank line"))
        .edit->setText(QStringLiteral("\\n\\n"));
    add_line(*grid, validation, tr("&Validation file"),
             tr("What is validated on. Without one it is the last tenth of the text."), tr("the last tenth"));
    add_chooser(*grid, validation, 2, QStringLiteral("text"), tr("Choose a validation file"));

    activity_ = new QLabel(this);
    activity_->setObjectName(QStringLiteral("own_text.activity"));
    activity_->setTextFormat(Qt::PlainText);
    activity_->setWordWrap(true);
    column->addWidget(activity_);
    progress_ = new QProgressBar(this);
    progress_->setAccessibleName(tr("Progress"));
    progress_->setTextVisible(false);
    column->addWidget(progress_);
    column->addStretch(1);
    auto* buttons = new QDialogButtonBox(this);
    add_ = buttons->addButton(tr("Add"), QDialogButtonBox::AcceptRole);
    add_->setObjectName(QStringLiteral("own_text.add"));
    add_->setDefault(true);
    cancel_ = buttons->addButton(QDialogButtonBox::Cancel);
    cancel_->setObjectName(QStringLiteral("own_text.cancel"));
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &OwnTextDialog::add_wanted);
    connect(buttons, &QDialogButtonBox::rejected, this, [this] {
        if (working_)
            emit cancel_wanted();
        else
            reject();
    });
    resize(600, 0);
    set_working(false);
}

OwnTextDialog::Line& OwnTextDialog::add_line(QGridLayout& grid, Field field, const QString& label, const QString& help,
                                             const QString& placeholder) {
    Line& line = lines_[field];
    const int row = 2 * int(field);
    auto* title = new QLabel(label, this);
    title->setToolTip(help);
    line.edit = new QLineEdit(this);
    line.edit->setObjectName(QStringLiteral("own_text.%1").arg(QLatin1String(field_names[field])));
    line.edit->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    line.edit->setToolTip(help);
    line.edit->setPlaceholderText(placeholder);
    title->setBuddy(line.edit);
    line.problem = new QLabel(this);
    line.problem->setObjectName(QStringLiteral("own_text.%1.problem").arg(QLatin1String(field_names[field])));
    line.problem->setTextFormat(Qt::PlainText);
    line.problem->setWordWrap(true);
    QPalette palette = line.problem->palette();
    palette.setColor(QPalette::WindowText, error_color(palette));
    line.problem->setPalette(palette);
    grid.addWidget(title, row, 0);
    grid.addWidget(line.edit, row, 1);
    grid.addWidget(line.problem, row + 1, 1, 1, 3);
    connect(line.edit, &QLineEdit::textChanged, this, [this, field] {
        lines_[field].touched = true;
        refresh();
    });
    return line;
}

QToolButton* OwnTextDialog::add_chooser(QGridLayout& grid, Field field, int column, const QString& icon,
                                        const QString& help) {
    auto* button = new QToolButton(this);
    button->setIcon(themed_icon(icon));
    button->setToolTip(help);
    button->setAccessibleName(help);
    grid.addWidget(button, 2 * int(field), column);
    const bool folder = icon == QLatin1String("folder");
    connect(button, &QToolButton::clicked, this, [this, field, folder] {
        if (folder)
            emit folder_wanted(field);
        else
            emit file_wanted(field);
    });
    choosers_.append(button);
    return button;
}

OwnText OwnTextDialog::text() const {
    const auto of = [this](Field field) { return lines_[field].edit->text(); };
    return {of(name).trimmed(), of(path).trimmed(), of(json_field).trimmed(), of(separator), of(validation).trimmed()};
}

void OwnTextDialog::set_path(Field field, const QString& path) { lines_[field].edit->setText(path); }

void OwnTextDialog::refresh() {
    if (!add_) return;  // while the dialog is made
    if (working_) return;
    const Problems problems = check_(text());
    QString first;
    for (std::size_t i = 0; i < field_count; ++i) {
        if (first.isEmpty()) first = problems[i];
        // A field that nobody has filled in yet is not wrong, only missing.
        const bool shown = lines_[i].touched && !problems[i].isEmpty();
        lines_[i].problem->setText(shown ? problems[i] : QString());
        lines_[i].problem->setVisible(shown);
        lines_[i].edit->setAccessibleDescription(shown ? problems[i] : QString());
    }
    add_->setEnabled(first.isEmpty());
    add_->setToolTip(first);
}

void OwnTextDialog::set_working(bool working) {
    working_ = working;
    for (const Line& line : lines_) line.edit->setEnabled(!working);
    for (QWidget* chooser : choosers_) chooser->setEnabled(!working);
    activity_->setVisible(working);
    progress_->setVisible(working);
    add_->setEnabled(!working);
    refresh();
}

void OwnTextDialog::show_work(const QString& text, double fraction) {
    if (!working_) set_working(true);
    activity_->setText(text);
    progress_->setRange(0, fraction < 0 ? 0 : 1000);
    progress_->setValue(int(1000 * fraction));
}

void OwnTextDialog::show_failure(Field field, const QString& problem) {
    set_working(false);
    lines_[field].problem->setText(problem);
    lines_[field].problem->show();
    lines_[field].edit->setAccessibleDescription(problem);
    lines_[field].edit->setFocus();
}

void OwnTextDialog::show_stopped() { set_working(false); }

}  // namespace wavlab
