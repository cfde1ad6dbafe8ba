// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include <QObject>
#include <QString>

#include "core/registry.h"

namespace wavlab {

class MainWindow;

/// A part of the window that brings its own views and actions: the queue, checkpoints, samples, ... One file in
/// app/gui/features/ each, which registers a WindowFeatureDescriptor; the window knows none of them by name. What
/// happens in the window it hears by MainWindow's signals, what it needs it reaches by MainWindow's accessors.
class WindowFeature : public QObject {
    Q_OBJECT

public:
    explicit WindowFeature(QObject* parent) : QObject(parent) {}

    /// Adds its actions to the registry; their menus come after the window's own. The window's views do not exist yet.
    virtual void add_actions() {}
    /// Adds its docks to the desk; the window's own views are there.
    virtual void add_views() {}
    /// Enables its actions, or says why they cannot be used now. Called after everything that may change that.
    virtual void refresh_actions() {}
    /// Why the window can train no run of its own now; empty when it can.
    virtual QString run_obstacle() const { return {}; }
    /// The command line asks for what the form describes to be started (--start). True: it is no single run but this
    /// feature's business, which tells by MainWindow's `run_over` or `cannot_start` how it goes.
    virtual bool start_instead() { return false; }
    /// The window is about to close without asking (SIGINT, SIGTERM): `may_close` must not ask either.
    virtual void interrupt() {}
    /// False keeps the window open: the feature has asked the user and closes the window itself once that is settled.
    virtual bool may_close() { return true; }
};

struct WindowFeatureDescriptor {
    std::string id;
    int order = 0;
    /// The feature becomes a child of the window.
    std::function<WindowFeature*(MainWindow& window)> make;
};

using WindowFeatureRegistry = Registry<WindowFeatureDescriptor>;

}  // namespace wavlab
