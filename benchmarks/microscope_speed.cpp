// SPDX-License-Identifier: GPL-3.0-or-later
// How many frames a second the routing microscope draws while the slice moves each frame: 48 layers (97 routers), 26
// sources, 256 tokens.
//   xvfb-run -a -s "-screen 0 1280x800x24" microscope_speed [FRAMES [WIDTH HEIGHT]]        default: 300 1000 640
// A frame is everything from the moved slice to the composed window.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <QApplication>
#include <QEventLoop>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QVBoxLayout>

#include "views/microscope/microscope_canvas.h"
#include "views/theme.h"

namespace {

using namespace wavlab;

/// WAV with 8 blocks: embedding, summaries, phase and split details, and the running sum.
std::shared_ptr<const TokenRouting> make_routing() {
    constexpr int sublayers = 96, blocks = 8, block_size = sublayers / blocks, tokens = 256;
    auto routing = std::make_shared<TokenRouting>();
    for (int router = 0; router <= sublayers; ++router) {
        std::vector<Source> sources = {{SourceKind::embedding, 0}};
        for (int block = 1; block <= router / block_size; ++block)
            for (const SourceKind kind : {SourceKind::block, SourceKind::phase, SourceKind::split})
                sources.push_back({kind, block});
        if (router % block_size != 0) sources.push_back({SourceKind::partial, 0});
        routing->layout.routers.push_back(std::move(sources));
    }
    for (int token = 0; token < tokens; ++token) {
        const char letter = char(token % 7 == 6 ? ' ' : 'a' + token * 11 % 26);
        routing->tokens.push_back({letter, std::string(1, letter), 1.5, {}});
        for (int next = 0; next < 5; ++next)
            routing->tokens.back().next.push_back({'a' + next, std::string(1, char('a' + next)), 0.5 / (next + 1)});
    }
    const std::size_t count = routing->layout.cell_count() * routing->tokens.size();
    for (std::size_t i = 0; i < count; ++i) {
        const float value = float(0.5 + 0.5 * std::sin(double(i) * 0.37));
        routing->weight.push_back(value);
        routing->contribution.push_back(3 * value);
        routing->attribution.push_back(value - 0.5f);
    }
    return routing;
}

}  // namespace

int main(int count, char** arguments) {
    QApplication application(count, arguments);
    const int frames = count > 1 ? std::atoi(arguments[1]) : 300;
    const QSize size(count > 3 ? std::atoi(arguments[2]) : 1000, count > 3 ? std::atoi(arguments[3]) : 640);
    if (const QString obstacle = opengl_obstacle(); !obstacle.isEmpty()) {
        std::fprintf(stderr, "%s\n", obstacle.toUtf8().constData());
        return 1;
    }
    apply_theme(Theme::light);
    MicroscopeState state;
    state.set_routing(make_routing());
    QWidget window;
    auto* column = new QVBoxLayout(&window);
    column->setContentsMargins(0, 0, 0, 0);
    auto* canvas = new MicroscopeCanvas(state);
    column->addWidget(canvas);
    window.resize(size);
    window.show();
    const auto draw = [&] {
        QEventLoop loop;
        QObject::connect(canvas, &QOpenGLWidget::frameSwapped, &loop, &QEventLoop::quit);
        canvas->show_state();
        loop.exec();
    };
    for (int i = 0; i < 20; ++i) draw();
    canvas->makeCurrent();
    const auto* renderer = QOpenGLContext::currentContext()->functions()->glGetString(GL_RENDERER);
    std::printf("%s, %d x %d, %zu routers, %zu sources, %zu tokens\n", reinterpret_cast<const char*>(renderer),
                size.width(), size.height(), state.routers(), state.sources().size(), state.tokens());
    canvas->doneCurrent();
    const struct {
        const char* name;
        SliceBy by;
        bool (MicroscopeState::*move)(int);
    } walks[] = {{"router", SliceBy::router, &MicroscopeState::move_router},
                 {"source", SliceBy::source, &MicroscopeState::move_source},
                 {"token", SliceBy::token, &MicroscopeState::move_token}};
    for (const auto& walk : walks) {
        state.set_slice_by(walk.by);
        int direction = 1;
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < frames; ++i) {
            if (!(state.*walk.move)(direction)) direction = -direction;
            draw();
        }
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        std::printf("another %-6s each frame: %5.1f frames/s\n", walk.name, frames / seconds);
    }
    return 0;
}
