// SPDX-License-Identifier: GPL-3.0-or-later
// What the figure studio holds: the figure, its page, its files.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <utility>

#include <QCloseEvent>
#include <QDir>
#include <QGuiApplication>
#include <QLabel>
#include <QTimer>

#include "core/number_text.h"
#include "core/safe_file.h"
#include "views/action_registry.h"
#include "views/figure_clipboard.h"
#include "views/figure_data.h"
#include "views/figure_export.h"
#include "views/message_bar.h"
#include "views/question.h"
#include "views/studio/figure_preview.h"
#include "views/studio/figure_studio.h"
#include "views/studio/figure_targets.h"
#include "views/studio/look_form.h"
#include "views/studio/panel_form.h"
#include "views/studio/panel_list.h"
#include "views/studio/plot_chooser.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

constexpr double draw_milliseconds = 150;     // after the last change
constexpr double longest_pause = 1000;        // likewise, where drawing takes long
constexpr double follow_milliseconds = 1000;  // of runs that go on
constexpr double follow_pauses = 5;           // how much longer than drawing the pause before the next one is

class BusyCursor {
public:
    BusyCursor() { QGuiApplication::setOverrideCursor(Qt::WaitCursor); }
    ~BusyCursor() { QGuiApplication::restoreOverrideCursor(); }
    BusyCursor(const BusyCursor&) = delete;
    BusyCursor& operator=(const BusyCursor&) = delete;
};

/// As it stands in a file in this folder: by its name where it lies there.
std::string beside(const std::string& target, const fs::path& folder) {
    const fs::path relative = fs::path(target).lexically_relative(folder);
    if (relative.empty() || *relative.begin() == "..") return target;
    return relative.string();
}

double rounded(double value) { return parse_number(number_text(value, 3)).value_or(value); }

double middle_of(const DrawnAxis& axis) {
    if (axis.logarithmic && axis.low > 0) return rounded(std::sqrt(axis.low * axis.high));
    return rounded((axis.low + axis.high) / 2);
}

}  // namespace

FigureFile FigureStudio::figure() const { return {look_->look(), out_, panels_->panels()}; }

std::string FigureStudio::text() const {
    FigureFile figure = this->figure();
    // Where it was exported to is worth keeping only beside a file.
    if (file_.empty()) figure.out.clear();
    return figure_toml(figure);
}

bool FigureStudio::is_modified() const { return text() != saved_; }

std::string FigureStudio::stem() const {
    if (!file_.empty()) return file_.stem().string();
    return out_.empty() ? "figure" : fs::path(out_.front()).stem().string();
}

void FigureStudio::load(const FigureFile& figure, const fs::path& file) {
    file_ = file;
    out_.clear();
    for (const std::string& out : figure.out) out_.push_back((file.parent_path() / out).lexically_normal().string());
    look_->set_look(figure.look);
    panels_->set_panels(figure.panels);
    saved_ = text();
    change();
}

void FigureStudio::set_figure(const FigureFile& figure) { load(figure, {}); }

void FigureStudio::add_panel(const FigurePanel& panel) {
    panels_->add(panel);
    change();
}

void FigureStudio::open_file(const fs::path& file) {
    const fs::path whole = fs::absolute(file).lexically_normal();
    load(read_figure(whole), whole);
    say(tr("Opened %1.").arg(QString::fromStdString(whole.string())));
}

void FigureStudio::save_file(const fs::path& file) {
    const fs::path whole = fs::absolute(file).lexically_normal();
    FigureFile figure = this->figure();
    if (figure.out.empty()) figure.out = {whole.stem().string() + ".pdf"};
    std::vector<std::string> out;
    for (std::string& target : figure.out) {
        out.push_back((whole.parent_path() / target).string());
        target = beside(target, whole.parent_path());
    }
    write_file_safely(whole, figure_toml(figure));
    file_ = whole;
    out_ = out;
    saved_ = text();
    show_title();
    say(tr("Saved %1; 'wavlab figure %2' draws it again.")
            .arg(QString::fromStdString(whole.string()), QString::fromStdString(whole.filename().string())));
    if (const auto next = std::exchange(after_saving_, nullptr)) next();
}

