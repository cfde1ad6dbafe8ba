// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QMetaType>
#include <QString>
#include <QStringList>

namespace wavlab {

/// How far work on a dataset is.
struct DatasetWork {
    QString phase;                     ///< "downloading"; in the language of the window
    QString file;                      ///< the file it is done with
    std::int64_t done = 0, total = 0;  ///< bytes; total 0: not known
    double bytes_per_second = 0;       ///< 0: not known yet
    QString note;                      ///< what goes wrong and is tried again
    bool can_pause = false;            ///< what is here is kept when it is stopped
    bool stopping = false;             ///< it was asked to stop

    bool operator==(const DatasetWork&) const = default;
};

/// A dataset as the window shows it.
struct DatasetRow {
    enum class State {
        available,  ///< known, nothing of it is here
        partial,    ///< some of its files, or parts of them, are here
        installed,
        damaged,   ///< it was installed, but cannot be used
        built_in,  ///< made by the program, or a file of the experiment: nothing to download, nothing to delete
    };
    /// A file that it is made from.
    struct Source {
        QString name;
        QStringList addresses;
        std::optional<std::int64_t> bytes;
        QString sha256;

        bool operator==(const Source&) const = default;
    };
    /// A finished file.
    struct Part {
        QString name, path;
        std::int64_t bytes = 0;
        QString sha256;

        bool operator==(const Part&) const = default;
    };

    QString id, title, summary;
    State state = State::available;
    QString problem;              ///< why it is damaged
    bool is_tokenizer = false;    ///< the files of a tokenizer, no text to train on
    bool added_by_hand = false;   ///< made of the user's own files: it cannot be downloaded
    bool other_manifest = false;  ///< it was made from a manifest that said something else
    bool licence_accepted = false;
    bool busy_elsewhere = false;    ///< another process works on it
    bool replaces_shipped = false;  ///< `manifest_file` takes the place of the manifest that comes with the program
    QString manifest_file;          ///< empty: it comes with the program
    QString licence, licence_address, citation, homepage;
    QString folder;          ///< where it lies, or will
    QString partial_folder;  ///< where its files are put while it is not finished
    QString splits;          ///< how the text is cut into parts
    QString separator;       ///< between documents
    QString installed_at;    ///< UTC, ISO 8601
    std::int64_t download_bytes = 0, bytes_here = 0, installed_bytes = 0;
    std::int64_t documents = 0;     ///< 0: not known
    std::int64_t replacements = 0;  ///< U+FFFD in place of invalid bytes
    std::vector<Source> sources;
    std::vector<Part> parts;
    std::optional<DatasetWork> work;  ///< what is being done with it by this window

    bool is_here() const { return state == State::installed || state == State::built_in; }
    bool operator==(const DatasetRow&) const = default;
};

/// "available", "downloading, 12 MB of 31 MB (38 %)", "damaged: ...": everything in one line.
QString dataset_state_text(const DatasetRow& row);
/// "downloading input.txt: 12 MB of 31 MB (38 %), 1.2 MB/s, 0:15 left"; what goes wrong behind it.
QString dataset_work_text(const DatasetWork& work);
/// "31 MB to download, 100 MB on disk", as far as known.
QString dataset_size_text(const DatasetRow& row);

/// Everything about it, as rich text.
QString dataset_details(const DatasetRow& row);

}  // namespace wavlab
