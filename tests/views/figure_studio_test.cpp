// SPDX-License-Identifier: GPL-3.0-or-later
// The figure studio by real events, on made-up runs: its forms, its preview, its files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QCompleter>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>

#include "core/error.h"
#include "core/safe_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/application.h"
#include "tests/views/synthetic_run.h"
#include "views/figure_export.h"
#include "views/plot_style.h"
#include "views/studio/figure_preview.h"
#include "views/studio/figure_studio.h"
#include "views/studio/figure_targets.h"
#include "views/studio/look_form.h"
#include "views/studio/panel_form.h"
#include "views/studio/panel_list.h"
#include "views/studio/plot_chooser.h"
#include "views/studio/run_names.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FigureStudioTest : public testing::Test {
protected:
    FigureStudioTest() {
        test_application();
        for (const char* method : {"wav", "attnres_block", "standard"}) {
            SyntheticRun run;
            run.name = std::string(method) + "-12";
            run.method = method;
            records_[run.name] = run.record();
        }
        StudioRuns runs;
        runs.page_of = [this](const FigureFile& figure) { return page_of(figure); };
        runs.read = [this](const FigureFile&) { return unread_; };
        runs.names = [this] {
            QStringList names;
            for (const auto& [name, record] : records_) names.append(QString::fromStdString(name));
            return names;
        };
        runs.shown = [](const PlotDescriptor& plot, const QJsonObject&) {
            return plot.several_runs ? std::vector<std::string>{"wav-12", "standard-12"}
                                     : std::vector<std::string>{"wav-12"};
        };
        studio_ = new FigureStudio(std::move(runs), nullptr);
        studio_->resize(1200, 760);
    }
    ~FigureStudioTest() override {
        if (studio_) studio_->close_at_once();
        delete studio_;
    }

    PageContent page_of(const FigureFile& figure) {
        PageContent page;
        page.look = figure.look;
        for (const FigurePanel& described : figure.panels) {
            PagePanel panel;
            panel.plot = &find_plot(described.kind);
            for (const std::string& run : described.runs) {
                if (!records_.contains(run)) throw InputError("there is no run '" + run + "'");
                const int index = int(std::distance(records_.begin(), records_.find(run)));
                panel.runs.push_back({records_[run], index, panel.runs.empty()});
            }
            panel.state = plot_state(described);
            panel.step = described.step;
            panel.title = described.title;
            panel.x_label = described.x_label;
            panel.y_label = described.y_label;
            panel.annotations = described.annotations;
            page.panels.push_back(panel);
        }
        ++pages_;
        return page;
    }

    static FigureFile figure_of(const std::vector<std::string>& kinds) {
        FigureFile figure;
        for (const std::string& kind : kinds) {
            FigurePanel panel;
            panel.kind = kind;
            panel.runs = {"wav-12"};
            if (kind == "loss") panel.runs.push_back("standard-12");
            figure.panels.push_back(panel);
        }
        return figure;
    }
    void show(const FigureFile& figure) {
        studio_->set_figure(figure);
        studio_->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(studio_));
        studio_->activateWindow();
        ASSERT_TRUE(QTest::qWaitForWindowActive(studio_));
        wait_for_page();
    }
    /// Until what was changed last is drawn.
    void wait_for_page() {
        ASSERT_TRUE(QTest::qWaitFor([&] { return studio_->is_drawn(); }));
    }
    template <class Widget>
    Widget* find(const char* name) {
        auto* found = studio_->findChild<Widget*>(QLatin1String(name));
        EXPECT_TRUE(found) << name;
        return found;
    }
    void click(const char* name) { QTest::mouseClick(find<QAbstractButton>(name), Qt::LeftButton); }
    void type(const char* name, const QString& text) {
        auto* line = find<QLineEdit>(name);
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    const FigureLook& look() { return studio_->look().look(); }
    const FigurePanel& panel(std::size_t index) { return studio_->panels().panels().at(index); }

    TemporaryFolder folder_;
    std::map<std::string, std::shared_ptr<RunRecord>> records_;
    int pages_ = 0;
    std::size_t unread_ = 0;
    double drawing_milliseconds_ = 0;
    QPointer<FigureStudio> studio_;
};

