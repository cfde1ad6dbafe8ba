// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/dataset_previews.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>

#include "datasets/token_data.h"
#include "views/translated.h"

namespace wavlab {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t shown_bytes = 3000;                ///< of the beginning and of the middle
constexpr std::size_t sample_bytes = 512 * 1024;         ///< in which characters are counted at first, twice
constexpr std::int64_t counted_at_once = 1'000'000'000;  ///< bytes; larger texts are counted when asked for
constexpr std::size_t most_bars = 100;
constexpr std::chrono::milliseconds between_reports(100);

QString part_title(const std::string& name) {
    if (name == "train") return DatasetPreviews::tr("Training text");
    if (name == "validation") return DatasetPreviews::tr("Validation text");
    if (name == "test") return DatasetPreviews::tr("Test text");
    if (name == "whole") return DatasetPreviews::tr("Whole file");
    return QString::fromStdString(name);
}

/// All that the texts of a request depend on; its tokens depend on the tokenizer besides.
QString text_key_of(const DataRequest& request) {
    return QStringLiteral("%1\n%2\n%3\n%4\n%5")
        .arg(QString::fromStdString(request.dataset), QString::fromStdString(request.validation),
             QString::number(request.size), QString::number(request.seed),
             QString::fromStdString(request.base_folder.string()));
}

QString token_key_of(const DataRequest& request) {
    QString key = text_key_of(request) + QLatin1Char('\n') + QString::fromStdString(request.tokenizer);
    for (const auto& [name, value] : request.tokenizer_options)
        key += QLatin1Char('\n') + QString::fromStdString(name + " " + to_text(value));
    return key;
}

void take_counts(const CharacterCounter& counter, TextFacts& facts) {
    facts.characters = counter.characters();
    facts.different = counter.different();
    facts.documents = counter.documents();
    facts.frequent.clear();
    for (const auto& [character, count] : counter.frequent(most_bars)) facts.frequent.push_back({character, count});
}

/// The beginning and the middle of a part, with a first count in them.
TextFacts first_look(const TextPart& part, const std::function<bool()>& is_cancelled) {
    TextFacts facts;
    facts.bytes = part.text->bytes();
    const std::int64_t middle = facts.bytes / 2;
    const bool is_short = facts.bytes <= std::int64_t(2 * sample_bytes);
    const std::string beginning = read_excerpt(part, 0, is_short ? 2 * sample_bytes : sample_bytes, is_cancelled);
    const auto excerpt = [](const std::string& text) {
        return QString::fromUtf8(text.data(), qsizetype(std::min(text.size(), shown_bytes)));
    };
    facts.beginning = excerpt(beginning);
    CharacterCounter counter(is_short ? part.separator : std::string());
    counter.add(beginning);
    if (!is_short) {
        const std::string text = read_excerpt(part, middle, sample_bytes, is_cancelled);
        facts.middle = excerpt(text);
        counter.add(text);
    } else if (middle > std::int64_t(shown_bytes)) {
        facts.middle = excerpt(read_excerpt(part, middle, shown_bytes, is_cancelled));
    }
    take_counts(counter, facts);
    facts.is_whole = is_short;
    return facts;
}

}  // namespace

DatasetPreviews::DatasetPreviews(DatasetPreview& panel, QObject* parent) : QObject(parent), panel_(panel) {
    connect(&panel_, &DatasetPreview::part_chosen, this, &DatasetPreviews::look);
    connect(&panel_, &DatasetPreview::count_wanted, this, &DatasetPreviews::count);
    connect(&panel_, &DatasetPreview::tokens_wanted, this, &DatasetPreviews::count_tokens);
    connect(&panel_, &DatasetPreview::cancel_wanted, this, &DatasetPreviews::cancel);
}

DatasetPreviews::~DatasetPreviews() {
    reading_.request_stop();
    encoding_.request_stop();
}

