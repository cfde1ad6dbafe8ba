// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/microscope_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <QCoreApplication>

#include "views/plot_style.h"
#include "views/routing_grid.h"
#include "views/sample_text.h"

namespace wavlab {

namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN();

QString number(double value) { return std::isnan(value) ? QStringLiteral("–") : QString::number(value, 'g', 3); }

double largest_of(const std::vector<float>& values) {
    double largest = 0;
    for (const float value : values)
        if (std::isfinite(value)) largest = std::max(largest, double(std::abs(value)));
    return largest > 0 ? largest : 1;
}

bool same_tokens(const std::vector<InspectedToken>& left, const std::vector<InspectedToken>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const InspectedToken& one, const InspectedToken& other) {
                          return one.id == other.id && one.text == other.text;
                      });
}

}  // namespace

QString title(TokenQuantity quantity) {
    switch (quantity) {
        case TokenQuantity::contribution:
            return QCoreApplication::translate("wavlab", "Contribution");
        case TokenQuantity::attribution:
            return QCoreApplication::translate("wavlab", "Attribution");
        case TokenQuantity::weight:
            break;
    }
    return QCoreApplication::translate("wavlab", "Weight");
}

QString axis_title(TokenQuantity quantity) {
    switch (quantity) {
        case TokenQuantity::contribution:
            return QCoreApplication::translate("wavlab", "Contribution ‖αv‖");
        case TokenQuantity::attribution:
            return QCoreApplication::translate("wavlab", "Attribution −αv·G, nats");
        case TokenQuantity::weight:
            break;
    }
    return QCoreApplication::translate("wavlab", "Weight α");
}

QString help(TokenQuantity quantity) {
    switch (quantity) {
        case TokenQuantity::contribution:
            return QCoreApplication::translate(
                "wavlab", "Contribution ‖αv‖: the length of what this token takes from the source.");
        case TokenQuantity::attribution:
            return QCoreApplication::translate(
                "wavlab",
                "Attribution −αv·G: by how much the mean loss of the text would change, to first order, if this token "
                "no longer read the source; above zero the source helps. G is the gradient of the loss before the "
                "sublayer.");
        case TokenQuantity::weight:
            break;
    }
    return QCoreApplication::translate("wavlab",
                                       "Weight α: the share of the source in what this token reads; the weights of a "
                                       "router sum to 1.");
}

QString title(SliceBy by) {
    switch (by) {
        case SliceBy::source:
            return QCoreApplication::translate("wavlab", "One source: routers by tokens");
        case SliceBy::token:
            return QCoreApplication::translate("wavlab", "One token: routers by sources");
        case SliceBy::router:
            break;
    }
    return QCoreApplication::translate("wavlab", "One router: sources by tokens");
}

double shade(const TokenScale& scale, float value) {
    return scale.diverging ? 0.5 + 0.5 * double(value) / scale.end : double(value) / scale.end;
}

QString visible_token(const std::string& token) {
    QString text = visible_text(QString::fromStdString(token));
    text.replace(QLatin1Char(' '), QChar(0xb7));
    text.replace(QLatin1Char('\n'), QChar(0x23ce));
    text.replace(QLatin1Char('\t'), QChar(0x21e5));
    return text;
}

void MicroscopeState::set_routing(std::shared_ptr<const TokenRouting> routing) {
    const bool same_text = routing_ && routing && same_tokens(routing_->tokens, routing->tokens);
    const bool same_layout = routing_ && routing && routing_->layout == routing->layout;
    routing_ = std::move(routing);
    hovered.reset();
    if (!same_text) pinned_.clear();
    sources_ = routing_ ? routing_->layout.columns() : std::vector<Source>();
    of_router_.assign(routers(), {});
    cells_.assign(routers() * sources_.size(), -1);
    int cell = 0;
    for (std::size_t router = 0; router < routers(); ++router)
        for (const Source& source : routing_->layout.routers[router]) {
            const auto place = std::size_t(std::find(sources_.begin(), sources_.end(), source) - sources_.begin());
            cells_[router * sources_.size() + place] = cell++;
            of_router_[router].push_back(place);
        }
    for (const TokenQuantity quantity : all_token_quantities) largest_[int(quantity)] = largest(quantity);
    if (!same_layout) {
        // The last router sees every source that lasts: the one before the final norm.
        chosen_ = {routers() ? routers() - 1 : 0, 0, chosen_.token};
        reset_zoom();
    }
    if (!same_text) {
        ++texts_taken_;
        chosen_.token = 0;
        reset_zoom();
    }
    if (!empty()) settle_source();
}

bool MicroscopeState::has(std::size_t router, std::size_t source) const {
    return router < routers() && source < sources_.size() && cells_[router * sources_.size() + source] >= 0;
}

