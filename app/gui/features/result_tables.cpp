// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of results of the runs that are drawn or selected.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <QPointer>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "app/gui/table_runs.h"
#include "app/gui/window_feature.h"
#include "app/table_file.h"
#include "core/error.h"
#include "core/method.h"
#include "core/run_groups.h"
#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/result_table_dialog.h"
#include "views/runs_model.h"
#include "views/runs_panel.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

using Records = std::vector<std::shared_ptr<RunRecord>>;

/// All settings of a run, the options of its method that it leaves at their defaults included.
OptionValues settings_of(const Experiment& experiment) {
    OptionValues settings = *options_of(experiment);
    if (MethodRegistry::find(experiment.model.method))
        for (const auto& [key, value] : resolved_method_options(experiment)) settings["method." + key] = value;
    return settings;
}

ResultTableDialog::Choices choices_of(const Records& records) {
    std::vector<const Experiment*> experiments;
    std::vector<OptionValues> settings;
    QStringList values;
    for (const std::shared_ptr<RunRecord>& record : records) {
        experiments.push_back(&record->experiment());
        settings.push_back(settings_of(record->experiment()));
        for (const std::string& name : record->scalar_names()) values.append(QString::fromStdString(name));
    }
    values.sort();
    values.removeDuplicates();
    for (const char* usual : {"train/loss", "val/loss"})
        if (values.removeOne(QLatin1String(usual))) values.prepend(QLatin1String(usual));
    ResultTableDialog::Choices choices;
    choices.values = values;
    for (const std::shared_ptr<RunRecord>& record : records)
        choices.last_step = std::max(choices.last_step, record->step());
    for (const std::string& key : grouping_keys(experiments)) {
        TableSetting setting{QString::fromStdString(key), {}};
        for (const OptionValues& of_run : settings)
            if (const auto found = of_run.find(key); found != of_run.end())
                if (const QString text = QString::fromStdString(to_text(found->second)); !setting.values.contains(text))
                    setting.values.append(text);
        if (!setting.values.isEmpty()) choices.settings.push_back(std::move(setting));
    }
    return choices;
}

class ResultTablesFeature : public WindowFeature {
public:
    explicit ResultTablesFeature(MainWindow& window);

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

private:
    enum RunChoice { drawn_runs, selected_runs };

    void open();
    void offer_runs(int chosen);
    std::vector<fs::path> folders() const;
    /// The records of the chosen runs; those that are not open yet are read first, beside the window.
    void gather();
    void read(const fs::path& folder);
    /// Makes the table, as soon as all that it needs is read.
    void make();
    void say_what_is_read(std::size_t left);
    void save();

    MainWindow& window_;
    QPointer<ResultTableDialog> dialog_;
    Records records_;                                      ///< of the table
    std::map<fs::path, std::shared_ptr<RunRecord>> read_;  ///< of runs that nobody else looks at; null: being read
    std::map<fs::path, QString> unreadable_;
    QStringList notices_;      ///< what is wrong with runs that the table lacks
    std::size_t awaited_ = 0;  ///< records that are being read
    int wanted_ = 0;           ///< the number of the last table that was asked for
    QTimer soon_;
    TableRuns runs_{worker_};
    BackgroundWorker worker_;  ///< last: its tasks use the others
};

ResultTablesFeature::ResultTablesFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
    constexpr int soon_milliseconds = 200;
    soon_.setSingleShot(true);
    soon_.setInterval(soon_milliseconds);
    connect(&soon_, &QTimer::timeout, this, &ResultTablesFeature::gather);
    connect(&runs_, &TableRuns::advanced, this, [this](std::size_t left) {
        if (!dialog_) return;
        if (left > 0)
            say_what_is_read(left);
        else
            make();
    });
}

void ResultTablesFeature::add_actions() {
    window_.actions().add(
        {"export.table", MainWindow::tr("Make a &table…"),
         MainWindow::tr("Puts results of the drawn or the selected runs into a table for a paper: "
                        "LaTeX, Markdown or CSV."),
         "table", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T), MainWindow::tr("&Export"), true, false},
        [this] { open(); });
}

