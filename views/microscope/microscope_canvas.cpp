// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/microscope_canvas.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QCoreApplication>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QOpenGLFunctions>

#include <imgui.h>

#include "views/theme.h"

namespace wavlab {

namespace {

/// ImGui opens and closes its boxes over several frames.
constexpr int settling_frames = 3;
constexpr int ramp_size = 256;

QSurfaceFormat wanted_format() {
    QSurfaceFormat format;
    format.setRenderableType(QSurfaceFormat::OpenGL);
    format.setVersion(3, 0);
    format.setDepthBufferSize(0);
    format.setStencilBufferSize(0);
    return format;
}

QString try_opengl() {
    const QString platform = QGuiApplication::platformName();
    for (const char* none : {"offscreen", "minimal", "linuxfb", "vnc"})
        if (platform == QLatin1String(none))
            return QCoreApplication::translate("wavlab",
                                               "The display (%1) draws no OpenGL, so the routing is shown as a table.")
                .arg(platform);
    const QString failed = QCoreApplication::translate(
        "wavlab", "OpenGL cannot be used on this display, so the routing is shown as a table.");
    QOpenGLContext context;
    context.setFormat(wanted_format());
    if (!context.create()) return failed;
    QOffscreenSurface surface;
    surface.setFormat(context.format());
    surface.create();
    if (!surface.isValid() || !context.makeCurrent(&surface)) return failed;
    const QSurfaceFormat got = context.format();
    const bool good = !context.isOpenGLES() && got.majorVersion() >= 3;
    bool draws = false;
    if (good) {
        ImGuiHost trial;
        draws = trial.initialize_gl();
        trial.release_gl();
    }
    context.doneCurrent();
    if (good) return draws ? QString() : failed;
    return QCoreApplication::translate(
               "wavlab",
               "The display offers OpenGL %1.%2 and the picture needs 3.0, so the routing is shown as a table.")
        .arg(got.majorVersion())
        .arg(got.minorVersion());
}

}  // namespace

QString opengl_obstacle() {
    static const QString obstacle = try_opengl();
    return obstacle;
}

MicroscopeCanvas::MicroscopeCanvas(MicroscopeState& state, QWidget* parent) : QOpenGLWidget(parent), state_(state) {
    setObjectName(QStringLiteral("microscope_canvas"));
    setFormat(wanted_format());
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(320, 240);
    setAccessibleName(tr("Routing of every token"));
}

MicroscopeCanvas::~MicroscopeCanvas() {
    if (context()) disconnect(context(), nullptr, this, nullptr);
    makeCurrent();
    release_gl();
    doneCurrent();
}

void MicroscopeCanvas::release_gl() {
    if (!QOpenGLContext::currentContext()) return;
    imgui_.release_gl();
    texts_.release_gl();
    if (slice_texture_) QOpenGLContext::currentContext()->functions()->glDeleteTextures(1, &slice_texture_);
    slice_texture_ = 0;
    texture_stale_ = true;
}

void MicroscopeCanvas::initializeGL() {
    // The context goes when the widget gets another window, or for good: what lives in it goes first.
    connect(context(), &QOpenGLContext::aboutToBeDestroyed, this, [this] {
        makeCurrent();
        release_gl();
        doneCurrent();
    });
    imgui_.initialize_gl();
    texts_.make_texture();
    texture_stale_ = true;
}

void MicroscopeCanvas::show_state() {
    slice_stale_ = true;
    setAccessibleDescription(state_.empty() ? QString()
                                            : state_.cell_text(state_.chosen()) + QStringLiteral(": ") +
                                                  state_.values_text(state_.chosen()));
    redraw(1);
}

void MicroscopeCanvas::redraw(int frames) {
    frames_wanted_ = std::max(frames_wanted_, frames);
    update();
}

void MicroscopeCanvas::changed() {
    slice_stale_ = true;
    state_changed_in_frame_ = true;
}

void MicroscopeCanvas::changeEvent(QEvent* event) {
    QOpenGLWidget::changeEvent(event);
    const QEvent::Type type = event->type();
    if (type == QEvent::PaletteChange || type == QEvent::FontChange || type == QEvent::LanguageChange) {
        look_stale_ = true;
        redraw(settling_frames);
    }
}

bool MicroscopeCanvas::event(QEvent* event) {
    if (event->type() == QEvent::KeyPress && !imgui_.wants_keyboard()) {
        // Arrows walk over the map; everything else are the window's actions.
        const auto& key = static_cast<const QKeyEvent&>(*event);
        if (!(key.modifiers() & ~Qt::KeypadModifier)) {
            const int across = key.key() == Qt::Key_Right ? 1 : key.key() == Qt::Key_Left ? -1 : 0;
            const int down = key.key() == Qt::Key_Down ? 1 : key.key() == Qt::Key_Up ? -1 : 0;
            const bool pins = key.key() == Qt::Key_Space;
            if (across || down || pins) {
                const SliceBy by = state_.slice_by();
                if (across) by == SliceBy::token ? state_.move_source(across) : state_.move_token(across);
                if (down) by == SliceBy::router ? state_.move_source(down) : state_.move_router(down);
                if (pins) state_.toggle_pin(state_.chosen().token);
                emit state_changed();
                event->accept();
                return true;
            }
        }
    }
    if (imgui_.take(*event, devicePixelRatioF())) {
        redraw(settling_frames);
        if (event->type() == QEvent::Leave && state_.hovered) state_.hovered.reset();
        if (event->type() == QEvent::Wheel) {
            event->accept();
            return true;
        }
    }
    return QOpenGLWidget::event(event);
}

QString MicroscopeCanvas::control_characters() const {
    QString all = QString::fromUtf8("α‖−·≥≤…–×⏎⇥‘’“”→±%");
    for (const TokenQuantity quantity : all_token_quantities)
        all += axis_title(quantity) + title(quantity) + help(quantity);
    for (const SliceBy by : {SliceBy::router, SliceBy::source, SliceBy::token}) all += title(by);
    all += tr("Colours of this slice") + tr("Whole map") + tr("Threshold") + tr("Click again: pin") + tr("nothing") +
           tr("Token") + tr("Router") + tr("Source") + tr("loss");
    return all;
}

void MicroscopeCanvas::update_look() {
    if (!look_stale_ && ratio_ == devicePixelRatioF()) return;
    look_stale_ = false;
    ratio_ = devicePixelRatioF();
    imgui_.set_look(font(), palette(), control_characters(), ratio_);
    texts_.set_font(imgui_.font());
    strip_.clear();
    slice_stale_ = true;
}

unsigned MicroscopeCanvas::ink(double strength) const {
    const QColor color = palette().color(QPalette::Text);
    return IM_COL32(color.red(), color.green(), color.blue(), int(255 * strength));
}

unsigned MicroscopeCanvas::accent() const {
    const QColor color = palette().color(QPalette::Highlight).lighter(is_dark(palette()) ? 140 : 100);
    return IM_COL32(color.red(), color.green(), color.blue(), 255);
}

float MicroscopeCanvas::draw_text(ImDrawList& list, float x, float y, const QString& text, unsigned color) {
    const TextAtlas::Piece piece = texts_.piece(text);
    // Whole pixels keep it sharp.
    const ImVec2 corner(std::round(x), std::round(y));
    list.AddImage(reinterpret_cast<ImTextureID>(texts_.texture()), corner,
                  ImVec2(corner.x + piece.width, corner.y + piece.height), ImVec2(piece.left, piece.top),
                  ImVec2(piece.right, piece.bottom), color);
    return piece.width;
}

void MicroscopeCanvas::draw_upright_text(ImDrawList& list, float center, float top, const QString& text,
                                         unsigned color) {
    // Read from the bottom up, ending at `top`.
    const TextAtlas::Piece piece = texts_.piece(text);
    const float left = std::round(center - piece.height / 2), up = std::round(top);
    list.AddImageQuad(reinterpret_cast<ImTextureID>(texts_.texture()), ImVec2(left, up + piece.width), ImVec2(left, up),
                      ImVec2(left + piece.height, up), ImVec2(left + piece.height, up + piece.width),
                      ImVec2(piece.left, piece.top), ImVec2(piece.right, piece.top), ImVec2(piece.right, piece.bottom),
                      ImVec2(piece.left, piece.bottom), color);
}

unsigned MicroscopeCanvas::cell_color(float value) const {
    const QColor ground = palette().color(QPalette::Base);
    if (std::isnan(value)) return qRgba(ground.red(), ground.green(), ground.blue(), 255);
    const double place = std::clamp(shade(scale_, value), 0.0, 1.0);
    const QRgb color = ramp_[std::size_t(place * (ramp_size - 1) + 0.5)];
    if (!state_.is_dimmed(scale_, value)) return color;
    const auto mixed = [](int a, int b) { return (a + 5 * b) / 6; };
    return qRgb(mixed(qRed(color), ground.red()), mixed(qGreen(color), ground.green()),
                mixed(qBlue(color), ground.blue()));
}

void MicroscopeCanvas::rebuild_slice() {
    if (!std::exchange(slice_stale_, false)) return;
    slice_ = state_.slice();
    scale_ = state_.scale();
    ramp_.resize(ramp_size);
    for (int i = 0; i < ramp_size; ++i)
        ramp_[std::size_t(i)] =
            color_at(scale_.diverging ? ColorMap::diverging : ColorMap::viridis, double(i) / (ramp_size - 1));
    texture_stale_ = true;
}

void MicroscopeCanvas::upload_slice() {
    if (!std::exchange(texture_stale_, false) || slice_.values.empty()) return;
    QImage image(int(slice_.columns), int(slice_.rows), QImage::Format_RGBA8888);
    for (std::size_t row = 0; row < slice_.rows; ++row) {
        uchar* to = image.scanLine(int(row));
        for (std::size_t column = 0; column < slice_.columns; ++column) {
            const QRgb color = cell_color(slice_.value(row, column));
            *to++ = uchar(qRed(color));
            *to++ = uchar(qGreen(color));
            *to++ = uchar(qBlue(color));
            *to++ = 255;
        }
    }
    QOpenGLFunctions& gl = *context()->functions();
    if (!slice_texture_) {
        gl.glGenTextures(1, &slice_texture_);
        gl.glBindTexture(GL_TEXTURE_2D, slice_texture_);
        gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    }
    gl.glBindTexture(GL_TEXTURE_2D, slice_texture_);
    gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    gl.glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, image.width(), image.height(), 0, GL_RGBA, GL_UNSIGNED_BYTE,
                    image.constBits());
}

