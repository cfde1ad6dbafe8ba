// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <QSettings>
#include <QString>

namespace wavlab {

/// What the window keeps over restarts: ~/.config/wavlab/window.ini.
inline QSettings window_settings() {
    return QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("wavlab"), QStringLiteral("window"));
}

inline QString to_qstring(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }
inline std::filesystem::path to_path(const QString& text) { return std::filesystem::path(text.toStdString()); }

}  // namespace wavlab
