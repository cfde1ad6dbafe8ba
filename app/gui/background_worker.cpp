// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/background_worker.h"

namespace wavlab {

BackgroundWorker::BackgroundWorker() : thread_([this](std::stop_token stop) { work(stop); }) {}

BackgroundWorker::~BackgroundWorker() {
    thread_.request_stop();
    thread_.join();
}

void BackgroundWorker::submit(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    arrived_.notify_one();
}

void BackgroundWorker::submit_first(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_front(std::move(task));
    }
    arrived_.notify_one();
}

bool BackgroundWorker::idle() const {
    const std::lock_guard lock(mutex_);
    return !busy_ && tasks_.empty();
}

void BackgroundWorker::work(std::stop_token stop) {
    while (!stop.stop_requested()) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            busy_ = false;
            if (!arrived_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
            busy_ = true;
        }
        task(stop);
    }
}

}  // namespace wavlab
