// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace wavlab {

/// An SVG of QSvgGenerator with its texts as paths: it looks the same where the font is not installed. Throws WorkError
/// for what is no XML.
QByteArray text_as_paths(const QByteArray& svg);

}  // namespace wavlab
