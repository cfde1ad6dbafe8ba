// SPDX-License-Identifier: GPL-3.0-or-later
// The text below the picture, tinted by what its tokens read of the chosen source, and what the model expects next.
#include <algorithm>
#include <cmath>

#include <imgui.h>

#include "views/microscope/microscope_canvas.h"

namespace wavlab {

float MicroscopeCanvas::lay_out_strip(float width) {
    if (!strip_.empty() && strip_width_ == width && strip_text_ == state_.texts_taken()) return strip_height_;
    strip_.clear();
    strip_text_ = state_.texts_taken();
    strip_width_ = width;
    scrolled_to_.reset();
    const float line = texts_.line_height() + px(4), right = width - px(16);
    float x = 0, y = 0;
    for (const InspectedToken& token : state_.routing()->tokens) {
        const float wide = std::max(texts_.width(visible_token(token.text)), px(7)) + px(1);
        if (x + wide > right && x > 0) {
            x = 0;
            y += line;
        }
        strip_.push_back({x, y, wide});
        x += wide;
    }
    strip_height_ = y + line;
    return strip_height_;
}

void MicroscopeCanvas::draw_strip(const Area& room) {
    ImGui::SetCursorPos(ImVec2(room.left, room.top));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    const bool shown = ImGui::BeginChild("strip", ImVec2(room.width(), room.height()), false, ImGuiWindowFlags_NoNav);
    ImGui::PopStyleVar();
    if (shown) {
        const float line = texts_.line_height() + px(4);
        const std::size_t chosen = state_.chosen().token;
        if (scrolled_to_ != chosen && chosen < strip_.size()) {
            const float y = strip_[chosen].y, scroll = ImGui::GetScrollY();
            if (y < scroll || y + line > scroll + room.height()) ImGui::SetScrollY(y - room.height() / 2);
            scrolled_to_ = chosen;
        }
        const float scroll = ImGui::GetScrollY();
        ImDrawList& list = *ImGui::GetWindowDrawList();
        TokenCell cell = state_.chosen();
        for (std::size_t token = 0; token < strip_.size(); ++token) {
            const StripToken& place = strip_[token];
            const float left = room.left + place.x, top = room.top + place.y - scroll;
            if (top + line < room.top || top > room.bottom) continue;
            cell.token = token;
            const float value = state_.value(cell);
            const QRgb ground = cell_color(value);
            const ImVec2 begin(left, top), end(left + place.width, top + line - px(2));
            list.AddRectFilled(begin, end, IM_COL32(qRed(ground), qGreen(ground), qBlue(ground), 255));
            const QRgb text = text_color_on(ground);
            draw_text(list, left, top + px(1), visible_token(state_.routing()->tokens[token].text),
                      IM_COL32(qRed(text), qGreen(text), qBlue(text), 255));
            if (state_.is_pinned(token)) list.AddRectFilled(ImVec2(left, end.y - px(3)), end, accent());
            if (token == chosen) {
                list.AddRect(begin, end, IM_COL32(0, 0, 0, 255), 0, 0, px(3));
                list.AddRect(begin, end, IM_COL32(255, 255, 255, 255), 0, 0, px(1.5));
            }
        }
        ImGui::Dummy(ImVec2(1, strip_height_));
        if (ImGui::IsWindowHovered()) take_strip_mouse(room, scroll);
    }
    ImGui::EndChild();
    if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) pressed_token_.reset();
}

void MicroscopeCanvas::take_strip_mouse(const Area& room, float scroll) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const float x = mouse.x - room.left, y = mouse.y - room.top + scroll, line = texts_.line_height() + px(4);
    for (std::size_t token = 0; token < strip_.size(); ++token) {
        const StripToken& place = strip_[token];
        if (x < place.x || x >= place.x + place.width || y < place.y || y >= place.y + line) continue;
        TokenCell cell = state_.chosen();
        cell.token = token;
        state_.hovered = cell;
        if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) pressed_token_ = token;
        if (ImGui::IsMouseReleased(ImGuiMouseButton_Left) && pressed_token_ == token) {
            if (token == state_.chosen().token)
                state_.toggle_pin(token);
            else
                state_.choose_token(token);
            changed();
        }
        show_tooltip(cell);
        return;
    }
}

void MicroscopeCanvas::draw_next(const Area& room) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float width = px(200);
    std::vector<std::size_t> tokens = {state_.chosen().token};
    for (const std::size_t token : state_.pinned())
        if (token != tokens.front()) tokens.push_back(token);
    float left = room.left;
    for (std::size_t i = 0; i < tokens.size() && (i == 0 || left + width <= room.right); ++i, left += width + px(12))
        draw_next_of(list, tokens[i], {left, room.top, left + width, room.bottom});
}

void MicroscopeCanvas::draw_next_of(ImDrawList& list, std::size_t token, const Area& room) {
    const std::vector<InspectedToken>& tokens = state_.routing()->tokens;
    const float line = texts_.line_height();
    QString head = tr("After %1").arg(state_.token_text(token));
    if (token + 1 < tokens.size() && tokens[token + 1].loss)
        head += QStringLiteral(" · ") + tr("loss %1").arg(*tokens[token + 1].loss, 0, 'f', 2);
    list.PushClipRect(ImVec2(room.left, room.top), ImVec2(room.right, room.bottom), true);
    draw_text(list, room.left, room.top, head, state_.is_pinned(token) ? accent() : ink());
    const float bars = room.left + px(56), most = room.right - bars - px(48);
    float y = room.top + line + px(2);
    for (const NextToken& next : tokens[token].next) {
        const bool came = token + 1 < tokens.size() && tokens[token + 1].id == next.id;
        const QString text = visible_token(next.text);
        draw_text(list, std::max(room.left, bars - px(6) - texts_.width(text)), y, text, came ? accent() : ink());
        const float width = std::max(1.0f, most * float(next.probability));
        list.AddRectFilled(ImVec2(bars, y + px(3)), ImVec2(bars + width, y + line - px(2)),
                           came ? accent() : ink(0.45));
        draw_text(list, bars + width + px(5), y, QStringLiteral("%1 %").arg(100 * next.probability, 0, 'f', 1),
                  ink(0.85));
        y += line;
    }
    list.PopClipRect();
}

}  // namespace wavlab