void ResultTablesFeature::add_views() {
    const auto later = [this] {
        if (dialog_ && !soon_.isActive()) soon_.start();
    };
    connect(&window_, &MainWindow::runs_shown, this, later);
    connect(&window_.runs_panel(), &RunsPanel::selection_changed, this, later);
    connect(&window_, &MainWindow::record_changed, this, [later](const RunRecord&, const RecordChanges& changes) {
        if (changes.state || changes.description) later();
    });
}

void ResultTablesFeature::refresh_actions() {
    QString obstacle;
    if (!window_.form())
        obstacle = MainWindow::tr("The model part of the program is being loaded.");
    else if (window_.runs_panel().selected().empty() && window_.runs_model().drawn_runs(window_.focus()).empty())
        obstacle = MainWindow::tr("No run is drawn. Tick or select one in the list of runs.");
    window_.actions().set_obstacle(QStringLiteral("export.table"), obstacle);
}

void ResultTablesFeature::open() {
    if (!dialog_) {
        dialog_ = new ResultTableDialog(&window_);
        const QSettings settings = window_settings();
        TableStyle style;
        style.spread = TableSpread(settings.value(QStringLiteral("table/spread")).toInt());
        style.digits = settings.value(QStringLiteral("table/digits"), style.digits).toInt();
        style.cost = settings.value(QStringLiteral("table/cost"), style.cost).toBool();
        dialog_->set_style(style);
        dialog_->set_format(settings.value(QStringLiteral("table/format")).toString());
        // Whoever selects several runs and asks for a table means these.
        offer_runs(window_.runs_panel().selected().size() > 1 ? selected_runs : drawn_runs);
        connect(dialog_, &ResultTableDialog::runs_wanted, this, &ResultTablesFeature::gather);
        connect(dialog_, &ResultTableDialog::table_wanted, this, &ResultTablesFeature::make);
        connect(dialog_, &ResultTableDialog::save_wanted, this, &ResultTablesFeature::save);
        connect(dialog_, &QDialog::finished, this, [this] {
            const TableStyle chosen = dialog_->style();
            QSettings kept = window_settings();
            kept.setValue(QStringLiteral("table/spread"), int(chosen.spread));
            kept.setValue(QStringLiteral("table/digits"), chosen.digits);
            kept.setValue(QStringLiteral("table/cost"), chosen.cost);
            kept.setValue(QStringLiteral("table/format"), QString::fromLatin1(dialog_->writer().id));
            dialog_ = nullptr;
            runs_.stop();
            records_.clear();
            read_.clear();
            unreadable_.clear();
        });
        gather();
    }
    dialog_->show();
    dialog_->raise();
    dialog_->activateWindow();
}

void ResultTablesFeature::offer_runs(int chosen) {
    dialog_->set_run_choices(
        {MainWindow::tr("the drawn ones, %1").arg(window_.runs_model().drawn_runs(window_.focus()).size()),
         MainWindow::tr("the selected ones, %1").arg(window_.runs_panel().selected().size())},
        chosen);
}

std::vector<fs::path> ResultTablesFeature::folders() const {
    if (dialog_->run_choice() == selected_runs) return window_.runs_panel().selected();
    std::vector<fs::path> drawn;
    for (const DrawnRun& run : window_.runs_model().drawn_runs(window_.focus())) drawn.push_back(run.record->folder());
    return drawn;
}

void ResultTablesFeature::gather() {
    if (!dialog_) return;
    offer_runs(dialog_->run_choice());
    records_.clear();
    notices_.clear();
    awaited_ = 0;
    for (const fs::path& folder : folders()) {
        const RunsModel::Row* row = window_.runs_model().find(folder);
        if (row && row->record)
            records_.push_back(row->record);
        else if (const auto why = unreadable_.find(folder); why != unreadable_.end())
            notices_.append(why->second);
        else if (const auto known = read_.find(folder); known != read_.end() && known->second)
            records_.push_back(known->second);
        else {
            ++awaited_;
            if (known == read_.end()) read(folder);
        }
    }
    if (awaited_ > 0) {
        ++wanted_;
        runs_.stop();
        say_what_is_read(awaited_);
        return;
    }
    if (!records_.empty()) dialog_->set_choices(choices_of(records_));
    make();
}

