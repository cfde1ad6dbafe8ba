// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/imgui_host.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include <QFontMetricsF>
#include <QImage>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "views/theme.h"

namespace wavlab {

namespace {

/// Keys that ImGui's fields know; each is its own place in KeysDown.
constexpr std::pair<int, ImGuiKey> known_keys[] = {{Qt::Key_Tab, ImGuiKey_Tab},
                                                   {Qt::Key_Left, ImGuiKey_LeftArrow},
                                                   {Qt::Key_Right, ImGuiKey_RightArrow},
                                                   {Qt::Key_Up, ImGuiKey_UpArrow},
                                                   {Qt::Key_Down, ImGuiKey_DownArrow},
                                                   {Qt::Key_PageUp, ImGuiKey_PageUp},
                                                   {Qt::Key_Home, ImGuiKey_Home},
                                                   {Qt::Key_End, ImGuiKey_End},
                                                   {Qt::Key_PageDown, ImGuiKey_PageDown},
                                                   {Qt::Key_Insert, ImGuiKey_Insert},
                                                   {Qt::Key_Delete, ImGuiKey_Delete},
                                                   {Qt::Key_Backspace, ImGuiKey_Backspace},
                                                   {Qt::Key_Space, ImGuiKey_Space},
                                                   {Qt::Key_Return, ImGuiKey_Enter},
                                                   {Qt::Key_Enter, ImGuiKey_KeyPadEnter},
                                                   {Qt::Key_Escape, ImGuiKey_Escape},
                                                   {Qt::Key_A, ImGuiKey_A},
                                                   {Qt::Key_C, ImGuiKey_C},
                                                   {Qt::Key_V, ImGuiKey_V},
                                                   {Qt::Key_X, ImGuiKey_X},
                                                   {Qt::Key_Y, ImGuiKey_Y},
                                                   {Qt::Key_Z, ImGuiKey_Z}};

int button_of(Qt::MouseButton button) {
    return button == Qt::LeftButton ? 0 : button == Qt::RightButton ? 1 : button == Qt::MiddleButton ? 2 : -1;
}

ImVec4 vector(const QColor& color, double alpha = 1) {
    return {float(color.redF()), float(color.greenF()), float(color.blueF()), float(alpha)};
}

qint64 now() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

ImGuiHost::ImGuiHost() {
    // A context of its own beside those of other widgets.
    ImGuiContext* const before = ImGui::GetCurrentContext();
    context_ = ImGui::CreateContext();
    ImGui::SetCurrentContext(context_);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.BackendPlatformName = "wavlab";
    io.ConfigInputTextCursorBlink = false;  // would need frames while nothing changes
    for (const auto& [key, index] : known_keys) io.KeyMap[index] = index;
    ImGui::SetCurrentContext(before);
}

ImGuiHost::~ImGuiHost() { ImGui::DestroyContext(context_); }

void ImGuiHost::activate() const { ImGui::SetCurrentContext(context_); }

bool ImGuiHost::initialize_gl() {
    activate();
    if (!has_gl_) has_gl_ = ImGui_ImplOpenGL3_Init("#version 130");
    return has_gl_;
}

void ImGuiHost::release_gl() {
    activate();
    if (!has_gl_) return;
    ImGui_ImplOpenGL3_Shutdown();
    has_gl_ = false;
}

bool ImGuiHost::take(const QEvent& event, double pixel_ratio) {
    activate();
    ImGuiIO& io = ImGui::GetIO();
    switch (event.type()) {
        case QEvent::MouseMove:
        case QEvent::MouseButtonPress:
        case QEvent::MouseButtonDblClick:
        case QEvent::MouseButtonRelease: {
            const auto& mouse = static_cast<const QMouseEvent&>(event);
            io.MousePos = {float(mouse.position().x() * pixel_ratio), float(mouse.position().y() * pixel_ratio)};
            if (event.type() == QEvent::MouseMove) return true;
            const int button = button_of(mouse.button());
            if (button < 0) return false;
            down_[button] = event.type() != QEvent::MouseButtonRelease;
            pressed_[button] |= down_[button];
            return true;
        }
        case QEvent::Leave:
            io.MousePos = {-FLT_MAX, -FLT_MAX};
            return true;
        case QEvent::Wheel: {
            const auto& wheel = static_cast<const QWheelEvent&>(event);
            // The window may have come up under a mouse that has not moved since.
            io.MousePos = {float(wheel.position().x() * pixel_ratio), float(wheel.position().y() * pixel_ratio)};
            io.MouseWheel += float(wheel.angleDelta().y()) / 120;
            io.MouseWheelH += float(wheel.angleDelta().x()) / 120;
            return true;
        }
        case QEvent::KeyPress:
        case QEvent::KeyRelease: {
            const auto& key = static_cast<const QKeyEvent&>(event);
            const bool down = event.type() == QEvent::KeyPress;
            for (const auto& [qt, index] : known_keys)
                if (key.key() == qt) io.KeysDown[index] = down;
            io.KeyCtrl = key.modifiers() & Qt::ControlModifier;
            io.KeyShift = key.modifiers() & Qt::ShiftModifier;
            io.KeyAlt = key.modifiers() & Qt::AltModifier;
            if (down && !io.KeyCtrl)
                for (const QChar character : key.text())
                    if (character.isPrint()) io.AddInputCharacterUTF16(character.unicode());
            return true;
        }
        case QEvent::FocusOut:
            std::fill(std::begin(io.KeysDown), std::end(io.KeysDown), false);
            std::fill(std::begin(down_), std::end(down_), false);
            io.KeyCtrl = io.KeyShift = io.KeyAlt = false;
            return true;
        default:
            return false;
    }
}

bool ImGuiHost::wants_keyboard() const {
    activate();
    return ImGui::GetIO().WantTextInput;
}

void ImGuiHost::set_look(const QFont& font, const QPalette& palette, const QString& characters, double pixel_ratio) {
    activate();
    QFont sized = font;
    sized.setPixelSize(std::max(8, int(std::lround(QFontInfo(font).pixelSize() * pixel_ratio))));
    sized.setHintingPreference(QFont::PreferFullHinting);
    if (sized != font_ || characters != characters_) {
        font_ = sized;
        characters_ = characters;
        font_changed_ = true;
    }
    apply_colors(palette, pixel_ratio);
}

void ImGuiHost::apply_colors(const QPalette& palette, double pixel_ratio) {
    ImGuiStyle style;
    is_dark(palette) ? ImGui::StyleColorsDark(&style) : ImGui::StyleColorsLight(&style);
    style.WindowPadding = {6, 6};
    style.FramePadding = {6, 3};
    style.ItemSpacing = {6, 5};
    style.FrameRounding = style.GrabRounding = style.PopupRounding = 3;
    style.WindowRounding = 0;
    style.WindowBorderSize = 0;
    style.FrameBorderSize = 1;
    style.ScrollbarSize = 12;
    style.ScaleAllSizes(float(pixel_ratio));
    ImVec4* colors = style.Colors;
    const QColor accent = palette.color(QPalette::Highlight);
    colors[ImGuiCol_Text] = vector(palette.color(QPalette::Text));
    colors[ImGuiCol_TextDisabled] = vector(palette.color(QPalette::PlaceholderText));
    colors[ImGuiCol_WindowBg] = vector(palette.color(QPalette::Base));
    colors[ImGuiCol_ChildBg] = {0, 0, 0, 0};
    colors[ImGuiCol_PopupBg] = vector(palette.color(QPalette::ToolTipBase));
    colors[ImGuiCol_Border] = vector(palette.color(QPalette::Mid));
    colors[ImGuiCol_FrameBg] = colors[ImGuiCol_Button] = vector(palette.color(QPalette::Button));
    colors[ImGuiCol_FrameBgHovered] = colors[ImGuiCol_ButtonHovered] = vector(palette.color(QPalette::Midlight));
    colors[ImGuiCol_FrameBgActive] = colors[ImGuiCol_ButtonActive] = vector(palette.color(QPalette::Mid));
    colors[ImGuiCol_Header] = vector(accent, 0.35);
    colors[ImGuiCol_HeaderHovered] = vector(accent, 0.5);
    colors[ImGuiCol_HeaderActive] = vector(accent, 0.6);
    colors[ImGuiCol_CheckMark] = colors[ImGuiCol_SliderGrab] = colors[ImGuiCol_SliderGrabActive] = vector(accent);
    ImGui::GetStyle() = style;
}

void ImGuiHost::build_font() {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    const QFontMetricsF metrics(font_);
    // ImGui's own font only stands in for what is asked for and was not foreseen.
    static const ImWchar stand_in[] = {0x20, 0x20, '?', '?', 0};
    ImFontConfig config;
    config.SizePixels = float(std::ceil(metrics.height()));
    config.GlyphRanges = stand_in;
    ImFont* font = atlas.AddFontDefault(&config);
    std::set<char16_t> wanted;
    for (char16_t c = 0x20; c < 0x17f; ++c)
        if (QChar(c).isPrint()) wanted.insert(c);
    for (const QChar c : std::as_const(characters_))
        if (c.isPrint() && !c.isSurrogate()) wanted.insert(c.unicode());
    struct Glyph {
        QChar character;
        int rectangle;
    };
    std::vector<Glyph> glyphs;
    const int height = int(std::ceil(metrics.height()));
    for (const char16_t c : wanted) {
        const double advance = std::round(metrics.horizontalAdvance(QChar(c)));
        const int place =
            atlas.AddCustomRectFontGlyph(font, ImWchar(c), int(advance) + 3, height, float(advance), ImVec2(-1, 0));
        glyphs.push_back({QChar(c), place});
    }
    atlas.Build();
    unsigned char* pixels = nullptr;
    int width = 0, rows = 0;
    atlas.GetTexDataAsRGBA32(&pixels, &width, &rows);
    for (const Glyph& glyph : glyphs) {
        const ImFontAtlasCustomRect& place = *atlas.GetCustomRectByIndex(glyph.rectangle);
        QImage image(place.Width, place.Height, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        painter.setFont(font_);
        painter.setPen(Qt::white);
        painter.drawText(QPointF(1, metrics.ascent()), QString(glyph.character));
        painter.end();
        for (int y = 0; y < place.Height; ++y) {
            const auto* from = reinterpret_cast<const QRgb*>(image.constScanLine(y));
            unsigned char* to = pixels + 4 * ((place.Y + y) * width + place.X);
            for (int x = 0; x < place.Width; ++x, to += 4) {
                std::memset(to, 255, 3);
                to[3] = static_cast<unsigned char>(qAlpha(from[x]));
            }
        }
    }
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
}

void ImGuiHost::begin(QSize pixels) {
    activate();
    ImGui_ImplOpenGL3_NewFrame();
    if (std::exchange(font_changed_, false) || !ImGui::GetIO().Fonts->IsBuilt()) build_font();
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = {float(pixels.width()), float(pixels.height())};
    const qint64 time = now();
    io.DeltaTime = last_frame_ ? std::clamp(float(time - last_frame_) * 1e-6f, 1e-4f, 0.1f) : 1.0f / 60;
    last_frame_ = time;
    for (int button = 0; button < 3; ++button) io.MouseDown[button] = down_[button] || pressed_[button];
    ImGui::NewFrame();
}

void ImGuiHost::end() {
    ImGui::Render();
    std::fill(std::begin(pressed_), std::end(pressed_), false);
}

void ImGuiHost::draw() {
    activate();
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

}  // namespace wavlab
