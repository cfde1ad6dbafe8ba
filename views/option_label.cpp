// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/option_label.h"

#include "core/experiment.h"
#include "core/method.h"
#include "views/translated.h"

namespace wavlab {

QString option_label(const std::string& dotted_key) {
    for (const ExperimentField& field : experiment_fields())
        if (field.dotted_key() == dotted_key) return translated(field.option.label);
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options)
            if ("method." + option.key == dotted_key) return translated(option.label);
    return QString::fromStdString(dotted_key);
}

}  // namespace wavlab
