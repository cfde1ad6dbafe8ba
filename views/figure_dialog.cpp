// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_dialog.h"

#include <exception>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

#include "views/file_dialog.h"
#include "views/theme.h"
#include "views/translated.h"

namespace wavlab {

FigureDialog::FigureDialog(const QString& plot, const QString& folder, const QString& stem, Export run, QWidget* parent)
    : FigureDialog(plot, std::nullopt, folder, stem, std::move(run), parent) {}

FigureDialog::FigureDialog(PlotDescriptor plot, const QString& folder, const QString& stem, Export run, QWidget* parent)
    : FigureDialog(QString::fromStdString(plot.id), std::optional(plot), folder, stem, std::move(run), parent) {}

FigureDialog::FigureDialog(const QString& plot, std::optional<PlotDescriptor> own, const QString& folder,
                           const QString& stem, Export run, QWidget* parent)
    : QDialog(parent), export_(std::move(run)), own_(std::move(own)), folder_(folder), stem_(stem) {
    setObjectName(QStringLiteral("figure_dialog"));
    setWindowTitle(tr("Export a figure"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* form = new QFormLayout(this);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);

    plot_ = new QComboBox(this);
    const auto offer = [this](const PlotDescriptor& descriptor) {
        plot_->addItem(translated(descriptor.title), QString::fromStdString(descriptor.id));
        plot_->setItemData(plot_->count() - 1, translated(descriptor.help), Qt::ToolTipRole);
    };
    if (own_)
        offer(*own_);
    else
        for (const PlotDescriptor& descriptor : PlotRegistry::all()) offer(descriptor);
    plot_->setCurrentIndex(qMax(0, plot_->findData(plot)));
    form->addRow(tr("&Plot"), plot_);

    width_ = new QComboBox(this);
    width_->setObjectName(QStringLiteral("figure.width"));
    width_->setEditable(true);
    for (const double inches : figure_widths) width_->addItem(tr("%1 in").arg(inches));
    width_->setToolTip(
        tr("The printed width: 5.5 and 6.75 inches are usual for a page, 3.25 for a column; also cm, mm and pt. "
           "Allowed: 1 to 20 inches."));
    form->addRow(tr("&Width"), width_);

    font_ = new QComboBox(this);
    font_->addItem(tr("Sans serif"), QStringLiteral("sans"));
    font_->addItem(tr("Serif"), QStringLiteral("serif"));
    form->addRow(tr("&Font"), font_);
    points_ = new QDoubleSpinBox(this);
    points_->setRange(5, 14);
    points_->setSingleStep(0.5);
    points_->setDecimals(1);
    points_->setValue(8);
    points_->setSuffix(tr(" pt"));
    points_->setToolTip(tr("Size of the text at print size; papers use 7 to 9 pt."));
    form->addRow(tr("Font &size"), points_);

    format_ = new QComboBox(this);
    format_->addItem(tr("PDF, vectors with embedded fonts"), QStringLiteral("pdf"));
    format_->addItem(tr("SVG, vectors"), QStringLiteral("svg"));
    format_->addItem(tr("PNG, 300 dots per inch"), QStringLiteral("png"));
    format_->addItem(tr("TeX, pgfplots with the numbers inside"), QStringLiteral("tex"));
    format_->addItem(tr("CSV, the numbers that are drawn"), QStringLiteral("csv"));
    form->addRow(tr("F&ormat"), format_);

    auto* row = new QHBoxLayout;
    file_ = new QLineEdit(this);
    file_->setObjectName(QStringLiteral("figure.file"));
    file_->setMinimumWidth(320);
    auto* browse = new QToolButton(this);
    browse->setIcon(themed_icon(QStringLiteral("folder")));
    browse->setToolTip(tr("Choose where the figure goes"));
    browse->setAccessibleName(browse->toolTip());
    row->addWidget(file_, 1);
    row->addWidget(browse);
    auto* file_label = new QLabel(tr("Fi&le"), this);
    file_label->setBuddy(file_);
    form->addRow(file_label, row);
    connect(browse, &QToolButton::clicked, this, &FigureDialog::browse);

    problem_ = new QLabel(this);
    problem_->setTextFormat(Qt::PlainText);
    problem_->setWordWrap(true);
    QPalette colors = problem_->palette();
    colors.setColor(QPalette::WindowText, error_color(colors));
    problem_->setPalette(colors);
    problem_->hide();
    form->addRow(problem_);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    QPushButton* save = buttons->addButton(tr("Export"), QDialogButtonBox::AcceptRole);
    save->setDefault(true);
    save->setObjectName(QStringLiteral("figure.export"));
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, &FigureDialog::run_export);
    connect(plot_, &QComboBox::currentIndexChanged, this, &FigureDialog::suggest_file);
    connect(format_, &QComboBox::currentIndexChanged, this, &FigureDialog::suggest_file);
    suggest_file();
}

void FigureDialog::suggest_file() {
    const QString ending = QLatin1Char('.') + format_->currentData().toString();
    if (file_->text() == suggested_ || file_->text().trimmed().isEmpty()) {
        suggested_ = QDir(folder_).filePath(stem_ + QLatin1Char('-') + plot_->currentData().toString() + ending);
        file_->setText(suggested_);
        return;
    }
    const QFileInfo info(file_->text());
    file_->setText(QDir(info.path()).filePath(info.completeBaseName() + ending));
}

void FigureDialog::browse() {
    QFileDialog* dialog = new_file_dialog(this, tr("Export a figure"), file_->text());
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setOption(QFileDialog::DontConfirmOverwrite, false);
    dialog->setNameFilters(
        {tr("PDF (*.pdf)"), tr("SVG (*.svg)"), tr("PNG (*.png)"), tr("TeX (*.tex)"), tr("CSV (*.csv)")});
    dialog->selectNameFilter(dialog->nameFilters().value(format_->currentIndex()));
    dialog->setDefaultSuffix(format_->currentData().toString());
    connect(dialog, &QFileDialog::fileSelected, file_, &QLineEdit::setText);
    dialog->open();
}

FigureOptions FigureDialog::options() const {
    FigureOptions options;
    options.width_inches = parse_figure_width(width_->currentText().remove(QLatin1Char(' ')).toStdString());
    options.font = font_->currentData().toString().toStdString();
    options.font_points = points_->value();
    return options;
}

std::filesystem::path FigureDialog::file() const { return file_->text().trimmed().toStdString(); }

void FigureDialog::run_export() {
    try {
        const PlotDescriptor* plot = own_ ? &*own_ : PlotRegistry::find(plot_->currentData().toString().toStdString());
        if (!plot) return;
        export_(*plot, options(), file());
        accept();
    } catch (const std::exception& error) {
        problem_->setText(QString::fromUtf8(error.what()));
        problem_->show();
    }
}

}  // namespace wavlab
