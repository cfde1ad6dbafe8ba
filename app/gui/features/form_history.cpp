// SPDX-License-Identifier: GPL-3.0-or-later
// Undo and redo in the experiment form.
#include "app/gui/main_window.h"
#include "app/gui/window_feature.h"
#include "views/action_registry.h"
#include "views/experiment_form.h"

namespace wavlab {

namespace {

class FormHistoryFeature : public WindowFeature {
public:
    explicit FormHistoryFeature(MainWindow& window) : WindowFeature(&window), window_(window) {
        connect(&window, &MainWindow::ready, this, [this] {
            FormHistory& history = window_.form()->history();
            window_.form()->forget_history();  // what it was opened with is the beginning
            connect(&history.stack(), &QUndoStack::indexChanged, this, [this] { refresh_actions(); });
            refresh_actions();
        });
    }

    void add_actions() override {
        const QString menu = MainWindow::tr("&Edit");
        window_.actions().add(
            {"edit.undo", MainWindow::tr("&Undo"),
             MainWindow::tr("Takes back the last change of the experiment form. In a text field it takes back typing "
                            "first."),
             "undo", QKeySequence(Qt::CTRL | Qt::Key_Z), menu, false, false},
            [this] { window_.form()->history().stack().undo(); });
        QAction& redo = window_.actions().add(
            {"edit.redo", MainWindow::tr("&Redo"),
             MainWindow::tr("Makes the change of the experiment form again that was taken back last."), "redo",
             QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), menu, false, false},
            [this] { window_.form()->history().stack().redo(); });
        redo.setShortcuts({QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y)});
    }

    void refresh_actions() override {
        ActionRegistry& actions = window_.actions();
        const QUndoStack* stack = window_.form() ? &window_.form()->history().stack() : nullptr;
        const bool can_undo = stack && stack->canUndo();
        const bool can_redo = stack && stack->canRedo();
        actions.set_obstacle("edit.undo", can_undo ? QString() : MainWindow::tr("No change of the form to take back."));
        actions.set_obstacle("edit.redo", can_redo ? QString() : MainWindow::tr("No change was taken back."));
        const auto name = [&](const char* id, const QString& text) {
            const ActionDescriptor& known = actions.descriptor(QLatin1String(id));
            actions.set_text(QLatin1String(id), text, known.icon, known.help);
        };
        // "&&": a name may have an ampersand of its own.
        const auto what = [](QString text) { return text.replace(QLatin1Char('&'), QStringLiteral("&&")); };
        name("edit.undo", can_undo ? MainWindow::tr("&Undo %1").arg(what(stack->undoText())) : MainWindow::tr("&Undo"));
        name("edit.redo", can_redo ? MainWindow::tr("&Redo %1").arg(what(stack->redoText())) : MainWindow::tr("&Redo"));
    }

private:
    MainWindow& window_;
};

const Registration<WindowFeatureDescriptor> registration({"form_history", 10, [](MainWindow& window) {
                                                              return new FormHistoryFeature(window);
                                                          }});

}  // namespace

}  // namespace wavlab
