// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <QBuffer>
#include <QFile>
#include <QHash>
#include <QImage>
#include <QJsonArray>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QSvgRenderer>
#include <QTemporaryDir>

#include "core/error.h"
#include "tests/views/application.h"
#include "tests/views/made_up_probe.h"
#include "tests/views/synthetic_run.h"
#include "views/figure_export.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

// As main does: the order of fonts and objects in a PDF depends on it.
[[maybe_unused]] const bool seeded = (QHashSeed::setDeterministicGlobalSeed(), true);

/// One figure of each kind that papers need, with what makes it hard.
struct Case {
    const char* name;
    const char* kind;
    std::vector<SyntheticRun> runs;
    QJsonObject state;
};

/// Three methods at three depths with two seeds each.
std::vector<SyntheticRun> results() {
    std::vector<SyntheticRun> runs;
    for (const char* method : {"wav", "attnres_block", "standard"})
        for (const std::int64_t layers : {12, 24, 48})
            for (const std::int64_t seed : {1, 2}) {
                SyntheticRun run;
                run.method = method;
                run.layers = layers;
                run.seed = seed;
                run.name = run.method + "-" + std::to_string(layers) + "-" + std::to_string(seed);
                run.steps = 20;
                run.record_every = 20;
                run.final_loss =
                    1.2 - 0.004 * double(layers) * double(seed) + (run.method == "wav" ? -0.1 : 0) * double(seed);
                runs.push_back(run);
            }
    return runs;
}

std::vector<Case> cases() {
    SyntheticRun wav, block, standard, deep, full;
    block.name = "attnres-block-12";
    block.method = "attnres_block";
    block.not_finite = {180};
    standard.name = "standard-12";
    standard.method = "standard";
    deep.name = "wav-48-with-a-name-that-is-rather-long-seed-3";
    deep.layers = 48;
    deep.block_size = 12;
    deep.record_every = 100;
    full.name = "attnres-full-48";
    full.method = "attnres_full";
    full.layers = 48;
    full.record_every = 100;
    return {
        {"loss of one run", "loss", {wav}, {}},
        {"loss of four runs", "loss", {wav, block, standard, deep}, {{"entropies", true}}},
        {"loss in bits per byte", "loss", {wav, block}, {{"entropies", true}, {"unit", "bits-per-byte"}}},
        {"loss on logarithmic axes", "loss", {wav, block}, {{"log_loss", true}, {"log_steps", true}}},
        {"routing", "routing", {wav}, {}},
        {"routing of 48 layers", "routing", {deep}, {{"quantity", "contribution"}}},
        {"routing of every sublayer", "routing", {full}, {{"quantity", "relative"}}},
        {"details", "details", {wav}, {}},
        {"details over time", "details", {wav}, {{"over", "time"}, {"quantity", "cosine"}}},
        {"biases of 48 layers", "details", {deep}, {{"quantity", "bias"}}},
        {"depth", "depth", {wav, standard}, {}},
        {"depth of four runs over time", "depth", {wav, block, standard, deep}, {{"mode", "runs"}}},
        {"depth of more runs over time than there is room for",
         "depth",
         {wav, block, standard, deep, full, wav, block},
         {{"mode", "runs"}, {"quantity", "update"}}},
        {"probe", "probe", {wav}, {}},
        {"probe of 48 layers, logarithmic", "probe", {deep}, {{"quantity", "renormalise"}, {"log", true}}},
        {"probe's estimate", "probe", {deep}, {{"mode", "scatter"}}},
        {"probe's estimate, logarithmic", "probe", {wav}, {{"mode", "scatter"}, {"log", true}}},
        {"probe of families", "probe", {wav}, {{"mode", "families"}}},
        {"mass", "mass", {wav}, {}},
        {"mass of 48 layers", "mass", {deep}, {}},
        {"results", "results", results(), {}},
        {"results, differences with published figures",
         "results",
         results(),
         {{"quantity", "difference"},
          {"band", "interval"},
          {"log_x", true},
          {"references", QJsonArray{QJsonObject{{"x", 48}, {"y", -0.4}, {"label", "paper"}}}}}},
        {"results, costs", "results", results(), {{"quantity", "parameters"}}},
    };
}

