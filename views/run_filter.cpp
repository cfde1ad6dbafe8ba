// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_filter.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include <QRegularExpression>

namespace wavlab {

namespace {

QString text_of(const std::string& text) { return QString::fromStdString(text); }

bool contains(const std::string& text, const QString& part) {
    return text_of(text).contains(part, Qt::CaseInsensitive);
}

bool equals(const std::string& text, const QString& word) {
    return text_of(text).compare(word, Qt::CaseInsensitive) == 0;
}

bool has_tag(const RunsModel::Row& row, const QString& tag) {
    const std::vector<std::string>& tags = row.annotations.tags;
    return std::any_of(tags.begin(), tags.end(), [&](const std::string& one) { return equals(one, tag); });
}

bool has_word(const RunsModel::Row& row, const QString& word) {
    const RunSummary& run = row.summary;
    const std::vector<std::string>& tags = row.annotations.tags;
    return contains(run.name, word) || contains(run.method, word) || contains(run.dataset, word) ||
           contains(row.annotations.note, word) ||
           std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) { return contains(tag, word); });
}

using Number = std::optional<double> (*)(const RunsModel::Row&);

/// Names of numbers, with what they are.
const std::pair<const char*, Number> numbers[] = {
    {"layers", [](const RunsModel::Row& row) { return std::optional<double>(row.summary.layers); }},
    {"depth", [](const RunsModel::Row& row) { return std::optional<double>(row.summary.layers); }},
    {"step", [](const RunsModel::Row& row) { return std::optional<double>(row.summary.step); }},
    {"loss", [](const RunsModel::Row& row) { return row.summary.validation_loss; }},
    {"best", [](const RunsModel::Row& row) { return row.summary.best_validation_loss; }},
    {"bits_per_character", [](const RunsModel::Row& row) { return row.summary.bits_per_character; }},
    {"bits_per_byte", [](const RunsModel::Row& row) { return row.summary.bits_per_byte; }},
    {"train_loss", [](const RunsModel::Row& row) { return row.summary.train_loss; }},
    {"speed", [](const RunsModel::Row& row) { return row.summary.tokens_per_second; }},
};

using Text = bool (*)(const RunsModel::Row&, const QString&);

const std::pair<const char*, Text> texts[] = {
    {"name", [](const RunsModel::Row& row, const QString& part) { return contains(row.summary.name, part); }},
    {"method", [](const RunsModel::Row& row, const QString& word) { return equals(row.summary.method, word); }},
    {"data", [](const RunsModel::Row& row, const QString& part) { return contains(row.summary.dataset, part); }},
    {"note", [](const RunsModel::Row& row, const QString& part) { return contains(row.annotations.note, part); }},
    {"tag", has_tag},
};

bool compare(double value, const QString& sign, double wanted) {
    if (sign == QLatin1String("<")) return value < wanted;
    if (sign == QLatin1String("<=")) return value <= wanted;
    if (sign == QLatin1String(">")) return value > wanted;
    if (sign == QLatin1String(">=")) return value >= wanted;
    return value == wanted;
}

bool is_equality(const QString& sign) { return sign == QLatin1String(":") || sign == QLatin1String("="); }

std::optional<double> number_of(const OptionValue& value) {
    if (const auto* number = std::get_if<double>(&value)) return *number;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return double(*whole);
    return std::nullopt;
}

/// "blocks" or "method.blocks" → "method.blocks"; empty when no run has such an option.
QString option_key(const QString& key, const QStringList& options) {
    if (options.contains(key)) return key;
    for (const QString& option : options)
        if (option.section(QLatin1Char('.'), -1) == key) return option;
    return {};
}

/// A state as it is named in the list, and "damaged".
bool has_state(const RunsModel::Row& row, const QString& word) {
    const QString shown = row.problem.isEmpty() ? state_text(row.summary.state) : QStringLiteral("damaged");
    return shown.compare(word, Qt::CaseInsensitive) == 0 ||
           equals(row.problem.isEmpty() ? to_string(row.summary.state) : "damaged", word);
}

