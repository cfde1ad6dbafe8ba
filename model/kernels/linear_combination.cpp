// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/linear_combination.h"

#include <map>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/kernels/precision.h"

namespace wavlab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct LinearCombinationFunction : torch::autograd::Function<LinearCombinationFunction> {
    static at::Tensor forward(AutogradContext* context, at::TensorList values,
                              const std::vector<double>& coefficients) {
        context->saved_data["coefficients"] = coefficients;
        context->saved_data["type"] = static_cast<std::int64_t>(values[0].scalar_type());
        at::Tensor sum = at::mul(widened(values[0]), coefficients[0]);
        for (std::size_t i = 1; i < values.size(); ++i) sum.add_(values[i], coefficients[i]);
        return sum;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto coefficients = context->saved_data["coefficients"].toDoubleVector();
        const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
        std::map<double, at::Tensor> scaled;  // few coefficients differ
        variable_list result;
        for (const double coefficient : coefficients) {
            at::Tensor& gradient = scaled[coefficient];
            if (!gradient.defined())
                gradient = coefficient == 1.0 ? gradients[0].to(type) : (gradients[0] * coefficient).to(type);
            result.push_back(gradient);
        }
        result.emplace_back();  // the coefficients have none
        return result;
    }
};

}  // namespace

at::Tensor linear_combination(const std::vector<at::Tensor>& values, const std::vector<double>& coefficients) {
    return LinearCombinationFunction::apply(at::TensorList(values), coefficients);
}

at::Tensor linear_combination_reference(const std::vector<at::Tensor>& values,
                                        const std::vector<double>& coefficients) {
    at::Tensor sum = widened(values[0]) * coefficients[0];
    for (std::size_t i = 1; i < values.size(); ++i) sum = sum + widened(values[i]) * coefficients[i];
    return sum;
}

}  // namespace wavlab
