// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

#include "views/figure_page.h"

namespace wavlab {

/// Where a figure's numbers come from, as it stands in each file of it.
struct FigureProvenance {
    QString title;      ///< "Training loss: wav-12"
    QString program;    ///< "WAV Lab 0.8 (commit)"
    QStringList lines;  ///< the program, and for each panel its plot and runs with steps, hashes, versions
    QString text() const { return lines.join("; "); }
    QByteArray pdf_date;  ///< when the first run was started, or a fixed date: the time of export would make two differ
};

FigureProvenance figure_provenance(const PageContent& content, const FigurePage& page);

}  // namespace wavlab
