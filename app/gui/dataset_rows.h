// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QString>
#include <QStringList>

#include "datasets/data_library.h"
#include "views/dataset_row.h"

namespace wavlab {

/// What the data manager lists.
struct DatasetListing {
    std::vector<DatasetRow> rows;
    QStringList manifest_problems;      ///< user manifests that cannot be used, one sentence each
    std::int64_t kept_token_bytes = 0;  ///< of the cache of tokens
    QString problem;                    ///< why the list cannot be had; empty when it can
};

/// Reads the data folder and the manifests; throws nothing. `form_dataset`: what the experiment trains on; a file of
/// its own is listed too.
DatasetListing list_datasets(const QString& form_dataset);

/// A dataset of the library as a row, without what this window does with it.
DatasetRow dataset_row(const DatasetEntry& entry, const DataFolder& folder);

DatasetWork dataset_work(const DataProgress& progress);

}  // namespace wavlab
