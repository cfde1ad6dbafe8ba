// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <qcustomplot.h>

namespace wavlab {

/// Lets lines stand side by side at the positions that they share, so that none covers the error bars of another. What
/// is moved is the picture; the data stay where they are.
class SideBySide {
public:
    explicit SideBySide(const QCPAxis* axis) : axis_(axis) {}
    /// `wanted`: from one line to the next, in units of the canvas; it is less where positions are close.
    void set(std::vector<double> ascending_positions, std::size_t lines, double wanted);
    std::size_t lines() const { return lines_; }
    double distance() const;
    /// Of a line, counted from 0, to the right of the position.
    double shift(std::size_t line) const;

private:
    const QCPAxis* axis_;
    std::vector<double> positions_;
    std::size_t lines_ = 1;
    double wanted_ = 0;
};

/// A graph or the error bars of one, drawn beside where its data are.
template <class Plottable>
class Beside : public Plottable {
public:
    Beside(QCPAxis* x, QCPAxis* y, std::shared_ptr<const SideBySide> places, std::size_t line)
        : Plottable(x, y), places_(std::move(places)), line_(line) {}
    double shift() const { return places_->shift(line_); }

protected:
    void draw(QCPPainter* painter) override {
        painter->save();
        painter->translate(shift(), 0);
        Plottable::draw(painter);
        painter->restore();
    }

private:
    std::shared_ptr<const SideBySide> places_;
    std::size_t line_;
};

using GraphBeside = Beside<QCPGraph>;
using ErrorBarsBeside = Beside<QCPErrorBars>;

}  // namespace wavlab
