// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, saving and exporting.
#include <optional>
#include <utility>

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QRegularExpression>
#include <QUrl>

#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "core/error.h"
#include "core/ready_experiments.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/safe_file.h"
#include "core/sweep.h"
#include "views/action_registry.h"
#include "views/experiment_form.h"
#include "views/figure_clipboard.h"
#include "views/figure_dialog.h"
#include "views/option_editor.h"
#include "views/plot_pane.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"
#include "views/translated.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr int most_recent = 8;

/// For a POSIX shell.
QString quoted(const QString& text) {
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./:=,+-]+$"));
    if (plain.match(text).hasMatch()) return text;
    return QLatin1Char('\'') + QString(text).replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

/// An experiment's file as what the form was filled from. A run's is known by the run's name.
FormOrigin origin_of(const fs::path& file) {
    const bool of_run = file.filename() == "experiment.toml";
    return {QStringLiteral("recent:") + to_qstring(file),
            to_qstring(of_run ? file.parent_path().filename() : file.filename())};
}

/// Fills the form with an experiment's or a sweep's file.
void fill_form(ExperimentForm& form, const fs::path& file) {
    constexpr std::size_t largest = 1 << 20;  // bytes
    const std::string text = read_file(file, largest);
    if (is_sweep(text))
        form.set_sweep(load_sweep(file), origin_of(file));
    else
        form.set_experiment(load_experiment(file), origin_of(file));
}

void fill_form(ExperimentForm& form, const ReadyExperiment& ready) {
    const std::string file = ready.id + ".toml";
    const bool several = is_sweep(ready.text);
    const FormOrigin origin{QLatin1String(several ? "sweep:" : "ready:") + QString::fromStdString(ready.id),
                            translated(ready.title)};
    if (several)
        form.set_sweep(parse_sweep(ready.text, file, {}), origin);
    else
        form.set_experiment(parse_experiment(ready.text, file, {}), origin);
}

}  // namespace

void MainWindow::offer_starting_points() {
    QList<StartingPoint> points;
    for (const ReadyExperiment& ready : ready_experiments())
        points.append({QStringLiteral("ready:") + QString::fromStdString(ready.id), translated(ready.title),
                       translated(ready.description), tr("Ready experiments")});
    for (const ReadyExperiment& ready : ready_sweeps())
        points.append({QStringLiteral("sweep:") + QString::fromStdString(ready.id), translated(ready.title),
                       translated(ready.description), tr("Ready sweeps")});
    for (const QString& file : window_settings().value(QStringLiteral("recent_experiments")).toStringList()) {
        if (!QFileInfo::exists(file)) continue;
        points.append({QStringLiteral("recent:") + file, origin_of(to_path(file)).title, file, tr("Used lately")});
    }
    if (form_) form_->set_starting_points(points);
}

void MainWindow::remember_experiment(const fs::path& file) {
    QSettings settings = window_settings();
    QStringList recent = settings.value(QStringLiteral("recent_experiments")).toStringList();
    recent.removeAll(to_qstring(file));
    recent.prepend(to_qstring(file));
    settings.setValue(QStringLiteral("recent_experiments"), QStringList(recent.mid(0, most_recent)));
    offer_starting_points();
}

void MainWindow::choose_starting_point(const QString& id) {
    const QString failure = failure_of([&] {
        const std::string name = id.mid(id.indexOf(QLatin1Char(':')) + 1).toStdString();
        if (id.startsWith(QStringLiteral("recent:"))) {
            fill_form(*form_, name);
        } else if (const ReadyExperiment* ready =
                       id.startsWith(QStringLiteral("sweep:")) ? find_ready_sweep(name) : find_ready_experiment(name)) {
            fill_form(*form_, *ready);
        } else {
            throw InputError("there is no ready experiment '" + name + "'");
        }
    });
    if (!failure.isEmpty()) show_problem(failure);
}

void MainWindow::open(const fs::path& path) {
    if (!form_) {
        to_open_ = path;
        return;
    }
    open_now(path);
}