TEST_F(FigureStudioTest, ShowsThePageAsItPrints) {
    show(figure_of({"loss", "routing"}));
    find<QComboBox>("figure_studio.zoom")->setCurrentIndex(2);  // 200 %
    QImage shown = studio_->preview().image();
    const double ratio = studio_->preview().devicePixelRatioF();
    const FigurePage page(page_of(studio_->figure()));
    const double scale = 2.0 * studio_->preview().logicalDpiX() / PlotStyle::print_units_per_inch * ratio;
    QImage printed(shown.size(), QImage::Format_RGB32);
    EXPECT_NEAR(shown.width(), page.size().width() * scale, 1);
    printed.fill(Qt::white);
    page.draw(printed, scale);
    EXPECT_EQ(shown, printed);
    EXPECT_THAT(find<QLabel>("figure_studio.facts")->text().toStdString(), HasSubstr("5.50 × "));
    // It lies on the screen as it is, in the middle of the sheet.
    const QImage window = studio_->preview().widget()->grab().toImage().convertToFormat(QImage::Format_RGB32);
    const QPoint corner((window.width() - shown.width()) / 2, (window.height() - shown.height()) / 2);
    EXPECT_EQ(window.copy(QRect(corner, shown.size())), shown);
}

TEST_F(FigureStudioTest, AVenueSetsWidthFontAndSize) {
    show(figure_of({"loss"}));
    auto* venue = find<QComboBox>("look.venue");
    venue->setFocus();
    while (venue->currentData() != "nature") QTest::keyClick(venue, Qt::Key_Down);
    EXPECT_EQ(look().venue, "nature");
    EXPECT_EQ(look().width_inches, 89 / 25.4) << "to the last digit";
    EXPECT_EQ(look().font_points, 7);
    EXPECT_NEAR(find<QDoubleSpinBox>("look.width")->value(), 3.5, 1e-9);
    wait_for_page();
    EXPECT_THAT(find<QLabel>("figure_studio.facts")->text().toStdString(), HasSubstr("3.50 × "));
    // What is changed afterwards stays with the venue.
    find<QComboBox>("look.palette")->setCurrentIndex(2);
    find<QDoubleSpinBox>("look.height")->setValue(3);
    find<QCheckBox>("look.letters")->click();
    EXPECT_EQ(look().palette, "grey");
    EXPECT_EQ(look().height_inches, 3.0);
    EXPECT_EQ(look().width_inches, 89 / 25.4);
    EXPECT_FALSE(look().letters);
    QDoubleSpinBox* height = find<QDoubleSpinBox>("look.height");
    height->setValue(height->minimum());
    EXPECT_FALSE(look().height_inches);
    auto* font = find<QComboBox>("look.font");
    font->lineEdit()->selectAll();
    QTest::keyClicks(font->lineEdit(), "No such font");
    EXPECT_EQ(look().font, "No such font");
    wait_for_page();
    EXPECT_THAT(find<QLabel>("figure_studio.facts")->text().toStdString(),
                HasSubstr("'No such font' is not installed"));
}

TEST_F(FigureStudioTest, AddsMovesAndRemovesPanels) {
    show(figure_of({"loss", "routing"}));
    auto* list = find<QListWidget>("panels.list");
    EXPECT_EQ(list->item(0)->text(), "(a) Loss: wav-12, standard-12");
    QMenu* kinds = find<QToolButton>("panels.add")->menu();
    kinds->actions().at(2)->trigger();
    ASSERT_EQ(studio_->panels().panels().size(), 3u);
    EXPECT_EQ(panel(2).kind, "details");
    EXPECT_THAT(panel(2).runs, ElementsAre("wav-12"));
    EXPECT_EQ(list->currentRow(), 2);
    click("panels.up");
    EXPECT_EQ(panel(1).kind, "details");
    EXPECT_EQ(list->currentRow(), 1);
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Up);
    EXPECT_EQ(find<QComboBox>("panel.kind")->currentData(), "loss");
    click("panels.remove");
    EXPECT_EQ(panel(0).kind, "details");
    click("panels.remove");
    click("panels.remove");
    EXPECT_TRUE(studio_->panels().panels().empty());
    EXPECT_FALSE(studio_->panels().form().isEnabled());
    EXPECT_TRUE(QTest::qWaitFor([&] { return studio_->preview().problem().startsWith("Add a panel"); }));
}

