// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>

namespace wavlab {

/// The one QApplication of this process, made when a test first needs it.
inline QApplication& test_application() {
    static int count = 1;
    static char name[] = "views_tests";
    static char* arguments[] = {name, nullptr};
    if (!qApp) new QApplication(count, arguments);
    return *static_cast<QApplication*>(qApp);
}

}  // namespace wavlab
