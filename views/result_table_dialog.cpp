// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/result_table_dialog.h"

#include <algorithm>
#include <limits>

#include <QCheckBox>
#include <QComboBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QSpinBox>
#include <QSplitter>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

#include "views/result_table_model.h"

namespace wavlab {

namespace {

const QString no_baseline = QStringLiteral("none");

/// A table whose cells are small and whose keys lead out of it.
void make_plain(QTableView& view) {
    view.setShowGrid(false);
    view.setAlternatingRowColors(true);
    view.setWordWrap(false);
    view.setTabKeyNavigation(false);
    view.setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view.verticalHeader()->hide();
    view.verticalHeader()->setDefaultSectionSize(view.fontMetrics().height() + 7);
    view.horizontalHeader()->setHighlightSections(false);
}

template <class Widget>
Widget* named(Widget* widget, const QString& label, const char* name, const QString& help, QFormLayout& form) {
    widget->setObjectName(QLatin1String(name));
    widget->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    widget->setToolTip(help);
    form.addRow(label, widget);
    return widget;
}

/// Shrinks with the column that it stands in.
QComboBox* narrow_choice(QWidget* parent) {
    auto* choice = new QComboBox(parent);
    choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    choice->setMinimumContentsLength(10);
    return choice;
}

}  // namespace

QString format_title(const TableWriter& writer) {
    const QString id = QString::fromLatin1(writer.id);
    if (id == QLatin1String("latex")) return QStringLiteral("LaTeX");
    return id == QLatin1String("markdown") ? QStringLiteral("Markdown") : id.toUpper();
}

ResultTableDialog::ResultTableDialog(QWidget* parent)
    : QDialog(parent),
      settings_(new TableSettingsModel(this)),
      model_(new ResultTableModel(this)),
      soon_(new QTimer(this)) {
    setObjectName(QStringLiteral("result_table_dialog"));
    setWindowTitle(tr("Table of results"));
    setAttribute(Qt::WA_DeleteOnClose);
    soon_->setSingleShot(true);
    connect(soon_, &QTimer::timeout, this, &ResultTableDialog::table_wanted);
    auto* column = new QVBoxLayout(this);
    auto* sides = new QSplitter(Qt::Horizontal, this);
    sides->setChildrenCollapsible(false);
    sides->addWidget(make_controls());
    sides->addWidget(make_result());
    sides->setStretchFactor(0, 0);
    sides->setStretchFactor(1, 1);
    column->addWidget(sides, 1);
    column->addLayout(make_buttons());
    connect_choices();
    const QSize screen = this->screen()->availableSize();
    const int letter = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    resize(std::min(150 * letter, screen.width() - 40), std::min(46 * fontMetrics().height(), screen.height() - 60));
    sides->setSizes({44 * letter, 106 * letter});
}

QWidget* ResultTableDialog::make_controls() {
    auto* area = new QScrollArea(this);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* page = new QWidget(area);
    auto* form = new QFormLayout(page);
    form->setContentsMargins(0, 0, 6, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    runs_ = named(narrow_choice(page), tr("&Runs"), "result_table.runs", tr("Whose results the table has"), *form);

    settings_view_ = new QTableView(page);
    make_plain(*settings_view_);
    settings_view_->setObjectName(QStringLiteral("result_table.settings"));
    settings_view_->setAccessibleName(tr("Settings that make rows and columns"));
    settings_view_->setModel(settings_);
    settings_view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    settings_view_->setSelectionMode(QAbstractItemView::SingleSelection);
    QHeaderView* header = settings_view_->horizontalHeader();
    header->setSectionResizeMode(TableSettingsModel::setting, QHeaderView::Stretch);
    header->setSectionResizeMode(TableSettingsModel::row_tick, QHeaderView::ResizeToContents);
    header->setSectionResizeMode(TableSettingsModel::column_tick, QHeaderView::ResizeToContents);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    settings_view_->setMinimumHeight(8 * (fontMetrics().height() + 7));
    form->addRow(settings_view_);

    values_ = new QListWidget(page);
    values_->setObjectName(QStringLiteral("result_table.values"));
    values_->setAccessibleName(tr("Values"));
    values_->setToolTip(tr("The recorded numbers that the table shows"));
    values_->setFixedHeight(5 * (fontMetrics().height() + 6));
    auto* values_label = new QLabel(tr("&Values"), page);
    values_label->setBuddy(values_);
    form->addRow(values_label, values_);
    add_what(*form);
    add_how(*form);
    area->setWidget(page);
    area->setMinimumWidth(34 * fontMetrics().horizontalAdvance(QLatin1Char('0')));
    return area;
}

void ResultTableDialog::add_what(QFormLayout& form) {
    QWidget* page = form.parentWidget();
    moment_ = named(narrow_choice(page), tr("&At"), "result_table.moment",
                    tr("At which step of each run the values are taken"), form);
    moment_->addItem(tr("the last step"), int(TableMoment::Kind::last));
    moment_->addItem(tr("the smallest validation loss"), int(TableMoment::Kind::best));
    moment_->addItem(tr("a step"), int(TableMoment::Kind::step));
    step_ =
        named(new QSpinBox(page), tr("S&tep"), "result_table.step",
              tr("The step at which the values are taken; runs without a value there are named below the table"), form);
    step_->setRange(0, std::numeric_limits<int>::max());
    step_->setSingleStep(100);
    step_->setGroupSeparatorShown(true);
    step_->setEnabled(false);
    unit_ = named(narrow_choice(page), tr("&Unit"), "result_table.unit",
                  tr("Of losses. Automatic: nats per token, or bits per character where tokenizers differ"), form);
    unit_->addItem(tr("automatic"));
    unit_->addItem(tr("nats per token"), int(LossUnit::nats_per_token));
    unit_->addItem(tr("bits per character"), int(LossUnit::bits_per_character));
    unit_->addItem(tr("bits per byte"), int(LossUnit::bits_per_byte));
    baseline_ = named(narrow_choice(page), tr("Compared &with"), "result_table.baseline",
                      tr("The rows that others are compared with, by pairs of runs with the same seed. Automatic: the "
                         "method standard, where the rows have it"),
                      form);
    baseline_->addItem(tr("automatic"), QString());
    baseline_->addItem(tr("nothing"), no_baseline);
}

void ResultTableDialog::add_how(QFormLayout& form) {
    QWidget* page = form.parentWidget();
    spread_ = named(narrow_choice(page), tr("S&pread"), "result_table.spread", tr("Of means over seeds"), form);
    spread_->addItem(tr("± standard deviation"), int(TableSpread::deviation));
    spread_->addItem(tr("± half of the 95% interval"), int(TableSpread::interval));
    spread_->addItem(tr("none"), int(TableSpread::none));
    digits_ = named(new QSpinBox(page), tr("&Digits"), "result_table.digits", tr("Of losses, after the point"), form);
    digits_->setRange(1, 9);
    cost_ = new QCheckBox(tr("Parameters, speed and m&emory"), page);
    cost_->setObjectName(QStringLiteral("result_table.cost"));
    cost_->setToolTip(tr("What the results cost stands beside them"));
    form.addRow(cost_);
    set_style({});
}

QWidget* ResultTableDialog::make_result() {
    auto* side = new QWidget(this);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(6, 0, 0, 0);
    notice_ = new QLabel(side);
    notice_->setObjectName(QStringLiteral("result_table.notice"));
    notice_->setTextFormat(Qt::PlainText);
    notice_->setWordWrap(true);
    notice_->hide();
    column->addWidget(notice_);
    auto* parts = new QSplitter(Qt::Vertical, side);
    parts->setChildrenCollapsible(false);
    column->addWidget(parts, 1);

    view_ = new QTableView(parts);
    make_plain(*view_);
    view_->setObjectName(QStringLiteral("result_table.preview"));
    view_->setAccessibleName(tr("The table"));
    view_->setModel(model_);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    const auto add_text = [&](const char* name, const QString& title) {
        auto* text = new QPlainTextEdit(parts);
        text->setObjectName(QLatin1String(name));
        text->setAccessibleName(title);
        text->setReadOnly(true);
        text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        text->setTabChangesFocus(true);
        return text;
    };
    notes_ = add_text("result_table.notes", tr("Notes below the table"));
    text_ = add_text("result_table.text", tr("The file's text"));
    text_->setLineWrapMode(QPlainTextEdit::NoWrap);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    parts->setSizes({300, 90, 230});
    for (int i = 0; i < parts->count(); ++i) parts->setStretchFactor(i, i == 1 ? 0 : 1);
    return side;
}

QLayout* ResultTableDialog::make_buttons() {
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Format"), this);
    format_ = new QComboBox(this);
    format_->setObjectName(QStringLiteral("result_table.format"));
    format_->setAccessibleName(tr("Format"));
    format_->setToolTip(tr("Of the text and of the file"));
    for (const TableWriter& writer : table_writers()) {
        format_->addItem(
            tr("%1 (%2)", "format and ending of its files").arg(format_title(writer), QLatin1String(writer.extension)),
            QString::fromLatin1(writer.id));
    }
    label->setBuddy(format_);
    said_ = new QLabel(this);
    said_->setObjectName(QStringLiteral("result_table.said"));
    said_->setTextFormat(Qt::PlainText);
    said_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    copy_ = new QPushButton(tr("&Copy"), this);
    copy_->setObjectName(QStringLiteral("result_table.copy"));
    copy_->setToolTip(tr("Copies the text"));
    save_ = new QPushButton(tr("&Save…"), this);
    save_->setObjectName(QStringLiteral("result_table.save"));
    save_->setToolTip(tr("Writes the text as a file, with where its numbers come from in it or beside it"));
    auto* close = new QPushButton(tr("C&lose"), this);
    close->setObjectName(QStringLiteral("result_table.close"));
    row->addWidget(label);
    row->addWidget(format_);
    row->addWidget(said_, 1);
    for (QPushButton* button : {copy_, save_, close}) {
        button->setAutoDefault(false);
        row->addWidget(button);
    }
    copy_->setEnabled(false);
    save_->setEnabled(false);
    connect(copy_, &QPushButton::clicked, this, &ResultTableDialog::copy);
    connect(save_, &QPushButton::clicked, this, &ResultTableDialog::save_wanted);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    return row;
}

void ResultTableDialog::connect_choices() {
    connect(runs_, &QComboBox::activated, this, &ResultTableDialog::runs_wanted);
    connect(settings_, &TableSettingsModel::ticks_changed, this, [this] {
        forget_other_baseline();
        ask();
    });
    connect(values_, &QListWidget::itemChanged, this, &ResultTableDialog::ask);
    connect(moment_, &QComboBox::currentIndexChanged, this, [this] {
        step_->setEnabled(moment_->currentData().toInt() == int(TableMoment::Kind::step));
        ask();
    });
    connect(step_, &QSpinBox::valueChanged, this, &ResultTableDialog::ask);
    connect(unit_, &QComboBox::currentIndexChanged, this, &ResultTableDialog::ask);
    connect(baseline_, &QComboBox::activated, this, &ResultTableDialog::ask);
    connect(spread_, &QComboBox::currentIndexChanged, this, &ResultTableDialog::show_table);
    connect(digits_, &QSpinBox::valueChanged, this, &ResultTableDialog::show_table);
    connect(cost_, &QCheckBox::toggled, this, [this](bool shown) {
        if (shown) {
            set_waiting({});  // the table that is there may lack it
            ask();
        } else {
            show_table();
        }
    });
    connect(format_, &QComboBox::currentIndexChanged, this, &ResultTableDialog::show_table);
}

}  // namespace wavlab
