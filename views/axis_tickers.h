// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <qcustomplot.h>

namespace wavlab {

/// A ticker of an axis that is labelled in other units than its coordinates have.
class UnitsOfAxis {
public:
    virtual ~UnitsOfAxis() = default;
    /// Of one unit, in coordinates.
    virtual double unit_size() const = 0;
};

/// Whole numbers only, with "100k" and "2M" from a hundred thousand on.
class WholeTicker : public QCPAxisTicker {
protected:
    double getTickStep(const QCPRange& range) override;
    int getSubTickCount(double tick_step) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// A logarithmic axis that also labels less than a decade: powers of ten, then 1-2-5 and finer, else even steps.
class LogTicker : public QCPAxisTicker {
protected:
    QVector<double> createTickVector(double tick_step, const QCPRange& range) override;
    QVector<double> createSubTickVector(int count, const QVector<double>& ticks) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// Names at 0, 1, 2, ...; where they would overlap, names of a higher level give way, then every k-th is left.
class CategoryTicker : public QCPAxisTicker {
public:
    struct Category {
        QString label;
        int level = 0;  ///< 0: shown whenever there is room; 1: every k-th; 2: only when all of level 1 fit
    };

    explicit CategoryTicker(const QCPAxis* axis) : axis_(axis) {}
    void set_categories(std::vector<Category> categories) { categories_ = std::move(categories); }
    const std::vector<Category>& categories() const { return categories_; }
    /// The room that one label takes along the axis, in canvas units.
    void set_spacing(double spacing) { spacing_ = spacing; }
    /// The indices that are labelled on an axis of this length (canvas units) for this range.
    std::vector<int> chosen(const QCPRange& range, double length) const;

    void generate(const QCPRange& range, const QLocale& locale, QChar format, int precision, QVector<double>& ticks,
                  QVector<double>* sub_ticks, QVector<QString>* labels) override;

private:
    const QCPAxis* axis_;
    std::vector<Category> categories_;
    double spacing_ = 14;
};

}  // namespace wavlab
