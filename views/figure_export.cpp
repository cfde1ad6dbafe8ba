// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_export.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <QApplication>
#include <QBuffer>
#include <QImage>
#include <QPageLayout>
#include <QPageSize>
#include <QPdfWriter>
#include <QSvgGenerator>

#include "core/build_info.h"
#include "core/error.h"
#include "core/number_text.h"
#include "core/safe_file.h"
#include "core/sha256.h"
#include "views/canvas_plot.h"
#include "views/plot_style.h"

namespace wavlab {

namespace {

constexpr double narrowest = 1, widest = 20;  // inches
constexpr int units_per_inch = PlotStyle::print_units_per_inch;
constexpr double png_dots_per_inch = 300;

struct Provenance {
    QString title;
    QString text;
};

Provenance provenance(const FigureContent& content, const FigureResult& result) {
    QStringList runs;
    for (const DrawnRun& run : content.runs) {
        const RunDescription& description = run.record->description();
        QString text = QString("run %1, method %2")
                           .arg(QString::fromStdString(run.record->name()),
                                QString::fromStdString(run.record->experiment().model.method));
        text += QString(", step %1").arg(qint64(result.step ? *result.step : run.record->step()));
        text += ", experiment sha256 " + QString::fromStdString(sha256_hex(description.experiment));
        runs << text;
    }
    return {
        QString::fromStdString(content.plot->title) + ": " +
            QString::fromStdString(content.runs.front().record->name()),
        QString("WAV Lab %1; plot %2; %3").arg(version(), QString::fromStdString(content.plot->id), runs.join("; "))};
}

/// When the first run was started, as a PDF date; a fixed date when that is unknown. The time of export would make two
/// exports of the same figure differ.
QByteArray creation_date(const FigureContent& content) {
    QByteArray digits;
    for (const char c : content.runs.front().record->description().started_at)
        if (c >= '0' && c <= '9') digits.append(c);
    return digits.size() >= 14 ? digits.left(14) : QByteArray("20000101000000");
}

void fix_creation_date(QByteArray& pdf, const QByteArray& date) {
    const QByteArray key = "/CreationDate (D:";
    const qsizetype found = pdf.indexOf(key);
    if (found < 0) return;
    qsizetype place = found + key.size();
    for (qsizetype i = 0; i < date.size() && pdf[place] >= '0' && pdf[place] <= '9'; ++i) pdf[place++] = date[i];
    // The rest is the offset from UTC: +01'00'.
    const qsizetype end = pdf.indexOf(')', place);
    for (; place < end; ++place) {
        if (pdf[place] >= '0' && pdf[place] <= '9') pdf[place] = '0';
        if (pdf[place] == '-') pdf[place] = '+';
    }
}

QByteArray xmp(const Provenance& provenance) {
    return QString(
               "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
               "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
               "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
               "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">"
               "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%1</rdf:li></rdf:Alt></dc:title>"
               "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">%2</rdf:li></rdf:Alt></dc:description>"
               "<xmp:CreatorTool>WAV Lab %3</xmp:CreatorTool></rdf:Description></rdf:RDF></x:xmpmeta>\n"
               "<?xpacket end=\"w\"?>")
        .arg(provenance.title.toHtmlEscaped(), provenance.text.toHtmlEscaped(), version())
        .toUtf8();
}

QByteArray draw_pdf(QCustomPlot& canvas, QSize units, const FigureContent& content, const FigureResult& result) {
    const Provenance about = provenance(content, result);
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&buffer);
        const QSizeF inches(result.width_inches, result.height_inches);
        writer.setPageSize(QPageSize(inches, QPageSize::Inch, QString(), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF(0, 0, 0, 0));
        writer.setResolution(units_per_inch);
        writer.setTitle(about.title);
        writer.setCreator(QString("WAV Lab %1").arg(version()));
        writer.setDocumentXmpMetadata(xmp(about));
        draw_canvas(canvas, writer, units, 1);
    }
    QByteArray bytes = buffer.data();
    fix_creation_date(bytes, creation_date(content));
    return bytes;
}

QByteArray draw_svg(QCustomPlot& canvas, QSize units, const FigureContent& content, const FigureResult& result) {
    const Provenance about = provenance(content, result);
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    {
        QSvgGenerator generator;
        generator.setOutputDevice(&buffer);
        generator.setResolution(units_per_inch);
        generator.setSize(units);
        generator.setViewBox(QRect(QPoint(0, 0), units));
        generator.setTitle(about.title.toHtmlEscaped());
        generator.setDescription(about.text.toHtmlEscaped());
        draw_canvas(canvas, generator, units, 1);
    }
    return buffer.data();
}

QByteArray draw_png(QCustomPlot& canvas, QSize units, const FigureContent& content, const FigureResult& result) {
    const double scale = png_dots_per_inch / units_per_inch;
    QImage image(int(std::lround(units.width() * scale)), int(std::lround(units.height() * scale)),
                 QImage::Format_RGB32);
    image.fill(Qt::white);
    draw_canvas(canvas, image, units, scale);
    const int dots_per_meter = int(std::lround(png_dots_per_inch / 0.0254));
    image.setDotsPerMeterX(dots_per_meter);
    image.setDotsPerMeterY(dots_per_meter);
    const Provenance about = provenance(content, result);
    image.setText("Title", about.title);
    image.setText("Description", about.text);
    image.setText("Software", QString("WAV Lab %1").arg(version()));
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG")) throw WorkError("the figure could not be made a PNG image");
    return buffer.data();
}

void check(const FigureContent& content, const FigureOptions& options) {
    if (content.runs.empty()) throw InputError("a figure needs at least one run");
    const std::size_t compared = content.plot->compares && options.state.contains("against") ? 1 : 0;
    if (!content.plot->several_runs && content.runs.size() > 1 + compared)
        throw InputError("the figure '" + content.plot->id + "' shows one run, and " +
                         std::to_string(content.runs.size()) + " were given");
    const auto check_inches = [](const char* what, double inches) {
        if (!(inches >= narrowest && inches <= widest))
            throw InputError(std::string(what) + " of a figure is " + number_text(inches) +
                             " inches; allowed are 1 to 20");
    };
    check_inches("the width", options.width_inches);
    if (options.height_inches) check_inches("the height", *options.height_inches);
    if (!(options.font_points >= 5 && options.font_points <= 24))
        throw InputError("the font size of a figure is " + number_text(options.font_points) +
                         " pt; allowed are 5 to 24");
}

void note_step(const FigureOptions& options, FigureResult& result) {
    if (!options.step || !result.step || *options.step == *result.step) return;
    const std::string drawn = std::to_string(*result.step), asked = std::to_string(*options.step);
    result.notes.push_back("The record of step " + drawn + " is drawn, the " +
                           (*result.step < *options.step ? "last one up to" : "first one after") + " step " + asked +
                           ".");
}

}  // namespace

