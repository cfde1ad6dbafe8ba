// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_lines.h"
#include "core/run_record.h"

namespace wavlab {
namespace {

/// Calls `take(step, name, value)` for every value, by step, then by name.
template <class Take>
void for_each_metric(const RunRecord& record, Take take) {
    struct Row {
        double step;
        std::size_t name;
        double value;
    };
    const std::vector<std::string> names = record.scalar_names();
    std::vector<Row> rows;
    for (std::size_t name = 0; name < names.size(); ++name) {
        const ScalarSeries* series = record.scalars(names[name]);
        if (!series) continue;  // it cannot be read
        for (std::size_t i = 0; i < series->steps.size(); ++i)
            rows.push_back({series->steps[i], name, series->values[i]});
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return std::tie(a.step, a.name) < std::tie(b.step, b.name); });
    for (const Row& row : rows) take(static_cast<std::int64_t>(row.step), names[row.name], row.value);
}

}  // namespace

std::string metrics_csv(const RunRecord& record) {
    std::string csv = "step,name,value\n";
    for_each_metric(record, [&csv](std::int64_t step, const std::string& name, double value) {
        // A NaN's sign means nothing, but would be printed.
        if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
        fmt::format_to(std::back_inserter(csv), "{},{},{:.9g}\n", step, name, value);
    });
    return csv;
}

std::string metrics_json_lines(const RunRecord& record) {
    std::string lines;
    for_each_metric(record, [&lines](std::int64_t step, const std::string& name, double value) {
        lines += json_line({{"step", step}, {"name", name}, {"value", json_number(value)}});
        lines += '\n';
    });
    return lines;
}

}  // namespace wavlab
