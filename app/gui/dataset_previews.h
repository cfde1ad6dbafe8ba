// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include <QObject>
#include <QString>

#include "app/gui/background_worker.h"
#include "app/gui/text_look.h"
#include "datasets/dataset.h"
#include "views/dataset_preview.h"
#include "views/dataset_row.h"

namespace wavlab {

/// Fills a preview: reads texts and counts characters and tokens beside the window, and stops that as soon as something
/// else is looked at.
class DatasetPreviews : public QObject {
    Q_OBJECT

public:
    explicit DatasetPreviews(DatasetPreview& panel, QObject* parent = nullptr);
    ~DatasetPreviews() override;

    /// Shows the text of `row` (null: none), and its tokens by the request's tokenizer. What is shown already stays.
    void show(const DatasetRow* row, const DataRequest& request);
    /// It cannot be seen any more: nothing goes on.
    void leave();
    /// The text may be another one now.
    void forget();
    /// Nothing is being read or counted.
    bool idle() const { return text_worker_.idle() && token_worker_.idle(); }

signals:
    /// Tokens were counted, and may be kept on disk now.
    void tokens_counted();

private:
    using Parts = std::vector<TextPart>;

    void read_parts();
    void look(const QString& part);
    void count();
    void find_tokens();
    void count_tokens();
    void cancel();
    std::stop_token begin_reading();
    std::stop_token begin_encoding();
    void show_token_data(const QString& tokenizer, std::int64_t train, std::int64_t validation, std::int64_t vocabulary,
                         bool kept);

    DatasetPreview& panel_;
    DataRequest request_;
    QString text_key_, token_key_;  ///< of what is shown
    std::shared_ptr<const Parts> parts_;
    TextFacts facts_;  ///< of the part that is shown
    std::stop_source reading_{std::nostopstate}, encoding_{std::nostopstate};
    BackgroundWorker text_worker_, token_worker_;  ///< last: their tasks use the others
};

}  // namespace wavlab
