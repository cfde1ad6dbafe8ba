// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui.h"

#include <unistd.h>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include <QApplication>
#include <QBuffer>
#include <QLocale>
#include <QSocketNotifier>
#include <QTimer>
#include <QTranslator>

#include "app/gui/main_window.h"
#include "app/gui/qt_messages.h"
#include "app/gui/settings.h"
#include "app/model_loader.h"
#include "core/error.h"
#include "core/safe_file.h"
#include "views/message_bar.h"
#include "views/theme.h"

namespace wavlab {

namespace {

/// What an event handler throws ends here as a message, not as the end of the program.
class Application : public QApplication {
public:
    using QApplication::QApplication;

    bool notify(QObject* receiver, QEvent* event) override {
        try {
            return QApplication::notify(receiver, event);
        } catch (const std::exception& error) {
            report(QString::fromUtf8(error.what()));
        } catch (...) {
            report(tr("Something failed without saying what."));
        }
        return false;
    }

private:
    static void report(const QString& text) {
        for (QWidget* widget : topLevelWidgets())
            if (auto* window = qobject_cast<MainWindow*>(widget)) {
                window->show_problem(text);
                return;
            }
        std::fprintf(stderr, "wavlab: %s\n", qPrintable(text));
    }
};

void require_display() {
    const auto is_set = [](const char* name) {
        const char* value = std::getenv(name);
        return value && *value;
    };
    if (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("QT_QPA_PLATFORM")) return;
    throw InputError(
        "there is no display for the window (DISPLAY and WAYLAND_DISPLAY are not set); `wavlab train` trains "
        "without one");
}

std::array<int, 2> signal_pipe = {-1, -1};

void on_signal(int) {
    const int before = errno;
    const char byte = 1;
    [[maybe_unused]] const auto written = write(signal_pipe[1], &byte, 1);
    errno = before;
}

/// SIGINT and SIGTERM save the run and close the window, from the event loop.
void watch_signals(MainWindow& window, bool& interrupted) {
    if (pipe(signal_pipe.data()) != 0) throw WorkError(std::string("no pipe can be made: ") + std::strerror(errno));
    auto* notifier = new QSocketNotifier(signal_pipe[0], QSocketNotifier::Read, &window);
    QObject::connect(notifier, &QSocketNotifier::activated, &window, [&window, &interrupted] {
        char byte = 0;
        [[maybe_unused]] const auto got = read(signal_pipe[0], &byte, 1);
        interrupted = true;
        window.interrupt();
    });
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
}

void save_screenshot(MainWindow& window, const std::filesystem::path& file) {
    window.paint_now();
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    window.grab().save(&buffer, "PNG");
    write_file_safely(file,
                      std::string_view(buffer.data().constData(), static_cast<std::size_t>(buffer.data().size())));
}

/// What the command line asked for beyond a window.
class Errand : public QObject {
public:
    Errand(MainWindow& window, const GuiArguments& arguments)
        : QObject(&window), window_(window), arguments_(arguments) {
        connect(&window, &MainWindow::cannot_start, this, [this](const QString& reason) {
            if (!arguments_.exit_when_done) return;
            std::fprintf(stderr, "wavlab: %s\n", qPrintable(reason));
            finish(ExitCode::bad_input);
        });
        if (arguments_.start) {
            connect(&window, &MainWindow::run_over, this, [this](const RunEnded& end) {
                if (!end.reason.empty() && arguments_.exit_when_done)
                    std::fprintf(stderr, "wavlab: %s\n", end.reason.c_str());
                // Once the event loop has laid out and painted what the run left.
                QTimer::singleShot(100, this, [this, code = end.exit_code] { conclude(code); });
            });
            window.start_when_ready();
        } else if (!arguments_.screenshot.empty() || arguments_.exit_when_done) {
            connect(&timer_, &QTimer::timeout, this, [this] {
                // Twice in a row: what has just been read is painted in between.
                settled_ = window_.is_settled() ? settled_ + 1 : 0;
                if (settled_ >= 3) conclude(ExitCode::done);
            });
            timer_.start(100);
        }
    }

private:
    void conclude(ExitCode code) {
        timer_.stop();
        try {
            if (!arguments_.screenshot.empty()) save_screenshot(window_, arguments_.screenshot);
        } catch (const InputError& error) {
            std::fprintf(stderr, "wavlab: %s\n", error.what());
            code = ExitCode::bad_input;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "wavlab: %s\n", error.what());
            code = ExitCode::failed;
        }
        if (arguments_.exit_when_done) finish(code);
    }

    void finish(ExitCode code) {
        window_.close();
        QCoreApplication::exit(static_cast<int>(code));
    }

    MainWindow& window_;
    const GuiArguments& arguments_;
    QTimer timer_;
    int settled_ = 0;
};

/// The window's texts in the user's language, where there is a translation (setup/cmake/Translations.cmake).
void load_translation() {
    auto* translator = new QTranslator(QCoreApplication::instance());
    const QString folder = QCoreApplication::applicationDirPath() + QStringLiteral("/../share/translations");
    if (translator->load(QLocale(), QStringLiteral("wavlab"), QStringLiteral("_"), folder))
        QCoreApplication::installTranslator(translator);
}

}  // namespace

int run_gui(const GuiArguments& arguments) {
    require_display();
    quiet_qt_messages();
    static int argument_count = 1;
    static char name[] = "wavlab";
    static char* argument_values[] = {name, nullptr};
    Application application(argument_count, argument_values);
    std::setlocale(LC_NUMERIC, "C");  // QApplication takes the user's; our files have points
    QCoreApplication::setApplicationName(QStringLiteral("wavlab"));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("WAV Lab"));
    QGuiApplication::setDesktopFileName(QStringLiteral("wavlab"));
    load_translation();
    apply_theme(parse_theme(window_settings().value(QStringLiteral("theme")).toString()));
    new SystemThemeWatcher(&application);

    int code = 0;
    bool interrupted = false;
    {
        MainWindow window(arguments.runs, load_model_library);
        watch_signals(window, interrupted);
        if (!arguments.open.empty()) window.open(arguments.open);
        window.show();
        Errand errand(window, arguments);
        code = QApplication::exec();
    }
    return interrupted ? static_cast<int>(ExitCode::interrupted) : code;
}

}  // namespace wavlab
