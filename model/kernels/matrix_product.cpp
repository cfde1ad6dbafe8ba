// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/matrix_product.h"

#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace wavlab {

namespace {

using Linear = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                          c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

/// oneDNN's x Wᵀ, which LibTorch has as an operator for its compiler only.
const std::optional<c10::TypedOperatorHandle<Linear>>& linear_by_onednn() {
    static const std::optional<c10::TypedOperatorHandle<Linear>> found =
        []() -> std::optional<c10::TypedOperatorHandle<Linear>> {
        const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
        if (!handle || !at::globalContext().hasMKLDNN()) return std::nullopt;
        try {
            return handle->typed<Linear>();
        } catch (const c10::Error&) {
            return std::nullopt;  // another LibTorch's takes something else
        }
    }();
    return found;
}

}  // namespace

void multiply(at::Tensor& result, const at::Tensor& a, const at::Tensor& b) {
    const bool covered = a.is_cpu() && a.scalar_type() == at::kFloat && linear_by_onednn();
    if (covered)
        result = linear_by_onednn()->call(a, b.t(), std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
    else
        at::mm_out(result, a, b);
}

}  // namespace wavlab
