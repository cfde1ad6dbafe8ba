// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/story_grammar.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace wavlab {

std::uint64_t SplitMix64::next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

std::uint32_t SplitMix64::below(std::uint32_t bound) {
    // 32 random bits, without those that would favour the first few numbers.
    const std::uint32_t rejected = (0U - bound) % bound;
    while (true) {
        const auto bits = static_cast<std::uint32_t>(next() >> 32);
        if (bits >= rejected) return bits % bound;
    }
}

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool newline = text.substr(i, 2) == "\\n";
        result += newline ? '\n' : text[i];
        i += newline ? 1 : 0;
    }
    return result;
}

[[noreturn]] void fail(const std::string& place, const std::string& problem) {
    throw WorkError("story grammar, " + place + ": " + problem);
}

}  // namespace

// ---- Compiling

StoryGrammar::StoryGrammar(std::string_view source) {
    read_lines(source);
    std::map<std::string, std::int32_t, std::less<>> rule_ids;
    for (std::size_t i = 0; i < rules_.size(); ++i)
        if (!rule_ids.emplace(rules_[i].name, static_cast<std::int32_t>(i)).second)
            fail("rule " + rules_[i].name, "there are two rules of this name");
    if (rules_.empty()) fail("start", "there is no rule");
    compile(rule_ids);
    start_.kind = ItemKind::expand;
    start_.rule = 0;
}

void StoryGrammar::read_lines(std::string_view source) {
    int number = 0;
    for (const std::string_view line : split(source, '\n')) {
        const std::string place = "line " + std::to_string(++number);
        if (line.empty() || line.front() == '#') continue;
        if (line.front() == ':') {
            const std::vector<std::string_view> words = split(line.substr(1), ' ');
            rules_.push_back({std::string(words[0]), {words.begin() + 1, words.end()}, {}, 0});
            continue;
        }
        const std::size_t bar = line.find('|');
        if (rules_.empty() || bar == std::string_view::npos) fail(place, "an alternative must be weight|text");
        Rule& rule = rules_.back();
        Alternative alternative;
        if (bar > 0) {
            const auto [end, error] = std::from_chars(line.data(), line.data() + bar, alternative.weight);
            if (error != std::errc() || end != line.data() + bar || alternative.weight == 0)
                fail(place, "the weight is no positive whole number");
        }
        for (const std::string_view field : split(line.substr(bar + 1), '|'))
            alternative.columns.push_back(unescaped(field));
        if (alternative.columns.size() != rule.columns.size() + 1)
            fail(place, "rule " + rule.name + " has " + std::to_string(rule.columns.size()) + " columns");
        rule.total_weight += alternative.weight;
        rule.alternatives.push_back(std::move(alternative));
    }
}

void StoryGrammar::compile(std::map<std::string, std::int32_t, std::less<>>& rule_ids) {
    for (Rule& rule : rules_) {
        if (rule.alternatives.empty()) fail("rule " + rule.name, "it has no alternative");
        for (Alternative& alternative : rule.alternatives) {
            alternative.items = compile_items(alternative.columns[0], "rule " + rule.name, rule_ids);
            for (const std::string& column : alternative.columns) {
                const auto named = rule_ids.find(column);
                alternative.column_rules.push_back(named == rule_ids.end() ? -1 : named->second);
            }
        }
    }
}

std::int32_t StoryGrammar::variable_id(std::string_view name) {
    auto found = std::find(variables_.begin(), variables_.end(), name);
    if (found == variables_.end()) found = variables_.emplace(found, name);
    return static_cast<std::int32_t>(found - variables_.begin());
}

