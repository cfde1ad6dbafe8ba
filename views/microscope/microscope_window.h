// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include <QList>
#include <QMainWindow>

#include "views/microscope/microscope_state.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QSpinBox;
class QStackedWidget;

namespace wavlab {

class ActionRegistry;
class MicroscopeCanvas;
class MicroscopeTable;

/// A checkpoint that can be looked at.
struct MicroscopeSource {
    QString title;
    std::filesystem::path model;
    std::int64_t windows = 1;  ///< of its validation part
};

/// What the user wants to see.
struct MicroscopeWish {
    std::filesystem::path model;
    QString text;             ///< empty: the window
    std::int64_t window = 0;  ///< from 0

    friend bool operator==(const MicroscopeWish&, const MicroscopeWish&) = default;
};

/// The routing microscope: a text, and what every router reads for each of its tokens, as a picture or as tables. It
/// computes nothing itself: `look_wanted` says what is to be computed, `show_routing` or `fail` brings it. Everything
/// has a key. Closing it releases OpenGL.
class MicroscopeWindow : public QMainWindow {
    Q_OBJECT

public:
    /// `no_picture`: why only tables can be shown (see opengl_obstacle); empty: the picture comes first.
    explicit MicroscopeWindow(const QString& no_picture);
    ~MicroscopeWindow() override;

    /// The checkpoints on offer; `chosen` is looked at, unless that was asked for already.
    void set_sources(const QList<MicroscopeSource>& sources, const std::filesystem::path& chosen);
    /// It is being computed.
    void begin();
    void show_routing(std::shared_ptr<const TokenRouting> routing);
    /// `of_text`: the text is what is wrong; the sentence then stands below its field.
    void fail(const QString& problem, bool of_text);
    void say(const QString& text);

    const MicroscopeState& state() const { return state_; }
    MicroscopeWish wish() const;
    ActionRegistry& actions() { return *actions_; }
    bool shows_table() const;
    /// Null where there is no picture.
    MicroscopeCanvas* canvas() { return canvas_; }
    MicroscopeTable& table() { return *table_; }

signals:
    void look_wanted(const MicroscopeWish& wish);
    /// The slice is wanted as a figure.
    void export_wanted();
    void closing();

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void build_fields(QWidget* parent);
    void add_actions();
    void add_file_actions();
    void add_slice_actions();
    void add_go_actions();
    void add_view_actions();
    void add(const char* id, const QString& text, const QString& help, const QKeySequence& key, const QString& menu,
             bool begins_group, std::function<void()> change, bool checkable = false);
    void look();
    void ask();
    void look_at_window(int window);
    void refresh();
    void refresh_actions();
    void show_table(bool table);
    void copy_table();

    MicroscopeState state_;
    QString no_picture_;
    ActionRegistry* actions_;
    QComboBox* source_ = nullptr;
    QLineEdit* text_ = nullptr;
    QSpinBox* window_ = nullptr;
    QLabel* problem_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QLabel* invitation_ = nullptr;
    MicroscopeCanvas* canvas_ = nullptr;
    MicroscopeTable* table_ = nullptr;
    QLabel* status_ = nullptr;
    QLabel* cell_ = nullptr;
    QList<MicroscopeSource> sources_;
    QString submitted_text_;               ///< what was asked for last; empty: the window
    std::optional<MicroscopeWish> asked_;  ///< the wish that was told last
    bool wants_table_ = false;
};

}  // namespace wavlab
