// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

#include "core/experiment.h"
#include "model/model_library.h"

namespace wavlab {

struct ChosenDevice {
    at::Device device = at::kCPU;
    DeviceChoice choice;
};

/// The device meant by "auto", "cpu", "cuda" or "cuda:N", and why. "auto" is the first GPU that works, else the CPU.
/// Throws InputError when a GPU is asked for by name and cannot be used.
ChosenDevice choose_device(const std::string& wanted, std::int64_t threads);

/// "auto", "cpu" and every GPU: what can be chosen here.
std::vector<std::string> device_names();

/// The number of CPU threads meant by the option `threads` (0: all cores).
int thread_count(std::int64_t threads);

/// Sets thread count and determinism of LibTorch for an evaluation or a sample. To be called on the thread that
/// computes: the count is that thread's own. Determinism is the whole program's, so a run that trains keeps its own.
void configure_computation(const TrainSettings& settings, at::Device device);

/// The same for a run; while the object lives, determinism stays as the runs of this process need it: deterministic as
/// long as one of them asks for it.
class ComputationHold {
public:
    ComputationHold(const TrainSettings& settings, at::Device device);
    ~ComputationHold();
    ComputationHold(const ComputationHold&) = delete;
    ComputationHold& operator=(const ComputationHold&) = delete;

private:
    bool deterministic_ = false;
};

/// Free memory where the device computes: of the machine, or of the GPU.
std::optional<double> free_memory_bytes(at::Device device);
/// Memory in use: the process's resident set, or the most that was allocated on the GPU so far.
double used_memory_bytes(at::Device device);
/// Starts used_memory_bytes of a GPU anew.
void forget_used_memory(at::Device device);
/// Gives GPU memory that nothing uses back to the system, for other processes.
void release_unused_memory();
/// "this machine" or "the GPU", for messages.
std::string memory_place(at::Device device);

/// While it lives, what this thread gives a GPU to do goes into a queue of its own (a CUDA stream), so that it need not
/// wait for other threads' work and can be captured (see StepGraph). To be destroyed on the same thread, in the reverse
/// order. Of no effect on the CPU.
class OwnStream {
public:
    explicit OwnStream(at::Device device);
    ~OwnStream();
    OwnStream(const OwnStream&) = delete;
    OwnStream& operator=(const OwnStream&) = delete;

private:
    std::optional<c10::Stream> stream_;
    c10::OptionalStreamGuard guard_;
};

/// Waits until the device has done what this thread gave it.
void synchronize(at::Device device);

/// A few numbers on their way from the device to the host, without stopping the device. On the CPU they are there at
/// once.
class HostCopy {
public:
    /// `values`: a vector of fp32.
    explicit HostCopy(const at::Tensor& values);
    /// Waits for the copy.
    std::vector<double> wait();

private:
    at::Tensor host_;
    std::optional<c10::Event> arrived_;
};

}  // namespace wavlab