std::vector<StoryGrammar::Item> StoryGrammar::compile_items(
    std::string_view text, const std::string& place, const std::map<std::string, std::int32_t, std::less<>>& rule_ids) {
    std::vector<Item> items;
    while (!text.empty()) {
        Item item;
        const std::size_t opening = text.find_first_of("<{[");
        if (opening != 0) {
            item.text = text.substr(0, opening);
            text.remove_prefix(item.text.size());
            items.push_back(std::move(item));
            continue;
        }
        const char bracket = text.front();
        const std::size_t closing = text.find(bracket == '<' ? '>' : bracket == '{' ? '}' : ']');
        if (closing == std::string_view::npos) fail(place, "a bracket is not closed");
        std::string_view inside = text.substr(1, closing - 1);
        text.remove_prefix(closing + 1);
        if (bracket == '[') {  // [variable=variable]
            const std::vector<std::string_view> sides = split(inside, '=');
            if (sides.size() != 2) fail(place, "an assignment must be [new=old]");
            item.kind = ItemKind::assign;
            item.variable = variable_id(sides[0]);
            item.source = variable_id(sides[1]);
        } else if (bracket == '{' || inside.starts_with('*')) {  // {variable.column}, {^...}, <*variable.column>
            item.kind = bracket == '{' ? ItemKind::recall : ItemKind::expand_column;
            item.capital = inside.starts_with('^');
            if (item.capital || bracket == '<') inside.remove_prefix(1);
            const std::vector<std::string_view> parts = split(inside, '.');
            item.variable = variable_id(parts[0]);
            if (parts.size() > 1) item.column = parts[1];
        } else {  // <variable=rule/excluded/excluded>
            item.kind = ItemKind::expand;
            const std::size_t equals = inside.find('=');
            if (equals != std::string_view::npos) {
                item.variable = variable_id(inside.substr(0, equals));
                inside.remove_prefix(equals + 1);
            }
            const std::vector<std::string_view> parts = split(inside, '/');
            const auto rule = rule_ids.find(parts[0]);
            if (rule == rule_ids.end()) fail(place, "there is no rule " + std::string(parts[0]));
            item.rule = rule->second;
            for (std::size_t i = 1; i < parts.size(); ++i) item.excluded.push_back(variable_id(parts[i]));
        }
        items.push_back(std::move(item));
    }
    return items;
}

std::int32_t StoryGrammar::alternative_count(std::int32_t rule) const {
    return static_cast<std::int32_t>(rules_[static_cast<std::size_t>(rule)].alternatives.size());
}

std::uint32_t StoryGrammar::weight(std::int32_t rule, std::int32_t alternative) const {
    return rules_[static_cast<std::size_t>(rule)].alternatives[static_cast<std::size_t>(alternative)].weight;
}

// ---- What variables stand for

const StoryGrammar::Alternative& StoryGrammar::bound(const Bindings& bindings, std::int32_t variable) const {
    const StoryChoice& binding = bindings[static_cast<std::size_t>(variable)];
    if (binding.rule < 0)
        throw WorkError("story grammar: {" + variables_[static_cast<std::size_t>(variable)] + "} stands for nothing");
    return rules_[static_cast<std::size_t>(binding.rule)].alternatives[static_cast<std::size_t>(binding.alternative)];
}

std::size_t StoryGrammar::column_index(const Bindings& bindings, const Item& item) const {
    if (item.column.empty()) return 0;
    const Rule& rule = rules_[static_cast<std::size_t>(bindings[static_cast<std::size_t>(item.variable)].rule)];
    const auto found = std::find(rule.columns.begin(), rule.columns.end(), item.column);
    if (found == rule.columns.end())
        throw WorkError("story grammar: rule " + rule.name + " has no column " + item.column);
    return static_cast<std::size_t>(found - rule.columns.begin()) + 1;
}

