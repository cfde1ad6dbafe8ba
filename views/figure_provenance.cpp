// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/figure_provenance.h"

#include "core/run_provenance.h"

namespace wavlab {
namespace {

/// "step 600, ", "steps 600 and 0, "; empty where none is known.
QString steps_text(const std::vector<std::int64_t>& steps) {
    QStringList texts;
    for (const std::int64_t step : steps) texts << QString::number(step);
    texts.removeDuplicates();
    if (texts.isEmpty()) return {};
    return (texts.size() == 1 ? "step " : "steps ") + texts.join(" and ") + ", ";
}

QString line_of(const DrawnRun& run, const std::vector<std::int64_t>& steps) {
    const RunRecord& record = *run.record;
    const std::string origin = run_provenance(record.experiment(), record.description(), record.earlier_starts());
    return QString("run %1, method %2, %3%4")
        .arg(QString::fromStdString(record.name()), QString::fromStdString(record.experiment().model.method),
             steps_text(steps), QString::fromStdString(origin));
}

QByteArray date_of(const RunRecord& record) {
    QByteArray digits;
    for (const char c : record.first_description().started_at)
        if (c >= '0' && c <= '9') digits.append(c);
    return digits.size() >= 14 ? digits.left(14) : QByteArray("20000101000000");
}

}  // namespace

FigureProvenance figure_provenance(const PageContent& content, const FigurePage& page) {
    FigureProvenance provenance;
    provenance.program = QString::fromStdString(program_provenance());
    provenance.pdf_date = date_of(*content.panels.front().runs.front().record);
    provenance.lines << QString("Made by %1, Qt %2").arg(provenance.program, QLatin1String(qVersion()));
    QStringList titles;
    for (std::size_t i = 0; i < content.panels.size(); ++i) {
        const PagePanel& panel = content.panels[i];
        titles << QString("%1: %2").arg(QString::fromStdString(panel.plot->title),
                                        QString::fromStdString(panel.runs.front().record->name()));
        provenance.lines << "plot " + QString::fromStdString(panel.plot->id);
        for (const DrawnRun& run : panel.runs) provenance.lines << line_of(run, page.steps(i, run));
    }
    titles.removeDuplicates();
    provenance.title = titles.join("; ");
    return provenance;
}

}  // namespace wavlab
