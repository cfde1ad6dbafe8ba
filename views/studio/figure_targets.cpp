// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/figure_targets.h"

#include <exception>

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

#include "views/file_dialog.h"
#include "views/theme.h"

namespace wavlab {

namespace fs = std::filesystem;

FigureTargets::FigureTargets(const QString& folder, const QString& name, const QStringList& extensions, Export run,
                             QWidget* parent)
    : QDialog(parent), export_(std::move(run)) {
    setObjectName(QStringLiteral("figure_targets"));
    setWindowTitle(tr("Export the figure"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* form = new QFormLayout(this);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);

    auto* row = new QHBoxLayout;
    folder_ = new QLineEdit(folder, this);
    folder_->setObjectName(QStringLiteral("figure_targets.folder"));
    folder_->setAccessibleName(tr("Folder"));
    folder_->setMinimumWidth(60 * fontMetrics().averageCharWidth());
    auto* browse = new QToolButton(this);
    browse->setIcon(themed_icon(QStringLiteral("folder")));
    browse->setToolTip(tr("Choose the folder"));
    browse->setAccessibleName(browse->toolTip());
    browse->setFocusPolicy(Qt::StrongFocus);
    row->addWidget(folder_, 1);
    row->addWidget(browse);
    auto* label = new QLabel(tr("F&older"), this);
    label->setBuddy(folder_);
    form->addRow(label, row);
    name_ = new QLineEdit(name, this);
    name_->setObjectName(QStringLiteral("figure_targets.name"));
    name_->setAccessibleName(tr("Name without ending"));
    form->addRow(tr("&Name"), name_);

    const std::pair<const char*, QString> formats[] = {
        {".pdf", tr("&PDF, vectors with embedded fonts")},
        {".svg", tr("&SVG, vectors")},
        {".png", tr("PN&G, pixels")},
        {".tex", tr("&TeX, pgfplots with the numbers inside")},
        {".csv", tr("&CSV, the numbers that are drawn")},
    };
    for (const auto& [extension, text] : formats) {
        auto* box = new QCheckBox(text, this);
        box->setObjectName(QStringLiteral("figure_targets") + QLatin1String(extension));
        box->setProperty("extension", QLatin1String(extension));
        box->setChecked(extensions.contains(QLatin1String(extension)));
        form->addRow(QString(), box);
        formats_.push_back(box);
        connect(box, &QCheckBox::toggled, this, &FigureTargets::show_files);
    }
    note_ = new QLabel(this);
    note_->setObjectName(QStringLiteral("figure_targets.note"));
    note_->setTextFormat(Qt::PlainText);
    note_->setWordWrap(true);
    note_->setMinimumHeight(2 * fontMetrics().lineSpacing());
    note_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    form->addRow(note_);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    save_ = buttons->addButton(tr("&Export"), QDialogButtonBox::AcceptRole);
    save_->setObjectName(QStringLiteral("figure_targets.export"));
    save_->setDefault(true);
    form->addRow(buttons);
    connect(browse, &QToolButton::clicked, this, &FigureTargets::browse);
    connect(folder_, &QLineEdit::textChanged, this, &FigureTargets::show_files);
    connect(name_, &QLineEdit::textChanged, this, &FigureTargets::show_files);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, &FigureTargets::run_export);
    show_files();
}

std::vector<fs::path> FigureTargets::files() const {
    std::vector<fs::path> files;
    const fs::path stem = fs::path(folder_->text().trimmed().toStdString()) / name_->text().trimmed().toStdString();
    for (const QCheckBox* box : formats_)
        if (box->isChecked()) files.emplace_back(stem.string() + box->property("extension").toString().toStdString());
    return files;
}

void FigureTargets::browse() {
    QFileDialog* dialog = new_file_dialog(this, tr("Choose the folder"), folder_->text());
    dialog->setObjectName(QStringLiteral("file_dialog.figure_folder"));
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, folder_, &QLineEdit::setText);
    dialog->open();
}

void FigureTargets::show_files() {
    QStringList there;
    std::error_code unreadable;
    for (const fs::path& file : files())
        if (fs::exists(file, unreadable)) there.append(QString::fromStdString(file.filename().string()));
    note_->setPalette(palette());
    note_->setText(there.isEmpty() ? QString() : tr("Replaces %1.").arg(there.join(QStringLiteral(", "))));
    save_->setEnabled(!files().empty() && !name_->text().trimmed().isEmpty());
}

void FigureTargets::run_export() {
    try {
        export_(files());
        accept();
    } catch (const std::exception& error) {
        QPalette colors = palette();
        colors.setColor(QPalette::WindowText, error_color(colors));
        note_->setPalette(colors);
        note_->setText(QString::fromUtf8(error.what()));
    }
}

}  // namespace wavlab
