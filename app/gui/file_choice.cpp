// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/file_choice.h"

#include <utility>

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>

#include "app/gui/background_worker.h"
#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "app/run_export.h"
#include "core/run_folder.h"
#include "views/action_registry.h"
#include "views/file_dialog.h"

namespace wavlab {

namespace {

/// The ending of a filter's files: "jsonl" of "JSON lines (*.jsonl)".
QString ending_of(const QString& filter) {
    static const QRegularExpression ending(QStringLiteral("\\*\\.(\\w+)"));
    return ending.match(filter).captured(1);
}

/// The name of the file to write follows the filter that the user chooses.
void follow_filter(QFileDialog& dialog) {
    QObject::connect(&dialog, &QFileDialog::filterSelected, &dialog, [&dialog](const QString& filter) {
        const QFileInfo file(dialog.selectedFiles().value(0));
        dialog.setDefaultSuffix(ending_of(filter));
        for (const QString& other : dialog.nameFilters())
            if (file.suffix() == ending_of(other))
                dialog.selectFile(file.completeBaseName() + QLatin1Char('.') + ending_of(filter));
    });
}

}  // namespace

void choose_file(MainWindow& window, QWidget* parent, const FileChoice& choice,
                 std::function<void(const std::filesystem::path& path)> chosen) {
    const QString remembered = QStringLiteral("folders/") + choice.remembered;
    const QString folder = window_settings().value(remembered, QDir::homePath()).toString();
    QFileDialog* dialog = new_file_dialog(parent, choice.title, folder);
    if (!choice.filter.isEmpty()) dialog->setNameFilter(choice.filter);
    const QString& name = choice.object_name.isEmpty() ? choice.remembered : choice.object_name;
    dialog->setObjectName(QStringLiteral("file_dialog.") + name);
    dialog->setFileMode(choice.mode);
    if (choice.mode == QFileDialog::Directory) dialog->setOption(QFileDialog::ShowDirsOnly);
    if (!choice.name.isEmpty()) {
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->selectFile(choice.name);
        dialog->setDefaultSuffix(QFileInfo(choice.name).suffix());
        follow_filter(*dialog);
    }
    QObject::connect(dialog, &QFileDialog::fileSelected, parent,
                     [&window, remembered, chosen = std::move(chosen)](const QString& file) {
                         window_settings().setValue(remembered, QFileInfo(file).path());
                         const QString failure = failure_of([&] { chosen(to_path(file)); });
                         if (!failure.isEmpty()) window.show_problem(failure);
                     });
    dialog->open();
}

void choose_checkpoint_export(MainWindow& window, const RunFolder& run, const std::string& step) {
    const bool is_number = step.find_first_not_of("0123456789") == std::string::npos;
    FileChoice choice;
    choice.remembered = QStringLiteral("checkpoint");
    choice.title = MainWindow::tr("Export a checkpoint");
    choice.filter = MainWindow::tr("safetensors (*.safetensors)");
    choice.mode = QFileDialog::AnyFile;
    choice.name = QStringLiteral("%1-%2%3.safetensors")
                      .arg(to_qstring(run.path.filename()), QLatin1String(is_number ? "step-" : ""),
                           QString::fromStdString(step));
    choose_file(window, &window, choice, [&window, run, step](const std::filesystem::path& file) {
        window.file_worker().submit([&window, run, step, file](std::stop_token) {
            const QString problem = failure_of([&] { export_checkpoint(run, step, file); });
            post(&window, [&window, problem, file] {
                if (problem.isEmpty())
                    window.show_information(MainWindow::tr("Wrote %1.").arg(to_qstring(file)));
                else
                    window.show_problem(problem);
            });
        });
    });
}

}  // namespace wavlab
