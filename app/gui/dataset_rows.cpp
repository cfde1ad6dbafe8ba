// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/dataset_rows.h"

#include <exception>

#include <QCoreApplication>

#include "app/gui/settings.h"
#include "core/registry.h"
#include "datasets/dataset.h"
#include "datasets/token_cache.h"
#include "datasets/validation_file.h"
#include "views/quantity_text.h"
#include "views/translated.h"

namespace wavlab {

namespace {

QString text(const std::string& utf8) { return QString::fromStdString(utf8); }

QString part_title(std::size_t part) {
    const QString titles[] = {QCoreApplication::translate("wavlab", "train: %1"),
                              QCoreApplication::translate("wavlab", "validate: %1"),
                              QCoreApplication::translate("wavlab", "test: %1")};
    return titles[std::min<std::size_t>(part, 2)];
}

QString splits_text(const ManifestSplits& splits) {
    QStringList parts;
    for (std::size_t i = 0; i < splits.names.size(); ++i)
        if (!splits.names[i].empty()) parts.append(part_title(i).arg(text(splits.names[i])));
    for (std::size_t i = 0; i < splits.bytes.size(); ++i)
        parts.append(part_title(i).arg(
            QCoreApplication::translate("wavlab", "%1 bytes").arg(count_text(double(splits.bytes[i])))));
    for (std::size_t i = 0; i < splits.fractions.size(); ++i)
        parts.append(part_title(i).arg(QStringLiteral("%1 %").arg(100 * splits.fractions[i], 0, 'g', 4)));
    if (splits.validation_every > 0)
        parts.append(QCoreApplication::translate("wavlab", "every %1th document validates")
                         .arg(count_text(double(splits.validation_every))));
    return parts.join(QStringLiteral(", "));
}

DatasetRow::State state_of(DatasetState state) {
    switch (state) {
        case DatasetState::partial:
            return DatasetRow::State::partial;
        case DatasetState::installed:
            return DatasetRow::State::installed;
        case DatasetState::damaged:
            return DatasetRow::State::damaged;
        default:
            return DatasetRow::State::available;
    }
}

DatasetRow built_in_row(const DatasetDescriptor& dataset) {
    DatasetRow row;
    row.id = text(dataset.id);
    row.title = translated(dataset.title);
    row.summary = translated(dataset.summary);
    row.licence = text(dataset.licence);
    row.citation = text(dataset.citation);
    row.state = DatasetRow::State::built_in;
    return row;
}

DatasetRow file_row(const QString& dataset) {
    DatasetRow row;
    row.id = row.title = dataset;
    row.summary = QCoreApplication::translate("wavlab", "A text file that the experiment of the form names.");
    row.licence = QCoreApplication::translate("wavlab", "your own");
    row.state = DatasetRow::State::built_in;
    return row;
}

void add_rows(DatasetListing& listing, const QString& form_dataset) {
    if (form_dataset.startsWith(QLatin1String(file_prefix.data(), qsizetype(file_prefix.size()))))
        listing.rows.push_back(file_row(form_dataset));
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all())
        if (dataset.accepts(dataset.id) && !dataset.names) listing.rows.push_back(built_in_row(dataset));
    const DataLibrary library;
    for (const DatasetEntry& entry : library.datasets()) listing.rows.push_back(dataset_row(entry, library.folder()));
    for (const std::string& problem : library.problems()) listing.manifest_problems.append(text(problem));
    listing.kept_token_bytes = token_cache_bytes(default_cache_folder());
}

}  // namespace

DatasetRow dataset_row(const DatasetEntry& entry, const DataFolder& folder) {
    const DatasetManifest& manifest = entry.manifest;
    DatasetRow row;
    row.id = text(manifest.id);
    row.title = translated(manifest.title);
    row.summary = translated(manifest.summary);
    row.state = state_of(entry.state);
    row.problem = text(entry.problem);
    row.is_tokenizer = manifest.kind == ManifestKind::tokenizer;
    row.added_by_hand = entry.added_by_hand;
    row.other_manifest = entry.other_manifest;
    row.licence_accepted = entry.licence_accepted;
    row.busy_elsewhere = entry.busy;
    row.replaces_shipped = manifest.replaces_shipped;
    row.manifest_file = entry.added_by_hand ? QString() : text(manifest.source);
    row.licence = text(manifest.licence);
    row.licence_address = text(manifest.licence_address);
    row.citation = text(manifest.citation);
    row.homepage = text(manifest.homepage);
    row.folder = to_qstring(folder.dataset(manifest.id));
    row.partial_folder = to_qstring(folder.partial(manifest.id));
    if (!row.is_tokenizer) row.splits = splits_text(manifest.splits);
    row.separator = text(manifest.document_separator);
    row.download_bytes = entry.added_by_hand ? 0 : manifest.download_size();
    row.bytes_here = entry.bytes_here;
    for (const ManifestFile& file : manifest.files) {
        DatasetRow::Source source{text(file.name), {}, file.size, text(file.sha256)};
        for (const std::string& address : file.addresses) source.addresses.append(text(address));
        row.sources.push_back(source);
    }
    if (!entry.installed) return row;
    row.installed_at = text(entry.installed->installed_at);
    row.installed_bytes = entry.installed->bytes();
    row.documents = entry.installed->documents;
    row.replacements = entry.installed->replacements;
    for (const InstalledFile& file : entry.installed->files)
        row.parts.push_back({text(file.part), to_qstring(file.path), file.bytes, text(file.sha256)});
    return row;
}

DatasetWork dataset_work(const DataProgress& progress) {
    DatasetWork work;
    work.phase = translated(phase_name(progress.phase));
    work.file = text(progress.file);
    work.done = progress.done;
    work.total = progress.total;
    work.bytes_per_second = progress.bytes_per_second;
    work.note = text(progress.note);
    return work;
}

DatasetListing list_datasets(const QString& form_dataset) {
    DatasetListing listing;
    try {
        add_rows(listing, form_dataset);
    } catch (const std::exception& error) {
        listing.problem = QString::fromUtf8(error.what());
    }
    return listing;
}

}  // namespace wavlab
