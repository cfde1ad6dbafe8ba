// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/model/emulated_cuda.h"

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include <c10/util/BFloat16.h>
#include <ucontext.h>

namespace wavlab::cuda {

Index threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr std::size_t lanes = 32;
constexpr std::size_t stack_bytes = 256 * 1024;

/// Opens when all have arrived.
struct Barrier {
    std::size_t members = 0, arrived = 0;
    std::int64_t opened = 0;
};

struct Warp {
    Barrier barrier;
    std::array<std::array<float, lanes>, 2> given{};  ///< of the last two shuffles
};

struct Fiber {
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_bytes);
    const Barrier* awaited = nullptr;
    std::int64_t awaited_opening = 0;
    std::int64_t shuffles = 0;
    bool ended = false;
};

/// The block of threads that runs now.
struct Block {
    std::vector<Fiber> fibers;
    std::vector<Warp> warps;
    Barrier all;
    std::vector<float> shared;
    ucontext_t scheduler{};
    const std::function<void()>* thread = nullptr;

    Fiber& running() { return fibers[threadIdx.x]; }
    Warp& warp() { return warps[threadIdx.x / lanes]; }
};

Block* block = nullptr;

void wait(Barrier& barrier) {
    if (++barrier.arrived == barrier.members) {
        barrier.arrived = 0;
        ++barrier.opened;
        return;
    }
    Fiber& fiber = block->running();
    fiber.awaited = &barrier;
    fiber.awaited_opening = barrier.opened + 1;
    swapcontext(&fiber.context, &block->scheduler);
}

void begin_fiber() {
    (*block->thread)();
    block->running().ended = true;
    swapcontext(&block->running().context, &block->scheduler);
}

void prepare(Fiber& fiber) {
    fiber.ended = false;
    fiber.awaited = nullptr;
    fiber.shuffles = 0;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = stack_bytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, begin_fiber, 0);
}

void run_block() {
    for (Fiber& fiber : block->fibers) prepare(fiber);
    // What nobody writes must not matter.
    block->shared.assign(block->shared.size(), std::numeric_limits<float>::quiet_NaN());
    for (std::size_t left = block->fibers.size(); left > 0;) {
        bool moved = false;
        for (std::size_t i = 0; i < block->fibers.size(); ++i) {
            Fiber& fiber = block->fibers[i];
            if (fiber.ended || (fiber.awaited && fiber.awaited->opened < fiber.awaited_opening)) continue;
            fiber.awaited = nullptr;
            threadIdx.x = static_cast<unsigned>(i);
            swapcontext(&block->scheduler, &fiber.context);
            moved = true;
            if (fiber.ended) --left;
        }
        if (!moved) throw std::logic_error("the threads of a block wait for each other");
    }
}

}  // namespace

void __syncthreads() { wait(block->all); }
void __syncwarp() { wait(block->warp().barrier); }

float __shfl_xor_sync(unsigned mask, float value, int distance) {
    if (mask != 0xffffffffu) throw std::logic_error("all lanes take part in a shuffle");
    // Two buffers in turn: no lane can be two shuffles ahead of another.
    const auto turn = static_cast<std::size_t>(block->running().shuffles++ % 2);
    const std::size_t lane = threadIdx.x % lanes;
    std::array<float, lanes>& given = block->warp().given[turn];
    given[lane] = value;
    wait(block->warp().barrier);
    return given[lane ^ static_cast<std::size_t>(distance)];
}

float emulated_wide(Bf16 value) { return c10::BFloat16(value.bits, c10::BFloat16::from_bits()); }
Bf16 emulated_narrow(float value) { return {c10::BFloat16(value).x}; }

float* emulated_shared_memory() { return block->shared.data(); }

void run_emulated(const Launch& shape, const std::function<void()>& thread) {
    Block own;
    own.fibers.resize(static_cast<std::size_t>(shape.warps) * lanes);
    own.warps.resize(static_cast<std::size_t>(shape.warps));
    for (Warp& warp : own.warps) warp.barrier.members = lanes;
    own.all.members = own.fibers.size();
    own.shared.resize(static_cast<std::size_t>(shape.shared_bytes) / sizeof(float));
    own.thread = &thread;
    block = &own;
    blockDim.x = static_cast<unsigned>(own.fibers.size());
    gridDim.x = static_cast<unsigned>(shape.blocks);
    for (blockIdx.x = 0; blockIdx.x < gridDim.x; ++blockIdx.x) run_block();
    block = nullptr;
}

}  // namespace wavlab::cuda
