// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/dataset_preview.h"

#include <QComboBox>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/sample_text.h"

namespace wavlab {

namespace {

QLabel* add_label(QWidget* parent, const QString& name) {
    auto* label = new QLabel(parent);
    label->setObjectName(name);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

QPushButton* add_button(QWidget* parent, const QString& name, const QString& text, const QString& help) {
    auto* button = new QPushButton(text, parent);
    button->setObjectName(name);
    button->setToolTip(help);
    button->setAutoDefault(false);
    return button;
}

}  // namespace

DatasetPreview::DatasetPreview(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("dataset_preview"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 4, 4, 4);
    notice_ = new QLabel(this);
    notice_->setObjectName(QStringLiteral("dataset_preview.notice"));
    notice_->setTextFormat(Qt::PlainText);
    notice_->setWordWrap(true);
    notice_->setAlignment(Qt::AlignCenter);
    column->addWidget(notice_, 1);
    page_ = new QWidget(this);
    column->addWidget(page_, 1);
    auto* rows = new QVBoxLayout(page_);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(4);

    auto* top = new QHBoxLayout;
    parts_ = new QComboBox(page_);
    parts_->setObjectName(QStringLiteral("dataset_preview.part"));
    parts_->setAccessibleName(tr("Part of the text"));
    parts_->setToolTip(tr("Which part of the text is shown"));
    top->addWidget(parts_);
    facts_ = add_label(page_, QStringLiteral("dataset_preview.facts"));
    facts_->setAccessibleName(tr("What is in this part"));
    top->addWidget(facts_, 1);
    rows->addLayout(top);

    auto* split = new QSplitter(Qt::Horizontal, page_);
    split->setChildrenCollapsible(false);
    text_ = new QPlainTextEdit(split);
    text_->setObjectName(QStringLiteral("dataset_preview.text"));
    text_->setAccessibleName(tr("Beginning and middle of the text"));
    text_->setReadOnly(true);
    text_->setTabChangesFocus(true);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    auto* right = new QWidget(split);
    auto* right_rows = new QVBoxLayout(right);
    right_rows->setContentsMargins(0, 0, 0, 0);
    right_rows->setSpacing(2);
    histogram_ = new CharacterHistogram(right);
    right_rows->addWidget(histogram_, 1);
    histogram_note_ = add_label(right, QStringLiteral("dataset_preview.histogram_note"));
    histogram_note_->setEnabled(false);
    right_rows->addWidget(histogram_note_);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    rows->addWidget(split, 1);

    tokens_ = add_label(page_, QStringLiteral("dataset_preview.tokens"));
    tokens_->setAccessibleName(tr("Tokens"));
    rows->addWidget(tokens_);
    auto* bottom = new QHBoxLayout;
    count_ = add_button(page_, QStringLiteral("dataset_preview.count"), tr("Count all &characters"),
                        tr("Reads the whole part: it is large, so this takes a while"));
    count_tokens_ = add_button(page_, QStringLiteral("dataset_preview.count_tokens"), tr("Count &tokens"),
                               tr("Encodes the text with the tokenizer of the form. Those of large texts are kept, so "
                                  "that a run starts at once."));
    cancel_ = add_button(page_, QStringLiteral("dataset_preview.cancel"), tr("Stop"), tr("Stops the counting"));
    activity_ = new QLabel(page_);
    activity_->setObjectName(QStringLiteral("dataset_preview.activity"));
    activity_->setTextFormat(Qt::PlainText);
    progress_ = new QProgressBar(page_);
    progress_->setAccessibleName(tr("Progress"));
    progress_->setRange(0, 1000);
    progress_->setTextVisible(false);
    progress_->setMaximumWidth(140);
    bottom->addWidget(count_);
    bottom->addWidget(count_tokens_);
    bottom->addWidget(activity_);
    bottom->addWidget(progress_);
    bottom->addWidget(cancel_);
    bottom->addStretch(1);
    rows->addLayout(bottom);

    connect(parts_, &QComboBox::currentIndexChanged, this, [this] { emit part_chosen(part()); });
    connect(count_, &QPushButton::clicked, this, &DatasetPreview::count_wanted);
    connect(count_tokens_, &QPushButton::clicked, this, &DatasetPreview::tokens_wanted);
    connect(cancel_, &QPushButton::clicked, this, &DatasetPreview::cancel_wanted);
    show_notice({});
}

void DatasetPreview::show_notice(const QString& text) {
    notice_->setText(text);
    notice_->show();
    page_->hide();
    counting_ = encoding_ = false;
}

void DatasetPreview::set_parts(const QList<std::pair<QString, QString>>& parts) {
    const QString before = part();
    const QSignalBlocker blocker(parts_);
    parts_->clear();
    for (const auto& [key, title] : parts) parts_->addItem(title, key);
    parts_->setCurrentIndex(std::max(0, parts_->findData(before)));
    text_->clear();
    facts_->setText(tr("reading…"));
    histogram_->set_counts({}, 0);
    histogram_note_->clear();
    tokens_->clear();
    is_whole_ = tokens_known_ = counting_ = encoding_ = false;
    notice_->hide();
    page_->show();
    refresh_buttons();
}

QString DatasetPreview::part() const { return parts_->currentData().toString(); }

void DatasetPreview::show_facts(const TextFacts& facts) {
    QString text = facts.beginning;
    if (!facts.middle.isEmpty())
        text += QStringLiteral("\n\n") + tr("── from the middle ──") + QStringLiteral("\n\n") + facts.middle;
    text = visible_text(text);
    if (text_->toPlainText() != text) text_->setPlainText(text);
    QStringList known;
    if (facts.is_whole) {
        known.append(tr("%1 characters, %2 different ones")
                         .arg(count_text(double(facts.characters)), count_text(double(facts.different))));
        if (facts.documents) known.append(tr("%1 documents").arg(count_text(double(*facts.documents))));
    }
    known.append(tr("%1 bytes").arg(count_text(double(facts.bytes))));
    facts_->setText(known.join(QStringLiteral(", ")));
    histogram_->set_counts(facts.frequent, facts.characters);
    histogram_note_->setText(
        facts.is_whole
            ? tr("of all characters of this part")
            : tr("of %1 characters from its beginning and middle").arg(count_text(double(facts.characters))));
    is_whole_ = facts.is_whole;
    refresh_buttons();
}

void DatasetPreview::show_tokens(const TokenFacts& tokens) {
    tokens_known_ = tokens.train.has_value();
    if (tokens_known_) {
        QString text = tr("Tokens (%1): %2 to train on, %3 to validate on, %4 different ones")
                           .arg(tokens.tokenizer, count_text(double(*tokens.train)),
                                count_text(double(tokens.validation.value_or(0))),
                                count_text(double(tokens.vocabulary.value_or(0))));
        if (tokens.kept) text += tr("; kept on disk");
        tokens_->setText(text);
    } else {
        tokens_->setText(tr("Tokens (%1): not counted").arg(tokens.tokenizer));
    }
    refresh_buttons();
}

void DatasetPreview::show_counting(std::optional<double> fraction) {
    counting_ = fraction.has_value();
    if (counting_) {
        activity_->setText(tr("counting the characters"));
        progress_->setValue(int(1000 * *fraction));
    }
    refresh_buttons();
}

void DatasetPreview::show_encoding(const QString& activity, std::optional<double> fraction) {
    encoding_ = fraction.has_value();
    if (encoding_) {
        activity_->setText(activity);
        progress_->setValue(int(1000 * *fraction));
    }
    refresh_buttons();
}

void DatasetPreview::show_token_problem(const QString& problem) {
    tokens_->setText(problem);
    refresh_buttons();
}

void DatasetPreview::refresh_buttons() {
    const bool busy = counting_ || encoding_;
    const bool had_focus = count_->hasFocus() || count_tokens_->hasFocus();
    cancel_->setVisible(busy);
    activity_->setVisible(busy);
    progress_->setVisible(busy);
    if (busy && had_focus) cancel_->setFocus();
    count_->setVisible(!is_whole_ && !counting_);
    count_tokens_->setVisible(!tokens_known_ && !encoding_);
    count_->setEnabled(!encoding_);
}

}  // namespace wavlab
