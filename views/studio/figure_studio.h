// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <QMainWindow>

#include "views/studio/studio_runs.h"

class QComboBox;
class QLabel;
class QTimer;

namespace wavlab {

class FigurePreview;
class LookForm;
class MessageBar;
class PanelList;

/// A figure of any views as panels, made for print: its look and its panels as forms, and the page as it will print.
/// A figure is a small TOML file. Which files are opened and written its holder asks the user (`open_wanted`,
/// `save_wanted`) and tells it.
class FigureStudio : public QMainWindow {
    Q_OBJECT

public:
    FigureStudio(StudioRuns runs, QWidget* parent);
    ~FigureStudio() override;

    /// What the file says that would be saved; `out` with whole paths.
    FigureFile figure() const;
    /// A figure that is in no file yet.
    void set_figure(const FigureFile& figure);
    /// Behind the other panels, and selected.
    void add_panel(const FigurePanel& panel);
    /// Throws InputError.
    void open_file(const std::filesystem::path& file);
    /// With `out` beside the file where it lies there; without any, the file's name as PDF. Throws InputError.
    void save_file(const std::filesystem::path& file);
    /// Writes the figure, a file for each format, and remembers them as the figure's. Throws InputError, WorkError.
    void export_files(const std::vector<std::filesystem::path>& files);
    void copy();
    /// The file that holds the figure; empty while none does.
    const std::filesystem::path& file() const { return file_; }
    /// A name for a file of it, without ending.
    std::string stem() const;
    bool is_modified() const;
    /// Closes without asking.
    void close_at_once();
    /// Asks whether to save, if there is something; `then` once that is settled, not when the user goes back.
    void settle_changes(std::function<void()> then);

    /// The folder in which exported files go unless the user says otherwise.
    void set_export_folder(const QString& folder) { export_folder_ = folder; }
    /// There is more of this run: the preview follows, at most once a second, and more rarely the longer it takes to
    /// draw, so that the forms can be used meanwhile.
    void run_changed(const std::filesystem::path& folder);
    /// One of the runs that are being read is there; so many are not.
    void runs_read(std::size_t left);
    /// Runs came or went.
    void runs_changed();
    void show_problem(const QString& text);
    void say(const QString& text);

    FigurePreview& preview() { return *preview_; }
    LookForm& look() { return *look_; }
    PanelList& panels() { return *panels_; }
    /// The preview shows what the forms say.
    bool is_drawn() const { return drawn_; }
    /// Milliseconds between what changes in runs and the next drawing.
    int follow_interval() const;
    /// Milliseconds that pass, by which drawing is measured; else the system's.
    void set_clock(std::function<double()> clock) { clock_ = std::move(clock); }

signals:
    void open_wanted();
    void save_wanted();
    void exported(const QString& folder);

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* make_forms();
    QWidget* make_result();
    QLayout* make_buttons();
    void add_keys();
    void change();
    void draw();
    void took(double milliseconds);
    void say_what_is_read(std::size_t left);
    void say_what_is_drawn();
    void choose_state();
    void export_dialog();
    void show_title();
    QPointF middle_of_axes() const;
    void load(const FigureFile& figure, const std::filesystem::path& file);
    /// The figure as text, to see whether it was changed.
    std::string text() const;

    StudioRuns runs_;
    std::filesystem::path file_;
    std::vector<std::string> out_;
    std::string saved_;  ///< text() when it was saved or opened
    std::function<void()> after_saving_;
    bool close_at_once_ = false;
    bool drawn_ = false;
    bool informs_ = false;  ///< the message is no problem
    QString export_folder_;
    PageContent content_;  ///< of the page that is shown
    std::shared_ptr<const FigurePage> page_;
    std::function<double()> clock_;
    QTimer* soon_;
    QTimer* follow_;
    LookForm* look_ = nullptr;
    PanelList* panels_ = nullptr;
    MessageBar* message_ = nullptr;
    FigurePreview* preview_ = nullptr;
    QLabel* facts_ = nullptr;
    QComboBox* zoom_ = nullptr;
};

}  // namespace wavlab
