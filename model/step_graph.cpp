// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/step_graph.h"

#ifdef WAVLAB_WITH_CUDA
#    include <ATen/core/CachingHostAllocator.h>
#    include <ATen/cuda/CUDAGraph.h>
#    include <c10/cuda/CUDACachingAllocator.h>
#    include <c10/cuda/CUDAException.h>
#    include <c10/cuda/CUDAStream.h>
#    include <cuda_runtime_api.h>
#endif

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "model/device.h"
#include "model/memory_check.h"

namespace wavlab {

#ifdef WAVLAB_WITH_CUDA

namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;
using c10::cuda::CUDAStream;

/// LibTorch's allocator is made for one capture at a time.
std::mutex capture_mutex;

/// Other steps go on beside the graph and allocate what they need as before, so that the memory of a step must be there
/// twice. How much that is the steps before have shown.
void require_room(at::Device device) {
    const auto stats = allocator::getDeviceStats(device.index());
    const auto& allocated = stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    const double needed = 2.2 * static_cast<double>(allocated.peak - allocated.current);
    const std::optional<double> free = free_memory_bytes(device);
    if (free && needed > *free)
        throw WorkError("with it steps need about " + memory_text(needed) + " and the GPU has " + memory_text(*free) +
                        " free");
}

/// Memory of the GPU and page-locked one for what is allocated on a stream while this is open: as long as it lives,
/// nobody else gets it.
class GraphMemory {
public:
    explicit GraphMemory(CUDAStream stream) : device_(stream.device_index()), pool_(at::cuda::graph_pool_handle()) {
        const cudaStream_t own = stream.stream();
        allocator::beginAllocateToPool(device_, pool_, [own](cudaStream_t other) { return other == own; });
        page_locked().begin_allocate_to_pool(pool_,
                                             [same = stream.unwrap()](c10::Stream other) { return other == same; });
    }
    ~GraphMemory() {
        try {
            close();
            allocator::releasePool(device_, pool_);
            page_locked().release_pool(pool_);
        } catch (const std::exception&) {
            // What the allocator does not take back, the end of the process gives back.
        }
    }
    GraphMemory(const GraphMemory&) = delete;
    GraphMemory& operator=(const GraphMemory&) = delete;

    void close() {
        if (!std::exchange(open_, false)) return;
        allocator::endAllocateToPool(device_, pool_);
        page_locked().end_allocate_to_pool(pool_);
    }

private:
    static at::HostAllocator& page_locked() { return *at::getHostAllocator(at::kCUDA); }

    c10::DeviceIndex device_;
    c10::MempoolId_t pool_;
    bool open_ = true;
};

/// A capture on its way. A stream on which one was begun is of no use for anything else until it is ended, however that
/// goes.
class Capture {
public:
    explicit Capture(CUDAStream stream) : stream_(stream) {
        // Of this thread only: others may allocate and wait meanwhile.
        C10_CUDA_CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
    }
    ~Capture() {
        if (!ended_) (void)cudaStreamEndCapture(stream_, &graph_);
        if (graph_) (void)cudaGraphDestroy(graph_);
        (void)cudaGetLastError();  // or the next kernel would be blamed for it
    }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    cudaGraphExec_t end() {
        ended_ = true;
        C10_CUDA_CHECK(cudaStreamEndCapture(stream_, &graph_));
        cudaGraphExec_t result = nullptr;
        C10_CUDA_CHECK(cudaGraphInstantiateWithFlags(&result, graph_, cudaGraphInstantiateFlagAutoFreeOnLaunch));
        return result;
    }

private:
    CUDAStream stream_;
    cudaGraph_t graph_ = nullptr;
    bool ended_ = false;
};

/// The CUDAGraph of LibTorch 2.11 is not used: when a capture fails it leaves the allocator with a function that refers
/// to the destroyed graph, and every later allocation of the process calls it.
class CudaStepGraph : public StepGraph {
public:
    CudaStepGraph() = default;
    ~CudaStepGraph() override {
        if (!graph_) return;
        (void)cudaGraphExecDestroy(graph_);  // after the replays that are on their way
        (void)cudaGetLastError();
    }
    CudaStepGraph(const CudaStepGraph&) = delete;
    CudaStepGraph& operator=(const CudaStepGraph&) = delete;

    void capture(const std::function<void()>& work) override {
        const CUDAStream stream = c10::cuda::getCurrentCUDAStream();
        if (stream == c10::cuda::getDefaultCUDAStream(stream.device_index()))
            throw WorkError("the default stream cannot be captured");
        const std::scoped_lock lock(capture_mutex);
        stream.synchronize();
        allocator::emptyCache();  // what steps before have used
        require_room(stream.device());
        stream_ = stream;
        memory_.emplace(stream);  // before the capture begins, as LibTorch does it
        try {
            Capture capture(stream);
            work();
            graph_ = capture.end();
        } catch (...) {
            memory_.reset();
            throw;
        }
        memory_->close();
    }

    void replay() override {
        if (c10::cuda::getCurrentCUDAStream() != *stream_) throw WorkError("it is of another stream");
        C10_CUDA_CHECK(cudaGraphLaunch(graph_, *stream_));
    }

private:
    std::optional<CUDAStream> stream_;
    std::optional<GraphMemory> memory_;
    cudaGraphExec_t graph_ = nullptr;
};

}  // namespace

std::unique_ptr<StepGraph> make_step_graph(c10::Device device) {
    return device.is_cuda() ? std::make_unique<CudaStepGraph>() : nullptr;
}

#else

std::unique_ptr<StepGraph> make_step_graph(c10::Device) { return nullptr; }

#endif

}  // namespace wavlab
