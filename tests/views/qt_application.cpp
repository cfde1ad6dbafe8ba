// SPDX-License-Identifier: GPL-3.0-or-later
// Widgets need a QApplication, and tests must not touch the user's settings.
#include <clocale>

#include <gtest/gtest.h>

#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>

namespace {

class QtApplication : public testing::Environment {
public:
    void SetUp() override {
        if (qApp) return;
        static int count = 1;
        static char name[] = "tests";
        static char* arguments[] = {name, nullptr};
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings_.path());
        new QApplication(count, arguments);
        std::setlocale(LC_NUMERIC, "C");
    }
    void TearDown() override { delete qApp; }

private:
    QTemporaryDir settings_;
};

[[maybe_unused]] testing::Environment* const environment = testing::AddGlobalTestEnvironment(new QtApplication);

}  // namespace
