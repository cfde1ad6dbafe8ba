// SPDX-License-Identifier: GPL-3.0-or-later
#include <cctype>

#include "core/result_table.h"
#include "core/table_format.h"
#include "core/table_provenance.h"

namespace wavlab {

namespace {

bool is_word(std::string_view text, std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
}

/// Inside a comment two hyphens may not stand side by side.
std::string comment_text(const std::string& line) {
    std::string text;
    for (const char c : line) {
        if (c == '-' && text.ends_with('-')) text += ' ';
        text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return text;
}

std::string head_text(const LayoutHead& head) { return markdown_text(head.in_one_line()); }

std::string line_of(const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + cell + " |";
    return text + "\n";
}

}  // namespace

std::string markdown_text(std::string_view text) {
    constexpr std::string_view special = "\\`*<|[]";
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        // Inside a word an underscore is one; at its edge it would make what follows slanted.
        const bool edge = c == '_' && !(i > 0 && is_word(text, i - 1) && is_word(text, i + 1));
        if (edge || special.find(c) != std::string_view::npos) result += '\\';
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result;
}

std::string markdown_table(const ResultTable& table, const TableStyle& style) {
    const TableLayout layout = table_layout(table, style);
    std::vector<std::string> cells, rule;
    for (std::size_t i = 0; i < layout.heads.size(); ++i) {
        cells.push_back(head_text(layout.heads[i]));
        rule.emplace_back(i < layout.labels ? "---" : "---:");
    }
    std::string text = line_of(cells) + line_of(rule);
    for (const LayoutBlock& block : layout.blocks) {
        if (!block.title.text.empty()) {
            std::vector<std::string> title(layout.heads.size());
            title[0] = "*" + head_text(block.title) + "*";
            text += line_of(title);
        }
        for (const std::vector<LayoutCell>& line : block.lines) {
            cells.clear();
            for (const LayoutCell& cell : line) {
                // Brackets without an address behind them are no link: numbers stay as they are.
                const std::string shown = cell.number ? cell.text : markdown_text(cell.text);
                cells.push_back(cell.bold ? "**" + shown + "**" : shown);
            }
            text += line_of(cells);
        }
    }
    for (const std::string& sentence : sentences_below(table, style)) text += "\n" + markdown_text(sentence) + "\n";
    text += "\n<!--\n";
    for (const std::string& line : table_provenance(table)) text += comment_text(line) + "\n";
    return text + "-->\n";
}

}  // namespace wavlab
