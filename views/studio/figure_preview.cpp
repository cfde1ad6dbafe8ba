// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/figure_preview.h"

#include <algorithm>
#include <cmath>

#include <QEvent>
#include <QLabel>
#include <QPainter>
#include <QResizeEvent>
#include <QTimer>

#include "views/figure_page.h"
#include "views/plot_style.h"
#include "views/theme.h"

namespace wavlab {

namespace {

constexpr int margin = 16;                  // around the page, in logical pixels
constexpr double largest_fit = 4;           // times the printed size
constexpr double most_pixels = 48'000'000;  // of the picture; more are interpolated
constexpr int render_milliseconds = 60;     // after the last change of the window's size

}  // namespace

class FigurePreview::Sheet : public QWidget {
public:
    explicit Sheet(FigurePreview& preview) : QWidget(&preview), preview_(preview) {}

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        preview_.paint_sheet(painter);
    }

private:
    FigurePreview& preview_;
};

FigurePreview::FigurePreview(QWidget* parent)
    : QScrollArea(parent), sheet_(new Sheet(*this)), problem_(new QLabel(this)), soon_(new QTimer(this)) {
    setWidget(sheet_);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    problem_->setObjectName(QStringLiteral("figure_preview.problem"));
    problem_->setTextFormat(Qt::PlainText);
    problem_->setWordWrap(true);
    problem_->setAlignment(Qt::AlignCenter);
    problem_->setMargin(12);
    problem_->setAutoFillBackground(true);
    problem_->setFrameShape(QFrame::StyledPanel);
    problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    problem_->hide();
    soon_->setSingleShot(true);
    soon_->setInterval(render_milliseconds);
    connect(soon_, &QTimer::timeout, this, &FigurePreview::render);
}

FigurePreview::~FigurePreview() = default;

void FigurePreview::show_page(std::shared_ptr<const FigurePage> page) {
    page_ = std::move(page);
    image_ = {};
    image_scale_ = 0;
    problem_->clear();
    problem_->hide();
    settle();
}

void FigurePreview::show_problem(const QString& problem) {
    problem_->setText(problem);
    problem_->setAccessibleName(problem);
    problem_->show();
    problem_->raise();
    settle();
}

QString FigurePreview::problem() const { return problem_->text(); }

void FigurePreview::set_zoom(double zoom) {
    zoom_ = zoom;
    settle();
}

/// Logical pixels in a unit of the page.
double FigurePreview::scale() const {
    const double printed = double(logicalDpiX()) / PlotStyle::print_units_per_inch;
    if (zoom_ > 0) return zoom_ * printed;
    const QSize room = maximumViewportSize() - QSize(2 * margin, 2 * margin);
    const QSize page = page_->size();
    const double fits = std::min(double(room.width()) / page.width(), double(room.height()) / page.height());
    return std::clamp(fits, 0.1 * printed, largest_fit * printed);
}

void FigurePreview::settle() {
    QSize size = maximumViewportSize();
    if (page_ && zoom_ > 0) {
        const QSize page = (QSizeF(page_->size()) * scale()).toSize() + QSize(2 * margin, 2 * margin);
        // Where one scroll bar takes its room, the other must not follow from that.
        const QSize shown = page.width() > size.width() || page.height() > size.height() ? viewport()->size() : size;
        size = page.expandedTo(shown);
    }
    sheet_->resize(size);
    sheet_->update();
    if (!problem_->isHidden()) {
        const int width = std::max(120, std::min(this->width() - 2 * margin, 60 * fontMetrics().averageCharWidth()));
        const int height = problem_->heightForWidth(width);
        problem_->setGeometry((this->width() - width) / 2, std::max(0, (this->height() - height) / 2), width, height);
    }
}

const QImage& FigurePreview::image() {
    if (page_) {
        const QSizeF size = page_->size();
        const double wanted = scale() * devicePixelRatioF();
        const double scale = std::min(wanted, std::sqrt(most_pixels / (size.width() * size.height())));
        if (scale != image_scale_ || image_.isNull()) {
            image_ = QImage(std::max(1, int(std::lround(size.width() * scale))),
                            std::max(1, int(std::lround(size.height() * scale))), QImage::Format_RGB32);
            image_.fill(Qt::white);
            page_->draw(image_, scale);
            image_scale_ = scale;
        }
    } else {
        image_ = {};
    }
    return image_;
}

void FigurePreview::render() {
    image();
    sheet_->update();
}

void FigurePreview::paint_sheet(QPainter& painter) {
    const QColor ground = is_dark(palette()) ? QColor(0x4a, 0x4a, 0x4a) : QColor(0xc4, 0xc4, 0xc4);
    painter.fillRect(sheet_->rect(), ground);
    if (!page_) return;
    if (image_.isNull()) image();
    const QSize shown = (QSizeF(page_->size()) * scale()).toSize();
    const QRect place(QPoint((sheet_->width() - shown.width()) / 2, (sheet_->height() - shown.height()) / 2), shown);
    if (std::abs(image_scale_ / (scale() * devicePixelRatioF()) - 1) > 1e-9) soon_->start();
    painter.fillRect(place, Qt::white);
    if (!problem_->isHidden()) painter.setOpacity(0.3);
    // Drawn for these pixels, it must not be interpolated.
    const QSize pixels = (QSizeF(shown) * devicePixelRatioF()).toSize();
    const bool exact =
        std::abs(pixels.width() - image_.width()) <= 1 && std::abs(pixels.height() - image_.height()) <= 1;
    painter.setRenderHint(QPainter::SmoothPixmapTransform, !exact);
    if (exact) {
        image_.setDevicePixelRatio(devicePixelRatioF());
        painter.drawImage(place.topLeft(), image_);
        image_.setDevicePixelRatio(1);
    } else {
        painter.drawImage(place, image_);
    }
    painter.setOpacity(1);
    painter.setPen(QPen(QColor(0, 0, 0, 70), 1));
    painter.drawRect(place.adjusted(-1, -1, 0, 0));
}

void FigurePreview::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    settle();
}

void FigurePreview::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) sheet_->update();
}

}  // namespace wavlab
