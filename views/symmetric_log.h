// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

namespace wavlab {

/// A scale that is logarithmic on both sides of zero and linear near it, for values of both signs over several powers
/// of ten. Without `linear` it leaves values as they are.
struct SymmetricLog {
    double linear = 0;  ///< below it in magnitude the scale is about linear; a power of ten, or zero

    /// Three powers of ten below a largest magnitude.
    static SymmetricLog below(double largest);
    bool active() const { return linear > 0; }
    double to(double value) const;
    double from(double place) const;
};

/// Labels of an axis whose values went through `SymmetricLog::to`: zero and powers of ten on both sides.
class SymmetricLogTicker : public QCPAxisTicker {
public:
    explicit SymmetricLogTicker(SymmetricLog scale) : scale_(scale) {}
    const SymmetricLog& scale() const { return scale_; }

protected:
    QVector<double> createTickVector(double tick_step, const QCPRange& range) override;
    QVector<double> createSubTickVector(int, const QVector<double>&) override { return {}; }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    SymmetricLog scale_;
};

}  // namespace wavlab
