// SPDX-License-Identifier: GPL-3.0-or-later
// Random clicks and keys, the same for the same seed: nothing may crash or hang.
#include <execinfo.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <random>
#include <thread>

#include <QComboBox>
#include <QDialog>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QMenu>
#include <QProcess>

#include "app/gui/run_library.h"
#include "tests/app/confinement.h"
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

/// Says what the window's thread is doing when it has not acted for too long: a pause is over before one could look.
class Watch {
public:
    Watch() {
        std::signal(SIGUSR2, [](int) { tell_frames(); });
#ifndef __SANITIZE_ADDRESS__  // which tells more
        std::signal(SIGSEGV, [](int number) {
            tell_frames();
            std::signal(number, SIG_DFL);
            std::raise(number);
        });
#endif
        thread_ = std::jthread([this, watched = pthread_self()](const std::stop_token& over) {
            int told = 0;
            while (!over.stop_requested()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                const int act = acts_;
                waited_ = act == last_ ? waited_ + 100 : 0;
                last_ = act;
                if (waited_ < longest_allowed_pause || told == act) continue;
                told = act;
                std::fprintf(stderr, "act %d takes long; the window's thread is in\n", act);
                pthread_kill(watched, SIGUSR2);
            }
        });
    }
    void acted() { ++acts_; }

private:
    static void tell_frames() {
        void* frames[60];
        backtrace_symbols_fd(frames, backtrace(frames, std::size(frames)), STDERR_FILENO);
    }

    std::atomic<int> acts_ = 0;
    int last_ = 0;
    qint64 waited_ = 0;
    std::jthread thread_;
};

class Monkey {
public:
    Monkey(MainWindow& window, unsigned seed) : window_(window), random_(seed) {}

    void act() {
        QWidget* target = top();
        // Its Delete would try every file of this machine, in vain (see MonkeyTest), and take its time.
        if (auto* dialog = qobject_cast<QFileDialog*>(target)) dialog->setOption(QFileDialog::ReadOnly);
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

/// Plays in a process of its own that cannot write outside its folder: the window's file dialogs can remove files.
class MonkeyTest : public WindowTest {
protected:
    static constexpr int nothing_confines = 77;  ///< the exit code of a process that did not play

    void play(unsigned seed, int seconds) {
        ASSERT_FALSE(QByteArray(std::getenv("WAVLAB_MONKEY_FOLDER")).isEmpty()) << "only SlowMonkey starts this";
        const std::filesystem::path own = std::getenv("WAVLAB_MONKEY_FOLDER");
        if (!confine_writes_to({own, "/dev/null"})) std::_Exit(nothing_confines);
        const std::filesystem::path outside = std::filesystem::path(WAVLAB_BINARY_DIR) / "not-allowed";
        ASSERT_NE(::mkdir(outside.c_str(), 0700), 0) << "it can write outside of its folder";
        std::filesystem::current_path(own);
        fake.step_seconds = 0.01;
        open_with_fake();
        Monkey monkey(*window, seed);
        Watch watch;
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
            watch.acted();
            monkey.act();
        };
        next();
        ASSERT_TRUE(wait([&] { return time.elapsed() >= seconds * 1000; }, seconds + 10));
        std::printf("seed %u: %d acts, the longest pause was %lld ms\n", seed, acts, static_cast<long long>(longest));
        EXPECT_LT(longest, longest_allowed_pause);
        for (QWidget* popup : QApplication::topLevelWidgets())
            if (popup != window.get()) popup->close();
    }

    /// Starts this program again for `MonkeyTest.DISABLED_Plays`.
    void let_loose(unsigned seed, int seconds) {
        QProcess child;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        const QString own = QString::fromStdString(folder.path().string());
        for (const char* name : {"WAVLAB_MONKEY_FOLDER", "TMPDIR", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
                                 "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"})
            environment.insert(QLatin1String(name), own);
        // A dataset that it downloads comes from nowhere.
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy"})
            environment.insert(QLatin1String(name), "http://127.0.0.1:9");
        environment.insert("WAVLAB_MONKEY_SEED", QString::number(seed));
        environment.insert("WAVLAB_MONKEY_SECONDS", QString::number(seconds));
        // Leaks of the OpenGL driver, which is unloaded by then, cannot be told from others, and GCC 12's leak checker
        // itself crashes now and then while threads of libraries end.
        environment.insert("ASAN_OPTIONS", environment.value("ASAN_OPTIONS") + ":detect_leaks=0");
        child.setProcessEnvironment(environment);
        child.setProcessChannelMode(QProcess::ForwardedChannels);
        child.start(QCoreApplication::applicationFilePath(),
                    {"--gtest_also_run_disabled_tests", "--gtest_filter=MonkeyTest.DISABLED_Plays"});
        const bool finished = child.waitForFinished((seconds + 120) * 1000);
        ASSERT_TRUE(finished) << "it hangs";
        if (child.exitStatus() == QProcess::NormalExit && child.exitCode() == nothing_confines)
            GTEST_SKIP() << "this kernel cannot keep random clicks from the files of this machine (Landlock)";
        EXPECT_EQ(child.exitStatus(), QProcess::NormalExit);
        EXPECT_EQ(child.exitCode(), 0);
    }

    static int number(const char* name, int otherwise) {
        const char* text = std::getenv(name);
        return text ? std::atoi(text) : otherwise;
    }
};

class SlowMonkey : public MonkeyTest {};
class ExtendedMonkey : public MonkeyTest {};

TEST_F(MonkeyTest, DISABLED_Plays) {
    play(unsigned(number("WAVLAB_MONKEY_SEED", 1)), number("WAVLAB_MONKEY_SECONDS", 60));
}

TEST_F(SlowMonkey, DoesNoHarmInAMinute) { let_loose(20260606, 60); }

TEST_F(ExtendedMonkey, DoesNoHarmInTenMinutes) {
    let_loose(unsigned(number("WAVLAB_MONKEY_SEED", 1)), number("WAVLAB_MONKEY_SECONDS", 600));
}

}  // namespace
}  // namespace wavlab
