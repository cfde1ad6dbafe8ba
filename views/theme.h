// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QObject>
#include <QPalette>
#include <QString>

namespace wavlab {

enum class Theme { system, light, dark };

/// "system", "light", "dark"; anything else is the system's.
Theme parse_theme(const QString& text);
QString to_string(Theme theme);

/// Sets style, palette and the look of the whole program. `system`: what the desktop portal says, else its palette.
/// Widgets learn of it by QEvent::PaletteChange.
void apply_theme(Theme theme);

/// Hears of a change of the desktop's colours and applies it while the theme is `system`. Lives as long as its parent.
class SystemThemeWatcher : public QObject {
    Q_OBJECT

public:
    explicit SystemThemeWatcher(QObject* parent);

private slots:
    void setting_changed(const QString& name_space, const QString& key);
};

bool is_dark(const QPalette& palette);

/// An icon of resources/icons (without ".svg") in the colour of the text around it, sharp at any size, also after the
/// theme has changed.
QIcon themed_icon(const QString& name);

/// Text colour of what is wrong, readable on the palette's window colour.
QColor error_color(const QPalette& palette);
/// Text colour of what is secondary.
QColor quiet_color(const QPalette& palette);

}  // namespace wavlab