const std::vector<float>& MicroscopeState::values(TokenQuantity quantity) const {
    static const std::vector<float> nothing;
    if (!routing_) return nothing;
    switch (quantity) {
        case TokenQuantity::contribution:
            return routing_->contribution;
        case TokenQuantity::attribution:
            return routing_->attribution;
        case TokenQuantity::weight:
            break;
    }
    return routing_->weight;
}

double MicroscopeState::largest(TokenQuantity quantity) const {
    return quantity == TokenQuantity::weight ? 1 : largest_of(values(quantity));
}

float MicroscopeState::value(TokenQuantity quantity, const TokenCell& cell) const {
    if (!has(cell.router, cell.source) || cell.token >= tokens()) return none;
    const std::size_t index =
        routing_->index(std::size_t(cells_[cell.router * sources_.size() + cell.source]), cell.token);
    const std::vector<float>& all = values(quantity);
    return index < all.size() ? all[index] : none;
}

void MicroscopeState::set_slice_by(SliceBy by) {
    if (by == slice_by_) return;
    slice_by_ = by;
    hovered.reset();
    reset_zoom();
}

void MicroscopeState::settle_source() {
    if (has(chosen_.router, chosen_.source) || sources_of_chosen().empty()) return;
    const std::vector<std::size_t>& there = sources_of_chosen();
    const auto far = [&](std::size_t source) { return std::abs(int(source) - int(chosen_.source)); };
    chosen_.source =
        *std::min_element(there.begin(), there.end(), [&](std::size_t a, std::size_t b) { return far(a) < far(b); });
}

void MicroscopeState::settle_router() {
    if (has(chosen_.router, chosen_.source)) return;
    for (std::size_t distance = 1; distance < routers(); ++distance)
        for (const std::size_t router : {chosen_.router + distance, chosen_.router - distance})
            if (has(router, chosen_.source)) {
                chosen_.router = router;
                return;
            }
}

void MicroscopeState::choose_router(std::size_t router) {
    if (router >= routers() || empty()) return;
    chosen_.router = router;
    settle_source();
    show_chosen();
}

void MicroscopeState::choose_source(std::size_t source) {
    if (source >= sources_.size() || empty()) return;
    chosen_.source = source;
    settle_router();
    show_chosen();
}

void MicroscopeState::choose_token(std::size_t token) {
    if (token >= tokens()) return;
    chosen_.token = token;
    show_chosen();
}

void MicroscopeState::choose(const TokenCell& cell) {
    if (!has(cell.router, cell.source) || cell.token >= tokens()) return;
    chosen_ = cell;
    show_chosen();
}

bool MicroscopeState::move_router(int by) {
    if (empty()) return false;
    for (auto router = std::ptrdiff_t(chosen_.router) + by; router >= 0 && router < std::ptrdiff_t(routers());
         router += by) {
        // Along the rows of one source only those routers are there that read it.
        if (slice_by_ == SliceBy::source && !has(std::size_t(router), chosen_.source)) continue;
        choose_router(std::size_t(router));
        return true;
    }
    return false;
}

bool MicroscopeState::move_source(int by) {
    if (empty()) return false;
    for (auto source = std::ptrdiff_t(chosen_.source) + by; source >= 0 && source < std::ptrdiff_t(sources_.size());
         source += by) {
        if (slice_by_ != SliceBy::source && !has(chosen_.router, std::size_t(source))) continue;
        choose_source(std::size_t(source));
        return true;
    }
    return false;
}

bool MicroscopeState::move_token(int by) {
    const auto token = std::ptrdiff_t(chosen_.token) + by;
    if (token < 0 || token >= std::ptrdiff_t(tokens())) return false;
    choose_token(std::size_t(token));
    return true;
}

void MicroscopeState::set_threshold(double share) { threshold_ = std::clamp(share, 0.0, 1.0); }

bool MicroscopeState::is_dimmed(const TokenScale& scale, float value) const {
    return threshold_ > 0 && !(double(std::abs(value)) >= threshold_ * scale.end);
}

std::size_t MicroscopeState::rows() const {
    if (empty()) return 0;
    return slice_by_ == SliceBy::router ? sources_of_chosen().size() : routers();
}

std::size_t MicroscopeState::columns() const {
    if (empty()) return 0;
    return slice_by_ == SliceBy::token ? sources_.size() : tokens();
}

std::optional<TokenCell> MicroscopeState::cell_at(std::size_t row, std::size_t column) const {
    if (row >= rows() || column >= columns()) return std::nullopt;
    TokenCell cell;
    if (slice_by_ == SliceBy::router)
        cell = {chosen_.router, sources_of_chosen()[row], column};
    else if (slice_by_ == SliceBy::source)
        cell = {row, chosen_.source, column};
    else
        cell = {row, column, chosen_.token};
    return has(cell.router, cell.source) ? std::optional(cell) : std::nullopt;
}

