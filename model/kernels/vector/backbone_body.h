// SPDX-License-Identifier: GPL-3.0-or-later
// Norms, SwiGLU and rotary positions; see vector_body.h.
#pragma once

#include "model/kernels/vector/vector_body.h"

namespace wavlab {
namespace {

void add_and_normalise(std::int64_t tokens, std::int64_t width, float eps, const float* update, float* stream,
                       float* normalised, float* inverse_rms) {
    for (std::int64_t t = 0; t < tokens; ++t) {
        float* row = stream + t * width;
        Vector squares{};
        for (std::int64_t c = 0; c < width; c += lanes) {
            Vector value = load(row + c);
            if (update) {
                value += load(update + t * width + c);
                store(row + c, value);
            }
            squares += value * value;
        }
        const float inverse = inverse_root(sum(squares) / static_cast<float>(width), eps);
        inverse_rms[t] = inverse;
        for (std::int64_t c = 0; c < width; c += lanes) store(normalised + t * width + c, load(row + c) * inverse);
    }
}

void normalise_backward(std::int64_t tokens, std::int64_t width, const float* normalised_gradient,
                        const float* normalised, const float* inverse_rms, float* gradient) {
    for (std::int64_t t = 0; t < tokens; ++t) {
        const float *g = normalised_gradient + t * width, *x = normalised + t * width;
        const float mean = dot(g, x, width) / static_cast<float>(width), inverse = inverse_rms[t];
        float* target = gradient + t * width;
        for (std::int64_t c = 0; c < width; c += lanes)
            store(target + c, load(target + c) + (load(g + c) - load(x + c) * mean) * inverse);
    }
}

void inverse_rms(std::int64_t tokens, std::int64_t width, std::int64_t stride, float eps, const float* values,
                 std::int64_t target_stride, float* target) {
    for (std::int64_t t = 0; t < tokens; ++t) {
        const float* row = values + t * stride;
        target[t * target_stride] = inverse_root(dot(row, row, width) / static_cast<float>(width), eps);
    }
}

void swiglu(std::int64_t tokens, std::int64_t hidden, const float* joined, float* product) {
    for (std::int64_t t = 0; t < tokens; ++t) {
        const float *gates = joined + t * 2 * hidden, *ups = gates + hidden;
        for (std::int64_t c = 0; c < hidden; c += lanes) {
            const Vector gate = load(gates + c);
            store(product + t * hidden + c, gate * load(ups + c) / (1.0f + exponential(-gate)));
        }
    }
}

void swiglu_backward(std::int64_t tokens, std::int64_t hidden, float* joined, float* product) {
    for (std::int64_t t = 0; t < tokens; ++t) {
        float *gates = joined + t * 2 * hidden, *ups = gates + hidden, *products = product + t * hidden;
        for (std::int64_t c = 0; c < hidden; c += lanes) {
            const Vector gate = load(gates + c), up = load(ups + c), gradient = load(products + c);
            const Vector sigmoid = 1.0f / (1.0f + exponential(-gate)), activated = gate * sigmoid;
            store(products + c, activated * up);
            store(ups + c, gradient * activated);
            store(gates + c, gradient * up * (sigmoid + activated * (1.0f - sigmoid)));
        }
    }
}

/// One head's row: channel j turns with channel j + half; `direction` is 1, or -1 to turn back.
inline void turn(std::int64_t half, const float* cosine, const float* sine, float direction, const float* source,
                 float* target) {
    for (std::int64_t j = 0; j < half; ++j) {
        const float first = source[j], second = source[j + half], turned = direction * sine[j];
        target[j] = first * cosine[j] - second * turned;
        target[j + half] = second * cosine[j] + first * turned;
    }
}

void rotate(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width, const float* cosine,
            const float* sine, float* joined) {
    const std::int64_t half = head_width / 2, width = heads * head_width;
    for (std::int64_t t = 0; t < tokens; ++t) {
        const std::int64_t position = t % length * half;
        float* row = joined + t * 3 * width;
        for (std::int64_t head = 0; head < 2 * heads; ++head, row += head_width)
            turn(half, cosine + position, sine + position, 1.0f, row, row);
    }
}

void rotate_back(std::int64_t tokens, std::int64_t length, std::int64_t heads, std::int64_t head_width,
                 const float* cosine, const float* sine, const float* query, const float* key, const float* value,
                 float* joined) {
    const std::int64_t half = head_width / 2, width = heads * head_width;
    for (std::int64_t t = 0; t < tokens; ++t) {
        const std::int64_t position = t % length * half;
        float* row = joined + t * 3 * width;
        for (std::int64_t j = 0; j < width; j += head_width) {
            turn(half, cosine + position, sine + position, -1.0f, query + t * width + j, row + j);
            turn(half, cosine + position, sine + position, -1.0f, key + t * width + j, row + width + j);
        }
        for (std::int64_t c = 0; c < width; c += lanes) store(row + 2 * width + c, load(value + t * width + c));
    }
}

}  // namespace
}  // namespace wavlab
