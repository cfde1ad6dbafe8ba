// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QMessageBox>
#include <QPointer>
#include <QPushButton>
#include <QSettings>
#include <QTest>
#include <QToolBar>
#include <QToolButton>

#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "app/model_loader.h"
#include "tests/app/fake_model_library.h"
#include "tests/core/temporary_folder.h"
#include "views/action_registry.h"
#include "views/experiment_form.h"
#include "views/message_bar.h"
#include "views/option_editor.h"

namespace wavlab {

/// The real window on a runs folder of its own. `Library` is the fake or the real one.
class WindowTest : public testing::Test {
protected:
    WindowTest() { window_settings().clear(); }
    ~WindowTest() override {
        // A run that a failed test left is over with the window.
        window.reset();
    }

    /// With the fake library; the methods are the real ones.
    void open_with_fake() {
        open_with([this]() -> ModelLibrary& {
            load_model_library();
            return fake;
        });
    }
    void open_with(Session::Loader load) {
        window = std::make_unique<MainWindow>(folder / "runs", std::move(load));
        window->resize(1280, 800);
        window->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window.get()));
        // Without a window manager nothing else gives it the keyboard.
        window->activateWindow();
        ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));
        ASSERT_TRUE(wait([this] { return window->form() != nullptr; }, 60));
    }

    bool wait(const std::function<bool()>& condition, int seconds = 20) {
        return QTest::qWaitFor(condition, seconds * 1000);
    }
    QAction& action(const char* id) { return window->actions().action(QLatin1String(id)); }
    bool enabled(const char* id) { return action(id).isEnabled(); }

    /// Presses the button of the toolbar that stands for the action.
    void press(const char* id) {
        for (QToolButton* button : window->findChildren<QToolButton*>())
            if (button->defaultAction() == &action(id) && button->isVisible()) {
                QTest::mouseClick(button, Qt::LeftButton, {}, QPoint(10, button->height() / 2));
                return;
            }
        FAIL() << "no button for " << id;
    }
    /// Types a value into a field of the form.
    void type(const char* key, const QString& text) {
        auto* line = qobject_cast<QLineEdit*>(window->form()->editor(QLatin1String(key))->field());
        ASSERT_TRUE(line) << key;
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    void set(const char* key, const OptionValue& value) {
        window->form()->editor(QLatin1String(key))->set_value(value);
    }

    /// The widget with this object name, once it is on the screen.
    template <class Widget>
    Widget* shown(const char* name) {
        Widget* found = nullptr;
        EXPECT_TRUE(wait([&] {
            return (found = window->findChild<Widget*>(QLatin1String(name))) && found->isVisible();
        })) << name;
        return found;
    }
    /// Presses the button with this text of the question that is asked.
    void answer(const QString& question, const QString& text) {
        QMessageBox* box = nullptr;
        ASSERT_TRUE(wait([&] { return (box = window->findChild<QMessageBox*>(question)) && box->isVisible(); }));
        for (QAbstractButton* button : box->buttons())
            if (button->text().remove('&') == text) {
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        FAIL() << "no button '" << text.toStdString() << "'";
    }
    std::int64_t step() { return window->session().record() ? window->session().record()->step() : 0; }
    std::string message() { return window->message_bar().text().toStdString(); }

    TemporaryFolder folder;
    FakeModelLibrary fake;
    std::unique_ptr<MainWindow> window;
};

}  // namespace wavlab
