// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

namespace wavlab {

/// What some work gives a device to do, kept so that the device can be given it again at once. The host's part of the
/// work is done only once: everything that differs from one time to the next must lie in tensors that stay where they
/// are, and so must what is kept outside of the work.
class StepGraph {
public:
    virtual ~StepGraph() = default;
    /// Runs `work`; what it gives the device is kept instead of done. To be called once. Throws when it cannot be kept
    /// (as when the work waits for the device); then nothing of it has been done.
    virtual void capture(const std::function<void()>& work) = 0;
    /// Gives the device what was kept. Throws when the device does not take it; then nothing of it is done.
    virtual void replay() = 0;
};

/// A CUDA graph. It is captured on the stream that is the thread's then, which may not be the default one, and replayed
/// there; what the work allocates lies in memory of its own as long as the graph lives. Null for a device that has no
/// such graphs.
std::unique_ptr<StepGraph> make_step_graph(c10::Device device);

}  // namespace wavlab
