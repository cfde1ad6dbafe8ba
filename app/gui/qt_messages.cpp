// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/qt_messages.h"

#include <cstdio>

#include <QString>
#include <QtGlobal>

namespace wavlab {
namespace {

void print_what_matters(QtMsgType type, const QMessageLogContext& context, const QString& text) {
    if (type == QtCriticalMsg || type == QtFatalMsg)
        std::fprintf(stderr, "%s\n", qPrintable(qFormatLogMessage(type, context, text)));
}

}  // namespace

void quiet_qt_messages() {
    if (!qEnvironmentVariableIsSet("QT_LOGGING_RULES")) qInstallMessageHandler(print_what_matters);
}

}  // namespace wavlab
