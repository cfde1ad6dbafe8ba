// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_pass.h"

#include <array>

#include <ATen/ATen.h>

#include "model/kernels/matrix_product.h"

namespace wavlab {

namespace {

/// target += aᵀ b in fp32; undefined: the product itself.
void add_product(at::Tensor& target, const at::Tensor& a, const at::Tensor& b) {
    if (target.defined())
        at::addmm_out(target, target, a.t(), b);
    else if (a.scalar_type() == at::kFloat)
        target = at::mm(a.t(), b);
    else if (a.is_cuda())
        target = at::mm(a.t(), b, at::kFloat);
    else
        target = at::mm(a.t().to(at::kFloat), b.to(at::kFloat));
}

/// [n, 3d] as query, key, value, each [B, heads, T, d_head].
std::vector<at::Tensor> split_heads(const at::Tensor& joined, const TileBuffers& tile, std::int64_t heads) {
    const std::int64_t width = joined.size(1) / 3;
    return joined.view({tile.size.sequences, tile.size.length, 3, heads, width / heads})
        .permute({2, 0, 3, 1, 4})
        .unbind(0);
}

/// [B, heads, T, d_head] as contiguous rows [n, d]; copies only if it was stored in another order.
at::Tensor join_heads(const at::Tensor& split, const TileBuffers& tile) {
    return split.transpose(1, 2).reshape({tile.tokens, -1}).contiguous();
}

}  // namespace

template <class Real>
FusedPass<Real>::FusedPass(const FusedShape& shape, const FusedCourse* course, const FusedTensors& model,
                           const FusedTools<Real>& tools)
    : shape_(shape), course_(course), model_(model), tools_(tools) {
    if (course) routing_.emplace(shape, *course, model, tools.kernels);
}

template <class Real>
at::Tensor FusedPass<Real>::run(const at::Tensor& tokens, const at::Tensor& targets, double weight, TileBuffers& tile,
                                FusedTensors& gradients, const Viewer& viewer) const {
    embed(tokens, tile);
    forward(tile, viewer);
    if (viewer.record) viewer.record->keep_tile(viewer.first_token, tile);
    const at::Tensor sum = loss(targets, tile);
    loss_backward(targets, weight, tile, gradients);
    backward(tile, gradients, viewer);
    add_embedding_gradient(tokens, tile, gradients);
    return sum;
}

template <class Real>
at::Tensor FusedPass<Real>::evaluate(const at::Tensor& tokens, const at::Tensor& targets, TileBuffers& tile) const {
    embed(tokens, tile);
    forward(tile, {});
    return loss(targets, tile);
}

template <class Real>
void FusedPass<Real>::embed(const at::Tensor& tokens, TileBuffers& tile) const {
    const at::Tensor embedded = at::index_select(model_.embedding, 0, tokens);
    if (!course_) {
        tile.stream.copy_(embedded);
        return;
    }
    tile.sources.select(1, 0).copy_(embedded);
    tools_.kernels.inverse_rms(tile.tokens, shape_.width, tile.sources.stride(0), static_cast<float>(shape_.eps),
                               numbers<Real>(tile.sources), course_->plan.sources,
                               tile.source_inverse_rms.mutable_data_ptr<float>());
}

template <class Real>
void FusedPass<Real>::forward(TileBuffers& tile, const Viewer& viewer) const {
    const std::int64_t last = shape_.sublayers() + 1;
    if (course_) {
        const std::size_t blocks = course_->plan.blocks.size();
        for (std::size_t block = 0; block < blocks; ++block) forward_block(block, tile, viewer);
        routing_->score(blocks, tile);
        routing_->merge(last, tile);
        return;
    }
    for (std::int64_t sublayer = 1; sublayer <= last; ++sublayer) {
        const Real* update = sublayer == 1 ? nullptr : numbers<Real>(tile.update);
        tools_.kernels.add_and_normalise(tile.tokens, shape_.width, static_cast<float>(shape_.eps), update,
                                         numbers<Real>(tile.stream), numbers<Real>(tile.normalised_of(sublayer)),
                                         tile.inverse_rms[sublayer - 1].template mutable_data_ptr<float>());
        if (sublayer < last) forward_sublayer(sublayer, tile, viewer);
    }
}

template <class Real>
void FusedPass<Real>::forward_block(std::size_t block, TileBuffers& tile, const Viewer& viewer) const {
    const FusedBlock& course = course_->plan.blocks[block];
    routing_->score(block, tile);
    for (std::int64_t j = 0; j < course.length; ++j) {
        routing_->merge(course.first + j, tile);
        forward_sublayer(course.first + j, tile, viewer);
    }
    routing_->make_sources(block, tile);
}

template <class Real>
void FusedPass<Real>::forward_sublayer(std::int64_t sublayer, TileBuffers& tile, const Viewer& viewer) const {
    const std::int64_t layer = (sublayer - 1) / 2;
    if (is_attention(sublayer))
        forward_attention(layer, tile);
    else
        forward_mlp(layer, tile);
    if (viewer.record) viewer.record->keep_update(sublayer, viewer.first_token, tile.update);
}

template <class Real>
void FusedPass<Real>::forward_attention(std::int64_t index, TileBuffers& tile) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    multiply(layer.joined, layer.attention_normalised, weights.qkv.t());
    tools_.kernels.rotate(tile.tokens, tile.size.length, shape_.heads, shape_.width / shape_.heads, tools_.cosine,
                          tools_.sine, numbers<Real>(layer.joined));
    const std::vector<at::Tensor> parts = split_heads(layer.joined, tile, shape_.heads);
    layer.attended = tools_.attention.forward(parts[0], parts[1], parts[2]);
    multiply(tile.update, join_heads(layer.attended.mixed, tile), weights.out.t());
}

