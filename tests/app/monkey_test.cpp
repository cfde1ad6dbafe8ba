// SPDX-License-Identifier: GPL-3.0-or-later
// Random clicks and keys, the same for the same seed: nothing may crash or hang.
#include <cstdlib>
#include <functional>
#include <random>

#include <QComboBox>
#include <QDialog>
#include <QElapsedTimer>
#include <QMenu>

#include "app/gui/run_library.h"
#include "tests/app/window_fixture.h"
#include "views/dock_desk.h"

namespace wavlab {
namespace {

/// Milliseconds. The address sanitizer's bookkeeping makes everything several times slower.
#ifdef __SANITIZE_ADDRESS__
constexpr qint64 longest_allowed_pause = 5000;
#else
constexpr qint64 longest_allowed_pause = 1000;
#endif

class Monkey {
public:
    Monkey(MainWindow& window, unsigned seed) : window_(window), random_(seed) {}

    void act() {
        QWidget* target = top();
        std::vector<QWidget*> widgets{target};
        for (QWidget* child : target->findChildren<QWidget*>())
            if (child->isVisible() && child->window() == target) widgets.push_back(child);
        QWidget* widget = widgets[number(widgets.size())];
        const QPoint place(int(number(std::size_t(std::max(1, widget->width())))),
                           int(number(std::size_t(std::max(1, widget->height())))));
        static constexpr Qt::Key keys[] = {
            Qt::Key_Tab,    Qt::Key_Backtab, Qt::Key_Up,    Qt::Key_Down,   Qt::Key_Left,      Qt::Key_Right,
            Qt::Key_Return, Qt::Key_Escape,  Qt::Key_Space, Qt::Key_Delete, Qt::Key_Backspace, Qt::Key_0,
            Qt::Key_1,      Qt::Key_7,       Qt::Key_E,     Qt::Key_Minus,  Qt::Key_Period,    Qt::Key_F5,
            Qt::Key_F6,     Qt::Key_F7,      Qt::Key_F8,    Qt::Key_F11,    Qt::Key_Home,      Qt::Key_End};
        switch (number(8)) {
            case 0:
            case 1:
                QTest::mouseClick(widget, Qt::LeftButton, {}, place);
                break;
            case 2:
                QTest::mouseDClick(widget, Qt::LeftButton, {}, place);
                break;
            case 3:
                QTest::mouseClick(widget, Qt::RightButton, {}, place);
                break;
            case 4: {
                QTest::mousePress(widget, Qt::LeftButton, {}, place);
                QTest::mouseMove(widget, place + QPoint(int(number(60)) - 30, int(number(60)) - 30));
                QTest::mouseRelease(widget, Qt::LeftButton, {}, place);
                break;
            }
            case 5:
                trigger();
                break;
            default: {
                QWidget* focus = target->focusWidget() ? target->focusWidget() : target;
                QTest::keyClick(focus, keys[number(std::size(keys))]);
            }
        }
    }

private:
    std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

    QWidget* top() const {
        if (QWidget* popup = QApplication::activePopupWidget()) return popup;
        if (QWidget* modal = QApplication::activeModalWidget()) return modal;
        return &window_;
    }

    void trigger() {
        const QList<QAction*>& actions = window_.actions().all();
        QAction* action = actions[qsizetype(number(std::size_t(actions.size())))];
        // Leaves the program, or starts another one.
        if (action->objectName() == "file.quit" || action->objectName() == "runs.open_folder") return;
        if (action->isEnabled() && top() == &window_) action->trigger();
    }

    MainWindow& window_;
    std::mt19937 random_;
};

class MonkeyTest : public WindowTest {
protected:
    void play(unsigned seed, int seconds) {
        qputenv("HOME", QByteArray::fromStdString(folder.path().string()));  // where exports go
        const std::filesystem::path before = std::filesystem::current_path();
        std::filesystem::current_path(folder.path());
        fake.step_seconds = 0.01;
        open_with_fake();
        Monkey monkey(*window, seed);
        QElapsedTimer time, since;
        time.start();
        since.start();
        qint64 longest = 0;
        int acts = 0;
        // Each act plans the next before it happens: some menus have an event loop of their own, in which it goes on.
        std::function<void()> next = [&] {
            longest = std::max(longest, since.restart());
            if (time.elapsed() >= seconds * 1000) return;
            QTimer::singleShot(1, window.get(), next);
            if (!window->isVisible()) window->show();
            ++acts;
            monkey.act();
        };
        next();
        ASSERT_TRUE(wait([&] { return time.elapsed() >= seconds * 1000; }, seconds + 10));
        std::printf("seed %u: %d acts, the longest pause was %lld ms\n", seed, acts, static_cast<long long>(longest));
        EXPECT_LT(longest, longest_allowed_pause);
        for (QWidget* popup : QApplication::topLevelWidgets())
            if (popup != window.get()) popup->close();
        std::filesystem::current_path(before);
    }
};

class SlowMonkey : public MonkeyTest {};
class ExtendedMonkey : public MonkeyTest {};

TEST_F(SlowMonkey, DoesNoHarmInAMinute) { play(20260606, 60); }

TEST_F(ExtendedMonkey, DoesNoHarmInTenMinutes) {
    const char* seed = std::getenv("WAVLAB_MONKEY_SEED");
    const char* seconds = std::getenv("WAVLAB_MONKEY_SECONDS");
    play(seed ? unsigned(std::atoi(seed)) : 1u, seconds ? std::atoi(seconds) : 600);
}

}  // namespace
}  // namespace wavlab