TEST_F(FigureStudioTest, TakesTextsRunsAndAnnotations) {
    show(figure_of({"loss"}));
    type("panel.title", "Two methods");
    type("panel.x_label", "Updates");
    EXPECT_EQ(panel(0).title, "Two methods");
    EXPECT_EQ(panel(0).x_label, "Updates");
    EXPECT_FALSE(panel(0).y_label);
    type("panel.runs", "attnres_block-12 , wav-12,");
    EXPECT_THAT(panel(0).runs, ElementsAre("attnres_block-12", "wav-12"));
    QMenu* menu = find<QToolButton>("panel.choose_runs")->menu();
    emit menu->aboutToShow();
    menu->actions().at(0)->trigger();
    EXPECT_THAT(panel(0).runs, ElementsAre("wav-12", "standard-12"));
    emit menu->aboutToShow();
    menu->actions().at(2)->trigger();  // attnres_block-12, the first by name
    EXPECT_THAT(panel(0).runs, ElementsAre("wav-12", "standard-12", "attnres_block-12"));
    wait_for_page();
    click("panel.add_annotation");
    ASSERT_EQ(panel(0).annotations.size(), 1u);
    const FigureAnnotation first = panel(0).annotations[0];
    EXPECT_NEAR(first.x, 150, 20) << "in the middle of the axes";
    auto* table = find<QTableWidget>("panel.annotations");
    table->item(0, 0)->setText("published");
    table->item(0, 1)->setText("250");
    table->item(0, 2)->setText("no number");
    EXPECT_EQ(panel(0).annotations[0].text, "published");
    EXPECT_EQ(panel(0).annotations[0].x, 250);
    EXPECT_EQ(panel(0).annotations[0].y, first.y);
    click("panel.remove_annotation");
    EXPECT_TRUE(panel(0).annotations.empty());
    // A plot of one run takes the one that the window shows.
    auto* kind = find<QComboBox>("panel.kind");
    emit menu->aboutToShow();
    menu->actions().at(0)->trigger();
    kind->setFocus();
    QTest::keyClick(kind, Qt::Key_Down);
    EXPECT_EQ(panel(0).kind, "routing");
    EXPECT_THAT(panel(0).runs, ElementsAre("wav-12"));
}

TEST_F(FigureStudioTest, CompletesTheLastOfSeveralNames) {
    QLineEdit line;
    auto* completer = new RunNamesCompleter([] { return QStringList{"standard-12", "wav-12"}; }, &line);
    line.setCompleter(completer);
    line.setText("standard-12, wa");
    completer->setCompletionPrefix(line.text());
    ASSERT_EQ(completer->completionCount(), 1);
    EXPECT_EQ(completer->currentCompletion(), "standard-12, wav-12");
}

TEST_F(FigureStudioTest, SaysWhatIsWrongOverTheLastPage) {
    show(figure_of({"loss"}));
    const QImage before = studio_->preview().image();
    type("panel.runs", "nothing");
    ASSERT_TRUE(QTest::qWaitFor([&] { return !studio_->preview().problem().isEmpty(); }));
    EXPECT_EQ(studio_->preview().problem(), "there is no run 'nothing'");
    EXPECT_EQ(studio_->preview().image(), before) << "the last good picture, which is faded";
    EXPECT_TRUE(find<QLabel>("figure_preview.problem")->isVisible());
    type("panel.runs", "standard-12");
    ASSERT_TRUE(QTest::qWaitFor([&] { return studio_->preview().problem().isEmpty(); }));
    auto* kind = find<QComboBox>("panel.kind");
    kind->setFocus();
    QTest::keyClick(kind, Qt::Key_Down);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !studio_->preview().problem().isEmpty(); }));
    EXPECT_THAT(studio_->preview().problem().toStdString(), HasSubstr("has no routing"));
}

TEST_F(FigureStudioTest, ChoosesInThePlotItselfWhatAPanelShows) {
    show(figure_of({"routing"}));
    click("panel.state");
    auto* chooser = studio_->findChild<PlotChooser*>();
    ASSERT_TRUE(chooser);
    QJsonObject state = chooser->state();
    state["quantity"] = "contribution";
    state["step"] = 100;
    chooser->plot().set_state(state);
    QTest::mouseClick(chooser->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok), Qt::LeftButton);
    EXPECT_EQ(panel(0).state, R"({"quantity":"contribution"})") << "what is not the default";
    EXPECT_EQ(panel(0).step, 100);
    EXPECT_EQ(find<QSpinBox>("panel.step")->value(), 100);
    click("panel.reset");
    EXPECT_EQ(panel(0).state, "{}");
    EXPECT_FALSE(panel(0).step);
}

TEST_F(FigureStudioTest, EveryPlotsStateIsKeptWithoutItsDefaults) {
    for (const PlotDescriptor& plot : PlotRegistry::all()) {
        const std::unique_ptr<Plot> one(plot.make(nullptr)), other(plot.make(nullptr));
        QJsonObject state = one->state();
        for (const std::string& quantity : plot.quantities) state["quantity"] = QString::fromStdString(quantity);
        for (const std::string& mode : plot.modes) state["mode"] = QString::fromStdString(mode);
        one->set_state(state);
        const FigurePanel panel = panel_of(plot, one->state(), {"wav-12"});
        other->set_state(plot_state(panel));
        EXPECT_EQ(other->state(), one->state()) << plot.id;
    }
}