template <class Real>
void FusedPass<Real>::forward_mlp(std::int64_t index, TileBuffers& tile) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    multiply(layer.gate_up, layer.mlp_normalised, weights.gate_up.t());
    tools_.kernels.swiglu(tile.tokens, shape_.hidden, numbers<Real>(layer.gate_up), numbers<Real>(tile.product));
    multiply(tile.update, tile.product, weights.down.t());
}

/// Leaves log probabilities where the logits were.
template <class Real>
at::Tensor FusedPass<Real>::loss(const at::Tensor& targets, TileBuffers& tile) const {
    if (shape_.type == at::kFloat)
        multiply(tile.logits, tile.final_normalised, model_.head.t());
    else if (tile.logits.is_cuda())
        at::mm_out(tile.logits, tile.final_normalised, model_.head.t(), at::kFloat);
    else
        tile.logits.copy_(at::mm(tile.final_normalised, model_.head.t()));
    at::_log_softmax_out(tile.logits, tile.logits, 1, false);
    return tile.logits.gather(1, targets.unsqueeze(1)).sum(at::kDouble).neg_();
}

/// Leaves dL/dx̂ of the final norm in `normalised_gradient`.
template <class Real>
void FusedPass<Real>::loss_backward(const at::Tensor& targets, double weight, TileBuffers& tile,
                                    FusedTensors& gradients) const {
    const at::Tensor places = targets.unsqueeze(1);
    tile.logits.exp_();
    tile.logits.scatter_(1, places, tile.logits.gather(1, places).sub_(1.0));
    tile.logits.mul_(weight);
    const at::Tensor logits = tile.logits.to(shape_.type);
    multiply(tile.normalised_gradient, logits, model_.head);
    add_product(gradients.head, logits, tile.final_normalised);
}

