// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QString>

#include "core/token_routing.h"

namespace wavlab {

/// Which of the three axes (router, source, token) is held fixed, so that the other two span a map.
enum class SliceBy { router, source, token };

/// What is told of every router, source and token.
enum class TokenQuantity { weight, contribution, attribution };
inline constexpr TokenQuantity all_token_quantities[] = {TokenQuantity::weight, TokenQuantity::contribution,
                                                         TokenQuantity::attribution};

/// "routing weight", for people.
QString title(TokenQuantity quantity);
/// With its symbol, as on an axis: "Weight α".
QString axis_title(TokenQuantity quantity);
/// Its definition, in a sentence.
QString help(TokenQuantity quantity);
/// "One router: sources by tokens".
QString title(SliceBy by);

/// One value's place. `source` counts the distinct sources of the layout (RoutingLayout::columns).
struct TokenCell {
    std::size_t router = 0;
    std::size_t source = 0;
    std::size_t token = 0;

    friend bool operator==(const TokenCell&, const TokenCell&) = default;
};

/// A map of two axes.
struct TokenSlice {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<float> values;  ///< row after row; NaN where the router lacks the source
    std::vector<QString> row_labels;
    std::vector<QString> column_labels;

    float value(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// What the colours of a slice span: 0 to `end`, or -end to end.
struct TokenScale {
    double end = 1;
    bool diverging = false;
};

/// The value as a place in the colour map, 0 to 1.
double shade(const TokenScale& scale, float value);

/// A token as it is shown: a space is "·", a new line "⏎", a tab "⇥".
QString visible_token(const std::string& text);

/// What of a text's routing is looked at: the slice, the chosen router, source and token, the quantity, the threshold
/// below which cells are dimmed, zoom, what is under the mouse, and pinned tokens. Plain data; who changes it tells who
/// shows it. The chosen source is always one of the chosen router's.
class MicroscopeState {
public:
    /// Takes another text or checkpoint; null: none. Choices that still fit are kept.
    void set_routing(std::shared_ptr<const TokenRouting> routing);
    /// How many texts were taken so far; the same text at another checkpoint does not count.
    std::size_t texts_taken() const { return texts_taken_; }
    const TokenRouting* routing() const { return routing_.get(); }
    const std::shared_ptr<const TokenRouting>& shared_routing() const { return routing_; }
    bool empty() const { return !routing_ || routing_->tokens.empty() || sources_.empty(); }
    std::size_t routers() const { return routing_ ? routing_->layout.routers.size() : 0; }
    std::size_t tokens() const { return routing_ ? routing_->tokens.size() : 0; }
    /// The distinct sources of all routers.
    const std::vector<Source>& sources() const { return sources_; }
    bool has(std::size_t router, std::size_t source) const;
    /// NaN where there is none.
    float value(TokenQuantity quantity, const TokenCell& cell) const;
    float value(const TokenCell& cell) const { return value(quantity_, cell); }

    SliceBy slice_by() const { return slice_by_; }
    void set_slice_by(SliceBy by);
    TokenQuantity quantity() const { return quantity_; }
    void set_quantity(TokenQuantity quantity) { quantity_ = quantity; }
    const TokenCell& chosen() const { return chosen_; }
    void choose_router(std::size_t router);
    void choose_source(std::size_t source);
    void choose_token(std::size_t token);
    /// Chooses all three; ignored where the router lacks the source.
    void choose(const TokenCell& cell);
    /// To the next (1) or previous (-1) one that has the chosen others; false at the end.
    bool move_router(int by);
    bool move_source(int by);
    bool move_token(int by);

    /// A share of the scale, 0 to 1: cells of less magnitude are dimmed.
    double threshold() const { return threshold_; }
    void set_threshold(double share);
    /// The same in the quantity's unit.
    double threshold_value() const { return threshold_ * scale().end; }
    bool is_dimmed(const TokenScale& scale, float value) const;
    /// True: colours span what this slice holds; false: what all slices hold (weights: 0 to 1).
    bool own_scale() const { return own_scale_; }
    void set_own_scale(bool own) { own_scale_ = own; }

    TokenSlice slice() const;
    TokenScale scale() const;
    std::size_t rows() const;
    std::size_t columns() const;
    /// Which cell lies there; nothing outside, or where the router lacks the source.
    std::optional<TokenCell> cell_at(std::size_t row, std::size_t column) const;
    std::size_t row_of(const TokenCell& cell) const;
    std::size_t column_of(const TokenCell& cell) const;
    /// "attn 3 reads block 1 for token 12".
    QString cell_text(const TokenCell& cell) const;
    /// All three quantities with their symbols.
    QString values_text(const TokenCell& cell) const;
    /// What the fixed axis is at: "router mlp 2".
    QString slice_text() const;
    QString router_text(std::size_t router) const;
    QString source_text(std::size_t source) const;
    QString token_text(std::size_t token) const;

    /// Pinned tokens in their order.
    const std::vector<std::size_t>& pinned() const { return pinned_; }
    bool is_pinned(std::size_t token) const;
    void toggle_pin(std::size_t token);
    void unpin_all() { pinned_.clear(); }

    /// 1: everything is seen; at `most_zoom` a 64th of each side.
    static constexpr double most_zoom = 64;
    double zoom() const { return zoom_; }
    /// The part of the map that is seen, in shares of its width and height.
    double left() const { return left_; }
    double top() const { return top_; }
    double seen() const { return 1 / zoom_; }
    /// Keeps the point (x, y), in shares of the map, where it is on the screen.
    void zoom_by(double factor, double x, double y);
    /// Around the chosen cell.
    void zoom_by(double factor);
    void reset_zoom();
    /// In shares of the map.
    void pan(double x, double y);

    std::optional<TokenCell> hovered;

private:
    const std::vector<float>& values(TokenQuantity quantity) const;
    double largest(TokenQuantity quantity) const;
    void settle_source();
    void settle_router();
    void show_chosen();
    void clamp_view();
    const std::vector<std::size_t>& sources_of_chosen() const { return of_router_[chosen_.router]; }

    std::shared_ptr<const TokenRouting> routing_;
    std::size_t texts_taken_ = 0;
    std::vector<Source> sources_;
    std::vector<std::vector<std::size_t>> of_router_;  ///< its sources, as indices of `sources_`
    std::vector<int> cells_;                           ///< by router and source; -1: none
    double largest_[3] = {1, 1, 1};                    ///< of all slices, by quantity
    SliceBy slice_by_ = SliceBy::router;
    TokenQuantity quantity_ = TokenQuantity::weight;
    TokenCell chosen_;
    double threshold_ = 0;
    bool own_scale_ = false;
    std::vector<std::size_t> pinned_;
    double zoom_ = 1;
    double left_ = 0;
    double top_ = 0;
};

}  // namespace wavlab
