// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QWidget>

#include "views/character_histogram.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace wavlab {

/// What is known of one part of a text.
struct TextFacts {
    QString beginning, middle;
    std::int64_t bytes = 0;  ///< of the whole part
    /// Counted so far: at first in samples of its beginning and its middle, then in all of it.
    std::int64_t characters = 0, different = 0;
    bool is_whole = false;                  ///< all of it is counted
    std::optional<std::int64_t> documents;  ///< where it is known what separates them
    std::vector<CharacterCount> frequent;   ///< the most frequent first
};

/// Tokens of a text with the tokenizer that the form has chosen.
struct TokenFacts {
    QString tokenizer;
    std::optional<std::int64_t> train, validation, vocabulary;  ///< nothing: not counted yet
    bool kept = false;                                          ///< they are kept on disk
};

/// The text of a dataset: its beginning and its middle, what is in it, how many tokens it has. Shows what it is given,
/// and asks for more by its signals.
class DatasetPreview : public QWidget {
    Q_OBJECT

public:
    explicit DatasetPreview(QWidget* parent = nullptr);

    /// Nothing to show, and why.
    void show_notice(const QString& text);
    /// `parts`: keys ("train") with their titles. The one that is shown stays if it is there.
    void set_parts(const QList<std::pair<QString, QString>>& parts);
    /// Key of the part that is shown; empty without one.
    QString part() const;
    void show_facts(const TextFacts& facts);
    void show_tokens(const TokenFacts& tokens);
    /// Work that goes: from 0 to 1; nothing: none.
    void show_counting(std::optional<double> fraction);
    void show_encoding(const QString& activity, std::optional<double> fraction);
    /// What went wrong with the tokens.
    void show_token_problem(const QString& problem);
    CharacterHistogram& histogram() { return *histogram_; }

signals:
    void part_chosen(const QString& part);
    void count_wanted();
    void tokens_wanted();
    /// Ends the counting of characters or tokens.
    void cancel_wanted();

private:
    void refresh_buttons();

    QLabel* notice_;
    QWidget* page_;
    QComboBox* parts_;
    QLabel* facts_;
    QLabel* tokens_;
    QPlainTextEdit* text_;
    CharacterHistogram* histogram_;
    QLabel* histogram_note_;
    QProgressBar* progress_;
    QLabel* activity_;
    QPushButton* count_;
    QPushButton* count_tokens_;
    QPushButton* cancel_;
    bool is_whole_ = false, counting_ = false, encoding_ = false, tokens_known_ = false;
};

}  // namespace wavlab