FigureContent content_of(const Case& one) {
    FigureContent content;
    content.plot = PlotRegistry::find(one.kind);
    if (std::string(one.kind) == "probe") {
        static std::map<std::string, std::unique_ptr<ProbedRunFolder>> folders;
        auto& probed = folders[one.runs.front().name];
        if (!probed) {
            probed = std::make_unique<ProbedRunFolder>(one.runs.front());
            probed->keep(100);
        }
        content.runs.push_back({probed->record, 0, true});
        return content;
    }
    for (std::size_t i = 0; i < one.runs.size(); ++i) content.runs.push_back({one.runs[i].record(), int(i), i == 0});
    return content;
}

QByteArray render(const Case& one, FigureFormat format, double width, const std::string& font = "sans") {
    test_application();
    FigureOptions options;
    options.width_inches = width;
    options.font = font;
    options.state = one.state;
    FigureResult result;
    return render_figure(content_of(one), options, format, result);
}

bool have(const char* program) { return !QStandardPaths::findExecutable(program).isEmpty(); }

QString output_of(const QString& program, const QStringList& arguments) {
    QProcess process;
    process.start(program, arguments);
    process.waitForFinished();
    return QString::fromUtf8(process.readAllStandardOutput());
}

/// The PDF in a file that poppler's tools can read.
struct PdfFile {
    explicit PdfFile(const QByteArray& bytes) : path(folder.filePath("figure.pdf")) {
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    }
    QTemporaryDir folder;
    QString path;
};