std::size_t MicroscopeState::row_of(const TokenCell& cell) const {
    if (slice_by_ != SliceBy::router) return cell.router;
    const std::vector<std::size_t>& there = sources_of_chosen();
    return std::size_t(std::find(there.begin(), there.end(), cell.source) - there.begin());
}

std::size_t MicroscopeState::column_of(const TokenCell& cell) const {
    return slice_by_ == SliceBy::token ? cell.source : cell.token;
}

TokenSlice MicroscopeState::slice() const {
    TokenSlice slice;
    slice.rows = rows();
    slice.columns = columns();
    slice.values.reserve(slice.rows * slice.columns);
    for (std::size_t row = 0; row < slice.rows; ++row) {
        for (std::size_t column = 0; column < slice.columns; ++column) {
            const std::optional<TokenCell> cell = cell_at(row, column);
            slice.values.push_back(cell ? value(*cell) : none);
        }
        slice.row_labels.push_back(slice_by_ == SliceBy::router ? source_text(sources_of_chosen()[row])
                                                                : router_text(row));
    }
    for (std::size_t column = 0; column < slice.columns; ++column)
        slice.column_labels.push_back(slice_by_ == SliceBy::token ? source_text(column)
                                                                  : visible_token(routing_->tokens[column].text));
    return slice;
}

TokenScale MicroscopeState::scale() const {
    return {own_scale_ ? largest_of(slice().values) : largest_[int(quantity_)],
            quantity_ == TokenQuantity::attribution};
}

QString MicroscopeState::router_text(std::size_t router) const { return router_label(router, routers()); }

QString MicroscopeState::source_text(std::size_t source) const {
    return source < sources_.size() ? source_label(sources_[source]) : QString();
}

QString MicroscopeState::token_text(std::size_t token) const {
    if (token >= tokens()) return {};
    return QStringLiteral("%1 ‘%2’").arg(token + 1).arg(visible_token(routing_->tokens[token].text));
}

QString MicroscopeState::slice_text() const {
    if (empty()) return {};
    if (slice_by_ == SliceBy::router)
        return QCoreApplication::translate("wavlab", "Router %1").arg(router_text(chosen_.router));
    if (slice_by_ == SliceBy::source)
        return QCoreApplication::translate("wavlab", "Source %1").arg(source_text(chosen_.source));
    return QCoreApplication::translate("wavlab", "Token %1").arg(token_text(chosen_.token));
}

QString MicroscopeState::cell_text(const TokenCell& cell) const {
    return QCoreApplication::translate("wavlab", "Token %1, router %2, source %3")
        .arg(token_text(cell.token), router_text(cell.router), source_text(cell.source));
}

QString MicroscopeState::values_text(const TokenCell& cell) const {
    return QCoreApplication::translate("wavlab", "α %1, ‖αv‖ %2, attribution %3")
        .arg(number(value(TokenQuantity::weight, cell)), number(value(TokenQuantity::contribution, cell)),
             number(value(TokenQuantity::attribution, cell)));
}

bool MicroscopeState::is_pinned(std::size_t token) const {
    return std::binary_search(pinned_.begin(), pinned_.end(), token);
}

void MicroscopeState::toggle_pin(std::size_t token) {
    if (token >= tokens()) return;
    const auto place = std::lower_bound(pinned_.begin(), pinned_.end(), token);
    if (place != pinned_.end() && *place == token)
        pinned_.erase(place);
    else
        pinned_.insert(place, token);
}

void MicroscopeState::zoom_by(double factor, double x, double y) {
    const double before = seen();
    zoom_ = std::clamp(zoom_ * factor, 1.0, most_zoom);
    left_ = x - (x - left_) * seen() / before;
    top_ = y - (y - top_) * seen() / before;
    clamp_view();
}

void MicroscopeState::zoom_by(double factor) {
    if (empty()) return;
    zoom_by(factor, (double(column_of(chosen_)) + 0.5) / double(columns()),
            (double(row_of(chosen_)) + 0.5) / double(rows()));
    show_chosen();
}

void MicroscopeState::reset_zoom() {
    zoom_ = 1;
    left_ = top_ = 0;
}

void MicroscopeState::pan(double x, double y) {
    left_ += x;
    top_ += y;
    clamp_view();
}

void MicroscopeState::clamp_view() {
    left_ = std::clamp(left_, 0.0, 1 - seen());
    top_ = std::clamp(top_, 0.0, 1 - seen());
}

void MicroscopeState::show_chosen() {
    if (empty()) return;
    const auto follow = [this](double& begin, std::size_t place, std::size_t count) {
        const double low = double(place) / double(count), high = double(place + 1) / double(count);
        if (high > begin + seen()) begin = high - seen();
        if (low < begin) begin = low;
    };
    follow(left_, column_of(chosen_), columns());
    follow(top_, row_of(chosen_), rows());
    clamp_view();
}

}  // namespace wavlab
