// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>

#include <QPointer>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/dataset_rows.h"
#include "app/gui/dataset_works.h"
#include "app/gui/window_feature.h"
#include "views/own_text_dialog.h"

namespace wavlab {

class DatasetPreviews;
class DatasetsDialog;
class DatasetsModel;

/// The data manager: what datasets there are, getting, adding, checking, looking at and deleting them.
class DatasetsFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit DatasetsFeature(MainWindow& window);
    ~DatasetsFeature() override;

    void add_actions() override;
    void refresh_actions() override;

    /// Shows the dialog, with this dataset chosen where it is not empty.
    void open(const QString& id = {});
    DatasetsModel& model() { return *model_; }
    /// Null until it was opened first.
    DatasetsDialog* dialog() { return dialog_; }
    /// Nothing is done with any dataset, and the list is up to date.
    bool idle() const;

private:
    // datasets.cpp: the list and what can be done
    void add_action(const QString& id, const QString& text, const QString& help, const QString& icon, bool begins_group,
                    void (DatasetsFeature::*handler)());
    void make_dialog();
    void refresh();
    void show_listing(const DatasetListing& listing);
    void show_selected();
    void on_form();
    void on_progressed(const QString& id);
    void on_ended(const DatasetResult& result);
    void report(const QString& id, const QString& problem);
    /// Something new is done with it: what went wrong before is of no interest any more.
    void forget_problem(const QString& id);
    void show_problems();
    void offer_what_is_here();
    const DatasetRow* chosen() const;
    QString obstacle(const QString& id, const DatasetRow* row) const;

    // datasets_actions.cpp: what the actions do
    void download();
    void start_download(const QString& id);
    void pause();
    void cancel();
    void verify();
    void ask_delete();
    void add_files();
    void take_files(const QString& id, const std::filesystem::path& path);
    void add_own_text();
    void import_own_text();
    void choose_own_file(OwnTextDialog::Field field, bool folder);
    void use();
    void suggest_tokenizer();
    void clear_tokens();
    void copy_citation();
    void open_preview();
    OwnTextDialog::Problems problems_of(const OwnText& text) const;
    OwnTextDialog::Field field_of(const QString& problem, const OwnText& text) const;
    void end_own_text(const DatasetResult& result);

    MainWindow& window_;
    DatasetsModel* model_;
    DatasetsDialog* dialog_ = nullptr;
    DatasetPreviews* previews_ = nullptr;
    QPointer<OwnTextDialog> own_text_;
    QString own_text_id_;                  ///< the dataset that is being made from it
    QString wanted_;                       ///< to be chosen as soon as it is listed
    std::map<QString, QString> problems_;  ///< by dataset; until they are dismissed
    std::map<QString, QString> damage_;    ///< what a check has found
    std::vector<DatasetRow> listed_;       ///< without what this window does with them
    std::int64_t kept_token_bytes_ = 0;
    QStringList offered_;  ///< what the form was told of
    QString form_dataset_;
    bool listing_ = false, list_again_ = false;
    bool form_known_ = false;
    QTimer poll_timer_;
    DatasetWorks works_;
    BackgroundWorker list_worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