std::string StoryGrammar::recalled(const Bindings& bindings, const Item& item) const {
    const Alternative& alternative = bound(bindings, item.variable);
    std::string text = alternative.columns[column_index(bindings, item)];
    if (item.capital && !text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
    return text;
}

std::int32_t StoryGrammar::expanded_rule(const Bindings& bindings, const Item& item) const {
    if (item.kind == ItemKind::expand) return item.rule;
    const Alternative& alternative = bound(bindings, item.variable);
    const std::int32_t rule = alternative.column_rules[column_index(bindings, item)];
    if (rule < 0) throw WorkError("story grammar: column " + item.column + " names no rule");
    return rule;
}

bool StoryGrammar::is_excluded(const Bindings& bindings, const Item& item, std::int32_t rule,
                               std::int32_t alternative) const {
    return std::any_of(item.excluded.begin(), item.excluded.end(), [&](std::int32_t variable) {
        return bindings[static_cast<std::size_t>(variable)] == StoryChoice{rule, alternative};
    });
}

std::uint32_t StoryGrammar::allowed_weight(const Bindings& bindings, const Item& item, std::int32_t rule) const {
    const Rule& expanded = rules_[static_cast<std::size_t>(rule)];
    std::uint32_t total = expanded.total_weight;
    for (auto variable = item.excluded.begin(); variable != item.excluded.end(); ++variable) {
        const StoryChoice& binding = bindings[static_cast<std::size_t>(*variable)];
        // Two variables may stand for the same alternative, which is taken away once.
        const bool repeated = std::any_of(item.excluded.begin(), variable, [&](std::int32_t earlier) {
            return bindings[static_cast<std::size_t>(earlier)] == binding;
        });
        if (binding.rule == rule && !repeated) total -= weight(rule, binding.alternative);
    }
    return total;
}

// ---- Making texts

template <class Choose>
double StoryGrammar::derive_items(const std::vector<Item>& items, Bindings& bindings, Choose& choose,
                                  std::string& text) const {
    double log_probability = 0.0;
    for (const Item& item : items) {
        if (item.kind == ItemKind::literal) {
            text += item.text;
        } else if (item.kind == ItemKind::recall) {
            text += recalled(bindings, item);
        } else if (item.kind == ItemKind::assign) {
            bindings[static_cast<std::size_t>(item.variable)] = bindings[static_cast<std::size_t>(item.source)];
        } else {
            const std::int32_t rule = expanded_rule(bindings, item);
            const std::uint32_t total = allowed_weight(bindings, item, rule);
            const std::int32_t chosen = choose(bindings, item, rule, total);
            if (item.variable >= 0 && item.kind == ItemKind::expand)
                bindings[static_cast<std::size_t>(item.variable)] = {rule, chosen};
            log_probability += std::log(static_cast<double>(weight(rule, chosen)) / static_cast<double>(total));
            const Rule& expanded = rules_[static_cast<std::size_t>(rule)];
            log_probability +=
                derive_items(expanded.alternatives[static_cast<std::size_t>(chosen)].items, bindings, choose, text);
        }
    }
    return log_probability;
}

template <class Choose>
double StoryGrammar::derive(Choose&& choose, std::string& text) const {
    Bindings bindings(variables_.size(), StoryChoice{-1, -1});
    return derive_items({start_}, bindings, choose, text);
}

double StoryGrammar::generate(SplitMix64& random, std::string& text, std::vector<StoryChoice>* choices) const {
    const auto choose = [&](const Bindings& bindings, const Item& item, std::int32_t rule, std::uint32_t total) {
        std::uint32_t left = random.below(total);
        for (std::int32_t alternative = 0;; ++alternative) {
            if (is_excluded(bindings, item, rule, alternative)) continue;
            const std::uint32_t own = weight(rule, alternative);
            if (left < own) {
                if (choices) choices->push_back({rule, alternative});
                return alternative;
            }
            left -= own;
        }
    };
    return derive(choose, text);
}

namespace {

[[noreturn]] void refuse_choices(const std::string& problem) {
    throw InputError("these choices make no story: " + problem);
}

}  // namespace

std::string StoryGrammar::render(std::span<const StoryChoice> choices) const {
    std::string text;
    std::size_t used = 0;
    const auto choose = [&](const Bindings& bindings, const Item& item, std::int32_t rule, std::uint32_t) {
        if (used == choices.size()) refuse_choices("there are too few");
        const StoryChoice& choice = choices[used++];
        if (choice.rule != rule || choice.alternative < 0 || choice.alternative >= alternative_count(rule) ||
            is_excluded(bindings, item, rule, choice.alternative))
            refuse_choices("number " + std::to_string(used) + " is not possible there");
        return choice.alternative;
    };
    derive(choose, text);
    if (used < choices.size()) refuse_choices("there are too many");
    return text;
}

double StoryGrammar::log_probability(std::span<const StoryChoice> choices) const {
    render(choices);  // refuses what is no derivation
    std::string text;
    std::size_t used = 0;
    const auto choose = [&](const Bindings&, const Item&, std::int32_t, std::uint32_t) {
        return choices[used++].alternative;
    };
    return derive(choose, text);
}

// ---- Parsing: every way is tried, so that a second one would be found

struct StoryGrammar::Parse {
    std::string_view text;
    std::size_t limit = 0;
    Bindings bindings;
    std::vector<StoryChoice> choices;
    std::vector<StoryDerivation> found;
};

std::vector<StoryDerivation> StoryGrammar::parse(std::string_view text, std::size_t limit) const {
    Parse parse{text, limit, Bindings(variables_.size(), StoryChoice{-1, -1}), {}, {}};
    const std::vector<Item> items{start_};
    const Continuation start{&items, 0, nullptr};
    match(&start, 0, 0.0, parse);
    return std::move(parse.found);
}

void StoryGrammar::match(const Continuation* rest, std::size_t position, double log_probability, Parse& parse) const {
    while (rest && rest->next == rest->items->size()) rest = rest->after;
    if (!rest) {
        if (position == parse.text.size()) parse.found.push_back({parse.choices, log_probability});
        return;
    }
    const Item& item = (*rest->items)[rest->next];
    const Continuation after{rest->items, rest->next + 1, rest->after};
    if (item.kind == ItemKind::literal || item.kind == ItemKind::recall) {
        const std::string expected = item.kind == ItemKind::literal ? item.text : recalled(parse.bindings, item);
        if (parse.text.substr(position).starts_with(expected))
            match(&after, position + expected.size(), log_probability, parse);
    } else if (item.kind == ItemKind::assign) {
        StoryChoice& variable = parse.bindings[static_cast<std::size_t>(item.variable)];
        const StoryChoice before = variable;
        variable = parse.bindings[static_cast<std::size_t>(item.source)];
        match(&after, position, log_probability, parse);
        variable = before;
    } else {
        match_expansion(item, &after, position, log_probability, parse);
    }
}

void StoryGrammar::match_expansion(const Item& item, const Continuation* rest, std::size_t position,
                                   double log_probability, Parse& parse) const {
    const std::int32_t rule = expanded_rule(parse.bindings, item);
    const auto total = static_cast<double>(allowed_weight(parse.bindings, item, rule));
    const std::vector<Alternative>& alternatives = rules_[static_cast<std::size_t>(rule)].alternatives;
    for (std::int32_t i = 0; i < alternative_count(rule) && parse.found.size() < parse.limit; ++i) {
        if (is_excluded(parse.bindings, item, rule, i)) continue;
        const Alternative& alternative = alternatives[static_cast<std::size_t>(i)];
        const Continuation body{&alternative.items, 0, rest};
        const double own = std::log(static_cast<double>(alternative.weight) / total);
        parse.choices.push_back({rule, i});
        if (item.variable >= 0 && item.kind == ItemKind::expand) {
            StoryChoice& variable = parse.bindings[static_cast<std::size_t>(item.variable)];
            const StoryChoice before = variable;
            variable = {rule, i};
            match(&body, position, log_probability + own, parse);
            variable = before;
        } else {
            match(&body, position, log_probability + own, parse);
        }
        parse.choices.pop_back();
    }
}

}  // namespace wavlab