TEST_F(FigureStudioTest, SavesAndOpensItsFiles) {
    show(figure_of({"loss", "routing"}));
    EXPECT_FALSE(studio_->is_modified());
    type("panel.title", "Losses");
    find<QDoubleSpinBox>("look.line")->setValue(2);
    EXPECT_TRUE(studio_->is_modified());
    const std::filesystem::path file = folder_ / "depth.toml";
    studio_->save_file(file);
    EXPECT_FALSE(studio_->is_modified());
    EXPECT_THAT(read_figure(file).out, ElementsAre("depth.pdf")) << "so that 'wavlab figure' knows what to write";
    EXPECT_TRUE(studio_->windowTitle().contains("depth.toml"));

    studio_->export_files({folder_ / "a.svg", folder_.path() / "." / "a.csv"});
    studio_->save_file(file);
    EXPECT_THAT(read_figure(file).out, ElementsAre("a.svg", "a.csv")) << "beside the file";
    const std::string saved = read_file(file);
    studio_->set_figure(figure_of({"details"}));
    studio_->open_file(file);
    EXPECT_EQ(panel(0).title, "Losses");
    EXPECT_EQ(look().line_points, 2);
    EXPECT_FALSE(studio_->is_modified());
    studio_->save_file(file);
    EXPECT_EQ(read_file(file), saved);

    write_file_safely(folder_ / "bad.toml", "[figure]\nvenue = \"moon\"\n");
    EXPECT_THROW(studio_->open_file(folder_ / "bad.toml"), InputError);
    EXPECT_EQ(panel(0).title, "Losses") << "what was there stays";
}

TEST_F(FigureStudioTest, ExportsWhatItShows) {
    show(figure_of({"loss"}));
    studio_->set_export_folder(QString::fromStdString(folder_.path().string()));
    click("figure_studio.export");
    auto* dialog = studio_->findChild<FigureTargets*>();
    ASSERT_TRUE(dialog);
    dialog->findChild<QLineEdit*>("figure_targets.name")->setText("fig");
    for (const char* format : {".svg", ".png", ".tex", ".csv"})
        QTest::mouseClick(dialog->findChild<QCheckBox*>(QLatin1String("figure_targets") + format), Qt::LeftButton, {},
                          QPoint(8, 8));
    ASSERT_EQ(dialog->files().size(), 5u);
    QTest::mouseClick(dialog->findChild<QPushButton*>("figure_targets.export"), Qt::LeftButton);
    const PageContent content = page_of(studio_->figure());
    for (const auto& [extension, format] : {std::pair(".pdf", FigureFormat::pdf), std::pair(".svg", FigureFormat::svg),
                                            std::pair(".png", FigureFormat::png), std::pair(".tex", FigureFormat::tikz),
                                            std::pair(".csv", FigureFormat::csv)}) {
        FigureResult result;
        EXPECT_EQ(read_file(folder_ / (std::string("fig") + extension)),
                  render_page(content, format, result).toStdString())
            << extension;
    }
    EXPECT_EQ(studio_->figure().out.size(), 5u);
    EXPECT_FALSE(studio_->is_modified()) << "it is in no file that could hold this";

    click("figure_studio.copy");
    const QMimeData* copied = QApplication::clipboard()->mimeData();
    EXPECT_TRUE(copied->hasImage());
    EXPECT_TRUE(copied->data("image/svg+xml").contains("<svg"));

    // A folder that is not there is said in the dialog, which stays.
    click("figure_studio.export");
    dialog = nullptr;
    for (auto* one : studio_->findChildren<FigureTargets*>())
        if (one->isVisible()) dialog = one;
    ASSERT_TRUE(dialog);
    dialog->findChild<QLineEdit*>("figure_targets.folder")->setText("/proc/nowhere");
    QTest::mouseClick(dialog->findChild<QPushButton*>("figure_targets.export"), Qt::LeftButton);
    EXPECT_TRUE(dialog->isVisible());
    EXPECT_THAT(dialog->findChild<QLabel*>("figure_targets.note")->text().toStdString(), HasSubstr("/proc/nowhere"));
}