void MicroscopeCanvas::paintGL() {
    ++frames_;
    if (frames_wanted_ > 0) --frames_wanted_;
    update_look();
    rebuild_slice();
    upload_slice();
    QOpenGLFunctions& gl = *context()->functions();
    const QColor ground = palette().color(QPalette::Base);
    gl.glClearColor(float(ground.redF()), float(ground.greenF()), float(ground.blueF()), 1);
    gl.glClear(GL_COLOR_BUFFER_BIT);
    const QSize pixels = size() * ratio_;
    imgui_.begin(pixels);
    texts_.begin_frame();
    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(ImVec2(float(pixels.width()), float(pixels.height())));
    ImGui::Begin("microscope", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBackground |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNav);
    if (!state_.empty()) {
        draw_controls();
        // What they changed is drawn at once: the rest reads the state and the slice.
        rebuild_slice();
        upload_slice();
        const float top = ImGui::GetCursorPosY(), margin = px(6);
        const float width = float(pixels.width()) - 2 * margin, bottom = float(pixels.height()) - margin;
        const float next_height = 6 * texts_.line_height() + px(4);
        const float strip_height =
            std::min(lay_out_strip(width) + px(4), std::max(0.3f * (bottom - top), 2 * texts_.line_height()));
        const float map_bottom = std::max(top + px(80), bottom - next_height - strip_height - 2 * margin);
        lay_out_map({margin, top, margin + width, map_bottom});
        draw_map(*ImGui::GetWindowDrawList());
        draw_strip({margin, map_bottom + margin, margin + width, map_bottom + margin + strip_height});
        draw_next({margin, map_bottom + 2 * margin + strip_height, margin + width, bottom});
    }
    ImGui::End();
    imgui_.end();
    texts_.upload();
    imgui_.draw();
    if (texts_.wants_frame()) redraw(1);
    if (std::exchange(state_changed_in_frame_, false)) {
        redraw(settling_frames);
        QMetaObject::invokeMethod(this, &MicroscopeCanvas::state_changed, Qt::QueuedConnection);
    }
    if (frames_wanted_ > 0) update();
}

QRectF MicroscopeCanvas::cell_rectangle(std::size_t row, std::size_t column) const {
    if (map_.width() <= 0 || row >= slice_.rows || column >= slice_.columns) return {};
    const Area area = cell_area(row, column);
    return QRectF(QPointF(area.left, area.top) / ratio_, QPointF(area.right, area.bottom) / ratio_);
}

}  // namespace wavlab
