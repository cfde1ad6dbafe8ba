// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/dataset_row.h"

#include "views/datasets_model.h"
#include "views/quantity_text.h"

namespace wavlab {

namespace {

QString done_text(const DatasetWork& work) {
    if (work.total <= 0) return work.done > 0 ? bytes_text(double(work.done)) : QString();
    return DatasetsModel::tr("%1 of %2 (%3 %)")
        .arg(bytes_text(double(work.done)), bytes_text(double(work.total)),
             QString::number(int(100.0 * double(work.done) / double(work.total))));
}

QString link(const QString& address) {
    const QString safe = address.toHtmlEscaped();
    const bool web = address.startsWith(QStringLiteral("http://")) || address.startsWith(QStringLiteral("https://"));
    return web ? QStringLiteral("<a href=\"%1\">%1</a>").arg(safe) : safe;
}

QString escaped(const QString& text) { return text.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")); }

/// A table of two columns, row by row.
class Facts {
public:
    void add(const QString& name, const QString& rich_value) {
        if (rich_value.isEmpty()) return;
        html_ += QStringLiteral("<tr><td style=\"padding-right:12px\">%1</td><td>%2</td></tr>")
                     .arg(name.toHtmlEscaped(), rich_value);
    }
    QString html() const { return QStringLiteral("<table cellspacing=\"0\" cellpadding=\"2\">%1</table>").arg(html_); }

private:
    QString html_;
};

QString sources_text(const DatasetRow& row) {
    QStringList files;
    for (const DatasetRow::Source& file : row.sources) {
        QString text = QStringLiteral("<b>%1</b>").arg(file.name.toHtmlEscaped());
        if (file.bytes) text += QStringLiteral(", ") + bytes_text(double(*file.bytes));
        for (const QString& address : file.addresses) text += QStringLiteral("<br>") + link(address);
        if (!file.sha256.isEmpty())
            text += QStringLiteral("<br>SHA-256 <code>%1</code>").arg(file.sha256.toHtmlEscaped());
        files.append(text);
    }
    return files.join(QStringLiteral("<br>"));
}

QString parts_text(const DatasetRow& row) {
    QStringList parts;
    for (const DatasetRow::Part& part : row.parts)
        parts.append(QStringLiteral("<b>%1</b>, %2<br>%3<br>SHA-256 <code>%4</code>")
                         .arg(part.name.toHtmlEscaped(), bytes_text(double(part.bytes)), part.path.toHtmlEscaped(),
                              part.sha256.toHtmlEscaped()));
    return parts.join(QStringLiteral("<br>"));
}

/// What the user should know before anything else.
QStringList notices(const DatasetRow& row) {
    QStringList notices;
    if (row.replaces_shipped)
        notices.append(DatasetsModel::tr("A manifest of yours replaces the one that comes with the program: %1")
                           .arg(row.manifest_file));
    if (row.other_manifest)
        notices.append(
            DatasetsModel::tr("It was made from another version of its manifest. Delete it and get it again "
                              "to have it as the manifest says now."));
    if (row.busy_elsewhere) notices.append(DatasetsModel::tr("Another process works on it just now."));
    if (!row.problem.isEmpty()) notices.append(row.problem);
    return notices;
}

}  // namespace

QString dataset_work_text(const DatasetWork& work) {
    QString text = work.file.isEmpty() ? work.phase : QStringLiteral("%1 %2").arg(work.phase, work.file);
    if (work.stopping) text = DatasetsModel::tr("stopping");
    const QString done = done_text(work);
    if (!done.isEmpty()) text += QStringLiteral(": ") + done;
    if (work.bytes_per_second > 0 && !work.stopping) {
        text += QStringLiteral(", %1/s").arg(bytes_text(work.bytes_per_second));
        if (work.total > work.done)
            text += DatasetsModel::tr(", %1 left")
                        .arg(duration_text(double(work.total - work.done) / work.bytes_per_second));
    }
    if (!work.note.isEmpty()) text += QStringLiteral(". ") + work.note;
    return text;
}

QString dataset_state_text(const DatasetRow& row) {
    if (row.work) {
        QString text = row.work->stopping ? DatasetsModel::tr("stopping") : row.work->phase;
        if (row.work->total > 0)
            text += QStringLiteral(", %1 %").arg(int(100.0 * double(row.work->done) / double(row.work->total)));
        return text;
    }
    if (row.busy_elsewhere) return DatasetsModel::tr("another process works on it");
    switch (row.state) {
        case DatasetRow::State::available:
            return DatasetsModel::tr("available");
        case DatasetRow::State::partial:
            return DatasetsModel::tr("partial: %1 of %2")
                .arg(bytes_text(double(row.bytes_here)), bytes_text(double(row.download_bytes)));
        case DatasetRow::State::installed:
            return DatasetsModel::tr("installed");
        case DatasetRow::State::damaged:
            return DatasetsModel::tr("damaged: %1").arg(row.problem);
        case DatasetRow::State::built_in:
            return DatasetsModel::tr("ready");
    }
    return {};
}

QString dataset_size_text(const DatasetRow& row) {
    QStringList sizes;
    if (row.download_bytes > 0)
        sizes.append(DatasetsModel::tr("%1 to download").arg(bytes_text(double(row.download_bytes))));
    if (row.installed_bytes > 0)
        sizes.append(DatasetsModel::tr("%1 on disk").arg(bytes_text(double(row.installed_bytes))));
    return sizes.join(QStringLiteral(", "));
}

QString dataset_details(const DatasetRow& row) {
    QString html = QStringLiteral("<h3>%1</h3>").arg(row.title.toHtmlEscaped());
    for (const QString& notice : notices(row)) html += QStringLiteral("<p><b>%1</b></p>").arg(escaped(notice));
    if (!row.summary.isEmpty()) html += QStringLiteral("<p>%1</p>").arg(escaped(row.summary));
    Facts facts;
    facts.add(DatasetsModel::tr("Name"), QStringLiteral("<code>%1</code>").arg(row.id.toHtmlEscaped()));
    facts.add(DatasetsModel::tr("State"), escaped(row.work ? dataset_work_text(*row.work) : dataset_state_text(row)));
    QString licence = escaped(row.licence);
    if (!row.licence_address.isEmpty()) licence += QStringLiteral("<br>") + link(row.licence_address);
    facts.add(DatasetsModel::tr("Licence"), licence);
    facts.add(DatasetsModel::tr("Citation"), escaped(row.citation));
    facts.add(DatasetsModel::tr("Home page"), row.homepage.isEmpty() ? QString() : link(row.homepage));
    facts.add(DatasetsModel::tr("Size"), dataset_size_text(row).toHtmlEscaped());
    facts.add(DatasetsModel::tr("Parts"), escaped(row.splits));
    if (!row.separator.isEmpty()) {
        QString shown = row.separator;
        shown.replace(QLatin1Char('\n'), QStringLiteral("\\n")).replace(QLatin1Char('\t'), QStringLiteral("\\t"));
        facts.add(DatasetsModel::tr("Between documents"), QStringLiteral("<code>%1</code>").arg(shown.toHtmlEscaped()));
    }
    if (row.documents > 0) facts.add(DatasetsModel::tr("Documents"), count_text(double(row.documents)));
    if (row.replacements > 0)
        facts.add(DatasetsModel::tr("Invalid bytes"),
                  DatasetsModel::tr("%1 replaced by U+FFFD").arg(count_text(double(row.replacements))));
    if (!row.installed_at.isEmpty())
        facts.add(DatasetsModel::tr("Installed"), local_time_text(row.installed_at).toHtmlEscaped());
    if (row.state != DatasetRow::State::built_in)
        facts.add(row.is_here() || row.state == DatasetRow::State::damaged ? DatasetsModel::tr("Lies in")
                                                                           : DatasetsModel::tr("Will lie in"),
                  escaped(row.folder));
    facts.add(DatasetsModel::tr("Its files"), parts_text(row));
    facts.add(DatasetsModel::tr("Made from"), sources_text(row));
    if (!row.replaces_shipped) facts.add(DatasetsModel::tr("Manifest"), escaped(row.manifest_file));
    return html + facts.html();
}

}  // namespace wavlab
