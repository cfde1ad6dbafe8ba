// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSharedPointer>
#include <QString>

#include <qcustomplot.h>

#include "core/training_axis.h"

namespace wavlab {

/// How an axis of training is labelled where its values go up to `largest`: "Tokens (millions)", and what one unit is.
struct AxisUnit {
    QString label;
    double size = 1;  ///< in steps, tokens, seconds or FLOPs

    friend bool operator==(const AxisUnit&, const AxisUnit&) = default;
};

AxisUnit axis_unit(TrainingAxis axis, double largest);

/// Ticks at round numbers of a unit.
QSharedPointer<QCPAxisTicker> unit_ticker(const AxisUnit& unit, bool logarithmic, bool whole);

/// "step 120", "1.2M tokens", "3 min 20 s", "4.5 PFLOP".
QString training_position_text(TrainingAxis axis, double position);
/// The same for a range, when runs differ: "1.2M to 2.4M tokens".
QString training_range_text(TrainingAxis axis, double low, double high);

}  // namespace wavlab
