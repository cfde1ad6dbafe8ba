// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace wavlab {

/// A place where one run of a queue goes at a time. A device where several may go at a time stands in a list so often.
struct QueueDevice {
    std::string name;     ///< "cpu", "cuda:0"
    std::string visible;  ///< what CUDA_VISIBLE_DEVICES names this GPU alone; empty for the CPU

    friend bool operator==(const QueueDevice&, const QueueDevice&) = default;
};

/// One for the CPU and one for each GPU of `devices` ("auto", "cpu", "cuda:0", ...). `visible` is this process's
/// CUDA_VISIBLE_DEVICES, empty where it is not set.
std::vector<QueueDevice> queue_devices(const std::vector<std::string>& devices, const std::string& visible);

/// The same with the CUDA_VISIBLE_DEVICES of this process.
std::vector<QueueDevice> queue_devices_here(const std::vector<std::string>& devices);

/// Whether a run with this `train.device` may go there. With GPUs, `auto` means any of them.
bool may_run_on(const QueueDevice& device, const std::string& wanted, const std::vector<QueueDevice>& all);

/// CUDA_VISIBLE_DEVICES for the run's process: the experiment stays as it is, whichever GPU it runs on. Empty: as here.
std::string visible_for(const QueueDevice& device, const std::string& wanted);

}  // namespace wavlab
