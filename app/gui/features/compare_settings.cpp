// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of the drawn runs, and of the form, side by side.
#include <QPointer>

#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "app/gui/window_feature.h"
#include "core/run_folder.h"
#include "core/run_origin.h"
#include "core/run_record.h"
#include "views/action_registry.h"
#include "views/experiment_difference.h"
#include "views/experiment_form.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

class CompareSettingsFeature : public WindowFeature {
public:
    explicit CompareSettingsFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
        connect(&window, &MainWindow::runs_shown, this, [this] {
            fill();
            refresh_actions();
        });
        connect(&window, &MainWindow::ready, this,
                [this] { connect(window_.form(), &ExperimentForm::edited, this, &CompareSettingsFeature::fill); });
    }

    void add_actions() override {
        window_.actions().add({"runs.compare_settings", MainWindow::tr("Co&mpare settings…"),
                               MainWindow::tr("Shows side by side in what the drawn runs differ, or one run and the "
                                              "form."),
                               "table", QKeySequence(Qt::CTRL | Qt::Key_D), MainWindow::tr("R&uns"), false, false},
                              [this] { open(); });
    }

    void refresh_actions() override {
        const bool any = !window_.runs_model().drawn_runs(window_.focus()).empty();
        window_.actions().set_obstacle(
            QStringLiteral("runs.compare_settings"),
            any ? QString() : MainWindow::tr("No run is drawn. Tick or select one in the list of runs."));
    }

private:
    void open() {
        if (!dialog_) {
            dialog_ = new ExperimentDifference(&window_);
            dialog_->setAttribute(Qt::WA_DeleteOnClose);
            dialog_->set_with_form(window_.form() && window_.runs_model().drawn_runs(window_.focus()).size() < 2);
            connect(dialog_, &ExperimentDifference::with_form_changed, this, &CompareSettingsFeature::fill);
        }
        fill();
        dialog_->show();
        dialog_->raise();
        dialog_->activateWindow();
    }

    void fill() {
        if (!dialog_) return;
        std::vector<ComparedExperiment> experiments;
        for (const DrawnRun& run : window_.runs_model().drawn_runs(window_.focus()))
            experiments.push_back({QString::fromStdString(run.record->name()), run.record->experiment(),
                                   origin_text(run.record->description().origin)});
        if (window_.form() && dialog_->with_form())
            experiments.push_back({MainWindow::tr("The form"), window_.form()->experiment(), origin_of_form()});
        dialog_->set_experiments(experiments);
    }

    static QString origin_text(const std::optional<RunOrigin>& origin) {
        return origin ? QString::fromStdString(to_string(*origin)) : QString();
    }

    /// As the record of the run says it that Start would begin.
    QString origin_of_form() const {
        const std::filesystem::path model = to_path(window_.form()->origin().weights);
        if (model.empty()) return {};
        const std::filesystem::path run = model.parent_path().parent_path().parent_path();
        for (const CheckpointFolder& one : list_checkpoints(RunFolder{run}))
            if (one.model() == model) return origin_text(RunOrigin{run.filename().string(), one.step, {}});
        return to_qstring(model.filename());
    }

    MainWindow& window_;
    QPointer<ExperimentDifference> dialog_;
};

const Registration<WindowFeatureDescriptor> registration({"compare_settings", 30, [](MainWindow& window) {
                                                              return new CompareSettingsFeature(window);
                                                          }});

}  // namespace

}  // namespace wavlab