void ResultTablesFeature::read(const fs::path& folder) {
    read_[folder] = nullptr;
    window_.library().read(folder, [this, folder](std::shared_ptr<RunRecord> record, const QString& problem) {
        if (!dialog_ || !read_.contains(folder)) return;
        if (record)
            read_[folder] = std::move(record);
        else
            unreadable_[folder] = problem;
        const bool all = std::all_of(read_.begin(), read_.end(),
                                     [this](const auto& one) { return one.second || unreadable_.contains(one.first); });
        if (all) gather();
    });
}

void ResultTablesFeature::make() {
    if (!dialog_ || awaited_ > 0) return;
    const int number = ++wanted_;
    const QString failure = failure_of([&] {
        if (records_.empty())
            throw InputError(MainWindow::tr("Tick or select runs in the list of runs.").toStdString());
        const TableRequest request = dialog_->request();
        const TableRuns::Wanted wanted{request.values, request.moment, dialog_->style().cost};
        if (const std::size_t left = runs_.read(records_, wanted); left > 0) {
            say_what_is_read(left);
            return;
        }
        QStringList notices = notices_;
        std::vector<TableRun> runs = runs_.runs(records_, wanted, notices);
        worker_.submit([this, number, request, notices, runs = std::move(runs)](std::stop_token) mutable {
            auto table = std::make_shared<ResultTable>();
            const QString problem = failure_of([&] { *table = result_table(std::move(runs), request); });
            post(this, [this, number, notices, table, problem] {
                if (!dialog_ || number != wanted_) return;
                if (!problem.isEmpty()) {
                    dialog_->set_problem(problem);
                    return;
                }
                dialog_->set_table(std::move(*table), notices.join(QLatin1Char('\n')));
            });
        });
    });
    if (!failure.isEmpty()) dialog_->set_problem(failure);
}

void ResultTablesFeature::say_what_is_read(std::size_t left) {
    dialog_->set_waiting(MainWindow::tr("Reading %1 runs…").arg(left));
}

void ResultTablesFeature::save() {
    if (!dialog_ || !dialog_->table()) return;
    QStringList filters;
    for (const TableWriter& writer : table_writers()) {
        const QString filter = QStringLiteral("%1 (*%2)").arg(format_title(writer), QLatin1String(writer.extension));
        if (&writer == &dialog_->writer())
            filters.prepend(filter);
        else
            filters.append(filter);
    }
    const FileChoice choice{QStringLiteral("table"),
                            {},
                            MainWindow::tr("Save the table"),
                            filters.join(QStringLiteral(";;")),
                            QFileDialog::AnyFile,
                            QStringLiteral("table") + QLatin1String(dialog_->writer().extension)};
    const auto table = std::make_shared<ResultTable>(*dialog_->table());
    const TableStyle style = dialog_->style();
    const TableWriter* chosen = &dialog_->writer();
    choose_file(window_, dialog_, choice, [this, table, style, chosen](const fs::path& file) {
        const TableWriter* by_name = table_writer_of(file);
        const TableWriter& writer = by_name ? *by_name : *chosen;
        window_.file_worker().submit([this, table, style, &writer, file](std::stop_token) {
            const QString problem = failure_of([&] { write_table_file(*table, style, writer, file); });
            post(&window_, [this, problem, file] {
                if (!problem.isEmpty()) {
                    window_.show_problem(problem);
                    if (dialog_) dialog_->say(problem);
                    return;
                }
                const QString said = MainWindow::tr("Wrote %1.").arg(to_qstring(file));
                window_.show_information(said);
                if (dialog_) dialog_->say(said);
            });
        });
    });
}

const Registration<WindowFeatureDescriptor> registration{
    {"result_tables", 60, [](MainWindow& window) -> WindowFeature* { return new ResultTablesFeature(window); }}};

}  // namespace

}  // namespace wavlab
