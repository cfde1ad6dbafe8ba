// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/csv.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "core/number_text.h"
#include "core/run_record.h"

namespace wavlab {

std::string metrics_csv(const RunRecord& record) {
    struct Row {
        double step;
        std::size_t name;
        double value;
    };
    const std::vector<std::string> names = record.scalar_names();
    std::vector<Row> rows;
    for (std::size_t name = 0; name < names.size(); ++name) {
        const ScalarSeries& series = *record.scalars(names[name]);
        for (std::size_t i = 0; i < series.steps.size(); ++i) rows.push_back({series.steps[i], name, series.values[i]});
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return std::tie(a.step, a.name) < std::tie(b.step, b.name); });
    std::string csv = "step,name,value\n";
    for (const Row& row : rows) {
        // A NaN's sign means nothing, but would be printed.
        const double value = std::isnan(row.value) ? std::numeric_limits<double>::quiet_NaN() : row.value;
        fmt::format_to(std::back_inserter(csv), "{:.0f},{},{:.9g}\n", row.step, names[row.name], value);
    }
    return csv;
}

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

}  // namespace wavlab
