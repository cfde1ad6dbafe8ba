// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>
#include <QList>
#include <QString>

namespace wavlab {

/// An experiment to start from.
struct StartingPoint {
    QString id;  ///< "ready:default", "recent:/path/x.toml"
    QString title;
    QString help;
    QString group;  ///< the heading it stands under; those of one group follow each other
};

/// What a form was filled from: a starting point, or something that only has a title (a run's settings).
struct FormOrigin {
    QString id;
    QString title;
    QString weights = {};  ///< the model file that the next run begins with; empty: the weights of its seed

    friend bool operator==(const FormOrigin&, const FormOrigin&) = default;
};

/// The list of experiments to start from. It shows what the form was filled from, and that it was changed since.
class StartingPoints : public QComboBox {
    Q_OBJECT

public:
    explicit StartingPoints(QWidget* parent);

    void set_points(const QList<StartingPoint>& points);
    void show_origin(const FormOrigin& origin, bool changed);

signals:
    void chosen(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void refill();

    QList<StartingPoint> points_;
    FormOrigin origin_;
    QString title_;  ///< of what is shown as chosen
    bool changed_ = false;
};

}  // namespace wavlab
