// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>

#include <QFont>
#include <QImage>
#include <QRect>
#include <QString>

namespace wavlab {

/// Texts as Qt draws them (any script, emoji too), white, in one OpenGL texture: Dear ImGui 1.86 cannot draw them
/// itself. Texts are added as they are asked for; a full atlas is made larger, or begins anew, with the next frame. The
/// OpenGL members need a current context.
class TextAtlas {
public:
    /// Where a text lies in the texture (0 to 1), and its size in pixels.
    struct Piece {
        float left = 0, top = 0, right = 0, bottom = 0;
        float width = 0, height = 0;
    };

    TextAtlas();
    /// Another font, in pixels of the screen: all texts are drawn anew.
    void set_font(const QFont& font);
    Piece piece(const QString& text);
    /// Of such a piece, without drawing it.
    float width(const QString& text);
    /// The height of a line in pixels.
    float line_height() const { return line_height_; }

    /// Makes room when the last frame found none. Before texts are asked for.
    void begin_frame();
    /// Brings the texture up to date. After all texts were asked for, before they are drawn.
    void upload();
    void release_gl();
    std::uintptr_t texture() const { return texture_; }
    /// The texture's name must be known before the first text is drawn.
    void make_texture();
    /// Some texts found no room: another frame may have it.
    bool wants_frame() const { return full_ && !at_most_; }

private:
    void clear(int size);
    int size() const { return image_.width(); }

    QFont font_;
    float line_height_ = 16;
    QImage image_;
    std::map<QString, Piece> pieces_;
    std::map<QString, float> widths_;
    QRect changed_;
    int x_ = 0, y_ = 0;
    bool full_ = false;
    bool at_most_ = false;  ///< cleared for this frame, and cannot be made larger
    unsigned texture_ = 0;
    bool sized_ = false;
};

}  // namespace wavlab
