// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <QMetaObject>
#include <QObject>

namespace wavlab {

/// A thread that works off tasks one after another, so that the window never waits for a disk or a model. Tasks must
/// not throw; what they find goes back to the window's thread with `post`.
class BackgroundWorker {
public:
    using Task = std::function<void(std::stop_token)>;

    BackgroundWorker();
    /// Asks the running task to stop, drops the others, waits for the thread.
    ~BackgroundWorker();
    BackgroundWorker(const BackgroundWorker&) = delete;
    BackgroundWorker& operator=(const BackgroundWorker&) = delete;

    void submit(Task task);
    /// Before all tasks that wait.
    void submit_first(Task task);
    /// Nothing runs and nothing waits.
    bool idle() const;

private:
    void work(std::stop_token stop);

    mutable std::mutex mutex_;
    std::condition_variable_any arrived_;
    std::deque<Task> tasks_;
    bool busy_ = false;
    std::jthread thread_;
};

/// Runs `work` in the thread of `receiver`, unless that is gone by then. May be called from any thread while
/// `receiver` is alive.
template <class Work>
void post(QObject* receiver, Work work) {
    QMetaObject::invokeMethod(receiver, std::move(work), Qt::QueuedConnection);
}

}  // namespace wavlab