void MainWindow::open_now(const fs::path& path) {
    const QString failure = failure_of([&] {
        std::error_code error;
        const fs::path absolute = fs::absolute(path, error);
        const ReadyExperiment* ready = fs::exists(absolute, error) ? nullptr : find_ready_experiment(path.string());
        if (!ready && !fs::exists(absolute, error)) ready = find_ready_sweep(path.string());
        if (ready) {
            fill_form(*form_, *ready);
        } else if (fs::is_directory(absolute, error)) {
            library_->add(absolute);
            const fs::path folder = fs::weakly_canonical(absolute, error);
            runs_model_->set_drawn(folder, true);
            library_->open(folder);
            runs_panel_->set_focus(folder);
            form_->set_experiment(load_experiment(RunFolder{folder}.experiment()),
                                  origin_of(RunFolder{folder}.experiment()));
            show_information(tr("Opened the run %1.").arg(to_qstring(folder.filename())));
        } else if (absolute.extension() == ".toml") {
            fill_form(*form_, absolute);
            remember_experiment(absolute);
            show_information(tr("The form holds %1.").arg(to_qstring(absolute.filename())));
        } else if (fs::is_regular_file(absolute, error)) {
            OptionEditor* dataset = form_->editor(QStringLiteral("data.dataset"));
            dataset->set_value("file:" + absolute.string());
            form_->show_field(QStringLiteral("data.dataset"));
            show_information(tr("The next run trains on %1.").arg(to_qstring(absolute.filename())));
        } else {
            throw InputError(path.string() + " is not there");
        }
    });
    if (failure.isEmpty()) return;
    show_problem(failure);
    // Starting something else than what was asked for would help nobody.
    if (std::exchange(start_wanted_, false)) emit cannot_start(failure);
}

void MainWindow::open_experiment_dialog() {
    const FileChoice choice{
        QStringLiteral("experiment"), {}, tr("Open an experiment"), tr("Experiments (*.toml);;All files (*)")};
    choose_file(*this, this, choice, [this](const fs::path& file) { open_now(file); });
}

void MainWindow::open_run_dialog() {
    const FileChoice choice{QStringLiteral("run"), {}, tr("Open a run folder"), {}, QFileDialog::Directory};
    choose_file(*this, this, choice, [this](const fs::path& folder) { open_now(folder); });
}

void MainWindow::save_experiment_dialog() {
    const Experiment experiment = form_->experiment();
    const std::optional<Sweep> sweep = form_->sweep();
    if (form_->has_several() && !sweep) throw InputError(form_->first_problem().toStdString());
    const FileChoice choice{QStringLiteral("experiment"),
                            {},
                            sweep ? tr("Save the sweep") : tr("Save the experiment"),
                            tr("Experiments (*.toml)"),
                            QFileDialog::AnyFile,
                            QString::fromStdString(experiment.name) + QStringLiteral(".toml")};
    choose_file(*this, this, choice, [this, experiment, sweep](const fs::path& file) {
        write_file_safely(file, sweep ? to_toml(*sweep) : to_toml(experiment));
        remember_experiment(file);
        // A file holds no weights: a form that begins with those of a checkpoint goes on doing so.
        if (form_->experiment() == experiment && form_->sweep() == sweep && form_->origin().weights.isEmpty())
            form_->set_origin(origin_of(file));
        show_information(tr("Saved %1.").arg(to_qstring(file)));
    });
}

void MainWindow::choose_data_file(const QString& key) {
    const FileChoice choice{QStringLiteral("text"), {}, tr("Choose a text file"), tr("Text (*.txt);;All files (*)")};
    choose_file(*this, this, choice, [this, key](const fs::path& file) {
        const std::string prefix = key == QLatin1String("data.dataset") ? "file:" : "";
        form_->editor(key)->set_value(prefix + file.string());
    });
}

void MainWindow::use_settings_of_focused() {
    const fs::path file = RunFolder{focus()}.experiment();
    form_->set_experiment(load_experiment(file), origin_of(file));
    show_information(tr("The form holds the settings of %1.").arg(to_qstring(focus().filename())));
}

