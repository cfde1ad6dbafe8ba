// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/probe_dialog.h"

#include <algorithm>
#include <set>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "views/quantity_text.h"
#include "views/text_choice.h"

namespace wavlab {

std::int64_t probe_passes(const ProbedRun& run, std::int64_t windows, bool cells) {
    std::set<SourceKind> kinds;
    std::int64_t removals = 0;
    for (const auto& sources : run.layout.routers) {
        for (const Source& source : sources) kinds.insert(source.kind);
        // Set to zero, and renormalised where others are left.
        if (cells) removals += std::int64_t(sources.size()) * (sources.size() > 1 ? 2 : 1);
    }
    removals += 2 * std::int64_t(kinds.size()) * (1 + run.bands);
    const std::int64_t batch = std::max<std::int64_t>(1, run.batch);
    // Nothing removed, and once for the gradient.
    return (windows + batch - 1) / batch * (removals + 2);
}

ProbeDialog::ProbeDialog(const ProbedRun& run, const QList<ProbedCheckpoint>& checkpoints,
                         const std::filesystem::path& wanted, QWidget* parent)
    : QDialog(parent), run_(run) {
    setObjectName(QStringLiteral("probe_dialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Probe the routing of %1").arg(run.name));
    auto* column = new QVBoxLayout(this);
    auto* about = new QLabel(tr("Takes sources away from routers, one removal after another, and measures what the "
                                "loss does. The result is kept in the run's folder."),
                             this);
    about->setWordWrap(true);
    column->addWidget(about);
    auto* form = new QFormLayout;
    column->addLayout(form);
    checkpoint_ = new QComboBox(this);
    checkpoint_->setObjectName(QStringLiteral("probe.checkpoint"));
    checkpoint_->setAccessibleName(tr("Checkpoint"));
    for (const ProbedCheckpoint& one : checkpoints) {
        checkpoint_->addItem(one.title, QString::fromStdString(one.model.string()));
        if (one.model == wanted) checkpoint_->setCurrentIndex(checkpoint_->count() - 1);
    }
    form->addRow(tr("&Checkpoint"), checkpoint_);
    what_ = new QComboBox(this);
    what_->setObjectName(QStringLiteral("probe.what"));
    what_->setAccessibleName(tr("Remove"));
    what_->addItem(tr("Every source at every router, and families"));
    what_->addItem(tr("Families of sources only"));
    what_->setToolTip(
        tr("A family is all sources of one kind (summaries, phase details, ...), removed at all routers and in bands "
           "of depth. Families alone take much less time."));
    form->addRow(tr("&Remove"), what_);
    windows_ = new QSpinBox(this);
    windows_->setObjectName(QStringLiteral("probe.windows"));
    windows_->setAccessibleName(tr("Windows"));
    windows_->setRange(1, 1'000'000);
    windows_->setValue(int(std::clamp<std::int64_t>(run.usual_windows, 1, 1'000'000)));
    windows_->setToolTip(tr("Pieces of %1 tokens each, spread evenly over the text. The run itself evaluates on %2.")
                             .arg(count_text(double(run.context)), count_text(double(run.usual_windows))));
    form->addRow(tr("&Windows"), windows_);
    text_ = new TextChoice(QStringLiteral("probe"), this);
    column->addWidget(text_);

    note_ = new QLabel(this);
    note_->setObjectName(QStringLiteral("probe.note"));
    column->addWidget(note_);
    notice_ = new QLabel(this);
    notice_->setObjectName(QStringLiteral("probe.notice"));
    notice_->setWordWrap(true);
    notice_->hide();
    column->addWidget(notice_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    start_ = buttons->addButton(tr("Probe"), QDialogButtonBox::AcceptRole);
    start_->setObjectName(QStringLiteral("probe.start"));
    start_->setDefault(true);
    column->addWidget(buttons);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(text_, &TextChoice::file_wanted, this, &ProbeDialog::file_wanted);
    connect(text_, &TextChoice::changed, this, &ProbeDialog::refresh);
    connect(what_, &QComboBox::currentIndexChanged, this, &ProbeDialog::refresh);
    connect(windows_, &QSpinBox::valueChanged, this, &ProbeDialog::refresh);
    refresh();
}

ProbeChoice ProbeDialog::choice() const {
    ProbeChoice choice;
    choice.model = checkpoint_->currentData().toString().toStdString();
    choice.text = text_->file();
    choice.windows = windows_->value();
    choice.cells = what_->currentIndex() == 0;
    return choice;
}

void ProbeDialog::set_file(const QString& file) { text_->set_file(file); }

void ProbeDialog::set_notice(const QString& text) {
    notice_->setText(text);
    notice_->setVisible(!text.isEmpty());
}

void ProbeDialog::refresh() {
    const QString problem = text_->problem();
    start_->setEnabled(problem.isEmpty());
    start_->setToolTip(problem);
    const std::int64_t windows = windows_->value();
    const QString work = tr("About %1 forward passes, on %2 tokens of text")
                             .arg(count_text(double(probe_passes(run_, windows, what_->currentIndex() == 0))),
                                  count_text(double(windows) * double(run_.context)));
    note_->setText(problem.isEmpty() ? work : problem);
}

}  // namespace wavlab