template <class Real>
void FusedPass<Real>::backward(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const {
    if (course_) {
        backward_routing(tile, gradients, viewer);
        return;
    }
    const std::int64_t last = shape_.sublayers() + 1;
    tile.stream.zero_();  // from here on its gradient
    for (std::int64_t sublayer = last; sublayer >= 1; --sublayer) {
        if (sublayer < last) backward_sublayer(sublayer, tile, tile.stream, gradients);
        tools_.kernels.normalise_backward(tile.tokens, shape_.width, numbers<Real>(tile.normalised_gradient),
                                          numbers<Real>(tile.normalised_of(sublayer)),
                                          tile.inverse_rms[sublayer - 1].template const_data_ptr<float>(),
                                          numbers<Real>(tile.stream));
    }
}

template <class Real>
void FusedPass<Real>::backward_routing(TileBuffers& tile, FusedTensors& gradients, const Viewer& viewer) const {
    const std::size_t blocks = course_->plan.blocks.size();
    for (at::Tensor* sums : {&tile.source_gradients, &tile.query_parts, &tile.bias_parts}) sums->zero_();
    routing_->merge_backward(shape_.sublayers() + 1, tile, viewer);
    routing_->score_backward(blocks, tile, viewer);
    for (std::size_t block = blocks; block-- > 0;) backward_block(block, tile, gradients, viewer);
    add_router_gradients(tile, gradients);
}

template <class Real>
void FusedPass<Real>::backward_block(std::size_t block, TileBuffers& tile, FusedTensors& gradients,
                                     const Viewer& viewer) const {
    const FusedBlock& course = course_->plan.blocks[block];
    routing_->make_sources_backward(block, tile);
    for (std::int64_t j = course.length - 1; j >= 0; --j) {
        // After the last sublayer no router reads the running sum.
        const bool last = j == course.length - 1;
        backward_sublayer(course.first + j, tile, last ? tile.bases[course.kind_of.back()] : tile.update, gradients);
        routing_->merge_backward(course.first + j, tile, viewer);
    }
    routing_->score_backward(block, tile, viewer);
}

template <class Real>
void FusedPass<Real>::backward_sublayer(std::int64_t sublayer, TileBuffers& tile, const at::Tensor& update_gradient,
                                        FusedTensors& gradients) const {
    const std::int64_t layer = (sublayer - 1) / 2;
    if (is_attention(sublayer))
        backward_attention(layer, tile, update_gradient, gradients);
    else
        backward_mlp(layer, tile, update_gradient, gradients);
}

template <class Real>
void FusedPass<Real>::backward_attention(std::int64_t index, TileBuffers& tile, const at::Tensor& update_gradient,
                                         FusedTensors& gradients) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    FusedLayer& target = gradients.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    add_product(target.out, update_gradient, join_heads(layer.attended.mixed, tile));
    multiply(tile.mixed_gradient, update_gradient, weights.out);
    const std::vector<at::Tensor> parts = split_heads(layer.joined, tile, shape_.heads);
    const at::Tensor mixed_gradient =
        tile.mixed_gradient.view({tile.size.sequences, tile.size.length, shape_.heads, -1}).transpose(1, 2);
    std::array<at::Tensor, 3> inputs =
        tools_.attention.backward(mixed_gradient, parts[0], parts[1], parts[2], layer.attended);
    for (at::Tensor& input : inputs) input = join_heads(input, tile);
    tools_.kernels.rotate_back(tile.tokens, tile.size.length, shape_.heads, shape_.width / shape_.heads, tools_.cosine,
                               tools_.sine, numbers<Real>(inputs[0]), numbers<Real>(inputs[1]),
                               numbers<Real>(inputs[2]), numbers<Real>(tile.joined_gradient));
    add_product(target.qkv, tile.joined_gradient, layer.attention_normalised);
    multiply(tile.normalised_gradient, tile.joined_gradient, weights.qkv);
}

template <class Real>
void FusedPass<Real>::backward_mlp(std::int64_t index, TileBuffers& tile, const at::Tensor& update_gradient,
                                   FusedTensors& gradients) const {
    const FusedLayer& weights = model_.layers[static_cast<std::size_t>(index)];
    FusedLayer& target = gradients.layers[static_cast<std::size_t>(index)];
    TileBuffers::Layer& layer = tile.layers[static_cast<std::size_t>(index)];
    multiply(tile.product, update_gradient, weights.down);
    tools_.kernels.swiglu_backward(tile.tokens, shape_.hidden, numbers<Real>(layer.gate_up),
                                   numbers<Real>(tile.product));
    add_product(target.down, update_gradient, tile.product);
    add_product(target.gate_up, layer.gate_up, layer.mlp_normalised);
    multiply(tile.normalised_gradient, layer.gate_up, weights.gate_up);
}

template <class Real>
void FusedPass<Real>::add_embedding_gradient(const at::Tensor& tokens, TileBuffers& tile,
                                             FusedTensors& gradients) const {
    const at::Tensor rows = course_ ? tile.source_gradients.select(1, 0) : tile.stream;
    if (tools_.kernels.whole_batch) {
        gradients.embedding =
            at::embedding_dense_backward(rows.to(at::kFloat).contiguous(), tokens, shape_.vocabulary, -1, false);
        return;
    }
    const std::int64_t* places = tokens.const_data_ptr<std::int64_t>();
    const float* values = rows.const_data_ptr<float>();
    float* table = gradients.embedding.mutable_data_ptr<float>();
    for (std::int64_t t = 0; t < tile.tokens; ++t)
        for (std::int64_t c = 0; c < shape_.width; ++c)
            table[places[t] * shape_.width + c] += values[t * rows.stride(0) + c];
}

/// What the tile's tokens have given to queries and biases, in parts.
template <class Real>
void FusedPass<Real>::add_router_gradients(const TileBuffers& tile, FusedTensors& gradients) const {
    gradients.query.add_(tile.query_parts.sum(1));
    const at::Tensor biases = tile.bias_parts.sum(1);  // [groups, 2, 16]
    for (std::size_t i = 0; i < course_->plan.groups.size(); ++i) {
        const FusedGroup& group = course_->plan.groups[i];
        const at::Tensor own = biases[static_cast<std::int64_t>(i)].narrow(1, 0, group.routers);  // [2, R]
        gradients.bias.narrow(0, group.first, group.routers).add_(own.t());
    }
}

template class FusedPass<float>;
template class FusedPass<Bf16>;

}  // namespace wavlab