void MainWindow::copy_command_of_focused() {
    const RunFolder run{focus()};
    QString command = QStringLiteral("wavlab train %1 --runs %2")
                          .arg(quoted(to_qstring(run.experiment())), quoted(to_qstring(library_->folder())));
    QString notice;
    const RunsModel::Row* row = runs_model_->find(run.path);
    if (row && row->record && row->record->description().origin) {
        const RunOrigin& origin = *row->record->description().origin;
        const RunFolder parent{library_->folder() / origin.run};
        fs::path from = parent.checkpoints() / checkpoint_name(origin.step);
        std::error_code error;
        if (!fs::exists(from, error)) {
            const fs::path copy = run.checkpoints() / checkpoint_name(0);  // each such run is given one
            const QString was = QString::fromStdString(to_string(origin));
            notice = fs::exists(copy, error)
                         ? tr("The checkpoint that it began with, %1, is no longer there: the command names this "
                              "run's own copy of it.")
                               .arg(was)
                         : tr("The checkpoint that it began with, %1, is no longer there, nor is this run's copy of "
                              "it: the command cannot be run as it is.")
                               .arg(was);
            if (fs::exists(copy, error)) from = copy;
        }
        command += QStringLiteral(" --from ") + quoted(to_qstring(from));
    }
    QApplication::clipboard()->setText(command);
    const QString said = tr("Copied: %1").arg(command);
    show_information(notice.isEmpty() ? said : notice + QLatin1Char(' ') + said);
}

void MainWindow::open_folder_of_focused() {
    const QString folder = to_qstring(focus());
    if (!QDesktopServices::openUrl(QUrl::fromLocalFile(folder)))
        show_problem(tr("No file manager could be opened. The run lies in %1").arg(folder));
}

PlotPane* MainWindow::current_pane() const {
    for (PlotPane* pane : panes_)
        if (pane->isAncestorOf(focusWidget())) return pane;
    for (PlotPane* pane : panes_)
        if (pane->underMouse()) return pane;
    for (PlotPane* pane : panes_)
        if (pane->isVisible()) return pane;
    return panes_.empty() ? nullptr : panes_.front();
}

void MainWindow::export_figure_dialog(const QString& plot) {
    const fs::path focused = focus();
    const QString stem = focused.empty() ? QStringLiteral("wavlab") : to_qstring(focused.filename());
    const QString folder = window_settings().value(QStringLiteral("folders/figure"), QDir::homePath()).toString();
    const auto run = [this](const PlotDescriptor& descriptor, FigureOptions options, const fs::path& file) {
        FigureContent content;
        content.plot = &descriptor;
        for (PlotPane* pane : panes_)
            if (pane->descriptor().id == descriptor.id) options.state = pane->plot().state();
        content.runs = runs_of_figure(descriptor, runs_model_->drawn_runs(focus()), options.state);
        const FigureResult result = export_figure(content, options, file);
        window_settings().setValue(QStringLiteral("folders/figure"), QFileInfo(to_qstring(file)).path());
        QString said = tr("Wrote %1.").arg(to_qstring(result.file));
        for (const std::string& text : result.notes) said += QLatin1Char(' ') + QString::fromStdString(text);
        show_information(said);
    };
    (new FigureDialog(plot, folder, stem, run, this))->open();
}

void MainWindow::copy_plot() {
    PlotPane* pane = current_pane();
    if (!pane) return;
    FigureContent content;
    content.plot = &pane->descriptor();
    FigureOptions options;
    options.state = pane->plot().state();
    content.runs = runs_of_figure(*content.plot, runs_model_->drawn_runs(focus()), options.state);
    copy_page(page_of(content, options));
    show_information(tr("Copied: %1.").arg(translated(content.plot->title)));
}

void MainWindow::export_checkpoint_dialog(const std::string& which) {
    choose_checkpoint_export(*this, RunFolder{focus()}, which);
}

}  // namespace wavlab