bool is_state(const QString& word) {
    if (word == QLatin1String("damaged")) return true;
    for (const RunState state : {RunState::running, RunState::paused, RunState::finished, RunState::stopped,
                                 RunState::interrupted, RunState::diverged, RunState::failed})
        if (equals(to_string(state), word) || state_text(state).compare(word, Qt::CaseInsensitive) == 0) return true;
    return false;
}

}  // namespace

RunFilter::RunFilter(const QString& text, const QStringList& options) {
    static const QRegularExpression term(QStringLiteral(
        "(-?)(?:([A-Za-z_][A-Za-z0-9_.]*)(<=|>=|<|>|:|=)(?:\"([^\"]*)\"?|(\\S*))|\"([^\"]*)\"?|(\\S+))"));
    for (auto match = term.globalMatch(text); match.hasNext();) {
        const QRegularExpressionMatch found = match.next();
        Condition condition;
        if (!found.captured(2).isEmpty()) {
            const QString value = found.captured(4).isEmpty() ? found.captured(5) : found.captured(4);
            condition = parse_term(found.captured(2), found.captured(3), value, options);
        } else {
            const QString word = found.captured(6).isEmpty() ? found.captured(7) : found.captured(6);
            if (!word.isEmpty() && word != QLatin1String("-"))
                condition = [word](const RunsModel::Row& row) { return has_word(row, word); };
        }
        if (!condition) continue;
        const bool turned = !found.captured(1).isEmpty();
        conditions_.push_back(
            [condition = std::move(condition), turned](const RunsModel::Row& row) { return condition(row) != turned; });
    }
}

RunFilter::Condition RunFilter::parse_term(const QString& key, const QString& sign, const QString& value,
                                           const QStringList& options) {
    if (value.isEmpty()) {
        problems_.append(ShownRuns::tr("A value is missing after %1%2.").arg(key, sign));
        return {};
    }
    bool is_number = false;
    const double wanted = value.toDouble(&is_number);
    for (const auto& [name, number] : numbers) {
        if (key != QLatin1String(name)) continue;
        if (!is_number) {
            problems_.append(ShownRuns::tr("%1 is compared with a number, not with '%2'.").arg(key, value));
            return {};
        }
        return [number = number, sign, wanted](const RunsModel::Row& row) {
            const std::optional<double> has = number(row);
            return has && compare(*has, sign, wanted);
        };
    }
    const QString option = option_key(key, options);
    const bool is_text = key == QLatin1String("state") ||
                         std::any_of(std::begin(texts), std::end(texts),
                                     [&](const auto& text) { return key == QLatin1String(text.first); });
    if (is_text && !is_equality(sign)) {
        problems_.append(ShownRuns::tr("%1 is a text: write %1:%2.").arg(key, value));
        return {};
    }
    if (key == QLatin1String("state")) {
        if (is_state(value)) return [value](const RunsModel::Row& row) { return has_state(row, value); };
        problems_.append(
            ShownRuns::tr("No run is ever '%1': states are running, paused, finished, stopped, interrupted, diverged, "
                          "failed and damaged.")
                .arg(value));
        return {};
    }
    for (const auto& [name, matches] : texts)
        if (key == QLatin1String(name))
            return [matches = matches, value](const RunsModel::Row& row) { return matches(row, value); };
    if (option.isEmpty()) {
        problems_.append(
            ShownRuns::tr("'%1' is nothing to filter by: there are name, method, data, tag, note, state, layers, step, "
                          "loss, best, train_loss, speed, and options of the runs such as seed or train.batch. Put a "
                          "text in quotes to look for it as it is.")
                .arg(key));
        return {};
    }
    return [key = option.toStdString(), sign, value, wanted, is_number](const RunsModel::Row& row) {
        const OptionValue* has = option_of(row.summary, key);
        if (!has) return false;
        const std::optional<double> number = number_of(*has);
        if (number && is_number) return compare(*number, sign, wanted);
        return is_equality(sign) && equals(to_text(*has), value);
    };
}

