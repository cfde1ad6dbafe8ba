// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/method.h"
#include "model/decoder.h"
#include "model/forward.h"
#include "model/fused/fused_form.h"

namespace wavlab {

/// What a residual method is made from.
struct MethodInput {
    ModelSettings model;
    OptionValues options;  ///< every option of the method, resolved
    std::uint64_t seed = 0;
    DecoderOptions decoder;
};

/// One forward pass through depth: gives what enters each sublayer and takes what comes out.
class ResidualStream {
public:
    virtual ~ResidualStream() = default;
    /// h_l [B, T, d] before sublayer l = 1..2L, or the final norm's input for l = 2L+1. Called once for each l, in
    /// order, after `add` of all sublayers before it.
    virtual at::Tensor input(std::int64_t sublayer) = 0;
    /// Takes u_l [B, T, d].
    virtual void add(std::int64_t sublayer, const at::Tensor& update) = 0;
    /// The same pass up to here, to be continued in another way; both share tensors and context, and no tensor is
    /// changed in place.
    virtual std::unique_ptr<ResidualStream> branch() const = 0;
};

/// A residual method's tensor side: its own parameters, and a stream for each forward pass.
class ResidualMethod {
public:
    virtual ~ResidualMethod() = default;
    /// The method's own, under their names in a checkpoint.
    const std::vector<Parameter>& parameters() const { return parameters_; }
    /// `embedding` is x_0 [B, T, d] in the compute type. The stream may not outlive method and context.
    virtual std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext& context) const = 0;
    /// Empty for methods without routing.
    virtual const RoutingLayout& routing_layout() const;
    /// How the fused pass does the same; that it cannot, unless a method says otherwise.
    virtual FusedForm fused_form() const;

protected:
    /// Adds a parameter and returns its tensor, which stays the same for the life of the method.
    at::Tensor add_parameter(std::string name, const at::Tensor& initial, bool trainable,
                             const DecoderOptions& options);

private:
    std::vector<Parameter> parameters_;
};

/// How to make a method's tensor side.
struct MethodFactory {
    std::string id;
    int order = 0;
    std::function<std::unique_ptr<ResidualMethod>(const MethodInput&)> make;
};

/// Throws WorkError when no method has this id.
std::unique_ptr<ResidualMethod> make_method(const std::string& id, const MethodInput& input);

/// Registers both sides of a method; put one at namespace scope in the method's own file.
struct MethodRegistration {
    MethodRegistration(MethodDescriptor descriptor,
                       std::function<std::unique_ptr<ResidualMethod>(const MethodInput&)> make);
};

}  // namespace wavlab
