// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/look_form.h"

#include <algorithm>
#include <optional>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QSpinBox>

#include "views/color_map.h"
#include "views/plot_style.h"
#include "views/translated.h"

namespace wavlab {

namespace {

constexpr double automatic_height = 0.9;  // below what is allowed
constexpr QSize ramp_size(56, 12);

template <class Widget>
Widget* named(Widget* widget, const QString& label, const char* name, const QString& help) {
    widget->setObjectName(QStringLiteral("look.") + QLatin1String(name));
    widget->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    widget->setToolTip(help);
    return widget;
}

/// Two settings in one row; `between`: the label of the second.
void add_pair(QFormLayout& form, const QString& label, QWidget* first, const QString& between, QWidget* second) {
    auto* row = new QHBoxLayout;
    row->addWidget(first, 1);
    if (!between.isEmpty()) {
        auto* text = new QLabel(between, form.parentWidget());
        text->setBuddy(second);
        row->addWidget(text);
    }
    row->addWidget(second, between.isEmpty() ? 0 : 1);
    auto* text = new QLabel(label, form.parentWidget());
    text->setBuddy(first);
    form.addRow(text, row);
}

QComboBox* narrow_choice(QWidget* parent) {
    auto* choice = new QComboBox(parent);
    choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    choice->setMinimumContentsLength(8);
    return choice;
}

QDoubleSpinBox* number(QWidget* parent, double least, double most, double step, int decimals, const QString& unit) {
    auto* box = new QDoubleSpinBox(parent);
    box->setDecimals(decimals);
    box->setRange(least, most);
    box->setSingleStep(step);
    box->setSuffix(unit);
    return box;
}

QIcon palette_icon(const std::string& palette) {
    FigureLook look;
    look.palette = palette;
    const PlotStyle style = PlotStyle::print_style(QString(), look);
    QPixmap picture(ramp_size);
    picture.fill(Qt::white);
    QPainter painter(&picture);
    constexpr int runs = 6;
    const double width = double(ramp_size.width()) / runs;
    for (int run = 0; run < runs; ++run)
        painter.fillRect(QRectF(run * width, 0, width, ramp_size.height()), run_color(run, style));
    return QIcon(picture);
}

QIcon color_map_icon(const std::string& name) {
    const ColorMap map = sequential_color_map(name);
    QImage picture(ramp_size, QImage::Format_RGB32);
    for (int x = 0; x < ramp_size.width(); ++x)
        for (int y = 0; y < ramp_size.height(); ++y)
            picture.setPixel(x, y, color_at(map, double(x) / (ramp_size.width() - 1)));
    return QIcon(QPixmap::fromImage(picture));
}

void choose(QComboBox& box, const QString& value) { box.setCurrentIndex(box.findData(value)); }

}  // namespace

LookForm::LookForm(QWidget* parent) : QWidget(parent) {
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    add_page(*form);
    add_lines(*form);
    add_panels(*form);
    add_files(*form);
    show_look();

    // Each control sets its own value only: what is shown rounded stays what it is.
    const auto set = [this](auto apply) {
        return [this, apply] {
            if (showing_) return;
            apply();
            emit changed();
        };
    };
    connect(venue_, &QComboBox::activated, this, &LookForm::choose_venue);
    const auto spin = &QDoubleSpinBox::valueChanged;
    connect(width_, spin, this, set([this] { look_.width_inches = width_->value(); }));
    connect(height_, spin, this, set([this] {
                const bool automatic = height_->value() == height_->minimum();
                look_.height_inches = automatic ? std::nullopt : std::optional(std::max(1.0, height_->value()));
            }));
    connect(points_, spin, this, set([this] { look_.font_points = points_->value(); }));
    connect(line_, spin, this, set([this] { look_.line_points = line_->value(); }));
    connect(font_, &QComboBox::currentTextChanged, this, set([this] {
                const int known = font_->findText(font_->currentText());
                const QVariant id = known < 0 ? QVariant() : font_->itemData(known);
                look_.font = (id.isValid() ? id.toString() : font_->currentText().trimmed()).toStdString();
                if (look_.font.empty()) look_.font = "sans";
            }));
    const auto index = &QComboBox::currentIndexChanged;
    connect(palette_, index, this, set([this] { look_.palette = palette_->currentData().toString().toStdString(); }));
    connect(color_map_, index, this,
            set([this] { look_.color_map = color_map_->currentData().toString().toStdString(); }));
    connect(columns_, &QSpinBox::valueChanged, this, set([this] { look_.columns = columns_->value(); }));
    connect(letters_, &QCheckBox::toggled, this, set([this] { look_.letters = letters_->isChecked(); }));
    connect(legend_, index, this, set([this] { look_.legend = FigureLegend(legend_->currentData().toInt()); }));
    connect(dots_, &QSpinBox::valueChanged, this, set([this] { look_.dots_per_inch = dots_->value(); }));
    connect(svg_text_, index, this, set([this] { look_.text_as_paths = svg_text_->currentIndex() == 1; }));
}

void LookForm::add_page(QFormLayout& form) {
    const QString venue = tr("&Venue"), width = tr("&Width"), height = tr("Height"), font = tr("&Font");
    venue_ = named(narrow_choice(this), venue, "venue",
                   tr("Sets width, font and its size as the venue asks for; they can be changed afterwards."));
    for (const FigureVenue& one : figure_venues()) {
        const QString id = QString::fromLatin1(one.id);
        venue_->addItem(translated(one.title), id);
    }
    form.addRow(venue, venue_);
    width_ = named(number(this, 1, 20, 0.1, 2, tr(" in")), width, "width", tr("Of the printed page, 1 to 20 inches."));
    height_ = named(number(this, automatic_height, 20, 0.1, 2, tr(" in")), height, "height",
                    tr("Of the printed page, 1 to 20 inches; automatic: by the ratios of the plots."));
    height_->setSpecialValueText(tr("automatic"));
    add_pair(form, width, width_, height, height_);
    font_ = named(narrow_choice(this), font, "font", tr("Sans serif, serif, or any family that is installed here."));
    font_->setEditable(true);
    font_->setInsertPolicy(QComboBox::NoInsert);
    font_->addItem(tr("Sans serif"), QStringLiteral("sans"));
    font_->addItem(tr("Serif"), QStringLiteral("serif"));
    font_->insertSeparator(2);
    for (const QString& family : QFontDatabase::families())
        if (QFontDatabase::isScalable(family) && !QFontDatabase::isPrivateFamily(family)) font_->addItem(family);
    points_ = named(number(this, 5, 24, 0.5, 1, tr(" pt")), tr("Font size"), "points",
                    tr("Of the text at print size; papers use 7 to 9 pt."));
    add_pair(form, font, font_, {}, points_);
}

void LookForm::add_lines(QFormLayout& form) {
    const QString palette = tr("&Palette"), color_map = tr("Colour &map");
    palette_ = named(narrow_choice(this), palette, "palette", tr("Colours of runs and groups."));
    palette_->setIconSize(ramp_size);
    for (const std::string& id : figure_palettes()) {
        const QString text = QString::fromStdString(id);
        const bool grey = id == "grey";
        palette_->addItem(palette_icon(id), text, text);
        palette_->setItemData(palette_->count() - 1,
                              grey ? tr("For print without colours: dashes and markers tell the runs apart.")
                                   : tr("Can be told apart by colour-blind readers."),
                              Qt::ToolTipRole);
    }
    form.addRow(palette, palette_);
    color_map_ = named(narrow_choice(this), color_map, "color_map",
                       tr("Of heatmaps; all of them keep their order for colour-blind readers and in grey print."));
    color_map_->setIconSize(ramp_size);
    for (const std::string& id : figure_color_maps())
        color_map_->addItem(color_map_icon(id), QString::fromStdString(id), QString::fromStdString(id));
    form.addRow(color_map, color_map_);
}

void LookForm::add_panels(QFormLayout& form) {
    const QString line = tr("Lines"), columns = tr("Columns"), legend = tr("Le&gend");
    line_ = named(number(this, 0.25, 4, 0.05, 2, tr(" pt")), line, "line", tr("Width of curves, at print size."));
    columns_ = named(new QSpinBox(this), columns, "columns", tr("Panels side by side."));
    columns_->setRange(0, 6);
    columns_->setSpecialValueText(tr("automatic"));
    add_pair(form, line, line_, columns, columns_);
    legend_ = named(narrow_choice(this), legend, "legend",
                    tr("One above all panels where they mean the same by their colours; else each its own."));
    legend_->addItem(tr("shared"), int(FigureLegend::shared));
    legend_->addItem(tr("one in each panel"), int(FigureLegend::panels));
    legend_->addItem(tr("none"), int(FigureLegend::none));
    form.addRow(legend, legend_);
    letters_ = new QCheckBox(tr("Letters (a), (b), … of the panels"), this);
    letters_->setObjectName(QStringLiteral("look.letters"));
    letters_->setToolTip(tr("Where there are several panels."));
    form.addRow(letters_);
}

void LookForm::add_files(QFormLayout& form) {
    const QString dots = tr("PNG"), svg = tr("SVG text");
    dots_ = named(new QSpinBox(this), dots, "dots", tr("The resolution of a PNG, 72 to 1200 dots per inch."));
    dots_->setRange(72, 1200);
    dots_->setSingleStep(50);
    dots_->setSuffix(tr(" dpi"));
    svg_text_ = named(narrow_choice(this), svg, "svg_text",
                      tr("Paths look the same where the font is not installed, but cannot be searched."));
    svg_text_->addItem(tr("text"));
    svg_text_->addItem(tr("paths"));
    svg_text_->setMinimumContentsLength(5);
    add_pair(form, dots, dots_, svg, svg_text_);
}

void LookForm::set_look(const FigureLook& look) {
    look_ = look;
    show_look();
}

void LookForm::choose_venue(int index) {
    const FigureLook venue = figure_look_of(venue_->itemData(index).toString().toStdString());
    look_.venue = venue.venue;
    look_.width_inches = venue.width_inches;
    look_.font = venue.font;
    look_.font_points = venue.font_points;
    show_look();
    emit changed();
}

void LookForm::show_look() {
    showing_ = true;
    choose(*venue_, QString::fromStdString(look_.venue));
    width_->setValue(look_.width_inches);
    height_->setValue(look_.height_inches.value_or(automatic_height));
    const QString font = QString::fromStdString(look_.font);
    const int known = font_->findData(font);
    if (known >= 0)
        font_->setCurrentIndex(known);
    else
        font_->setCurrentText(font);
    points_->setValue(look_.font_points);
    line_->setValue(look_.line_points);
    choose(*palette_, QString::fromStdString(look_.palette));
    choose(*color_map_, QString::fromStdString(look_.color_map));
    columns_->setValue(look_.columns);
    letters_->setChecked(look_.letters);
    legend_->setCurrentIndex(legend_->findData(int(look_.legend)));
    dots_->setValue(look_.dots_per_inch);
    svg_text_->setCurrentIndex(look_.text_as_paths ? 1 : 0);
    showing_ = false;
}

}  // namespace wavlab
