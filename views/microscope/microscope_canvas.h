// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QOpenGLWidget>

#include "views/color_map.h"
#include "views/microscope/imgui_host.h"
#include "views/microscope/microscope_state.h"
#include "views/microscope/text_atlas.h"

struct ImDrawList;
struct ImVec2;

namespace wavlab {

/// Why no OpenGL picture can be made here; empty when it can. Never makes a QOpenGLWidget: it tries a context of its
/// own, once.
QString opengl_obstacle();

/// The slice as a picture with controls over it, the text below it, tinted, and what the model expects next. Draws only
/// after something has changed. Belongs into a top-level window of its own (a QOpenGLWidget slows every repaint of its
/// window), and must not be made where `opengl_obstacle` names one.
class MicroscopeCanvas : public QOpenGLWidget {
    Q_OBJECT

public:
    /// `state` is shared with its window and outlives the canvas.
    explicit MicroscopeCanvas(MicroscopeState& state, QWidget* parent = nullptr);
    ~MicroscopeCanvas() override;

    /// The state was changed elsewhere.
    void show_state();
    /// Where a cell of the slice is drawn, in the widget's pixels; empty before the first frame.
    QRectF cell_rectangle(std::size_t row, std::size_t column) const;
    /// Frames drawn so far.
    std::int64_t frames() const { return frames_; }

signals:
    /// The user chose something else here.
    void state_changed();
    /// The mouse enlarged the map or shrank it.
    void zoom_changed();

protected:
    void initializeGL() override;
    void paintGL() override;
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct StripToken {
        float x = 0, y = 0, width = 0;
    };
    /// What stands below the columns: their names, upright where they are wide, or numbers where few names fit.
    enum class ColumnNames { across, upright, numbers };
    /// A rectangle in pixels of the screen.
    struct Area {
        float left = 0, top = 0, right = 0, bottom = 0;
        float width() const { return right - left; }
        float height() const { return bottom - top; }
        bool contains(float x, float y) const { return x >= left && x < right && y >= top && y < bottom; }
    };

    void release_gl();
    void update_look();
    void redraw(int frames);
    void rebuild_slice();
    void upload_slice();
    unsigned cell_color(float value) const;
    QString control_characters() const;

    // microscope_controls.cpp
    void draw_controls();
    void draw_index_control();
    // microscope_map.cpp
    void lay_out_map(const Area& room);
    void choose_column_names(float width);
    void draw_map(ImDrawList& list);
    void draw_row_labels(ImDrawList& list);
    void draw_column_labels(ImDrawList& list);
    QString column_name(std::size_t column) const;
    void draw_color_bar(ImDrawList& list);
    void outline_cell(ImDrawList& list, const TokenCell& cell, unsigned color, float width) const;
    void take_map_mouse();
    void show_tooltip(const TokenCell& cell);
    std::optional<TokenCell> map_cell_at(float x, float y) const;
    Area cell_area(std::size_t row, std::size_t column) const;
    // microscope_strip.cpp
    float lay_out_strip(float width);
    void draw_strip(const Area& room);
    void draw_next(const Area& room);
    void draw_next_of(ImDrawList& list, std::size_t token, const Area& room);
    void take_strip_mouse(const Area& room, float scroll);

    float px(double length) const { return float(length * ratio_); }
    unsigned ink(double strength = 1) const;
    unsigned accent() const;
    /// Draws a text with its top left corner here and gives its width.
    float draw_text(ImDrawList& list, float x, float y, const QString& text, unsigned color);
    void draw_upright_text(ImDrawList& list, float center, float top, const QString& text, unsigned color);
    void changed();

    MicroscopeState& state_;
    ImGuiHost imgui_;
    TextAtlas texts_;
    double ratio_ = 1;  ///< pixels of the screen of one of the widget's
    TokenSlice slice_;
    TokenScale scale_;
    std::vector<QRgb> ramp_;
    bool slice_stale_ = true;
    bool texture_stale_ = true;
    bool look_stale_ = true;
    bool state_changed_in_frame_ = false;
    unsigned slice_texture_ = 0;
    Area map_;  ///< where the whole of the seen part is drawn
    ColumnNames column_names_ = ColumnNames::across;
    std::vector<StripToken> strip_;
    float strip_width_ = 0, strip_height_ = 0;
    std::size_t strip_text_ = 0;                ///< which text the strip is of: MicroscopeState::texts_taken
    std::optional<std::size_t> pressed_token_;  ///< where in the strip the mouse button was pressed
    std::optional<std::size_t> scrolled_to_;    ///< the token that the strip was scrolled to
    bool dragging_ = false;
    int frames_wanted_ = 0;
    std::int64_t frames_ = 0;
};

}  // namespace wavlab