template <class Action>
std::string input_error_of(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(Figures, PdfsAreVectorsWithEmbeddedFontsOfTheExactSize) {
    for (const Case& one : cases())
        for (const double width : {3.25, 5.5, 6.75}) {
            const QByteArray bytes = render(one, FigureFormat::pdf, width);
            ASSERT_TRUE(bytes.startsWith("%PDF")) << one.name;
            EXPECT_FALSE(bytes.contains("/Subtype /Image")) << one.name;
            const auto box =
                QRegularExpression("/MediaBox \\[0 0 ([0-9.]+) ([0-9.]+)\\]").match(QString::fromLatin1(bytes));
            ASSERT_TRUE(box.hasMatch()) << one.name;
            EXPECT_NEAR(box.captured(1).toDouble(), width * 72, 0.01) << one.name;
            if (!have("pdffonts") || !have("pdfimages")) continue;
            const PdfFile file(bytes);
            const QStringList fonts = output_of("pdffonts", {file.path}).split('\n', Qt::SkipEmptyParts).mid(2);
            EXPECT_FALSE(fonts.isEmpty()) << one.name;
            for (const QString& font : fonts)  // from the right: object and generation, unicode, subset, embedded
                EXPECT_EQ(font.simplified().split(' ').rbegin()[4], "yes") << font.toStdString();
            EXPECT_EQ(output_of("pdfimages", {"-list", file.path}).split('\n', Qt::SkipEmptyParts).size(), 2)
                << one.name;
        }
}

TEST(Figures, NoWordsOverlapOrLeaveThePage) {
    if (!have("pdftotext")) GTEST_SKIP() << "needs poppler-utils";
    const QRegularExpression word(
        "<word xMin=\"([-0-9.]+)\" yMin=\"([-0-9.]+)\" xMax=\"([-0-9.]+)\" "
        "yMax=\"([-0-9.]+)\">([^<]*)</word>");
    for (const Case& one : cases())
        for (const double width : {3.25, 5.5})
            for (const char* font : {"sans", "serif", "DejaVu Sans"}) {
                const PdfFile file(render(one, FigureFormat::pdf, width, font));
                const double height = QRegularExpression("page width=\"[0-9.]+\" height=\"([0-9.]+)\"")
                                          .match(output_of("pdftotext", {"-bbox", file.path, "-"}))
                                          .captured(1)
                                          .toDouble();
                std::vector<std::pair<QRectF, QString>> words;
                auto matches = word.globalMatch(output_of("pdftotext", {"-bbox", file.path, "-"}));
                while (matches.hasNext()) {
                    const auto match = matches.next();
                    QRectF box(QPointF(match.captured(1).toDouble(), match.captured(2).toDouble()),
                               QPointF(match.captured(3).toDouble(), match.captured(4).toDouble()));
                    EXPECT_GE(box.left(), -0.5) << one.name << " " << match.captured(5).toStdString();
                    EXPECT_LE(box.right(), width * 72 + 0.5) << one.name << " " << match.captured(5).toStdString();
                    EXPECT_GE(box.top(), -1.5) << one.name << " " << match.captured(5).toStdString();
                    EXPECT_LE(box.bottom(), height + 1.5) << one.name << " " << match.captured(5).toStdString();
                    // A box has its font's whole ascent and descent, more than the letters have.
                    const double spare = 0.18 * std::min(box.width(), box.height());
                    words.push_back({box.adjusted(spare, spare, -spare, -spare), match.captured(5)});
                }
                EXPECT_GE(words.size(), 8u) << one.name << ": the text is text";
                for (std::size_t i = 0; i < words.size(); ++i)
                    for (std::size_t j = i + 1; j < words.size(); ++j)
                        EXPECT_FALSE(words[i].first.intersects(words[j].first))
                            << one.name << " at " << width << " in: '" << words[i].second.toStdString() << "' and '"
                            << words[j].second.toStdString() << "'";
            }
}

TEST(Figures, ImagesHave300DotsPerInchAndNothingIsCutAtTheirEdges) {
    for (const Case& one : cases())
        for (const double width : {3.25, 5.5}) {
            QImage image;
            ASSERT_TRUE(image.loadFromData(render(one, FigureFormat::png, width), "PNG")) << one.name;
            EXPECT_EQ(image.width(), int(std::lround(width * 300))) << one.name;
            EXPECT_NEAR(image.dotsPerMeterX() * 0.0254, 300, 0.1);
            EXPECT_THAT(image.text("Description").toStdString(), HasSubstr("experiment sha256"));
            for (int x = 0; x < image.width(); ++x) {
                ASSERT_EQ(image.pixelColor(x, 0), QColor(Qt::white)) << one.name << " top, " << x;
                ASSERT_EQ(image.pixelColor(x, image.height() - 1), QColor(Qt::white)) << one.name << " bottom, " << x;
            }
            for (int y = 0; y < image.height(); ++y) {
                ASSERT_EQ(image.pixelColor(0, y), QColor(Qt::white)) << one.name << " left, " << y;
                ASSERT_EQ(image.pixelColor(image.width() - 1, y), QColor(Qt::white)) << one.name << " right, " << y;
            }
        }
}

TEST(Figures, SvgsHaveTheirPhysicalSizeAndTextAsText) {
    for (const Case& one : cases()) {
        const QByteArray bytes = render(one, FigureFormat::svg, 5.5);
        const QString text = QString::fromUtf8(bytes);
        const auto size = QRegularExpression("<svg width=\"([0-9.]+)mm\"").match(text);
        ASSERT_TRUE(size.hasMatch()) << text.left(300).toStdString();
        EXPECT_NEAR(size.captured(1).toDouble(), 5.5 * 25.4, 0.05);
        EXPECT_TRUE(text.contains("<text")) << one.name;
        EXPECT_FALSE(text.contains("<image")) << one.name;
        EXPECT_TRUE(QSvgRenderer(bytes).isValid()) << one.name;
    }
}

TEST(Figures, AreTheSameBytesEveryTimeWhateverTheTheme) {
    const QPalette light = test_application().palette();
    for (const Case& one : cases())
        for (const FigureFormat format : {FigureFormat::pdf, FigureFormat::svg, FigureFormat::png}) {
            const QByteArray first = render(one, format, 3.25);
            QPalette dark = light;
            dark.setColor(QPalette::Base, Qt::black);
            dark.setColor(QPalette::Text, Qt::white);
            test_application().setPalette(dark);
            const QByteArray second = render(one, format, 3.25);
            test_application().setPalette(light);
            EXPECT_EQ(first, second) << one.name << " " << int(format);
        }
}

TEST(Figures, CarryTheirProvenance) {
    const Case one = cases().front();
    const QByteArray pdf = render(one, FigureFormat::pdf, 5.5);
    EXPECT_TRUE(pdf.contains("run wav-12, method wav, step 300, seed "));
    EXPECT_TRUE(pdf.contains("/CreationDate (D:20260115102030")) << "when the run was started";
    EXPECT_TRUE(render(one, FigureFormat::svg, 5.5).contains("run wav-12, method wav"));
}

TEST(Figures, AreWrittenWholeAndTellTheirFontAndStep) {
    test_application();
    const QTemporaryDir folder;
    const std::filesystem::path target = folder.filePath("routing.pdf").toStdString();
    FigureOptions options;
    options.width_inches = 3.25;
    options.step = 98;
    options.font = "No Such Family";
    const FigureResult result = make_figure("routing", {SyntheticRun().record()}, options, target);
    EXPECT_EQ(result.file, target);
    EXPECT_GT(std::filesystem::file_size(target), 5000u);
    EXPECT_EQ(result.step, 95);
    EXPECT_NEAR(result.width_inches, 3.25, 1e-9);
    ASSERT_EQ(result.notes.size(), 2u);
    EXPECT_THAT(result.notes[0], HasSubstr("No Such Family"));
    EXPECT_THAT(result.notes[0], HasSubstr(result.font));
    EXPECT_THAT(result.notes[1], HasSubstr("95"));
}

TEST(Figures, RefuseBadInputInOneSentence) {
    test_application();
    const QTemporaryDir folder;
    const auto target = [&](const char* name) { return std::filesystem::path(folder.filePath(name).toStdString()); };
    const auto wav = SyntheticRun().record();
    SyntheticRun plain;
    plain.name = "plain";
    plain.method = "standard";
    const auto standard = plain.record();
    FigureOptions wide, tiny;
    wide.width_inches = 900;
    tiny.width_inches = std::nan("");
    const auto error = [&](const char* kind, std::vector<std::shared_ptr<RunRecord>> runs, const FigureOptions& options,
                           const char* name) {
        const std::string message = input_error_of([&] { make_figure(kind, runs, options, target(name)); });
        EXPECT_FALSE(std::filesystem::exists(target(name))) << name;
        return message;
    };
    EXPECT_THAT(error("lss", {wav}, {}, "a.pdf"), HasSubstr("loss, routing, details"));
    EXPECT_THAT(error("loss", {wav}, {}, "a.gif"), HasSubstr(".pdf, .svg, .png, .tex and .csv"));
    EXPECT_THAT(error("loss", {wav}, wide, "a.pdf"), HasSubstr("900"));
    EXPECT_THAT(error("loss", {wav}, tiny, "a.pdf"), HasSubstr("1 to 20"));
    EXPECT_THAT(error("loss", {}, {}, "a.pdf"), HasSubstr("at least one run"));
    EXPECT_THAT(error("routing", {wav, standard}, {}, "a.pdf"), HasSubstr("2 were given"));
    EXPECT_THAT(error("routing", {standard}, {}, "a.pdf"), HasSubstr("'plain' uses the method standard"));
    EXPECT_THAT(error("loss", {wav}, {}, "missing/a.pdf"), HasSubstr("missing"));
    EXPECT_THAT(error("loss", {std::make_shared<RunRecord>("/synthetic/empty")}, {}, "a.pdf"), HasSubstr("'empty'"));
}

TEST(Figures, WidthsHaveUnits) {
    EXPECT_DOUBLE_EQ(parse_figure_width("5.5in"), 5.5);
    EXPECT_DOUBLE_EQ(parse_figure_width("3.25"), 3.25);
    EXPECT_DOUBLE_EQ(parse_figure_width("396pt"), 5.5);
    EXPECT_NEAR(parse_figure_width("14cm"), 5.511811, 1e-6);
    EXPECT_NEAR(parse_figure_width("140mm"), 5.511811, 1e-6);
    for (const char* bad : {"", "in", "wide", "5.5 feet", "0.5in", "21in", "-3in", "nan", "inf", "5.5.5in"})
        EXPECT_THAT(input_error_of([&] { parse_figure_width(bad); }), HasSubstr("1 to 20 inches")) << bad;
}

}  // namespace
}  // namespace wavlab
