// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_labels_dialog.h"

#include <algorithm>
#include <iterator>

#include <QCompleter>
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QStringListModel>
#include <QTextDocument>
#include <QVBoxLayout>

namespace wavlab {

namespace {

/// Completes the word that is being typed, not the whole line.
class TagCompleter : public QCompleter {
public:
    using QCompleter::QCompleter;
    QString pathFromIndex(const QModelIndex& index) const override {
        const QString line = static_cast<QLineEdit*>(widget())->text();
        return line.left(line.lastIndexOf(QLatin1Char(' ')) + 1) + QCompleter::pathFromIndex(index);
    }
    QStringList splitPath(const QString& path) const override {
        return {path.mid(path.lastIndexOf(QLatin1Char(' ')) + 1)};
    }
};

std::vector<std::string> tags_of_all(const std::vector<RunAnnotations>& runs) {
    std::vector<std::string> common = runs.empty() ? std::vector<std::string>() : runs.front().tags;
    for (const RunAnnotations& run : runs) {
        std::vector<std::string> both;
        std::set_intersection(common.begin(), common.end(), run.tags.begin(), run.tags.end(), std::back_inserter(both));
        common = std::move(both);
    }
    return common;
}

}  // namespace

RunLabelsDialog::RunLabelsDialog(const QString& title, const std::vector<RunAnnotations>& now, const QStringList& known,
                                 Part first, QWidget* parent)
    : QDialog(parent), common_tags_(tags_of_all(now)) {
    setObjectName(QStringLiteral("run_labels_dialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(title);
    auto* column = new QVBoxLayout(this);
    auto* tags_label = new QLabel(tr("&Tags"), this);
    tags_ = new QLineEdit(QString::fromStdString(tags_text(common_tags_)), this);
    tags_->setObjectName(QStringLiteral("run_labels.tags"));
    tags_->setAccessibleName(tr("Tags"));
    tags_->setPlaceholderText(tr("Words, such as: paper, 48-layers"));
    tags_->setToolTip(now.size() > 1
                          ? tr("Words between commas or spaces. These are the tags that all of the runs have; "
                               "what only some of them have stays.")
                          : tr("Words between commas or spaces."));
    auto* completer = new TagCompleter(new QStringListModel(known, this), this);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    tags_->setCompleter(completer);
    tags_label->setBuddy(tags_);
    column->addWidget(tags_label);
    column->addWidget(tags_);

    auto* note_label = new QLabel(tr("&Note"), this);
    note_ = new QPlainTextEdit(this);
    note_->setObjectName(QStringLiteral("run_labels.note"));
    note_->setAccessibleName(tr("Note"));
    note_->setTabChangesFocus(true);
    const bool alike =
        std::all_of(now.begin(), now.end(), [&](const RunAnnotations& run) { return run.note == now.front().note; });
    if (alike && !now.empty()) note_->setPlainText(QString::fromStdString(now.front().note));
    if (!alike) note_->setPlaceholderText(tr("The runs have different notes. What is written here replaces them."));
    note_->document()->setModified(false);
    note_label->setBuddy(note_);
    column->addWidget(note_label);
    column->addWidget(note_, 1);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel, this);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    resize(460, 300);
    if (first == Part::tags)
        tags_->setFocus();
    else
        note_->setFocus();
}

std::function<void(RunAnnotations&)> RunLabelsDialog::change() const {
    const std::vector<std::string> wanted = parse_tags(tags_->text().toStdString());
    const bool note_changed = note_->document()->isModified();
    return [common = common_tags_, wanted, note_changed,
            note = note_->toPlainText().toStdString()](RunAnnotations& annotations) {
        std::vector<std::string> others, tags;
        std::set_difference(annotations.tags.begin(), annotations.tags.end(), common.begin(), common.end(),
                            std::back_inserter(others));
        std::set_union(others.begin(), others.end(), wanted.begin(), wanted.end(), std::back_inserter(tags));
        annotations.tags = std::move(tags);
        if (note_changed) annotations.note = note;
    };
}

}  // namespace wavlab