FigureFormat figure_format(const std::filesystem::path& target) {
    std::string extension = target.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    if (extension == ".pdf") return FigureFormat::pdf;
    if (extension == ".svg") return FigureFormat::svg;
    if (extension == ".png") return FigureFormat::png;
    throw InputError("'" + target.string() + "' has no extension of a figure; allowed are .pdf, .svg and .png");
}

double parse_figure_width(const std::string& text) {
    const auto fail = [&]() -> double {
        throw InputError("'" + text +
                         "' is no width of a figure; allowed are 1 to 20 inches, such as 5.5in, 14cm or 396pt");
    };
    const std::size_t digits = text.find_first_not_of("0123456789.");
    const std::string unit = digits == std::string::npos ? "in" : text.substr(digits);
    const std::optional<double> number = parse_number(text.substr(0, digits));
    if (!number) return fail();
    const double per_inch = unit == "in" ? 1 : unit == "cm" ? 2.54 : unit == "mm" ? 25.4 : unit == "pt" ? 72 : 0;
    if (per_inch == 0) return fail();
    const double inches = *number / per_inch;
    return inches >= narrowest && inches <= widest ? inches : fail();
}

std::vector<DrawnRun> runs_of_figure(const PlotDescriptor& plot, const std::vector<DrawnRun>& drawn,
                                     const QJsonObject& state) {
    const std::string against = plot.compares ? state["against"].toString().toStdString() : std::string();
    std::vector<DrawnRun> runs;
    for (const DrawnRun& run : drawn)
        if (plot.several_runs || run.focused || (!against.empty() && run.record->name() == against)) runs.push_back(run);
    return runs;
}

QByteArray render_figure(const FigureContent& content, const FigureOptions& options, FigureFormat format,
                         FigureResult& result) {
    check(content, options);
    const FontChoice font = choose_font(QString::fromStdString(options.font));
    result = {};
    result.font = font.family.toStdString();
    if (font.instead)
        result.notes.push_back("The font '" + font.instead->toStdString() + "' is not installed; '" + result.font +
                               "' is used instead.");
    // Pages are measured in whole points.
    const auto whole_points = [](double inches) { return std::round(inches * 72) / 72; };
    result.width_inches = whole_points(options.width_inches);
    result.height_inches =
        whole_points(options.height_inches.value_or(std::max(1.0, options.width_inches * content.plot->height_ratio)));

    const std::unique_ptr<Plot> plot(content.plot->make(nullptr));
    plot->show_controls(false);
    plot->set_style(PlotStyle::print_style(font.family, options.font_points));
    plot->set_runs(content.runs);
    QJsonObject state = options.state;
    if (options.step) state["step"] = double(*options.step);
    plot->set_state(state);
    // Drawn first: what a plot reads of its runs it may not be able to read.
    QCustomPlot& canvas = plot->canvas();
    if (const QString problem = plot->problem(); !problem.isEmpty()) throw InputError(problem.toStdString());
    result.step = plot->shown_step();
    note_step(options, result);

    const QSize units(int(std::lround(result.width_inches * units_per_inch)),
                      int(std::lround(result.height_inches * units_per_inch)));
    switch (format) {
        case FigureFormat::pdf:
            return draw_pdf(canvas, units, content, result);
        case FigureFormat::svg:
            return draw_svg(canvas, units, content, result);
        case FigureFormat::png:
            return draw_png(canvas, units, content, result);
    }
    return {};
}

FigureResult export_figure(const FigureContent& content, const FigureOptions& options,
                           const std::filesystem::path& target) {
    const FigureFormat format = figure_format(target);
    FigureResult result;
    const QByteArray bytes = render_figure(content, options, format, result);
    write_file_safely(target, std::string_view(bytes.constData(), std::size_t(bytes.size())));
    result.file = target;
    return result;
}

FigureResult make_figure(const std::string& kind, const std::vector<std::shared_ptr<RunRecord>>& runs,
                         const FigureOptions& options, const std::filesystem::path& target) {
    FigureContent content;
    content.plot = PlotRegistry::find(kind);
    if (!content.plot) {
        std::string kinds;
        for (const PlotDescriptor& plot : PlotRegistry::all()) kinds += (kinds.empty() ? "" : ", ") + plot.id;
        throw InputError("'" + kind + "' is no kind of figure; allowed are " + kinds);
    }
    for (std::size_t i = 0; i < runs.size(); ++i) content.runs.push_back({runs[i], int(i), i == 0});
    return export_figure(content, options, target);
}

}  // namespace wavlab
