// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <thread>

#ifdef WAVLAB_WITH_CUDA
#    include <ATen/cuda/CUDAContextLight.h>
#    include <c10/cuda/CUDACachingAllocator.h>
#    include <c10/cuda/CUDAFunctions.h>
#    include <cuda_runtime_api.h>
#endif

#include "core/error.h"
#include "model/memory_check.h"

namespace wavlab {

namespace {

std::string cpu_title(std::int64_t threads) {
    const int count = thread_count(threads);
    return "CPU, " + std::to_string(count) + (count == 1 ? " thread" : " threads");
}

ChosenDevice cpu(std::int64_t threads, const std::string& reason) {
    const int count = thread_count(threads);
    const std::string title = "the CPU (" + std::to_string(count) + (count == 1 ? " thread)" : " threads)");
    return {at::kCPU, {"cpu", cpu_title(threads), reason + title + " is used"}};
}

#ifdef WAVLAB_WITH_CUDA

bool driver_present() {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (driver) dlclose(driver);
    return driver != nullptr;
}

int gpu_count() { return driver_present() ? static_cast<int>(c10::cuda::device_count()) : 0; }

/// Why GPU `index` cannot be used; empty when a first operation on it works.
std::string problem_with_gpu(int index) {
    if (!driver_present()) return "no NVIDIA driver was found";
    const int count = gpu_count();
    if (count == 0) return "the NVIDIA driver found no GPU";
    if (index >= count)
        return "there is no GPU cuda:" + std::to_string(index) + " (the last one is cuda:" + std::to_string(count - 1) +
               ")";
    try {
        const at::Tensor probe =
            at::ones({2}, at::TensorOptions().device(at::kCUDA, static_cast<c10::DeviceIndex>(index)));
        if (probe.sum().item<float>() == 2.0F) return "";
        return "the GPU computes wrong results";
    } catch (const c10::Error& error) {
        std::string text = error.what_without_backtrace();
        return "the GPU cannot be used (" + text.substr(0, text.find('\n')) + ")";
    }
}

std::string gpu_title(int index) { return at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(index))->name; }

/// What is allocated without a device (page-locked memory, handles) belongs to this thread's GPU from here on.
void use_device(at::Device device) {
    if (device.is_cuda()) c10::cuda::set_device(device.index());
}

double current(const c10::CachingAllocator::StatArray& stats) {
    return static_cast<double>(stats[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current);
}

#else

int gpu_count() { return 0; }
std::string problem_with_gpu(int) { return "this program was built without CUDA"; }
std::string gpu_title(int) { return ""; }
void use_device(at::Device) {}

#endif

/// cuBLAS gives the same bits only with a workspace of fixed size, and LibTorch looks for this once, at the first
/// matrix product of the process, whether that one has to be deterministic or not. The program sets it when it starts,
/// before there are other threads; here it is for whoever uses this module in another way.
void fix_cublas_workspace() { setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0); }

ChosenDevice gpu(int index, const std::string& reason) {
    fix_cublas_workspace();
    const std::string title = gpu_title(index);
    return {at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index)),
            {"cuda:" + std::to_string(index), title, reason + "the GPU " + title + " is used"}};
}

/// The N of "cuda:N", 0 for "cuda"; empty for anything else.
std::optional<int> gpu_index(const std::string& name) {
    if (name == "cuda") return 0;
    if (!name.starts_with("cuda:")) return std::nullopt;
    int index = -1;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + 5, end, index);
    if (error != std::errc() || rest != end || index < 0 || index > 127) return std::nullopt;
    return index;
}

std::mutex computation_mutex;
int training_runs = 0;       // of this process
int deterministic_runs = 0;  // of those

void set_determinism(bool deterministic) {
    at::Context& context = at::globalContext();
    context.setDeterministicAlgorithms(deterministic, false);
    context.setDeterministicCuDNN(deterministic);
    context.setBenchmarkCuDNN(false);
    context.setDeterministicFillUninitializedMemory(false);
    context.setAllowBF16ReductionCuBLAS(false);  // sums of bf16 products in fp32, however cuBLAS cuts them up
}

/// Streams that nobody has now. They are used again, as libraries keep work space for every stream that they have seen.
std::mutex stream_mutex;
std::vector<c10::Stream> idle_streams;

std::optional<c10::Stream> take_stream(at::Device device) {
    if (device.is_cpu()) return std::nullopt;
    synchronize(device);  // streams know nothing of each other
    const std::scoped_lock lock(stream_mutex);
    for (auto idle = idle_streams.rbegin(); idle != idle_streams.rend(); ++idle) {
        if (idle->device() != device) continue;
        const c10::Stream stream = *idle;
        idle_streams.erase(std::next(idle).base());
        return stream;
    }
    return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, /*isHighPriority=*/false);
}

