// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/text_atlas.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QPainter>

namespace wavlab {

namespace {

constexpr int first_size = 1024, most_size = 4096;
constexpr int gap = 1;

}  // namespace

TextAtlas::TextAtlas() { clear(first_size); }

void TextAtlas::clear(int size) {
    if (image_.width() != size) {
        image_ = QImage(size, size, QImage::Format_ARGB32_Premultiplied);
        sized_ = false;
    }
    image_.fill(Qt::transparent);
    pieces_.clear();
    changed_ = image_.rect();
    x_ = y_ = 0;
    full_ = false;
}

void TextAtlas::set_font(const QFont& font) {
    font_ = font;
    line_height_ = float(std::ceil(QFontMetricsF(font_).height()));
    widths_.clear();
    clear(size());
}

float TextAtlas::width(const QString& text) {
    const auto [known, is_new] = widths_.try_emplace(text, 0.0f);
    // Italic and wide glyphs may stick out a little.
    if (is_new)
        known->second = float(std::min(int(std::ceil(QFontMetricsF(font_).horizontalAdvance(text))) + 2, first_size));
    return known->second;
}

TextAtlas::Piece TextAtlas::piece(const QString& text) {
    if (const auto known = pieces_.find(text); known != pieces_.end()) return known->second;
    const int width = int(this->width(text));
    const int height = int(line_height_);
    if (x_ + width > size()) {
        x_ = 0;
        y_ += height + gap;
    }
    if (y_ + height > size()) {
        full_ = true;
        return {0, 0, 0, 0, float(width), float(height)};
    }
    const QRect place(x_, y_, width, height);
    {
        QPainter painter(&image_);
        painter.setFont(font_);
        painter.setPen(Qt::white);
        painter.setClipRect(place);
        painter.drawText(QPointF(x_ + 1, y_ + QFontMetricsF(font_).ascent()), text);
    }
    changed_ |= place;
    x_ += width + gap;
    const float unit = 1.0f / float(size());
    const Piece made{float(place.left()) * unit,
                     float(place.top()) * unit,
                     float(place.left() + width) * unit,
                     float(place.top() + height) * unit,
                     float(width),
                     float(height)};
    pieces_.emplace(text, made);
    return made;
}

void TextAtlas::begin_frame() {
    at_most_ = full_ && size() == most_size;
    if (full_) clear(std::min(2 * size(), most_size));
}

void TextAtlas::make_texture() {
    if (texture_) return;
    QOpenGLFunctions& gl = *QOpenGLContext::currentContext()->functions();
    gl.glGenTextures(1, &texture_);
    gl.glBindTexture(GL_TEXTURE_2D, texture_);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    sized_ = false;
}

void TextAtlas::upload() {
    if (!texture_ || (sized_ && changed_.isEmpty())) return;
    QOpenGLFunctions& gl = *QOpenGLContext::currentContext()->functions();
    gl.glBindTexture(GL_TEXTURE_2D, texture_);
    gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    if (!sized_) {
        const QImage all = image_.convertToFormat(QImage::Format_RGBA8888);
        gl.glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, size(), size(), 0, GL_RGBA, GL_UNSIGNED_BYTE, all.constBits());
        sized_ = true;
    } else {
        const QImage part = image_.copy(changed_).convertToFormat(QImage::Format_RGBA8888);
        gl.glTexSubImage2D(GL_TEXTURE_2D, 0, changed_.x(), changed_.y(), changed_.width(), changed_.height(), GL_RGBA,
                           GL_UNSIGNED_BYTE, part.constBits());
    }
    changed_ = {};
}

void TextAtlas::release_gl() {
    if (texture_) QOpenGLContext::currentContext()->functions()->glDeleteTextures(1, &texture_);
    texture_ = 0;
    sized_ = false;
}

}  // namespace wavlab
