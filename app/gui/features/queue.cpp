// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/features/queue.h"

#include "app/gui/main_window.h"
#include "core/error.h"

namespace wavlab {

struct QueueFeature::Implementation {};

QueueFeature::QueueFeature(MainWindow& window) : WindowFeature(&window) {}
QueueFeature::~QueueFeature() = default;
QString QueueFeature::enqueue_obstacle() const { return QStringLiteral("There is no queue yet."); }
int QueueFeature::enqueue(const Sweep&) { throw InputError("there is no queue yet"); }
int QueueFeature::enqueue(const Experiment&) { throw InputError("there is no queue yet"); }
bool QueueFeature::is_working() const { return false; }
void QueueFeature::add_actions() {}
void QueueFeature::add_views() {}
void QueueFeature::refresh_actions() {}
bool QueueFeature::may_close() { return true; }

}  // namespace wavlab
