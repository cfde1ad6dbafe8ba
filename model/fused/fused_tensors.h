// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/decoder.h"
#include "model/fused/fused_plan.h"

namespace wavlab {

/// The sizes that everything in the fused pass has, and where and how it is stored.
struct FusedShape {
    std::int64_t layers = 0, width = 0, heads = 0, hidden = 0, vocabulary = 0;
    double eps = 1e-6;
    at::Device device = at::kCPU;
    at::ScalarType type = at::kFloat;  ///< of what there is for every channel: fp32, or bf16

    at::TensorOptions stored() const { return at::TensorOptions(device).dtype(type); }
    at::TensorOptions wide() const { return at::TensorOptions(device).dtype(at::kFloat); }
    std::int64_t sublayers() const { return 2 * layers; }
};

/// A plan with its numbers where the kernels read them. Made once: a step must not bring numbers to a GPU.
struct FusedCourse {
    FusedPlan plan;
    at::Tensor bias_columns;                                        ///< [sources] int32, as the plan has them
    at::Tensor bias_rows;                                           ///< [sources] int64: the same, plus one
    std::vector<at::Tensor> sum_coefficients, update_coefficients;  ///< of every block

    FusedCourse(FusedPlan plan, at::Device device);
};

/// The matrices of one layer, of the stored type; gradients are fp32. The gain of the norm before is multiplied into
/// the first of each sublayer, so that the pass needs the normalised state x̂ only; gate and up are one matrix.
struct FusedLayer {
    at::Tensor qkv;      ///< [3d, d]
    at::Tensor out;      ///< [d, d], with the scale of its update where the method has one, as `down`
    at::Tensor gate_up;  ///< [2f, d]
    at::Tensor down;     ///< [d, f]
};

/// The model as the fused pass reads it, or the gradient of a loss with respect to that.
struct FusedTensors {
    std::vector<FusedLayer> layers;
    at::Tensor embedding;                   ///< [V, d]
    at::Tensor head;                        ///< [V, d], with the final norm's gain
    at::Tensor query;                       ///< [2L+1, d]: w ⊙ γ; undefined without routing
    at::Tensor bias;                        ///< [2L+1, 2]; undefined without routing
    std::vector<at::Tensor> group_columns;  ///< of each group of routers, as RouterGroup::query_columns; no gradients
    std::vector<at::Tensor> group_biases;   ///< likewise RouterGroup::biases
};

/// Zero gradients of a model of this shape; `whole_batch`: of the matrices, each of which is then written once, none.
FusedTensors zero_gradients(const FusedShape& shape, bool routed, bool whole_batch);

/// The parameters of a decoder in the order in which Decoder::parameters() has them, and what the fused pass makes of
/// them. Everything is done without gradients.
class FusedParameters {
public:
    FusedParameters(const FusedShape& shape, const std::vector<Parameter>& parameters, const FusedForm& form);

    /// From the parameters' present values. `course` null: without routing.
    FusedTensors prepare(const FusedCourse* course) const;
    /// dL/dparameter of all parameters that train, undefined for the others, from the gradients that each thread has
    /// gathered, which are added up in their order. Uses all threads.
    std::vector<at::Tensor> gradients(const std::vector<FusedTensors>& gathered) const;

private:
    FusedShape shape_;
    std::vector<Parameter> parameters_;
    std::optional<FusedRouting> routing_;
    std::optional<FusedScales> scales_;

    const at::Tensor& value(std::size_t index) const { return parameters_[index].value; }
    std::size_t index_of(const std::string& name) const;
    at::Tensor scale_of(std::int64_t sublayer) const;
    at::Tensor scaled(const at::Tensor& matrix, std::int64_t sublayer) const;
    at::Tensor folded(const at::Tensor& matrix, const at::Tensor& gain) const;
    FusedLayer prepare_layer(std::int64_t layer) const;
    template <class Work>
    void for_each_layer(const Work& work) const;
    void layer_gradients(std::int64_t layer, const std::vector<FusedTensors>& gathered, std::vector<at::Tensor>& result,
                         std::vector<at::Tensor>& scale_gradients) const;
};

}  // namespace wavlab
