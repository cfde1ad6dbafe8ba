// SPDX-License-Identifier: GPL-3.0-or-later
// In a made-up language, in which every translated text stands in brackets, no text of the window is without them, and
// lupdate knows each text that the window asks for.
#include <set>

#include <QAbstractItemView>
#include <QComboBox>
#include <QDockWidget>
#include <QGroupBox>
#include <QHeaderView>
#include <QLabel>
#include <QProcess>
#include <QRegularExpression>
#include <QTabBar>
#include <QTableView>
#include <QTranslator>
#include <QXmlStreamReader>

#include <qcustomplot.h>

#include "app/gui/run_library.h"
#include "tests/app/window_fixture.h"
#include "views/dock_desk.h"
#include "views/plot_pane.h"

namespace wavlab {
namespace {

using Text = std::pair<QString, QString>;  ///< context and source

/// Every text in brackets; remembers what was asked for.
class BracketTranslator : public QTranslator {
public:
    QString translate(const char* context, const char* source, const char*, int) const override {
        const QString text = QString::fromUtf8(source);
        if (QLatin1String(context).startsWith(QLatin1String("wavlab"))) asked.insert({QLatin1String(context), text});
        return QStringLiteral("⟦") + text + QStringLiteral("⟧");
    }
    bool isEmpty() const override { return false; }

    mutable std::set<Text> asked;
};

class TranslationTest : public WindowTest {
protected:
    TranslationTest() { QCoreApplication::installTranslator(&translator); }
    ~TranslationTest() override { QCoreApplication::removeTranslator(&translator); }

    /// What is the user's own, a word of the experiment file, or the same in every language.
    static bool needs_no_translation(const QString& text) {
        static const QRegularExpression letters(QStringLiteral("\\p{L}{2,}"));
        // Formulas, and what the model side says of a device.
        if (text.contains(QStringLiteral(" = ")) || text.contains(QStringLiteral("CPU")) ||
            text.contains(QStringLiteral("GPU")))
            return true;
        // Ids and values are words of the experiment file; they are written without capitals, spaces or full stops.
        static const QRegularExpression word(QStringLiteral("^[a-z0-9_.:/+*~=-]+$|^/"));
        static const QRegularExpression size(QStringLiteral("^[0-9.]+ [kMGT]B$"));
        return !letters.match(text).hasMatch() || word.match(text).hasMatch() || size.match(text).hasMatch();
    }

    void check(const QString& text, const QString& where) {
        if (text.contains(QChar(0x27E6)) || needs_no_translation(text)) return;
        bare.insert(where + QStringLiteral(": ") + text);
    }

    void check(const QObject& object) {
        const QString where = QString::fromLatin1(object.metaObject()->className()) + ' ' + object.objectName();
        if (const auto* widget = qobject_cast<const QWidget*>(&object)) {
            check(widget->toolTip(), where + " tooltip");
            check(widget->accessibleName(), where + " accessible name");
            check(widget->whatsThis(), where + " what's this");
        }
        if (const auto* label = qobject_cast<const QLabel*>(&object)) check(label->text(), where);
        if (const auto* button = qobject_cast<const QAbstractButton*>(&object)) check(button->text(), where);
        if (const auto* box = qobject_cast<const QGroupBox*>(&object)) check(box->title(), where);
        if (const auto* line = qobject_cast<const QLineEdit*>(&object)) check(line->placeholderText(), where);
        if (const auto* dock = qobject_cast<const QDockWidget*>(&object)) check(dock->windowTitle(), where);
        if (const auto* bar = qobject_cast<const QTabBar*>(&object))
            for (int i = 0; i < bar->count(); ++i) check(bar->tabText(i), where);
        // Fonts have one name in every language.
        if (const auto* combo = qobject_cast<const QComboBox*>(&object); combo && combo->objectName() != "look.font")
            for (int i = 0; i < combo->count(); ++i) {
                check(combo->itemText(i), where);
                check(combo->itemData(i, Qt::ToolTipRole).toString(), where + " item's tooltip");
            }
        // What a file will hold is the same in every language.
        const auto* table = qobject_cast<const QTableView*>(&object);
        if (table && table->objectName() != QLatin1String("result_table.preview"))
            for (int i = 0; table->model() && i < table->model()->columnCount(); ++i) {
                check(table->model()->headerData(i, Qt::Horizontal).toString(), where + " header");
                check(table->model()->headerData(i, Qt::Horizontal, Qt::ToolTipRole).toString(), where + " header");
            }
        if (auto* plot = qobject_cast<const QCustomPlot*>(&object))
            for (QCPAxisRect* axes : plot->axisRects())
                for (QCPAxis* axis : axes->axes()) check(axis->label(), where + " axis");
    }

    void check_window() {
        check(*window);
        for (const QObject* child : window->findChildren<QObject*>()) check(*child);
        for (const QAction* one : window->actions().all()) {
            check(one->text(), one->objectName());
            check(one->toolTip(), one->objectName() + " tooltip");
        }
    }

    BracketTranslator translator;
    std::set<QString> bare;
};

std::set<Text> texts_of(const QString& file) {
    QFile input(file);
    EXPECT_TRUE(input.open(QIODevice::ReadOnly)) << file.toStdString();
    QXmlStreamReader xml(&input);
    std::set<Text> texts;
    QString context;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement) continue;
        if (xml.name() == QLatin1String("name"))
            context = xml.readElementText();
        else if (xml.name() == QLatin1String("source"))
            texts.insert({context, xml.readElementText()});
    }
    EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
    return texts;
}

TEST_F(TranslationTest, NoTextOfTheWindowIsWithoutATranslation) {
    open_with_fake();
    check_window();
    set("train.steps", std::int64_t{6});
    press("run.start");
    ASSERT_TRUE(wait([&] { return window->session().end().has_value() && window->is_settled(); }));
    for (QDockWidget* dock : window->desk().docks()) {
        dock->show();
        dock->raise();
        QTest::qWait(0);
    }
    window->paint_now();
    action("datasets.show").trigger();
    action("datasets.own").trigger();
    action("export.table").trigger();
    check_window();
    for (const QString& text : bare) ADD_FAILURE() << "not translated: " << text.toStdString();

    const QString template_file = QStringLiteral(WAVLAB_BINARY_DIR "/translations/wavlab.ts");
    QProcess build;
    build.start(QStringLiteral("cmake"), {QStringLiteral("--build"), QStringLiteral(WAVLAB_BINARY_DIR),
                                          QStringLiteral("--target"), QStringLiteral("translation_template")});
    ASSERT_TRUE(build.waitForFinished(120'000));
    ASSERT_EQ(build.exitCode(), 0) << build.readAll().toStdString();
    const std::set<Text> known = texts_of(template_file);
    for (const Text& text : translator.asked)
        if (!known.contains(text))
            ADD_FAILURE() << "lupdate does not find, in context " << text.first.toStdString() << ": "
                          << text.second.toStdString();
}

}  // namespace
}  // namespace wavlab
