// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_clipboard.h"

#include <memory>

#include <QApplication>
#include <QClipboard>
#include <QImage>
#include <QMimeData>

#include "views/figure_export.h"

namespace wavlab {

void copy_page(const PageContent& content) {
    FigureResult result;
    auto data = std::make_unique<QMimeData>();
    data->setImageData(QImage::fromData(render_page(content, FigureFormat::png, result), "PNG"));
    data->setData(QStringLiteral("image/svg+xml"), render_page(content, FigureFormat::svg, result));
    QApplication::clipboard()->setMimeData(data.release());
}

}  // namespace wavlab