void prepare_thread(const TrainSettings& settings, at::Device device) {
    at::set_num_threads(thread_count(settings.threads));
    use_device(device);
}

}  // namespace

int thread_count(std::int64_t threads) {
    if (threads > 0) return static_cast<int>(std::min<std::int64_t>(threads, 1024));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

ChosenDevice choose_device(const std::string& wanted, std::int64_t threads) {
    if (wanted == "cpu") return cpu(threads, "as the experiment asks, ");
    if (wanted == "auto") {
        const std::string problem = problem_with_gpu(0);
        if (problem.empty()) return gpu(0, "a GPU was found, so ");
        return cpu(threads, problem + ", so ");
    }
    const std::optional<int> index = gpu_index(wanted);
    if (!index) throw InputError("there is no device '" + wanted + "': it may be auto, cpu, cuda or cuda:N");
    const std::string problem = problem_with_gpu(*index);
    if (!problem.empty())
        throw InputError("the device '" + wanted + "' cannot be used: " + problem + "; choose auto or cpu");
    return gpu(*index, "as the experiment asks, ");
}

std::vector<std::string> device_names() {
    std::vector<std::string> names{"auto", "cpu"};
    for (int index = 0; index < gpu_count(); ++index) names.push_back("cuda:" + std::to_string(index));
    return names;
}

void configure_computation(const TrainSettings& settings, at::Device device) {
    prepare_thread(settings, device);
    const std::scoped_lock lock(computation_mutex);
    if (training_runs == 0) set_determinism(settings.deterministic);
}

ComputationHold::ComputationHold(const TrainSettings& settings, at::Device device)
    : deterministic_(settings.deterministic) {
    prepare_thread(settings, device);
    const std::scoped_lock lock(computation_mutex);
    ++training_runs;
    deterministic_runs += deterministic_ ? 1 : 0;
    set_determinism(deterministic_runs > 0);
}

ComputationHold::~ComputationHold() {
    const std::scoped_lock lock(computation_mutex);
    --training_runs;
    deterministic_runs -= deterministic_ ? 1 : 0;
    set_determinism(deterministic_runs > 0);
}

#ifdef WAVLAB_WITH_CUDA

std::optional<double> free_memory_bytes(at::Device device) {
    if (!device.is_cuda()) return available_memory_bytes();
    std::size_t free = 0;
    std::size_t total = 0;
    c10::cuda::set_device(device.index());
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) return std::nullopt;
    // What an earlier run of this process left with the allocator can be used again.
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
    return static_cast<double>(free) + current(stats.reserved_bytes) - current(stats.allocated_bytes);
}

double used_memory_bytes(at::Device device) {
    if (!device.is_cuda()) return resident_memory_bytes();
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
    return static_cast<double>(
        stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak);
}

void forget_used_memory(at::Device device) {
    if (device.is_cuda()) c10::cuda::CUDACachingAllocator::resetPeakStats(device.index());
}

void release_unused_memory() {
    if (gpu_count() > 0) c10::cuda::CUDACachingAllocator::emptyCache();
}

#else

void forget_used_memory(at::Device) {}
void release_unused_memory() {}
std::optional<double> free_memory_bytes(at::Device) { return available_memory_bytes(); }
double used_memory_bytes(at::Device) { return resident_memory_bytes(); }

#endif

std::string memory_place(at::Device device) { return device.is_cuda() ? "the GPU" : "this machine"; }

OwnStream::OwnStream(at::Device device) : stream_(take_stream(device)), guard_(stream_) {}

OwnStream::~OwnStream() {
    if (!stream_) return;
    guard_.reset();
    const std::scoped_lock lock(stream_mutex);
    idle_streams.push_back(*stream_);
}

void synchronize(at::Device device) {
    if (device.is_cpu()) return;
    const c10::impl::VirtualGuardImpl guard(device.type());
    guard.getStream(device).synchronize();
}

HostCopy::HostCopy(const at::Tensor& values) {
    if (values.is_cpu()) {
        host_ = values.detach();
        return;
    }
    host_ = at::empty(values.sizes(), at::TensorOptions().dtype(values.scalar_type()).pinned_memory(true));
    host_.copy_(values.detach(), /*non_blocking=*/true);
    const c10::impl::VirtualGuardImpl guard(values.device().type());
    arrived_.emplace(values.device().type());
    arrived_->record(guard.getStream(values.device()));
}

std::vector<double> HostCopy::wait() {
    if (arrived_) arrived_->synchronize();
    const at::Tensor numbers = host_.to(at::kDouble).contiguous();
    const double* first = numbers.const_data_ptr<double>();
    return {first, first + numbers.numel()};
}

}  // namespace wavlab
