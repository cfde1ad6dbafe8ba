// SPDX-License-Identifier: GPL-3.0-or-later
// The controls over the picture.
#include <imgui.h>

#include "views/microscope/microscope_canvas.h"

namespace wavlab {

namespace {

/// Goes on in this line where what comes next fits into it.
void same_line_if_fits(float width) {
    const float right = ImGui::GetItemRectMax().x + ImGui::GetStyle().ItemSpacing.x;
    if (right + width <= ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x) ImGui::SameLine();
}

float width_of(const QByteArray& text) { return ImGui::CalcTextSize(text.constData()).x; }

/// A choice of one; true when another was chosen.
template <class Choice, std::size_t count, class Name>
bool choose(const char* id, Choice& chosen, const Choice (&all)[count], const Name& name) {
    float width = 0;
    for (const Choice choice : all) width = std::max(width, width_of(name(choice).toUtf8()));
    const float whole = width + ImGui::GetFrameHeight() + 2 * ImGui::GetStyle().FramePadding.x;
    same_line_if_fits(whole);
    ImGui::SetNextItemWidth(whole);
    bool other = false;
    if (!ImGui::BeginCombo(id, name(chosen).toUtf8().constData())) return false;
    for (const Choice choice : all)
        if (ImGui::Selectable(name(choice).toUtf8().constData(), choice == chosen)) {
            other = choice != chosen;
            chosen = choice;
        }
    ImGui::EndCombo();
    return other;
}

}  // namespace

void MicroscopeCanvas::draw_index_control() {
    const SliceBy by = state_.slice_by();
    const auto move = [&](int step) {
        const bool moved = by == SliceBy::router   ? state_.move_router(step)
                           : by == SliceBy::source ? state_.move_source(step)
                                                   : state_.move_token(step);
        if (moved) changed();
    };
    const float width = px(140);
    same_line_if_fits(width + 2 * ImGui::GetFrameHeight() + px(8));
    ImGui::PushButtonRepeat(true);
    if (ImGui::ArrowButton("previous", ImGuiDir_Left)) move(-1);
    ImGui::SameLine(0, px(2));
    ImGui::SetNextItemWidth(width);
    if (by == SliceBy::token) {
        int token = int(state_.chosen().token) + 1;
        const QByteArray format = (tr("Token") + QStringLiteral(" %d")).toUtf8();
        if (ImGui::SliderInt("##token", &token, 1, int(state_.tokens()), format.constData(),
                             ImGuiSliderFlags_AlwaysClamp)) {
            state_.choose_token(std::size_t(token - 1));
            changed();
        }
    } else {
        const bool routers = by == SliceBy::router;
        const std::size_t count = routers ? state_.routers() : state_.sources().size();
        const std::size_t current = routers ? state_.chosen().router : state_.chosen().source;
        const auto name = [&](std::size_t i) {
            return (routers ? state_.router_text(i) : state_.source_text(i)).toUtf8();
        };
        if (ImGui::BeginCombo("##index", name(current).constData())) {
            for (std::size_t i = 0; i < count; ++i) {
                if (ImGui::Selectable(name(i).constData(), i == current)) {
                    routers ? state_.choose_router(i) : state_.choose_source(i);
                    changed();
                }
                if (i == current && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
            }
            ImGui::EndCombo();
        }
    }
    ImGui::SameLine(0, px(2));
    if (ImGui::ArrowButton("next", ImGuiDir_Right)) move(1);
    ImGui::PopButtonRepeat();
}

void MicroscopeCanvas::draw_controls() {
    static constexpr SliceBy slices[] = {SliceBy::router, SliceBy::source, SliceBy::token};
    ImGui::Dummy(ImVec2(0, 0));
    ImGui::SameLine(0, 0);
    SliceBy by = state_.slice_by();
    if (choose("##slice", by, slices, [](SliceBy one) { return title(one); })) {
        state_.set_slice_by(by);
        changed();
    }
    draw_index_control();
    TokenQuantity quantity = state_.quantity();
    if (choose("##quantity", quantity, all_token_quantities, [](TokenQuantity one) { return title(one); })) {
        state_.set_quantity(quantity);
        changed();
    }
    if (ImGui::IsItemHovered()) {
        ImGui::BeginTooltip();
        ImGui::PushTextWrapPos(px(360));
        ImGui::TextUnformatted(help(quantity).toUtf8().constData());
        ImGui::PopTextWrapPos();
        ImGui::EndTooltip();
    }
    same_line_if_fits(px(150));
    ImGui::SetNextItemWidth(px(150));
    float share = float(state_.threshold());
    const QByteArray format =
        tr("Threshold %1").arg(QString::number(state_.threshold() * scale_.end, 'g', 2)).toUtf8().replace('%', "%%");
    if (ImGui::SliderFloat("##threshold", &share, 0, 1, format.constData(), ImGuiSliderFlags_AlwaysClamp)) {
        state_.set_threshold(double(share));
        changed();
    }
    const QByteArray own_text = tr("Colours of this slice").toUtf8();
    same_line_if_fits(width_of(own_text) + 2 * ImGui::GetFrameHeight());
    bool own = state_.own_scale();
    if (ImGui::Checkbox(own_text.constData(), &own)) {
        state_.set_own_scale(own);
        changed();
    }
    if (state_.zoom() > 1) {
        const QByteArray text = tr("Whole map").toUtf8();
        same_line_if_fits(width_of(text) + px(16));
        if (ImGui::Button(text.constData())) {
            state_.reset_zoom();
            changed();
        }
    }
}

}  // namespace wavlab
