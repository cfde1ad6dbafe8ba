// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wavlab {

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine and with every compiler.
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// A whole number in 0 .. bound - 1, each exactly as likely. `bound` is at least 1.
    std::uint32_t below(std::uint32_t bound);

private:
    std::uint64_t state_;
};

/// One decision of a derivation: which alternative of which rule.
struct StoryChoice {
    std::int32_t rule = 0;
    std::int32_t alternative = 0;

    friend bool operator==(const StoryChoice&, const StoryChoice&) = default;
};

/// A way in which the grammar makes a text.
struct StoryDerivation {
    std::vector<StoryChoice> choices;  ///< in the order of the text
    double log_probability = 0.0;      ///< natural logarithm of the product of the choices' probabilities
};

/// A weighted grammar with memory: rules make text, and what a rule made can be named, said again later, looked
/// up in its row, and excluded from later choices. docs/toy-stories.md describes the notation.
class StoryGrammar {
public:
    /// Compiles a grammar; its first rule is the start. Throws WorkError naming the line with a mistake.
    explicit StoryGrammar(std::string_view source);

    /// Appends one random text and, where wanted, its choices; returns the logarithm of its probability.
    double generate(SplitMix64& random, std::string& text, std::vector<StoryChoice>* choices = nullptr) const;
    /// The text of a derivation. Throws InputError for choices that are none.
    std::string render(std::span<const StoryChoice> choices) const;
    /// Logarithm of the probability of these choices, from their weights. Throws InputError as render().
    double log_probability(std::span<const StoryChoice> choices) const;
    /// All ways to derive exactly this text, at most `limit` of them; empty if there is none.
    std::vector<StoryDerivation> parse(std::string_view text, std::size_t limit = 2) const;

    std::int32_t rule_count() const { return static_cast<std::int32_t>(rules_.size()); }
    const std::string& rule_name(std::int32_t rule) const { return rules_[static_cast<std::size_t>(rule)].name; }
    std::int32_t alternative_count(std::int32_t rule) const;
    std::uint32_t weight(std::int32_t rule, std::int32_t alternative) const;

private:
    enum class ItemKind { literal, expand, expand_column, recall, assign };
    struct Item {
        ItemKind kind = ItemKind::literal;
        std::string text;                    // literal
        std::int32_t rule = -1;              // expand
        std::int32_t variable = -1;          // expand: bound; others: read; assign: written
        std::int32_t source = -1;            // assign: read
        std::string column;                  // recall, expand_column; empty: the name
        bool capital = false;                // recall
        std::vector<std::int32_t> excluded;  // expand: variables whose alternatives are not allowed
    };
    struct Alternative {
        std::uint32_t weight = 1;
        std::vector<Item> items;
        std::vector<std::string> columns;        // the name, then those of the rule
        std::vector<std::int32_t> column_rules;  // the rule that each column names, or -1
    };
    struct Rule {
        std::string name;
        std::vector<std::string> columns;
        std::vector<Alternative> alternatives;
        std::uint32_t total_weight = 0;
    };
    /// What variables stand for while a text is derived; rule −1: nothing yet.
    using Bindings = std::vector<StoryChoice>;
    /// Where a parse goes on after what is being matched.
    struct Continuation {
        const std::vector<Item>* items = nullptr;
        std::size_t next = 0;
        const Continuation* after = nullptr;
    };
    struct Parse;

    void read_lines(std::string_view source);
    void compile(std::map<std::string, std::int32_t, std::less<>>& rule_ids);
    std::vector<Item> compile_items(std::string_view text, const std::string& place,
                                    const std::map<std::string, std::int32_t, std::less<>>& rule_ids);
    std::int32_t variable_id(std::string_view name);

    const Alternative& bound(const Bindings& bindings, std::int32_t variable) const;
    std::size_t column_index(const Bindings& bindings, const Item& item) const;
    std::string recalled(const Bindings& bindings, const Item& item) const;
    std::int32_t expanded_rule(const Bindings& bindings, const Item& item) const;
    bool is_excluded(const Bindings& bindings, const Item& item, std::int32_t rule, std::int32_t alternative) const;
    std::uint32_t allowed_weight(const Bindings& bindings, const Item& item, std::int32_t rule) const;

    template <class Choose>
    double derive(Choose&& choose, std::string& text) const;
    template <class Choose>
    double derive_items(const std::vector<Item>& items, Bindings& bindings, Choose& choose, std::string& text) const;
    void match(const Continuation* rest, std::size_t position, double log_probability, Parse& parse) const;
    void match_expansion(const Item& item, const Continuation* rest, std::size_t position, double log_probability,
                         Parse& parse) const;

    std::vector<Rule> rules_;
    std::vector<std::string> variables_;
    Item start_;
};

}  // namespace wavlab
