// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QImage>
#include <QScrollArea>

class QLabel;
class QTimer;

namespace wavlab {

class FigurePage;

/// A page as it will print, white on a grey ground; or a sentence that says why there is none, over the last page.
class FigurePreview : public QScrollArea {
    Q_OBJECT

public:
    explicit FigurePreview(QWidget* parent = nullptr);
    ~FigurePreview() override;

    /// Null: an empty ground.
    void show_page(std::shared_ptr<const FigurePage> page);
    void show_problem(const QString& problem);
    QString problem() const;
    /// 1: the size that it prints with, by the screen's dots per inch; 0: as large as there is room.
    void set_zoom(double zoom);

    /// The page as it is shown, in device pixels; drawn now if it is out of date. Null without a page.
    const QImage& image();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    class Sheet;

    double scale() const;
    void settle();
    void render();
    void paint_sheet(QPainter& painter);

    std::shared_ptr<const FigurePage> page_;
    double zoom_ = 0;
    QImage image_;
    double image_scale_ = 0;  ///< pixels in a unit of the page; 0: out of date
    Sheet* sheet_;
    QLabel* problem_;
    QTimer* soon_;
};

}  // namespace wavlab