bool RunFilter::matches(const RunsModel::Row& row) const {
    return std::all_of(conditions_.begin(), conditions_.end(),
                       [&](const Condition& condition) { return condition(row); });
}

QString RunFilter::help() {
    return ShownRuns::tr(
        "<p><b>Shows only some of the runs.</b> Words are looked for in name, method, data, tags and note.</p>"
        "<table cellspacing=4>"
        "<tr><td><code>method:wav</code></td><td>that method; also <code>data:</code> <code>tag:</code> "
        "<code>note:</code> <code>name:</code> <code>state:</code></td></tr>"
        "<tr><td><code>layers:48</code></td><td>that number; also <code>step</code> <code>loss</code> (last "
        "validation loss) <code>best</code> <code>train_loss</code> <code>speed</code></td></tr>"
        "<tr><td><code>loss&lt;1.7</code></td><td>less; also <code>&lt;=</code> <code>&gt;</code> "
        "<code>&gt;=</code></td></tr>"
        "<tr><td><code>seed:3 blocks&gt;=4</code></td><td>any option of the experiment</td></tr>"
        "<tr><td><code>-tag:old</code></td><td>not so</td></tr>"
        "<tr><td><code>\"two words\"</code></td><td>as they stand</td></tr></table>");
}

ShownRuns::ShownRuns(RunsModel& model, QObject* parent) : QSortFilterProxyModel(parent), model_(model) {
    setSourceModel(&model);
    setSortRole(RunsModel::sort_role);
    setDynamicSortFilter(true);
    setSortCaseSensitivity(Qt::CaseInsensitive);
    // Runs are read one after another, and with them comes which options there are.
    read_again_.setSingleShot(true);
    connect(&read_again_, &QTimer::timeout, this, &ShownRuns::read_again);
    const auto later = [this] {
        if (!filter_.problems().isEmpty() && !read_again_.isActive()) read_again_.start();
    };
    connect(&model, &QAbstractItemModel::rowsInserted, this, later);
    connect(&model, &QAbstractItemModel::dataChanged, this, later);
}

QStringList ShownRuns::known_options() const {
    std::set<std::string> options;
    for (const RunsModel::Row& row : model_.rows())
        if (row.summary.options)
            for (const auto& [key, value] : *row.summary.options) options.insert(key);
    QStringList texts;
    for (const std::string& key : options) texts.append(QString::fromStdString(key));
    return texts;
}

void ShownRuns::set_filter(const QString& text) {
    text_ = text;
    options_ = known_options();
    filter_ = RunFilter(text_, options_);
    invalidateFilter();
}

void ShownRuns::read_again() {
    if (known_options() == options_) return;
    set_filter(text_);
    emit filter_read();
}

void ShownRuns::show_archived(bool shown) {
    archived_ = shown;
    invalidateFilter();
}

int ShownRuns::hidden_by_archive() const {
    if (archived_) return 0;
    return int(std::count_if(model_.rows().begin(), model_.rows().end(), [this](const RunsModel::Row& row) {
        return row.annotations.archived && filter_.matches(row);
    }));
}

bool ShownRuns::filterAcceptsRow(int row, const QModelIndex&) const {
    const RunsModel::Row& run = model_.rows()[std::size_t(row)];
    return (archived_ || !run.annotations.archived) && filter_.matches(run);
}

bool ShownRuns::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(RunsModel::sort_role), b = right.data(RunsModel::sort_role);
    if (a.isValid() != b.isValid()) return (sortOrder() == Qt::AscendingOrder) == a.isValid();
    if (a.isValid() && a.typeId() != b.typeId()) return a.toDouble() < b.toDouble();
    return QSortFilterProxyModel::lessThan(left, right);
}

}  // namespace wavlab
