// SPDX-License-Identifier: GPL-3.0-or-later
// The slice as a picture with its axes, and what the mouse does there.
#include <algorithm>
#include <cmath>

#include <imgui.h>

#include "views/microscope/microscope_canvas.h"

namespace wavlab {

namespace {

QString number(double value) { return QString::number(value, 'g', 3); }

}  // namespace

void MicroscopeCanvas::lay_out_map(const Area& room) {
    float labels = px(40);
    for (const QString& label : slice_.row_labels) labels = std::max(labels, texts_.width(label));
    choose_column_names(room.width() - labels - px(92));
    float below = texts_.line_height();
    if (column_names_ == ColumnNames::upright)
        for (const QString& label : slice_.column_labels) below = std::max(below, texts_.width(label));
    map_ = {room.left + labels + px(8), room.top + texts_.line_height() + px(2), room.right - px(84),
            room.bottom - below - px(4)};
    map_.right = std::max(map_.right, map_.left + px(20));
    map_.bottom = std::max(map_.bottom, map_.top + px(20));
}

void MicroscopeCanvas::choose_column_names(float width) {
    column_names_ = ColumnNames::upright;
    if (state_.slice_by() == SliceBy::token) return;
    const float cell = width / float(state_.seen()) / float(std::max<std::size_t>(1, slice_.columns));
    float widest = 0;
    for (const QString& label : slice_.column_labels) widest = std::max(widest, texts_.width(label));
    // A name here and there would read like a text that is none.
    if (cell >= widest)
        column_names_ = ColumnNames::across;
    else if (cell < texts_.line_height())
        column_names_ = ColumnNames::numbers;
}

QString MicroscopeCanvas::column_name(std::size_t column) const {
    if (column_names_ == ColumnNames::numbers)
        return column == state_.column_of(state_.chosen()) ? state_.token_text(column) : QString::number(column + 1);
    return column < slice_.column_labels.size() ? slice_.column_labels[column] : QString();
}

MicroscopeCanvas::Area MicroscopeCanvas::cell_area(std::size_t row, std::size_t column) const {
    const double wide = map_.width() / state_.seen() / double(slice_.columns);
    const double high = map_.height() / state_.seen() / double(slice_.rows);
    const double left = map_.left - state_.left() / state_.seen() * map_.width() + double(column) * wide;
    const double top = map_.top - state_.top() / state_.seen() * map_.height() + double(row) * high;
    return {float(left), float(top), float(left + wide), float(top + high)};
}

std::optional<TokenCell> MicroscopeCanvas::map_cell_at(float x, float y) const {
    if (!map_.contains(x, y)) return std::nullopt;
    const double across = state_.left() + double(x - map_.left) / map_.width() * state_.seen();
    const double down = state_.top() + double(y - map_.top) / map_.height() * state_.seen();
    return state_.cell_at(std::size_t(down * double(slice_.rows)), std::size_t(across * double(slice_.columns)));
}

void MicroscopeCanvas::outline_cell(ImDrawList& list, const TokenCell& cell, unsigned color, float width) const {
    const Area area = cell_area(state_.row_of(cell), state_.column_of(cell));
    // At least as large as can be seen.
    const float grow_x = std::max(0.0f, px(5) - area.width()) / 2, grow_y = std::max(0.0f, px(5) - area.height()) / 2;
    list.AddRect(ImVec2(area.left - grow_x, area.top - grow_y), ImVec2(area.right + grow_x, area.bottom + grow_y),
                 color, 0, 0, width);
}

void MicroscopeCanvas::draw_map(ImDrawList& list) {
    if (slice_.values.empty()) return;
    const Area room = map_;
    const QString name = state_.slice_text() + QStringLiteral(" · ") + axis_title(state_.quantity());
    draw_text(list, room.left, room.top - texts_.line_height() - px(2), name, ink());
    const float seen = float(state_.seen()), left = float(state_.left()), top = float(state_.top());
    list.AddImage(reinterpret_cast<ImTextureID>(std::uintptr_t(slice_texture_)), ImVec2(room.left, room.top),
                  ImVec2(room.right, room.bottom), ImVec2(left, top), ImVec2(left + seen, top + seen));
    list.AddRect(ImVec2(room.left - 1, room.top - 1), ImVec2(room.right + 1, room.bottom + 1), ink(0.35));
    draw_row_labels(list);
    draw_column_labels(list);
    draw_color_bar(list);
    list.PushClipRect(ImVec2(room.left - px(3), room.top - px(3)), ImVec2(room.right + px(3), room.bottom + px(3)),
                      true);
    if (state_.slice_by() != SliceBy::token)
        for (const std::size_t token : state_.pinned()) {
            const Area column = cell_area(0, token);
            for (const float x : {column.left, column.right})
                list.AddLine(ImVec2(x, room.top), ImVec2(x, room.bottom), accent(), px(1));
        }
    outline_cell(list, state_.chosen(), IM_COL32(0, 0, 0, 255), px(4));
    outline_cell(list, state_.chosen(), IM_COL32(255, 255, 255, 255), px(2));
    if (state_.hovered) outline_cell(list, *state_.hovered, accent(), px(2));
    list.PopClipRect();
    // After the outline of what was hovered last: that may have been in the text below.
    take_map_mouse();
}

void MicroscopeCanvas::draw_row_labels(ImDrawList& list) {
    const float line = texts_.line_height();
    const float high = cell_area(0, 0).height();
    auto every = std::max<std::size_t>(1, std::size_t(std::ceil(line / std::max(high, 0.1f))));
    // Of routers then those before attention, of one kind only.
    if (every > 1 && every % 2 == 1 && state_.slice_by() != SliceBy::router) ++every;
    const std::size_t chosen = state_.row_of(state_.chosen());
    const Area at = cell_area(chosen, 0);
    const float chosen_middle = (at.top + at.bottom) / 2;
    for (std::size_t row = 0; row < slice_.rows; ++row) {
        const bool is_chosen = row == chosen;
        if (row % every != 0 && !is_chosen) continue;
        const Area area = cell_area(row, 0);
        const float middle = (area.top + area.bottom) / 2;
        if (middle < map_.top || middle > map_.bottom) continue;
        if (!is_chosen && std::abs(middle - chosen_middle) < line) continue;
        const float width = texts_.width(slice_.row_labels[row]);
        draw_text(list, map_.left - px(6) - width, middle - line / 2, slice_.row_labels[row],
                  is_chosen ? accent() : ink(0.85));
    }
}

void MicroscopeCanvas::draw_column_labels(ImDrawList& list) {
    const float line = texts_.line_height(), top = map_.bottom + px(2);
    const std::size_t chosen = state_.column_of(state_.chosen());
    const bool upright = column_names_ == ColumnNames::upright;
    const Area at = cell_area(0, chosen);
    const float chosen_middle = (at.left + at.right) / 2;
    const auto room_of = [&](std::size_t column) { return upright ? line : texts_.width(column_name(column)); };
    const float chosen_room = room_of(chosen);
    std::size_t every = 1;
    if (column_names_ == ColumnNames::numbers)
        for (const std::size_t step : {2, 5, 10, 20, 50, 100, 200, 500, 1000})
            if (float(every) * at.width() < px(40)) every = step;
    float taken = -1e9f;
    for (std::size_t column = 0; column < slice_.columns; ++column) {
        const bool is_chosen = column == chosen;
        if ((column + 1) % every != 0 && !is_chosen) continue;
        const Area area = cell_area(0, column);
        const float middle = (area.left + area.right) / 2;
        if (middle < map_.left || middle > map_.right) continue;
        const float room = room_of(column);
        if (!is_chosen && (middle - room / 2 < taken || std::abs(middle - chosen_middle) < (room + chosen_room) / 2))
            continue;
        taken = middle + room / 2;
        const unsigned color = is_chosen ? accent() : ink(0.85);
        const QString name = column_name(column);
        if (upright)
            draw_upright_text(list, middle, top, name, color);
        else
            draw_text(list, std::max(map_.left - px(4), middle - room / 2), top, name, color);
    }
}

void MicroscopeCanvas::draw_color_bar(ImDrawList& list) {
    const float left = map_.right + px(12), right = left + px(12);
    constexpr int steps = 32;
    for (int i = 0; i < steps; ++i) {
        const double share = (i + 0.5) / steps;
        const float low = map_.bottom - float(i) / steps * map_.height();
        const float high = map_.bottom - float(i + 1) / steps * map_.height();
        const double value = scale_.diverging ? (2 * share - 1) * scale_.end : share * scale_.end;
        const QRgb color = cell_color(float(value));
        list.AddRectFilled(ImVec2(left, high), ImVec2(right, low),
                           IM_COL32(qRed(color), qGreen(color), qBlue(color), 255));
    }
    const float line = texts_.line_height();
    const double ends[] = {scale_.diverging ? -scale_.end : 0, scale_.diverging ? 0 : scale_.end / 2, scale_.end};
    const float places[] = {map_.bottom - line, (map_.top + map_.bottom - line) / 2, map_.top};
    for (int i = 0; i < 3; ++i) draw_text(list, right + px(3), places[i], number(ends[i]), ink(0.85));
}

void MicroscopeCanvas::take_map_mouse() {
    ImGui::SetCursorPos(ImVec2(map_.left, map_.top));
    // True once a button that was pressed here is released here.
    const bool released = ImGui::InvisibleButton(
        "map", ImVec2(map_.width(), map_.height()),
        ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight | ImGuiButtonFlags_MouseButtonMiddle);
    const ImGuiIO& io = ImGui::GetIO();
    state_.hovered.reset();
    if (ImGui::IsItemActive()) {
        for (const ImGuiMouseButton button : {ImGuiMouseButton_Left, ImGuiMouseButton_Right, ImGuiMouseButton_Middle})
            if (ImGui::IsMouseDragging(button) && state_.zoom() > 1) {
                dragging_ = true;
                state_.pan(-double(io.MouseDelta.x) / map_.width() * state_.seen(),
                           -double(io.MouseDelta.y) / map_.height() * state_.seen());
            }
        if (dragging_) return;
    }
    const bool was_dragging = dragging_;
    dragging_ = false;
    if (!ImGui::IsItemHovered()) return;
    const double zoom_before = state_.zoom();
    if (io.MouseWheel != 0)
        state_.zoom_by(std::pow(1.25, double(io.MouseWheel)),
                       state_.left() + double(io.MousePos.x - map_.left) / map_.width() * state_.seen(),
                       state_.top() + double(io.MousePos.y - map_.top) / map_.height() * state_.seen());
    if (state_.zoom() != zoom_before)
        QMetaObject::invokeMethod(this, &MicroscopeCanvas::zoom_changed, Qt::QueuedConnection);
    state_.hovered = map_cell_at(io.MousePos.x, io.MousePos.y);
    if (!state_.hovered) return;
    if (released && ImGui::IsMouseReleased(ImGuiMouseButton_Left) && !was_dragging) {
        if (*state_.hovered == state_.chosen())
            state_.toggle_pin(state_.chosen().token);
        else
            state_.choose(*state_.hovered);
        changed();
    }
    show_tooltip(*state_.hovered);
}

void MicroscopeCanvas::show_tooltip(const TokenCell& cell) {
    ImGui::BeginTooltip();
    const TextAtlas::Piece token = texts_.piece(state_.token_text(cell.token));
    const auto line = [](const QString& name, const QString& value) {
        ImGui::TextDisabled("%s", name.toUtf8().constData());
        ImGui::SameLine(0, 6);
        ImGui::TextUnformatted(value.toUtf8().constData());
    };
    ImGui::TextDisabled("%s", tr("Token").toUtf8().constData());
    ImGui::SameLine(0, 6);
    ImGui::Image(reinterpret_cast<ImTextureID>(texts_.texture()), ImVec2(token.width, token.height),
                 ImVec2(token.left, token.top), ImVec2(token.right, token.bottom),
                 ImGui::GetStyleColorVec4(ImGuiCol_Text));
    line(tr("Router"), state_.router_text(cell.router));
    line(tr("Source"), state_.source_text(cell.source));
    for (const TokenQuantity quantity : all_token_quantities)
        line(axis_title(quantity), number(double(state_.value(quantity, cell))));
    if (cell == state_.chosen()) ImGui::TextDisabled("%s", tr("Click again: pin").toUtf8().constData());
    ImGui::EndTooltip();
}

}  // namespace wavlab
