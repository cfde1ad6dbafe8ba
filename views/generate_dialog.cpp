// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/generate_dialog.h"

#include <limits>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/sample_text.h"
#include "views/text_finder.h"
#include "views/theme.h"

namespace wavlab {

namespace {

constexpr int most_tokens = 100'000;

/// A spin box under its label.
template <class Box>
Box* add_number(QHBoxLayout* row, const QString& label, const QString& name, const QString& help) {
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    auto* title = new QLabel(label);
    auto* box = new Box;
    box->setObjectName(name);
    box->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    box->setToolTip(help);
    title->setBuddy(box);
    title->setToolTip(help);
    column->addWidget(title);
    column->addWidget(box);
    row->addLayout(column, 1);
    return box;
}

}  // namespace

GenerateDialog::GenerateDialog(QWidget* parent) : QDialog(parent) {
    setObjectName(QStringLiteral("generate_dialog"));
    setWindowTitle(tr("Generate text"));
    build();
    resize(640, 560);
    show_state({});
    enable();
}

QLabel* GenerateDialog::make_problem(const QString& name) {
    auto* label = new QLabel(this);
    label->setObjectName(name);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->hide();
    return label;
}

void GenerateDialog::build() {
    auto* column = new QVBoxLayout(this);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    auto* source_row = new QHBoxLayout;
    source_ = new QComboBox(this);
    source_->setObjectName(QStringLiteral("generate.source"));
    source_->setAccessibleName(tr("Checkpoint"));
    source_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    source_->setToolTip(tr("The checkpoint whose model continues the prompt"));
    source_row->addWidget(source_, 1);
    auto* file = new QToolButton(this);
    file->setIcon(themed_icon(QStringLiteral("folder")));
    file->setToolTip(tr("Choose a model file (.safetensors) that lies elsewhere"));
    file->setAccessibleName(tr("Choose a model file"));
    file->setFocusPolicy(Qt::TabFocus);
    source_row->addWidget(file);
    auto* source_label = new QLabel(tr("C&heckpoint"), this);
    source_label->setBuddy(source_);
    form->addRow(source_label, source_row);

    auto* prompt_column = new QVBoxLayout;
    prompt_column->setSpacing(2);
    prompt_field_ = new QPlainTextEdit(this);
    prompt_field_->setObjectName(QStringLiteral("generate.prompt"));
    prompt_field_->setAccessibleName(tr("Prompt"));
    prompt_field_->setToolTip(tr("How the text begins. Empty: it begins on a new line. Ctrl+Return generates."));
    prompt_field_->setTabChangesFocus(true);
    prompt_field_->setFixedHeight(3 * prompt_field_->fontMetrics().lineSpacing() + 14);
    prompt_column->addWidget(prompt_field_);
    prompt_problem_ = make_problem(QStringLiteral("generate.prompt_problem"));
    prompt_column->addWidget(prompt_problem_);
    auto* prompt_label = new QLabel(tr("&Prompt"), this);
    prompt_label->setBuddy(prompt_field_);
    form->addRow(prompt_label, prompt_column);
    column->addLayout(form);

    auto* numbers = new QHBoxLayout;
    temperature_ = add_number<QDoubleSpinBox>(
        numbers, tr("&Temperature"), QStringLiteral("generate.temperature"),
        tr("The model's logits are divided by it before the softmax: below 1 likely tokens become likelier. 0: always "
           "the likeliest token. 0 to 10."));
    temperature_->setRange(0, 10);
    temperature_->setSingleStep(0.1);
    temperature_->setDecimals(2);
    temperature_->setValue(0.8);
    top_k_ = add_number<QSpinBox>(numbers, tr("Top-&k"), QStringLiteral("generate.top_k"),
                                  tr("Each token is drawn among the k likeliest only. 0: among all."));
    top_k_->setRange(0, 1'000'000);
    top_k_->setSpecialValueText(tr("all"));
    tokens_ = add_number<QSpinBox>(numbers, tr("T&okens"), QStringLiteral("generate.tokens"),
                                   tr("How many tokens are drawn after the prompt: 1 to %1.").arg(most_tokens));
    tokens_->setRange(1, most_tokens);
    tokens_->setValue(300);
    seed_ = add_number<QSpinBox>(numbers, tr("&Seed"), QStringLiteral("generate.seed"),
                                 tr("The same seed with the same settings gives the same text."));
    seed_->setRange(0, std::numeric_limits<int>::max());
    seed_->setValue(1);
    column->addLayout(numbers);

    notice_ = new QLabel(this);
    notice_->setObjectName(QStringLiteral("generate.notice"));
    notice_->setWordWrap(true);
    notice_->hide();
    column->addWidget(notice_);
    problem_ = make_problem(QStringLiteral("generate.problem"));
    column->addWidget(problem_);

    output_ = new QTextEdit(this);
    output_->setObjectName(QStringLiteral("generate.output"));
    output_->setAccessibleName(tr("Generated text"));
    output_->setReadOnly(true);
    output_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    output_->setUndoRedoEnabled(false);
    output_->setTabChangesFocus(true);
    output_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    output_->setPlaceholderText(tr("The text appears here as it is drawn."));
    column->addWidget(output_, 1);

    auto* state_row = new QHBoxLayout;
    finder_ = new TextFinder(this);
    finder_->set_views({output_});
    state_row->addWidget(finder_, 1);
    state_ = new QLabel(this);
    state_->setObjectName(QStringLiteral("generate.state"));
    state_row->addWidget(state_);
    progress_ = new QProgressBar(this);
    progress_->setTextVisible(false);
    progress_->setFixedWidth(120);
    progress_->setAccessibleName(tr("Progress"));
    state_row->addWidget(progress_);
    column->addLayout(state_row);

    auto* buttons = new QHBoxLayout;
    copy_ = new QPushButton(tr("&Copy"), this);
    copy_->setObjectName(QStringLiteral("generate.copy"));
    copy_->setToolTip(tr("Copies the prompt and its continuation"));
    buttons->addWidget(copy_);
    buttons->addStretch(1);
    auto* close = new QPushButton(tr("Close"), this);
    buttons->addWidget(close);
    generate_ = new QPushButton(this);
    generate_->setObjectName(QStringLiteral("generate.start"));
    generate_->setDefault(true);
    buttons->addWidget(generate_);
    column->addLayout(buttons);
    for (QPushButton* button : {copy_, close}) button->setAutoDefault(false);

    connect(file, &QToolButton::clicked, this, &GenerateDialog::file_wanted);
    connect(prompt_field_, &QPlainTextEdit::textChanged, prompt_problem_, &QWidget::hide);
    connect(source_, &QComboBox::currentIndexChanged, this, [this] {
        prompt_problem_->hide();
        problem_->hide();
        enable();
    });
    connect(copy_, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(generate_, &QPushButton::clicked, this, &GenerateDialog::press);
}

void GenerateDialog::set_sources(const QList<GenerateSource>& sources, const std::filesystem::path& wanted) {
    const QString kept = source_->currentData().toString();
    const QString choice = wanted.empty() ? kept : QString::fromStdString(wanted.string());
    source_->clear();
    for (const GenerateSource& source : sources)
        source_->addItem(source.title, QString::fromStdString(source.model.string()));
    const int index = source_->findData(choice);
    source_->setCurrentIndex(index >= 0 ? index : source_->count() > 0 ? 0 : -1);
    enable();
}

GenerateSettings GenerateDialog::settings() const {
    return {source_->currentData().toString().toStdString(),
            prompt_field_->toPlainText(),
            tokens_->value(),
            temperature_->value(),
            top_k_->value(),
            std::uint64_t(seed_->value())};
}

void GenerateDialog::set_prompt(const QString& prompt) { prompt_field_->setPlainText(prompt); }

void GenerateDialog::focus_prompt() { prompt_field_->setFocus(Qt::OtherFocusReason); }

void GenerateDialog::set_notice(const QString& text) {
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

void GenerateDialog::press() {
    if (running_)
        emit stop_wanted();
    else if (source_->currentIndex() >= 0)
        emit start_wanted(settings());
}

void GenerateDialog::begin() {
    running_ = true;
    prompt_ = prompt_field_->toPlainText();
    continuation_.clear();
    drawn_ = 0;
    decoder_.resetState();
    since_.start();
    prompt_problem_->hide();
    problem_->hide();
    progress_->setRange(0, tokens_->value());
    progress_->setValue(0);
    show_text();
    show_state(tr("reading the model…"));
    enable();
}

void GenerateDialog::append(const QByteArray& bytes, std::int64_t tokens) {
    if (!running_) return;
    const QString piece = decoder_(bytes);
    if (drawn_ == 0 && tokens > 0) since_.restart();  // reading the model is no drawing
    drawn_ = tokens;
    continuation_ += piece;
    add_text(piece);
    progress_->setValue(int(tokens));
    const double seconds = double(since_.elapsed()) / 1000;
    const QString speed = seconds > 0.3 ? tr(", %1 a second").arg(count_text(double(tokens) / seconds)) : QString();
    show_state(tr("%1 of %2 tokens%3").arg(count_text(double(tokens)), count_text(progress_->maximum()), speed));
}

void GenerateDialog::finish(bool stopped) {
    running_ = false;
    const QString count = count_text(double(drawn_));
    show_state(stopped ? tr("stopped after %1 tokens").arg(count) : tr("%1 tokens").arg(count));
    finder_->refresh();
    enable();
}

void GenerateDialog::fail(const QString& message, bool wrong_prompt) {
    running_ = false;
    show_state({});
    QLabel* label = wrong_prompt ? prompt_problem_ : problem_;
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, error_color(colors));
    label->setPalette(colors);
    // The model side's sentences begin small and end without a full stop.
    QString sentence = message;
    if (!sentence.isEmpty()) sentence[0] = sentence[0].toUpper();
    label->setText(sentence.endsWith(QLatin1Char('.')) ? sentence : sentence + QLatin1Char('.'));
    label->show();
    if (drawn_ == 0) {
        prompt_.clear();
        output_->clear();
    }
    if (wrong_prompt) prompt_field_->setFocus();
    enable();
}

void GenerateDialog::show_state(const QString& text) {
    state_->setText(text);
    state_->setVisible(!text.isEmpty());
    progress_->setVisible(running_);
}

void GenerateDialog::enable() {
    generate_->setText(running_ ? tr("&Stop") : tr("&Generate"));
    generate_->setEnabled(running_ || source_->currentIndex() >= 0);
    generate_->setToolTip(source_->currentIndex() >= 0 ? QString() : tr("No checkpoint is there to generate from."));
    copy_->setEnabled(!text().isEmpty());
}

void GenerateDialog::show_text() {
    output_->clear();
    QTextCursor cursor(output_->document());
    insert_sample(cursor, prompt_, continuation_, palette());
}

void GenerateDialog::add_text(const QString& text) {
    QScrollBar* bar = output_->verticalScrollBar();
    const bool at_end = bar->value() >= bar->maximum() - 4;
    QTextCursor cursor(output_->document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(visible_text(text), continuation_format(palette()));
    if (at_end) bar->setValue(bar->maximum());
    copy_->setEnabled(true);
}

void GenerateDialog::changeEvent(QEvent* event) {
    QDialog::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && output_) show_text();
}

void GenerateDialog::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Find)) {
        finder_->start();
        return;
    }
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && event->modifiers() & Qt::ControlModifier) {
        if (!running_) press();
        return;
    }
    QDialog::keyPressEvent(event);
}

void GenerateDialog::done(int result) {
    if (running_) emit stop_wanted();
    QDialog::done(result);
}

}  // namespace wavlab
