// SPDX-License-Identifier: GPL-3.0-or-later
// What can be chosen above the results, and how it is kept.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QJsonArray>
#include <QJsonObject>
#include <QToolButton>
#include <QWhatsThis>

#include "core/method.h"
#include "core/run_groups.h"
#include "views/flow_layout.h"
#include "views/option_label.h"
#include "views/plots/results_plot.h"

namespace wavlab {

namespace {

constexpr const char* usual_x = "model.layers";
constexpr const char* usual_line = "model.method";

}  // namespace

ResultsPlot::ResultsPlot(QWidget* parent)
    : CanvasPlot(parent),
      reference_lines_(new ReferenceLines(&axes())),
      position_ticker_(new PositionTicker(axes().axis(QCPAxis::atBottom))),
      side_by_side_(std::make_shared<SideBySide>(axes().axis(QCPAxis::atBottom))),
      x_wanted_(usual_x),
      line_wanted_(usual_line) {
    new AxisLabelBreaker(axes().axis(QCPAxis::atLeft));
    legend().set_most_lines(4);
    make_controls();
}

ResultsPlot::~ResultsPlot() = default;

QComboBox* ResultsPlot::add_choice(const char* name, const QString& title, const QString& help,
                                   const std::vector<std::pair<QString, QString>>& choices) {
    auto* box = new QComboBox;
    box->setObjectName(QStringLiteral("results.") + QLatin1String(name));
    box->setAccessibleName(title);
    box->setToolTip(help);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    box->setMinimumWidth(56);
    for (const auto& [text, key] : choices) box->addItem(text, key);
    controls().addWidget(box);
    connect(box, &QComboBox::currentIndexChanged, this, [this] {
        stale_ = true;
        request_rebuild();
    });
    return box;
}

void ResultsPlot::make_controls() {
    quantity_ = add_choice("quantity", tr("Quantity"),
                           tr("The validation loss; its difference to the baseline by pairs of runs with the same "
                              "seed; the parameters that "
                              "the method adds; tokens per second; or the most memory that a run took."),
                           {{tr("Loss"), "loss"},
                            {tr("Difference"), "difference"},
                            {tr("Parameters"), "parameters"},
                            {tr("Speed"), "speed"},
                            {tr("Memory"), "memory"}});
    baseline_ = add_choice("baseline", tr("Baseline"), tr("What differences are to."), {});
    x_ = add_choice("x", tr("Horizontal axis"), tr("The setting, a number, by which results are drawn."), {});
    line_ = add_choice("line", tr("Lines"), tr("Runs with the same value of this setting make a line."), {});
    band_ =
        add_choice("band", tr("Bars"),
                   tr("Around a mean over seeds: their standard deviation (n - 1), the interval that holds the mean "
                      "with 95 % confidence, nothing, or the value of each seed."),
                   {{tr("± standard deviation"), "deviation"},
                    {tr("95 % interval"), "interval"},
                    {tr("no bars"), "none"},
                    {tr("seeds"), "seeds"}});
    at_ = add_choice("at", tr("Step of the losses"),
                     tr("The last step that was evaluated, or each run's best: that is chosen by the validation loss "
                        "itself, and so a little too good."),
                     {{tr("at the end"), "last"}, {tr("at the best step"), "best"}});
    unit_ = add_choice("unit", tr("Unit of the losses"),
                       tr("Losses are recorded in nats per token. Bits per character and per byte = loss / ln 2 · "
                          "tokens / characters (bytes): so runs with different tokenizers can be compared."),
                       {{tr("nats/token"), "nats-per-token"},
                        {tr("bits/character"), "bits-per-character"},
                        {tr("bits/byte"), "bits-per-byte"}});
    log_x_ = new QCheckBox(tr("Log x"));
    log_x_->setToolTip(tr("A logarithmic horizontal axis: 12, 24 and 48 lie evenly."));
    controls().addWidget(log_x_);
    notes_ = new QToolButton;
    notes_->setToolTip(tr("What does not count here, and what was mixed"));
    controls().addWidget(notes_);
    connect(log_x_, &QCheckBox::toggled, this, [this] {
        reset_zoom();
        request_rebuild();
    });
    connect(quantity_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(unit_, &QComboBox::currentIndexChanged, this, [this] { reset_zoom(); });
    connect(x_, &QComboBox::activated, this, [this] {
        x_wanted_ = x_->currentData().toString().toStdString();
        reset_zoom();
    });
    connect(line_, &QComboBox::activated, this,
            [this] { line_wanted_ = line_->currentData().toString().toStdString(); });
    connect(baseline_, &QComboBox::activated, this,
            [this] { baseline_wanted_ = baseline_->currentData().toString().toStdString(); });
    connect(notes_, &QToolButton::clicked, this, [this] {
        kept_.clear();  // how far running runs are
        QWhatsThis::showText(notes_->mapToGlobal(QPoint(0, notes_->height())),
                             notes().join(QStringLiteral("\n\n")).toHtmlEscaped().replace(QLatin1Char('\n'), "<br>"),
                             notes_);
    });
    baseline_->hide();
    notes_->hide();
}

ResultQuantity ResultsPlot::quantity() const {
    return parse_result_quantity(quantity_->currentData().toString().toStdString()).value_or(ResultQuantity::loss);
}

bool ResultsPlot::of_losses() const {
    return quantity() == ResultQuantity::loss || quantity() == ResultQuantity::difference;
}

ResultsPlot::Band ResultsPlot::band() const { return Band(std::max(0, band_->currentIndex())); }

std::vector<std::string> ResultsPlot::line_keys() const {
    if (line_wanted_ == all_settings) return {};
    std::vector<std::string> keys;
    for (const QString& key : QString::fromStdString(line_wanted_).split(QLatin1Char(','), Qt::SkipEmptyParts))
        keys.push_back(key.trimmed().toStdString());
    return keys;
}

QJsonObject ResultsPlot::state() const {
    QJsonObject state{
        {"quantity", quantity_->currentData().toString()}, {"x", QString::fromStdString(x_wanted_)},
        {"line", QString::fromStdString(line_wanted_)},    {"baseline", QString::fromStdString(baseline_wanted_)},
        {"band", band_->currentData().toString()},         {"at", at_->currentData().toString()},
        {"unit", unit_->currentData().toString()},         {"log_x", log_x_->isChecked()}};
    QJsonArray references;
    for (const Published& published : published_) {
        QJsonObject one{{"x", published.x}, {"y", published.y}, {"label", published.label}};
        for (const auto& [key, member] : published_keys)
            one[QLatin1String(key)] = QString::fromStdString(published.of.*member);
        references.append(one);
    }
    if (!references.isEmpty()) state["references"] = references;
    save_zoom(state);
    return state;
}

void ResultsPlot::set_state(const QJsonObject& state) {
    for (const auto& [box, key] : {std::pair{quantity_, "quantity"}, {band_, "band"}, {at_, "at"}, {unit_, "unit"}})
        box->setCurrentIndex(std::max(0, box->findData(state[QLatin1String(key)].toString())));
    x_wanted_ = state["x"].toString(QLatin1String(usual_x)).toStdString();
    line_wanted_ = state["line"].toString(QLatin1String(usual_line)).toStdString();
    baseline_wanted_ = state["baseline"].toString().toStdString();
    log_x_->setChecked(state["log_x"].toBool());
    load_published(state);
    load_zoom(state);
    stale_ = true;
    request_rebuild();
}

void ResultsPlot::load_published(const QJsonObject& state) {
    published_.clear();
    published_problem_.clear();
    const QJsonArray references = state["references"].toArray();
    for (qsizetype i = 0; i < references.size(); ++i) {
        const QJsonObject one = references[i].toObject();
        Published published{one["x"].toDouble(std::nan("")), one["y"].toDouble(std::nan("")), one["label"].toString(),
                            published_now()};
        for (const auto& [key, member] : published_keys)
            if (const QJsonValue said = one[QLatin1String(key)]; said.isString())
                published.of.*member = said.toString().toStdString();
        if (std::isfinite(published.x) && std::isfinite(published.y) && parse_result_quantity(published.of.quantity))
            published_.push_back(published);
        else if (published_problem_.isEmpty())
            published_problem_ =
                tr("references: number %1 is not a published result; one has numbers x and y, a text label, and "
                   "perhaps the quantity, the setting 'by', the unit and the baseline that it is of.")
                    .arg(i + 1);
    }
}

bool ResultsPlot::is_number(const std::string& key) const {
    const auto number = [](const OptionValue& value) {
        return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    };
    for (const ExperimentField& field : experiment_fields())
        if (field.dotted_key() == key) return number(field.option.default_value);
    for (const KeptRun& kept : kept_)
        for (const auto& [option, value] : kept.run.experiment.method)
            if ("method." + option == key) return number(value);
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options)
            if ("method." + option.key == key) return number(option.default_value);
    return false;
}

void ResultsPlot::update_choices() {
    std::vector<const Experiment*> experiments;
    for (const KeptRun& kept : kept_) experiments.push_back(&kept.run.experiment);
    std::vector<std::string> positions{usual_x}, lines{usual_line, "data.dataset"};
    const auto add = [](std::vector<std::string>& keys, const std::string& key) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    };
    for (const std::string& key : differing_settings(experiments)) {
        if (is_number(key)) add(positions, key);
        if (key != x_wanted_) add(lines, key);
    }
    add(positions, x_wanted_);
    std::erase(lines, x_wanted_);
    lines.emplace_back(all_settings);
    add(lines, line_wanted_);
    const auto fill = [&](QComboBox* box, const std::vector<std::string>& keys, const std::string& wanted,
                          const QString& text) {
        const QSignalBlocker blocker(box);
        box->clear();
        for (const std::string& key : keys) {
            const bool all = key == all_settings;
            box->addItem(text.arg(all ? tr("all that differs") : option_label(key)), QString::fromStdString(key));
            box->setItemData(box->count() - 1,
                             all ? tr("Runs whose settings are the same but for name, seed and the horizontal axis.")
                                 : QString::fromStdString(key),
                             Qt::ToolTipRole);
        }
        box->setCurrentIndex(box->findData(QString::fromStdString(wanted)));
    };
    fill(x_, positions, x_wanted_, tr("by %1", "a setting"));
    fill(line_, lines, line_wanted_, tr("lines: %1"));
    baseline_->setVisible(quantity() == ResultQuantity::difference);
    at_->setVisible(of_losses());
    unit_->setVisible(of_losses());
}

void ResultsPlot::update_baselines() {
    const QSignalBlocker blocker(baseline_);
    baseline_->clear();
    const ResultTable& table = curves_.table;
    for (const ResultCurve& curve : curves_.curves)
        for (std::size_t key = 0; key < curve.values.size(); ++key) {
            const QString full = QString::fromStdString(table.row_keys[key] + "=" + curve.values[key]);
            if (baseline_->findData(full) >= 0) continue;
            baseline_->addItem(line_label({table.row_keys[key]}, {curve.values[key]}), full);
            baseline_->setItemData(baseline_->count() - 1, full, Qt::ToolTipRole);
            if (curve.is_baseline && curve.values[key] == table.baseline)
                baseline_->setCurrentIndex(baseline_->count() - 1);
        }
    notes_->setText(tr("%n note(s)", nullptr, int(curves_.notes.size())));
    notes_->setVisible(!curves_.notes.empty());
}

}  // namespace wavlab