TEST_F(FigureStudioTest, AsksBeforeChangesAreLost) {
    show(figure_of({"loss"}));
    type("panel.title", "Losses");
    studio_->close();
    auto* question = studio_->findChild<QMessageBox*>("figure_studio.question");
    ASSERT_TRUE(question);
    EXPECT_TRUE(studio_->isVisible());
    QTest::keyClick(question, Qt::Key_Escape);
    EXPECT_TRUE(studio_->isVisible());
    const std::filesystem::path file = folder_ / "kept.toml";
    QObject::connect(studio_, &FigureStudio::save_wanted, studio_, [&] { studio_->save_file(file); });
    QTest::qWait(0);
    studio_->close();
    for (auto* one : studio_->findChildren<QMessageBox*>())
        if (one->isVisible()) question = one;
    for (QAbstractButton* button : question->buttons())
        if (button->text().remove('&') == "Save") QTest::mouseClick(button, Qt::LeftButton);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !studio_; }));
    EXPECT_EQ(read_figure(file).panels.at(0).title, "Losses");
}

TEST_F(FigureStudioTest, FollowsRunsTheMoreRarelyTheLongerDrawingTakes) {
    double now = 0;
    studio_->set_clock([&] { return now += drawing_milliseconds_; });
    drawing_milliseconds_ = 30;
    show(figure_of({"loss"}));
    EXPECT_EQ(studio_->follow_interval(), 1000);
    drawing_milliseconds_ = 700;
    type("panel.title", "Losses");
    wait_for_page();
    EXPECT_EQ(studio_->follow_interval(), 3500);
    drawing_milliseconds_ = 30;
    type("panel.title", "Two");
    wait_for_page();
    EXPECT_EQ(studio_->follow_interval(), 1000);
}

TEST_F(FigureStudioTest, StaysOpenForEditingWhileRunsAreRead) {
    unread_ = 2;
    studio_->set_figure(figure_of({"loss"}));
    studio_->show();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !studio_->preview().problem().isEmpty(); }));
    EXPECT_EQ(studio_->preview().problem(), "Reading 2 runs…");
    EXPECT_FALSE(studio_->is_drawn());
    EXPECT_EQ(pages_, 0);
    studio_->runs_read(unread_ = 1);
    EXPECT_EQ(studio_->preview().problem(), "Reading 1 runs…");
    type("panel.title", "Losses");
    EXPECT_EQ(panel(0).title, "Losses");
    studio_->runs_read(unread_ = 0);  // what was typed is drawn in a moment
    wait_for_page();
    EXPECT_EQ(studio_->preview().problem(), "");
    EXPECT_EQ(pages_, 1);
}

TEST_F(FigureStudioTest, FollowsRunsThatGoOnAtMostOnceASecond) {
    studio_->set_clock([] { return 0.0; });
    show(figure_of({"loss"}));
    const int before = pages_;
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 1500) {
        studio_->run_changed(records_["wav-12"]->folder());
        QTest::qWait(10);
    }
    EXPECT_GE(pages_ - before, 1);
    EXPECT_LE(pages_ - before, 2);
}

TEST_F(FigureStudioTest, NoTwoControlsShareAMnemonic) {
    show(figure_of({"loss"}));
    std::map<QString, std::string> taken;
    const auto take = [&](const QString& text, const QWidget* widget) {
        const QString key = QKeySequence::mnemonic(text).toString();
        if (key.isEmpty() || !widget->isVisibleTo(studio_)) return;
        EXPECT_TRUE(taken.emplace(key, text.toStdString()).second)
            << key.toStdString() << ": " << taken[key] << " and " << text.toStdString();
    };
    for (const auto* label : studio_->findChildren<QLabel*>())
        if (label->buddy()) take(label->text(), label);
    for (const auto* button : studio_->findChildren<QAbstractButton*>()) take(button->text(), button);
    EXPECT_GT(taken.size(), 12u);
}

TEST_F(FigureStudioTest, EveryControlHasANameAndCanBeReached) {
    show(figure_of({"loss"}));
    for (QWidget* widget : studio_->findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || !widget->isEnabled()) continue;
        if (widget->objectName().startsWith("qt_") || widget->objectName() == "figure_studio.forms") continue;
        const auto* button = qobject_cast<QAbstractButton*>(widget);
        const bool part =
            qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) || qobject_cast<QComboBox*>(widget->parentWidget());
        if (part || (button && !button->text().isEmpty())) continue;
        if (widget->metaObject()->className() == QByteArray("QSplitter")) continue;
        EXPECT_FALSE(widget->accessibleName().isEmpty())
            << widget->metaObject()->className() << " " << widget->objectName().toStdString();
    }
}

}  // namespace
}  // namespace wavlab