void FigureStudio::export_files(const std::vector<fs::path>& files) {
    const BusyCursor busy;
    QStringList names, notes;
    for (const FigureResult& result : export_page(runs_.page_of(figure()), files)) {
        names.append(QString::fromStdString(result.file.string()));
        for (const std::string& note : result.notes) notes.append(QString::fromStdString(note));
    }
    notes.removeDuplicates();
    out_.clear();
    for (const fs::path& file : files) out_.push_back(fs::absolute(file).lexically_normal().string());
    show_title();
    say((QStringList(tr("Wrote %1.").arg(names.join(QStringLiteral(", ")))) + notes).join(QLatin1Char(' ')));
    if (!files.empty()) emit exported(QString::fromStdString(fs::path(out_.front()).parent_path().string()));
}

void FigureStudio::copy() {
    const QString failure = failure_of([&] {
        const BusyCursor busy;
        copy_page(runs_.page_of(figure()));
        say(tr("Copied the figure: picture and vectors."));
    });
    if (!failure.isEmpty()) show_problem(failure);
}

void FigureStudio::export_dialog() {
    QStringList extensions;
    for (const std::string& out : out_) extensions.append(QString::fromStdString(fs::path(out).extension().string()));
    if (extensions.isEmpty()) extensions.append(QStringLiteral(".pdf"));
    QString folder = export_folder_.isEmpty() ? QDir::homePath() : export_folder_;
    if (!file_.empty()) folder = QString::fromStdString(file_.parent_path().string());
    QString name = QString::fromStdString(stem());
    if (!out_.empty()) {
        folder = QString::fromStdString(fs::path(out_.front()).parent_path().string());
        name = QString::fromStdString(fs::path(out_.front()).stem().string());
    }
    (new FigureTargets(
         folder, name, extensions, [this](const std::vector<fs::path>& files) { export_files(files); }, this))
        ->open();
}

void FigureStudio::choose_state() {
    const int row = panels_->current();
    if (row < 0) return;
    const QString failure = failure_of([&] {
        FigureFile figure;
        figure.panels = {panels_->panels()[std::size_t(row)]};
        const PageContent content = runs_.page_of(figure);
        auto* dialog = new PlotChooser(content.panels.front(), plot_state(figure.panels.front()), this);
        connect(dialog, &QDialog::accepted, this, [this, dialog] { panels_->set_state(dialog->state()); });
        dialog->open();
    });
    if (!failure.isEmpty()) show_problem(failure);
}

void FigureStudio::change() {
    if (informs_) message_->hide();  // it was about the figure as it was
    show_title();
    drawn_ = false;
    if (isVisible()) soon_->start();
}

void FigureStudio::draw() {
    soon_->stop();
    follow_->stop();
    const double begin = clock_();
    drawn_ = true;
    if (panels_->panels().empty()) {
        content_ = {};
        page_.reset();
        preview_->show_page(nullptr);
        preview_->show_problem(tr("Add a panel: the figure appears here as it will print."));
        say_what_is_drawn();
        return;
    }
    try {
        if (const std::size_t left = runs_.read ? runs_.read(figure()) : 0; left > 0) {
            drawn_ = false;
            say_what_is_read(left);
            return;
        }
        PageContent content = runs_.page_of(figure());
        auto page = std::make_shared<const FigurePage>(content);
        content_ = std::move(content);
        page_ = std::move(page);
        preview_->show_page(page_);
        preview_->image();  // at once, for it is a part of what drawing takes
    } catch (const std::exception& error) {
        preview_->show_problem(QString::fromUtf8(error.what()));
    }
    took(clock_() - begin);
    say_what_is_drawn();
}

/// The longer drawing takes, the rarer it is, and the longer it waits for whoever types.
void FigureStudio::took(double milliseconds) {
    soon_->setInterval(int(std::clamp(milliseconds, draw_milliseconds, longest_pause)));
    follow_->setInterval(int(std::max(follow_milliseconds, follow_pauses * milliseconds)));
}

int FigureStudio::follow_interval() const { return follow_->interval(); }

