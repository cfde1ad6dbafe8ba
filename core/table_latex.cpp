// SPDX-License-Identifier: GPL-3.0-or-later
#include <cctype>

#include "core/result_table.h"
#include "core/table_format.h"
#include "core/table_provenance.h"

namespace wavlab {

namespace {

/// Where `at` stands a sign of a number.
bool is_sign(std::string_view text, std::size_t at) {
    const bool digit_follows = at + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[at + 1]));
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '[' || text[at - 1] == '(';
    return digit_follows && begins;
}

/// One byte that means something to LaTeX, as text; empty for all others.
std::string_view escape_of(char c) {
    switch (c) {
        case '\\':
            return "\\textbackslash{}";
        case '~':
            return "\\textasciitilde{}";
        case '^':
            return "\\textasciicircum{}";
        case '{':
            return "\\{";
        case '}':
            return "\\}";
        case '$':
            return "\\$";
        case '&':
            return "\\&";
        case '#':
            return "\\#";
        case '_':
            return "\\_";
        case '%':
            return "\\%";
        case '<':
            return "$<$";
        case '>':
            return "$>$";
        case '|':
            return "$|$";
        case '"':
            return "''";
        case '[':  // at the beginning of a line it would be an argument of the \\ before it
            return "{[}";
        case '*':
            return "{*}";
        default:
            return {};
    }
}

std::string escaped(std::string_view text, bool number) {
    struct Symbol {
        std::string_view text, latex;
    };
    static constexpr Symbol symbols[] = {{"±", "$\\pm$"}, {"–", "--"}};
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        bool is_symbol = false;
        for (const Symbol& symbol : symbols)
            if (text.substr(i).starts_with(symbol.text)) {
                result += symbol.latex;
                i += symbol.text.size() - 1;
                is_symbol = true;
                break;
            }
        if (is_symbol) continue;
        const std::string_view escape = escape_of(c);
        if (number && (c == '-' || c == '+') && is_sign(text, i))
            result += c == '-' ? "$-$" : "$+$";
        else if (!escape.empty())
            result += escape;
        else if (c == '-' && i > 0 && text[i - 1] == '-')
            result += "{}-";  // no dash
        else
            result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result;
}

std::string cell_text(const LayoutCell& cell) {
    std::string text = escaped(cell.text, cell.number);
    if (cell.bold) text = "\\textbf{" + text + "}";
    if (!cell.after.empty()) text += "\\phantom{" + escaped(cell.after, true) + "}";
    return text;
}

std::string comment(std::string line) {
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return "% " + line + "\n";
}

std::string line_of(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : " & ") + cells[i];
    return line + " \\\\\n";
}

std::string head_line(const TableLayout& layout, std::string LayoutHead::*part) {
    std::vector<std::string> cells;
    for (const LayoutHead& head : layout.heads) cells.push_back(latex_text(head.*part));
    return line_of(cells);
}

bool has_units(const TableLayout& layout) {
    for (const LayoutHead& head : layout.heads)
        if (!head.unit.empty()) return true;
    return false;
}

}  // namespace

std::string latex_text(std::string_view text) { return escaped(text, false); }

std::string latex_table(const ResultTable& table, const TableStyle& style) {
    const TableLayout layout = table_layout(table, style);
    const std::size_t columns = layout.heads.size();
    std::string text;
    for (const std::string& line : table_provenance(table)) text += comment(line);
    text += "% Needs \\usepackage{booktabs}.\n\\begin{tabular}{" + std::string(layout.labels, 'l') +
            std::string(columns - layout.labels, 'r') + "}\n\\toprule\n" + head_line(layout, &LayoutHead::text);
    if (has_units(layout)) text += head_line(layout, &LayoutHead::unit);
    for (const LayoutBlock& block : layout.blocks) {
        text += "\\midrule\n";
        if (!block.title.text.empty())
            text += "\\multicolumn{" + std::to_string(columns) + "}{l}{\\emph{" +
                    latex_text(block.title.in_one_line()) + "}} \\\\\n";
        for (const std::vector<LayoutCell>& line : block.lines) {
            std::vector<std::string> cells;
            for (const LayoutCell& cell : line) cells.push_back(cell_text(cell));
            text += line_of(cells);
        }
    }
    text += "\\bottomrule\n\\end{tabular}\n";
    const std::vector<std::string> sentences = sentences_below(table, style);
    if (sentences.empty()) return text;
    text += "\\par\\smallskip\n{\\footnotesize\n";
    for (const std::string& sentence : sentences) text += latex_text(sentence) + "\n";
    return text + "\\par}\n";
}

}  // namespace wavlab