void DatasetPreviews::show(const DatasetRow* row, const DataRequest& request) {
    QString notice;
    if (!row)
        notice = tr("Choose a dataset.");
    else if (row->is_tokenizer)
        notice = tr("It holds the files of a tokenizer, no text.");
    else if (!row->is_here())
        notice = tr("It is not on this machine yet: there is nothing to look at.");
    if (!notice.isEmpty()) {
        leave();
        panel_.show_notice(notice);
        return;
    }
    const QString text_key = text_key_of(request), token_key = token_key_of(request);
    request_ = request;
    const bool other_text = text_key != text_key_;
    if (other_text) {
        text_key_ = text_key;
        read_parts();
    }
    if (!other_text && token_key == token_key_) return;
    token_key_ = token_key;
    if (!other_text) find_tokens();
}

void DatasetPreviews::leave() {
    reading_.request_stop();
    encoding_.request_stop();
    forget();
}

void DatasetPreviews::forget() {
    text_key_.clear();
    token_key_.clear();
}

std::stop_token DatasetPreviews::begin_reading() {
    reading_.request_stop();
    reading_ = std::stop_source();
    return reading_.get_token();
}

std::stop_token DatasetPreviews::begin_encoding() {
    encoding_.request_stop();
    encoding_ = std::stop_source();
    return encoding_.get_token();
}

