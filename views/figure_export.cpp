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

#include "core/error.h"
#include "core/safe_file.h"
#include "views/figure_csv.h"
#include "views/figure_data.h"
#include "views/figure_provenance.h"
#include "views/figure_tikz.h"
#include "views/plot_style.h"
#include "views/svg_text_paths.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

constexpr int units_per_inch = PlotStyle::print_units_per_inch;

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

QByteArray xmp(const FigureProvenance& provenance) {
    return QString(
               "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
               "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
               "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
               "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">"
               "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%1</rdf:li></rdf:Alt></dc:title>"
               "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">%2</rdf:li></rdf:Alt></dc:description>"
               "<xmp:CreatorTool>%3</xmp:CreatorTool></rdf:Description></rdf:RDF></x:xmpmeta>\n"
               "<?xpacket end=\"w\"?>")
        .arg(provenance.title.toHtmlEscaped(), provenance.text().toHtmlEscaped(), provenance.program.toHtmlEscaped())
        .toUtf8();
}

QByteArray draw_pdf(const FigurePage& page, const FigureProvenance& about) {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&buffer);
        const QSizeF inches(page.width_inches(), page.height_inches());
        writer.setPageSize(QPageSize(inches, QPageSize::Inch, QString(), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF(0, 0, 0, 0));
        writer.setResolution(units_per_inch);
        writer.setTitle(about.title);
        writer.setCreator(about.program);
        writer.setDocumentXmpMetadata(xmp(about));
        page.draw(writer, 1);
    }
    QByteArray bytes = buffer.data();
    fix_creation_date(bytes, about.pdf_date);
    return bytes;
}

QByteArray draw_svg(const FigurePage& page, const FigureProvenance& about, bool paths) {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    {
        QSvgGenerator generator;
        generator.setOutputDevice(&buffer);
        generator.setResolution(units_per_inch);
        generator.setSize(page.size());
        generator.setViewBox(QRect(QPoint(0, 0), page.size()));
        generator.setTitle(about.title.toHtmlEscaped());
        generator.setDescription(about.text().toHtmlEscaped());
        page.draw(generator, 1);
    }
    return paths ? text_as_paths(buffer.data()) : buffer.data();
}

QByteArray draw_png(const FigurePage& page, const FigureProvenance& about, int dots_per_inch) {
    const double scale = double(dots_per_inch) / units_per_inch;
    QImage image(int(std::lround(page.size().width() * scale)), int(std::lround(page.size().height() * scale)),
                 QImage::Format_RGB32);
    image.fill(Qt::white);
    page.draw(image, scale);
    const int dots_per_meter = int(std::lround(dots_per_inch / 0.0254));
    image.setDotsPerMeterX(dots_per_meter);
    image.setDotsPerMeterY(dots_per_meter);
    image.setText("Title", about.title);
    image.setText("Description", about.text());
    image.setText("Software", about.program);
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG")) throw WorkError("the figure could not be made a PNG image");
    return buffer.data();
}

QByteArray write_tikz(const FigurePage& page, const FigureProvenance& about) {
    TikzOptions options = page.tikz_options();
    options.provenance = about.lines.join("\n").toStdString();
    return QByteArray::fromStdString(figure_tikz(page.data(), options));
}

}  // namespace

FigureFormat figure_format(const fs::path& target) {
    std::string extension = target.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    if (extension == ".pdf") return FigureFormat::pdf;
    if (extension == ".svg") return FigureFormat::svg;
    if (extension == ".png") return FigureFormat::png;
    if (extension == ".tex") return FigureFormat::tikz;
    if (extension == ".csv") return FigureFormat::csv;
    throw InputError("'" + target.string() +
                     "' has no extension of a figure; allowed are .pdf, .svg, .png, .tex and .csv");
}

std::vector<DrawnRun> runs_of_figure(const PlotDescriptor& plot, const std::vector<DrawnRun>& drawn,
                                     const QJsonObject& state) {
    const std::string against = plot.compares ? state["against"].toString().toStdString() : std::string();
    std::vector<DrawnRun> runs;
    for (const DrawnRun& run : drawn)
        if (plot.several_runs || run.focused || (!against.empty() && run.record->name() == against))
            runs.push_back(run);
    return runs;
}

PageContent page_of(const FigureContent& content, const FigureOptions& options) {
    PagePanel panel;
    panel.plot = content.plot;
    panel.runs = content.runs;
    panel.state = options.state;
    panel.step = options.step;
    return {options, {panel}};
}

namespace {

FigureResult result_of(const FigurePage& page, const fs::path& file) {
    return {file, page.width_inches(), page.height_inches(), page.font(), page.step(0), page.notes()};
}

QByteArray bytes_of(const FigurePage& page, const PageContent& content, FigureFormat format) {
    const FigureProvenance about = figure_provenance(content, page);
    switch (format) {
        case FigureFormat::pdf:
            return draw_pdf(page, about);
        case FigureFormat::svg:
            return draw_svg(page, about, content.look.text_as_paths);
        case FigureFormat::png:
            return draw_png(page, about, content.look.dots_per_inch);
        case FigureFormat::tikz:
            return write_tikz(page, about);
        case FigureFormat::csv:
            return QByteArray::fromStdString(figure_csv(page.data(), about.lines.join("\n").toStdString()));
    }
    return {};
}

}  // namespace

QByteArray render_page(const PageContent& content, FigureFormat format, FigureResult& result) {
    const FigurePage page(content);
    result = result_of(page, {});
    return bytes_of(page, content, format);
}

QByteArray render_figure(const FigureContent& content, const FigureOptions& options, FigureFormat format,
                         FigureResult& result) {
    return render_page(page_of(content, options), format, result);
}

std::vector<FigureResult> export_page(const PageContent& content, const std::vector<fs::path>& targets) {
    for (const fs::path& target : targets) figure_format(target);  // refused before anything is written
    const FigurePage page(content);
    std::vector<FigureResult> results;
    for (const fs::path& target : targets) {
        const QByteArray bytes = bytes_of(page, content, figure_format(target));
        write_file_safely(target, std::string_view(bytes.constData(), std::size_t(bytes.size())));
        results.push_back(result_of(page, target));
    }
    return results;
}

FigureResult export_figure(const FigureContent& content, const FigureOptions& options, const fs::path& target) {
    return export_page(page_of(content, options), {target}).front();
}

const PlotDescriptor& find_plot(const std::string& kind) {
    if (const PlotDescriptor* plot = PlotRegistry::find(kind)) return *plot;
    std::string kinds;
    for (const PlotDescriptor& plot : PlotRegistry::all()) kinds += (kinds.empty() ? "" : ", ") + plot.id;
    throw InputError("'" + kind + "' is no kind of figure; allowed are " + kinds);
}

FigureResult make_figure(const std::string& kind, const std::vector<std::shared_ptr<RunRecord>>& runs,
                         const FigureOptions& options, const fs::path& target) {
    FigureContent content{&find_plot(kind), {}};
    for (std::size_t i = 0; i < runs.size(); ++i) content.runs.push_back({runs[i], int(i), i == 0});
    return export_figure(content, options, target);
}

}  // namespace wavlab
