// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>
#include <QPalette>
#include <QSize>
#include <QString>

struct ImGuiContext;
class QEvent;

namespace wavlab {

/// Dear ImGui inside a Qt widget: a context of its own, Qt's events as its input, glyphs drawn by Qt in the platform's
/// font, colours of the palette. Lengths are pixels of the screen. `initialize_gl`, `release_gl`, `begin` and `draw`
/// need the widget's OpenGL context to be current.
class ImGuiHost {
public:
    ImGuiHost();
    ~ImGuiHost();
    ImGuiHost(const ImGuiHost&) = delete;
    ImGuiHost& operator=(const ImGuiHost&) = delete;

    /// False where OpenGL's functions cannot be loaded.
    bool initialize_gl();
    void release_gl();
    bool has_gl() const { return has_gl_; }

    /// Takes an event of the widget; true when the next frame may look different.
    bool take(const QEvent& event, double pixel_ratio);
    /// `characters`: all that the controls may show.
    void set_look(const QFont& font, const QPalette& palette, const QString& characters, double pixel_ratio);
    void begin(QSize pixels);
    /// The frame is complete.
    void end();
    /// Draws it.
    void draw();
    /// A field of ImGui's own takes the keyboard.
    bool wants_keyboard() const;
    /// The font in pixels of the screen.
    const QFont& font() const { return font_; }

private:
    void activate() const;
    void build_font();
    void apply_colors(const QPalette& palette, double pixel_ratio);

    ImGuiContext* context_;
    QFont font_;
    QString characters_;
    bool font_changed_ = false;
    bool has_gl_ = false;
    bool pressed_[3] = {};  ///< since the last frame, even if released again
    bool down_[3] = {};
    qint64 last_frame_ = 0;
};

}  // namespace wavlab