void FigureStudio::runs_read(std::size_t left) {
    if (!isVisible() || drawn_ || soon_->isActive()) return;  // what comes by then is asked for anew
    if (left > 0)
        say_what_is_read(left);
    else
        draw();
}

void FigureStudio::say_what_is_read(std::size_t left) {
    preview_->show_problem(tr("Reading %1 runs…").arg(left));
    say_what_is_drawn();
}

void FigureStudio::say_what_is_drawn() {
    const bool drawn = page_ && preview_->problem().isEmpty();
    const int row = panels_->current();
    const bool known = drawn && row >= 0 && std::size_t(row) < content_.panels.size();
    panels_->form().set_has_step(!known || page_->step(std::size_t(row)).has_value());
    if (!drawn) {
        facts_->clear();
        return;
    }
    const auto inches = [](double value) { return QString::number(value, 'f', 2); };
    QStringList facts(tr("%1 × %2 in, %3, %4 pt")
                          .arg(inches(page_->width_inches()), inches(page_->height_inches()),
                               QString::fromStdString(page_->font()), QString::number(content_.look.font_points)));
    for (const std::string& note : page_->notes()) facts.append(QString::fromStdString(note));
    facts_->setText(facts.join(QLatin1Char('\n')));
}

QPointF FigureStudio::middle_of_axes() const {
    const int row = panels_->current();
    if (!page_ || row < 0) return {0.5, 0.5};
    const std::vector<FigureData> data = page_->data();
    if (std::size_t(row) >= data.size() || data[std::size_t(row)].axes.empty()) return {0.5, 0.5};
    const DrawnAxes& axes = data[std::size_t(row)].axes.front();
    return {middle_of(axes.x), middle_of(axes.y)};
}

void FigureStudio::run_changed(const fs::path& folder) {
    const bool shown = std::any_of(content_.panels.begin(), content_.panels.end(), [&](const PagePanel& panel) {
        return std::any_of(panel.runs.begin(), panel.runs.end(),
                           [&](const DrawnRun& run) { return run.record->folder() == folder; });
    });
    if (shown || !preview_->problem().isEmpty()) runs_changed();
}

void FigureStudio::runs_changed() {
    if (isVisible() && !follow_->isActive() && !panels_->panels().empty()) follow_->start();
}

void FigureStudio::show_problem(const QString& text) {
    informs_ = false;
    message_->show();
    message_->show_message(MessageBar::Kind::problem, text);
}

void FigureStudio::say(const QString& text) {
    informs_ = true;
    message_->show();
    message_->show_message(MessageBar::Kind::information, text);
}

void FigureStudio::show_title() {
    const QString name = file_.empty() ? tr("unsaved") : QString::fromStdString(file_.filename().string());
    setWindowTitle(tr("Figure studio: %1[*]").arg(name));
    setWindowModified(is_modified());
}

void FigureStudio::settle_changes(std::function<void()> then) {
    if (!is_modified()) {
        then();
        return;
    }
    ask(this, QStringLiteral("figure_studio.question"), tr("Save the figure?"),
        tr("The figure was changed since it was saved. A saved figure can be drawn again when there are more runs."),
        {{tr("Save"),
          [this, then] {
              after_saving_ = then;
              if (file_.empty()) {
                  emit save_wanted();
                  return;
              }
              const QString failure = failure_of([&] { save_file(file_); });
              if (!failure.isEmpty()) show_problem(failure);
          },
          false, true},
         {tr("Do not save"), then, true, false}});
}

void FigureStudio::close_at_once() {
    close_at_once_ = true;
    close();
}

void FigureStudio::closeEvent(QCloseEvent* event) {
    if (close_at_once_ || !is_modified()) {
        event->accept();
        return;
    }
    event->ignore();
    settle_changes([this] { close_at_once(); });
}

void FigureStudio::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    if (!message_->isHidden()) message_->setFixedHeight(message_->sizeHint().height());
}

void FigureStudio::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (!event->spontaneous()) QTimer::singleShot(0, this, &FigureStudio::draw);
}

}  // namespace wavlab
