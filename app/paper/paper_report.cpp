// SPDX-License-Identifier: GPL-3.0-or-later
// The report of a paper: every number is computed from the runs, whatever it says.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/paper/paper.h"
#include "core/build_info.h"
#include "core/paper_claim.h"
#include "core/sha256.h"
#include "core/table_format.h"

namespace wavlab {

namespace {

constexpr const char* loss_name = "val/loss";

/// What claims, tables and figures of a report have in common.
struct Facts {
    const Paper& paper;
    const PaperRuns& runs;
    std::vector<TableRun> losses;
    std::string unit;        ///< "nats per character"
    std::string neighbours;  ///< a sentence on runs that trained side by side; empty: none did
};

/// A number with its sign, "−" as people write it.
std::string signed_text(double value, int digits = 4) {
    std::string text = fmt::format("{:+.{}f}", value, digits);
    if (text.front() == '-') text.replace(0, 1, "−");
    return text;
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<long>(std::lround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string count_text(std::size_t count, const char* one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string mean_text(const GroupStatistics& statistics) {
    if (!statistics.mean) return "–";
    std::string text = fmt::format("{:.4f}", *statistics.mean);
    if (statistics.standard_deviation) text += fmt::format(" ± {:.4f}", *statistics.standard_deviation);
    return text;
}

std::string interval_text(const GroupStatistics& difference) {
    if (!difference.interval) return "";
    return fmt::format("95% interval {} to {}, ", signed_text(*difference.mean - *difference.interval),
                       signed_text(*difference.mean + *difference.interval));
}

std::string side_text(const PaperSettings& settings) {
    std::vector<std::string> values;
    for (const auto& [key, value] : settings)
        values.push_back(key == "model.method" ? "`" + value + "`" : markdown_text(key + " = " + value));
    return fmt::format("{}", fmt::join(values, ", "));
}

std::string where_text(const PaperSettings& settings) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : settings) {
        if (key == "model.layers")
            parts.push_back("with " + value + " layers");
        else if (key == "data.dataset")
            parts.push_back("on " + markdown_text(value));
        else
            parts.push_back("with " + markdown_text(key + " = " + value));
    }
    return parts.empty() ? "over all runs" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string losses_sentence(const PaperClaim& claim, const PaperSettings& where, const PaperDifference& at,
                            const std::string& unit) {
    if (at.by_seed.empty())
        return fmt::format("Here, {}: there is no pair of finished runs with the same seed.", where_text(where));
    std::string text =
        fmt::format("Here, {}: {} {:.4f}, {} {:.4f} {}; the difference is {} ({}n = {}; lower for {} of {})",
                    where_text(where), side_text(claim.subject), *at.subject_statistics.mean, side_text(claim.baseline),
                    *at.baseline_statistics.mean, unit, signed_text(*at.statistics.mean), interval_text(at.statistics),
                    count_text(at.statistics.n, "pair"), at.lower, count_text(at.statistics.n, "seed"));
    if (at.bootstrap.low)
        text += fmt::format("; the bootstrap of the tables gives {} to {}", signed_text(*at.bootstrap.low),
                            signed_text(*at.bootstrap.high));
    return text + ".";
}

std::string parameters_sentence(const PaperClaim& claim, const PaperAnswer& found) {
    const GroupStatistics& subject = found.at.subject_statistics;
    const GroupStatistics& baseline = found.at.baseline_statistics;
    if (!subject.mean || !baseline.mean) return "Here there are no such runs.";
    return fmt::format("Here, {}: {} has {} parameters, {} has {}: {}%.", where_text(claim.where),
                       side_text(claim.subject), grouped_digits(std::llround(*subject.mean)), side_text(claim.baseline),
                       grouped_digits(std::llround(*baseline.mean)),
                       signed_text(100 * (*subject.mean / *baseline.mean - 1), 3));
}

std::string claim_text(const PaperClaim& claim, const Facts& facts, std::size_t number) {
    const PaperAnswer found = answer(claim, facts.losses);
    std::string text = fmt::format("{}. **Claim: {}**", number, markdown_text(claim.text));
    if (!claim.reading.empty()) text += " " + markdown_text(claim.reading);
    text += "\n\n   ";
    if (claim.parameters) {
        text += parameters_sentence(claim, found);
    } else {
        text += losses_sentence(claim, claim.where, found.at, facts.unit);
        if (found.than_at) {
            text += " " + losses_sentence(claim, claim.than, *found.than_at, facts.unit);
            if (found.statistics.mean)
                text += fmt::format(" The first difference minus the second is {} ({}n = {}).",
                                    signed_text(*found.statistics.mean), interval_text(found.statistics),
                                    count_text(found.statistics.n, "pair"));
        }
        if (found.limit) text += fmt::format(" The most that the claim allows is {}.", signed_text(*found.limit));
    }
    return text + fmt::format(" **{}{}.**\n", char(std::toupper(to_string(found.verdict).front())),
                              to_string(found.verdict).substr(1));
}

std::string claims_section(const Facts& facts) {
    if (facts.paper.project.claims.empty()) return "";
    std::string text =
        "## The claims\n\nDifferences are means over pairs of runs with the same seed, with the 95% interval of "
        "Student's "
        "t. A claim is *supported* when the whole interval is on its side, *not supported* when it is on the other, "
        "and "
        "*undecided* when the interval holds the limit, which is zero where none is named.\n\n";
    std::size_t number = 0;
    for (const PaperClaim& claim : facts.paper.project.claims) text += claim_text(claim, facts, ++number) + "\n";
    return text;
}

std::string published_row(const std::string& source, const std::string& data, std::int64_t layers,
                          const std::string& baseline, const std::string& method, const std::string& difference,
                          const std::string& unit) {
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", source, data, layers, baseline, method, difference,
                       unit);
}

/// Our results for the methods of a published pair, for each dataset and depth.
std::string our_rows(const PublishedLosses& pair, const Facts& facts) {
    std::set<std::pair<std::string, std::int64_t>> places;
    for (const TableRun& run : facts.losses) places.insert({run.experiment.data.dataset, run.experiment.model.layers});
    std::string text;
    for (const auto& [dataset, layers] : places) {
        PaperClaim claim;
        claim.subject = {{"model.method", pair.method}};
        claim.baseline = {{"model.method", pair.baseline}};
        claim.where = {{"data.dataset", dataset}, {"model.layers", std::to_string(layers)}};
        const PaperDifference at = answer(claim, facts.losses).at;
        if (!at.subject_statistics.mean && !at.baseline_statistics.mean) continue;
        std::string whose = fmt::format("ours, n = {}", at.statistics.n);
        for (const PaperSettings* side : {&claim.subject, &claim.baseline})
            if (const auto mixed = settings_that_differ(facts.losses, *side, claim.where); !mixed.empty())
                whose += fmt::format(", means over {} of {}", fmt::join(mixed, ", "), side->front().second);
        text += published_row(markdown_text(whose), markdown_text(dataset), layers, mean_text(at.baseline_statistics),
                              mean_text(at.subject_statistics),
                              at.statistics.mean ? signed_text(*at.statistics.mean) : "–", facts.unit);
    }
    return text;
}

std::string published_section(const Facts& facts) {
    const std::vector<PublishedLosses>& published = facts.paper.project.published;
    if (published.empty()) return "";
    std::string text = "## Published figures beside ours\n\n";
    std::set<std::pair<std::string, std::string>> pairs;
    for (const PublishedLosses& one : published) pairs.insert({one.baseline, one.method});
    for (const auto& [baseline, method] : pairs) {
        text += fmt::format("| whose | data | layers | {} | {} | difference | unit |\n", markdown_text(baseline),
                            markdown_text(method));
        text += "| --- | --- | ---: | ---: | ---: | ---: | --- |\n";
        const PublishedLosses* last = nullptr;
        for (const PublishedLosses& one : published) {
            if (one.baseline != baseline || one.method != method) continue;
            last = &one;
            text +=
                published_row("*" + markdown_text(one.source) + "*", "*" + markdown_text(one.data) + "*", one.layers,
                              fmt::format("*{:.4f}*", one.baseline_loss), fmt::format("*{:.4f}*", one.loss),
                              "*" + signed_text(one.loss - one.baseline_loss) + "*", markdown_text(one.unit));
        }
        text += our_rows(*last, facts) + "\n";
    }
    if (!facts.paper.project.published_note.empty()) text += markdown_text(facts.paper.project.published_note) + "\n\n";
    return text;
}

std::string tables_section(const Facts& facts, const std::map<std::string, std::string>& tables) {
    std::string text = "## Tables\n\n";
    for (const PaperTable& table : facts.paper.project.tables)
        if (const auto found = tables.find(table.name); found != tables.end())
            text += fmt::format("### {}\n\n{}{}\nAlso as [LaTeX](tables/{}.tex) and [CSV](tables/{}.csv).\n\n",
                                markdown_text(table.title), found->second,
                                table.style.cost && !facts.neighbours.empty() ? "\n" + facts.neighbours + "\n" : "",
                                table.name, table.name);
    if (const auto masses = tables.find("routing-mass"); masses != tables.end())
        text += "### What routers read\n\n" + masses->second + "\nRun by run as [CSV](tables/routing-mass.csv).\n\n";
    return text;
}

std::string figures_section(const Facts& facts, const std::vector<DrawnFigure>& figures) {
    if (figures.empty()) return "";
    std::string text = "## Figures\n\n";
    if (!facts.paper.figures_need.empty()) return text + markdown_text(facts.paper.figures_need) + "\n\n";
    text += "Each can be edited in its file and drawn again: `wavlab figure figures/FILE.toml --runs runs`.\n\n";
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const DrawnFigure& figure = figures[i];
        const std::string& caption = facts.paper.project.figures[i].caption;
        const std::string title = markdown_text(caption.empty() ? figure.file : caption);
        if (!figure.problem.empty())
            text += fmt::format("{} Not drawn: {}\n\n", title, markdown_text(figure.problem));
        else if (figure.picture.empty())
            text += fmt::format("{} ([{}](figures/{}))\n\n", title, figure.file, figure.file);
        else
            text += fmt::format("![{}](figures/{})\n\n{} ([{}](figures/{}){})\n\n", title, figure.picture, title,
                                figure.file, figure.file, figure.kept ? ", as it was edited" : "");
        for (const std::string& note : figure.notes) text += "Note: " + markdown_text(note) + "\n\n";
    }
    return text;
}

/// The distinct texts that `text_of` gives for the starts of the runs, in their order.
template <class TextOf>
std::string distinct(const PaperRuns& runs, const TextOf& text_of) {
    std::vector<std::string> texts;
    const auto add = [&](const RunDescription& run) {
        const std::string text = text_of(run);
        if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
    };
    for (const auto& record : runs.records) {
        for (const EarlierStart& start : record->earlier_starts()) add(start.description);
        add(record->description());
    }
    return fmt::format("{}", fmt::join(texts, "; "));
}

std::string data_text(const RunDescription& run) {
    std::string text = fmt::format("{}: {} tokens to train on, {} to validate on, {} kinds of tokens; SHA-256 {}",
                                   run.data_source, grouped_digits(run.train_tokens),
                                   grouped_digits(run.validation_tokens), run.vocabulary, run.data_sha256);
    if (run.unigram_entropy > 0) text += fmt::format("; unigram entropy {:.4f} nats per token", run.unigram_entropy);
    if (run.validation_floor) text += fmt::format(", floor {:.4f}", *run.validation_floor);
    return text;
}

std::string settings_section(const Facts& facts, const PaperTimes& times) {
    const PaperRuns& runs = facts.runs;
    std::set<std::int64_t> seeds;
    for (const auto& record : runs.records) seeds.insert(record->experiment().seed);
    std::string text = "## Settings\n\n";
    text += fmt::format("- Runs: {}; seeds {}.\n", runs.queued.size(), fmt::join(seeds, ", "));
    text += fmt::format("- Report and tables by WAV Lab {} ({}); runs trained by {}.\n", version(), commit(),
                        distinct(runs, [](const RunDescription& run) {
                            return fmt::format("WAV Lab {} ({}), torch {}", run.wavlab_version, run.commit,
                                               run.torch_version);
                        }));
    text += fmt::format("- Device: {}.\n", distinct(runs, [](const RunDescription& run) {
                            return run.device == "cpu" ? fmt::format("cpu ({}), {} for each run", run.cpu_capability,
                                                                     count_text(std::size_t(run.threads), "thread"))
                                                       : run.device;
                        }));
    text += fmt::format("- Data: {}.\n", markdown_text(distinct(runs, data_text)));
    text += fmt::format(
        "- Time: updates took {}, added up over all runs; this call of the program took {} and trained {}.{}\n",
        duration_text(times.updates), duration_text(times.call), count_text(times.trained, "run"),
        facts.neighbours.empty() ? "" : " " + facts.neighbours);
    for (const Sweep& sweep : facts.paper.sweeps) text += "\n```toml\n" + to_toml(sweep) + "```\n";
    return text + "\n";
}

std::string runs_section(const PaperRuns& runs) {
    std::string text =
        "## Runs\n\n| run | state | step | last validation loss | seed | experiment | data |\n"
        "| --- | --- | ---: | ---: | ---: | --- | --- |\n";
    constexpr std::size_t digits = 12;
    for (const auto& record : runs.records) {
        const ScalarSeries* losses = record->scalars(loss_name);
        const std::optional<double> last = losses ? losses->last() : std::nullopt;
        const RunDescription& run = record->description();
        text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", markdown_text(record->name()),
                            to_string(record->state()), record->step(), last ? fmt::format("{:.4f}", *last) : "–",
                            record->experiment().seed, sha256_hex(run.experiment).substr(0, digits),
                            run.data_sha256.substr(0, digits));
    }
    text += "\nExperiment and data by the beginnings of their SHA-256.\n";
    for (const QueuedRun& run : runs.queued)
        if (run.folder.empty() || run.state == QueueState::failed || run.state == QueueState::diverged)
            text += fmt::format("\n{}: {}{}\n", markdown_text(run.name), to_string(run.state),
                                run.reason.empty() ? "." : ": " + markdown_text(run.reason));
    return text;
}

}  // namespace

std::string paper_report(const Paper& paper, const PaperRuns& runs, const std::map<std::string, std::string>& tables,
                         const std::vector<DrawnFigure>& figures, const PaperTimes& times) {
    Facts facts{paper, runs, table_runs(runs, {loss_name}, {}), "nats per character", {}};
    if (const std::size_t most = most_side_by_side(runs); most > 1)
        facts.neighbours =
            fmt::format("Up to {} runs trained side by side on this machine, which makes each slower.", most);
    for (const TableRun& run : facts.losses)
        if (run.experiment.data.tokenizer != "char") facts.unit = "nats per token";
    std::string text = "# " + markdown_text(paper.project.title) + "\n\n";
    if (!paper.project.about.empty()) text += markdown_text(paper.project.about) + "\n\n";
    text += fmt::format("Made by `wavlab paper` of the project {}.\n\n", markdown_text(paper.origin));
    text += claims_section(facts);
    text += published_section(facts);
    text += tables_section(facts, tables);
    text += figures_section(facts, figures);
    text += settings_section(facts, times);
    text += runs_section(runs);
    return text;
}

}  // namespace wavlab
