// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/theme.h"

#include <optional>
#include <utility>

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QProxyStyle>
#include <QStyleOption>
#include <QSvgRenderer>
#include <QToolTip>

namespace wavlab {

namespace {

QPalette make_palette(const QColor& window, const QColor& base, const QColor& alternate, const QColor& text,
                      const QColor& quiet, const QColor& button, const QColor& accent, const QColor& link) {
    QPalette palette;
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, alternate);
    palette.setColor(QPalette::ToolTipBase, base);
    palette.setColor(QPalette::Button, button);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        palette.setColor(role, text);
    palette.setColor(QPalette::BrightText, Qt::white);
    palette.setColor(QPalette::PlaceholderText, quiet);
    palette.setColor(QPalette::Highlight, accent);
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Link, link);
    palette.setColor(QPalette::LinkVisited, link);
    palette.setColor(QPalette::Light, button.lighter(130));
    palette.setColor(QPalette::Midlight, button.lighter(115));
    palette.setColor(QPalette::Mid, button.darker(130));
    palette.setColor(QPalette::Dark, button.darker(160));
    palette.setColor(QPalette::Shadow, Qt::black);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, quiet);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, button.darker(120));
    return palette;
}

QPalette light_palette() {
    return make_palette(QColor(0xf3f3f3u), QColor(0xffffffu), QColor(0xf7f7f7u), QColor(0x1a1a1au), QColor(0x707070u),
                        QColor(0xeeeeeeu), QColor(0x0067a8u), QColor(0x005a94u));
}

QPalette dark_palette() {
    return make_palette(QColor(0x2a2b2du), QColor(0x1f2022u), QColor(0x26272au), QColor(0xe8e8e8u), QColor(0x9a9a9au),
                        QColor(0x37393cu), QColor(0x2a7ab0u), QColor(0x7cc4f2u));
}

/// The desktop's wish: 1 dark, 2 light, 0 none. Absent when there is no portal to ask.
std::optional<unsigned> portal_color_scheme() {
    const QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return std::nullopt;
    QDBusMessage call = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.portal.Desktop"), QStringLiteral("/org/freedesktop/portal/desktop"),
        QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("Read"));
    call << QStringLiteral("org.freedesktop.appearance") << QStringLiteral("color-scheme");
    const QDBusMessage reply = bus.call(call, QDBus::Block, 300);
    if (reply.type() != QDBusMessage::ReplyMessage || reply.arguments().isEmpty()) return std::nullopt;
    QVariant value = reply.arguments().constFirst();
    while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
    return value.toUInt();
}

bool system_is_dark(const QPalette& platform) {
    const std::optional<unsigned> wish = portal_color_scheme();
    if (wish == 1u) return true;
    if (wish == 2u) return false;
    return is_dark(platform);
}

Theme applied_theme = Theme::system;

/// Fusion, whose outlines all but vanish on a dark ground: fields and boxes get one that can be seen.
class LabStyle : public QProxyStyle {
public:
    LabStyle() : QProxyStyle(QStringLiteral("Fusion")) {}

    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* data) const override {
        if (hint == SH_DialogButtonBox_ButtonsHaveIcons) return 0;
        return QProxyStyle::styleHint(hint, option, widget, data);
    }

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        if (element != PE_IndicatorCheckBox && element != PE_FrameLineEdit) return;
        if (!is_dark(option->palette) || (option->state & State_HasFocus && element == PE_FrameLineEdit)) return;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(option->palette.color(QPalette::Midlight).lighter(130));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
        painter->restore();
    }
};

/// Draws an SVG whose shapes are black in the text colour of the palette at the time of painting.
class ThemedIconEngine : public QIconEngine {
public:
    explicit ThemedIconEngine(QString name) : name_(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const QPalette palette = QGuiApplication::palette();
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const auto role = mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::ButtonText;
        QByteArray svg = source();
        svg.replace("#000", palette.color(group, role).name().toLatin1());
        QSvgRenderer renderer(svg);
        if (renderer.isValid()) renderer.render(painter, rect);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        const QPalette palette = QGuiApplication::palette();
        const QString key = QStringLiteral("wavlab-icon/%1/%2/%3/%4/%5")
                                .arg(name_)
                                .arg(size.width())
                                .arg(size.height())
                                .arg(int(mode))
                                .arg(palette.cacheKey());
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap)) return pixmap;
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        {
            QPainter painter(&pixmap);
            paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        }
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }

    QIconEngine* clone() const override { return new ThemedIconEngine(*this); }

private:
    QByteArray source() {
        if (svg_.isEmpty()) {
            QFile file(QStringLiteral(":/icons/%1.svg").arg(name_));
            if (file.open(QIODevice::ReadOnly)) svg_ = file.readAll();
        }
        return svg_;
    }

    QString name_;
    QByteArray svg_;
};

}  // namespace

Theme parse_theme(const QString& text) {
    if (text == QLatin1String("light")) return Theme::light;
    if (text == QLatin1String("dark")) return Theme::dark;
    return Theme::system;
}

QString to_string(Theme theme) {
    switch (theme) {
        case Theme::light:
            return QStringLiteral("light");
        case Theme::dark:
            return QStringLiteral("dark");
        case Theme::system:
            break;
    }
    return QStringLiteral("system");
}

void apply_theme(Theme theme) {
    // What the platform wants, read before our own palette replaces it.
    static const QPalette platform = QGuiApplication::palette();
    applied_theme = theme;
    if (!qobject_cast<QProxyStyle*>(QApplication::style())) QApplication::setStyle(new LabStyle);
    const bool dark = theme == Theme::dark || (theme == Theme::system && system_is_dark(platform));
    const QPalette palette = dark ? dark_palette() : light_palette();
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
}

SystemThemeWatcher::SystemThemeWatcher(QObject* parent) : QObject(parent) {
    QDBusConnection::sessionBus().connect(
        QString(), QStringLiteral("/org/freedesktop/portal/desktop"), QStringLiteral("org.freedesktop.portal.Settings"),
        QStringLiteral("SettingChanged"), this, SLOT(setting_changed(QString, QString)));
}

void SystemThemeWatcher::setting_changed(const QString& name_space, const QString& key) {
    const bool colours =
        name_space == QLatin1String("org.freedesktop.appearance") && key == QLatin1String("color-scheme");
    if (colours && applied_theme == Theme::system) apply_theme(Theme::system);
}

bool is_dark(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

QIcon themed_icon(const QString& name) { return QIcon(new ThemedIconEngine(name)); }

QColor error_color(const QPalette& palette) { return is_dark(palette) ? QColor(0xff8a7au) : QColor(0xb3261eu); }

QColor quiet_color(const QPalette& palette) { return palette.color(QPalette::Disabled, QPalette::WindowText); }

}  // namespace wavlab
