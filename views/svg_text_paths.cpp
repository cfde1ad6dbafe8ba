// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/svg_text_paths.h"

#include <QFont>
#include <QPainterPath>
#include <QXmlStreamReader>
#include <QXmlStreamWriter>

#include "core/error.h"

namespace wavlab {
namespace {

QString number(double value) { return QString::number(value, 'f', 2); }

/// The path as the attribute `d`.
QString data_of(const QPainterPath& path) {
    QString data;
    for (int i = 0; i < path.elementCount(); ++i) {
        const QPainterPath::Element element = path.elementAt(i);
        static const char* const commands[] = {"M", "L", "C", " "};  // of QPainterPath::ElementType
        data += QLatin1String(commands[element.type]) + number(element.x) + QLatin1Char(' ') + number(element.y);
    }
    return data;
}

/// The font that QSvgGenerator described.
QFont font_of(const QXmlStreamAttributes& attributes) {
    QFont font(attributes.value("font-family").toString());
    font.setPixelSize(std::max(1, int(attributes.value("font-size").toDouble() + 0.5)));
    font.setWeight(QFont::Weight(std::max(1, attributes.value("font-weight").toInt())));
    font.setItalic(attributes.value("font-style") == QLatin1String("italic"));
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

}  // namespace

QByteArray text_as_paths(const QByteArray& svg) {
    QByteArray result;
    QXmlStreamReader reader(svg);
    reader.setNamespaceProcessing(false);  // elements keep their names
    QXmlStreamWriter writer(&result);
    while (!reader.atEnd()) {
        reader.readNext();
        if (reader.isStartElement() && reader.name() == QLatin1String("text")) {
            // All of it before the text is read: attributes are of the reader's memory.
            const QXmlStreamAttributes attributes = reader.attributes();
            const QPointF place(attributes.value("x").toDouble(), attributes.value("y").toDouble());
            const QFont font = font_of(attributes);
            writer.writeEmptyElement("path");
            writer.writeAttribute("fill", attributes.value("fill").toString());
            writer.writeAttribute("fill-opacity", attributes.value("fill-opacity").toString());
            QPainterPath path;
            path.addText(place, font, reader.readElementText());
            writer.writeAttribute("stroke", "none");
            writer.writeAttribute("fill-rule", "nonzero");
            writer.writeAttribute("d", data_of(path));
        } else if (reader.tokenType() != QXmlStreamReader::Invalid) {
            writer.writeCurrentToken(reader);
        }
    }
    if (reader.hasError()) throw WorkError("the figure's SVG could not be read: " + reader.errorString().toStdString());
    return result;
}

}  // namespace wavlab