void DatasetPreviews::read_parts() {
    encoding_.request_stop();
    parts_.reset();
    panel_.show_notice(tr("reading…"));
    const std::stop_token stop = begin_reading();
    text_worker_.submit([this, stop, request = request_](const std::stop_token& closing) mutable {
        request.is_cancelled = [&] { return stop.stop_requested() || closing.stop_requested(); };
        if (request.is_cancelled()) return;
        std::shared_ptr<const Parts> parts;
        QString problem;
        try {
            parts = std::make_shared<const Parts>(text_parts(request));
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        post(this, [this, stop, parts, problem] {
            if (stop.stop_requested()) return;
            parts_ = parts;
            if (!parts || parts->empty()) {
                panel_.show_notice(problem);
                return;
            }
            QList<std::pair<QString, QString>> titles;
            for (const TextPart& part : *parts)
                titles.append({QString::fromStdString(part.name), part_title(part.name)});
            panel_.set_parts(titles);
            look(panel_.part());
            find_tokens();
        });
    });
}

void DatasetPreviews::look(const QString& name) {
    if (!parts_) return;
    const auto found = std::find_if(parts_->begin(), parts_->end(),
                                    [&](const TextPart& part) { return part.name == name.toStdString(); });
    if (found == parts_->end()) return;
    panel_.show_counting(std::nullopt);
    const std::stop_token stop = begin_reading();
    text_worker_.submit([this, stop, part = *found](const std::stop_token& closing) {
        const auto is_cancelled = [&] { return stop.stop_requested() || closing.stop_requested(); };
        if (is_cancelled()) return;
        TextFacts facts;
        QString problem;
        try {
            facts = first_look(part, is_cancelled);
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        post(this, [this, stop, facts, problem] {
            if (stop.stop_requested()) return;
            if (!problem.isEmpty()) {
                panel_.show_notice(problem);
                return;
            }
            facts_ = facts;
            panel_.show_facts(facts_);
            if (!facts_.is_whole && facts_.bytes <= counted_at_once) count();
        });
    });
}

void DatasetPreviews::count() {
    if (!parts_) return;
    const std::string name = panel_.part().toStdString();
    const auto found =
        std::find_if(parts_->begin(), parts_->end(), [&](const TextPart& part) { return part.name == name; });
    if (found == parts_->end()) return;
    const std::stop_token stop = begin_reading();
    panel_.show_counting(0.0);
    text_worker_.submit([this, stop, part = *found](const std::stop_token& closing) {
        CharacterCounter counter(part.separator);
        Clock::time_point told = Clock::now();
        std::int64_t done = 0;
        QString problem;
        try {
            part.text->read([&](std::string_view piece) {
                if (stop.stop_requested() || closing.stop_requested()) throw LoadingStopped();
                counter.add(piece);
                done += std::int64_t(piece.size());
                if (Clock::now() - told < between_reports) return;
                told = Clock::now();
                const double fraction = double(done) / double(std::max<std::int64_t>(1, part.text->bytes()));
                post(this, [this, stop, fraction] {
                    if (!stop.stop_requested()) panel_.show_counting(fraction);
                });
            });
        } catch (const LoadingStopped&) {
            return;
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        TextFacts counted;
        take_counts(counter, counted);
        post(this, [this, stop, counted, done, problem] {
            if (stop.stop_requested()) return;
            panel_.show_counting(std::nullopt);
            if (!problem.isEmpty()) {
                panel_.show_notice(problem);
                return;
            }
            facts_.characters = counted.characters;
            facts_.different = counted.different;
            facts_.documents = counted.documents;
            facts_.frequent = counted.frequent;
            facts_.bytes = done;
            facts_.is_whole = true;
            panel_.show_facts(facts_);
        });
    });
}

void DatasetPreviews::show_token_data(const QString& tokenizer, std::int64_t train, std::int64_t validation,
                                      std::int64_t vocabulary, bool kept) {
    panel_.show_tokens({tokenizer, train, validation, vocabulary, kept});
}

void DatasetPreviews::find_tokens() {
    const std::stop_token stop = begin_encoding();
    const QString tokenizer = QString::fromStdString(request_.tokenizer);
    panel_.show_encoding({}, std::nullopt);
    panel_.show_tokens({tokenizer, {}, {}, {}, false});
    token_worker_.submit([this, stop, tokenizer, request = request_](const std::stop_token&) {
        if (stop.stop_requested()) return;
        try {
            const std::optional<TokenData> kept = cached_token_data(request);
            if (!kept) return;
            post(this, [this, stop, tokenizer, train = kept->train.size(), validation = kept->validation.size(),
                        vocabulary = kept->tokenizer->vocabulary_size()] {
                if (!stop.stop_requested()) show_token_data(tokenizer, train, validation, vocabulary, true);
            });
        } catch (const std::exception&) {
            // Counting them says what is wrong.
        }
    });
}

void DatasetPreviews::count_tokens() {
    const std::stop_token stop = begin_encoding();
    const QString tokenizer = QString::fromStdString(request_.tokenizer);
    panel_.show_encoding(tr("reading"), 0.0);
    token_worker_.submit([this, stop, tokenizer, request = request_](const std::stop_token& closing) mutable {
        Clock::time_point told{};
        request.is_cancelled = [&] { return stop.stop_requested() || closing.stop_requested(); };
        request.progress = [&](const std::string& activity, double fraction) {
            if (Clock::now() - told < between_reports) return;
            told = Clock::now();
            post(this, [this, stop, text = translated(activity), fraction] {
                if (!stop.stop_requested()) panel_.show_encoding(text, fraction);
            });
        };
        QString problem;
        std::int64_t train = 0, validation = 0, vocabulary = 0;
        bool kept = false;
        try {
            const TokenData data = load_token_data(request, 0);
            train = data.train.size();
            validation = data.validation.size();
            vocabulary = data.tokenizer->vocabulary_size();
            kept = cached_token_data(request).has_value();
        } catch (const LoadingStopped&) {
            return;
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        post(this, [this, stop, tokenizer, train, validation, vocabulary, kept, problem] {
            if (stop.stop_requested()) return;
            panel_.show_encoding({}, std::nullopt);
            if (problem.isEmpty())
                show_token_data(tokenizer, train, validation, vocabulary, kept);
            else
                panel_.show_token_problem(problem);
            emit tokens_counted();
        });
    });
}

void DatasetPreviews::cancel() {
    reading_.request_stop();
    encoding_.request_stop();
    panel_.show_counting(std::nullopt);
    panel_.show_encoding({}, std::nullopt);
}

}  // namespace wavlab
