// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>

#include <QObject>
#include <QString>
#include <QStringList>
#include <QUndoStack>

#include "core/sweep.h"
#include "views/starting_points.h"

namespace wavlab {

/// Everything that the experiment form says, to come back to it exactly: half-typed numbers included.
struct FormState {
    Experiment base;
    OptionValues method_values;        ///< of every method that was looked at
    QStringList methods;               ///< whose options are shown
    std::int64_t width = 0;            ///< which the MLP's width follows
    std::map<QString, QString> texts;  ///< what each field says, by dotted key
    std::map<QString, QString> lists;  ///< the same for those that have several values
    QStringList axes;                  ///< of these, in the order of the sweep
    FormOrigin origin;
    Sweep as_loaded;

    friend bool operator==(const FormState&, const FormState&) = default;
};

/// The form's steps to undo and redo. Edits of one field that follow each other are one step, until `close`.
class FormHistory : public QObject {
    Q_OBJECT

public:
    /// `key`: the field that was edited, or empty when the whole form was filled.
    using Restore = std::function<void(const FormState& state, const QString& key)>;

    FormHistory(Restore restore, QObject* parent);

    /// Forgets all steps; the form is as `now` says.
    void reset(FormState now);
    /// The form was changed by the user: `what` is "change of Layers".
    void note(const QString& key, const QString& what, FormState now);
    /// The form has changed by itself; that is no step.
    void amend(FormState now) { now_ = std::move(now); }
    /// The next edit is a step of its own, whatever field it is of.
    void close() { ++group_; }

    QUndoStack& stack() { return stack_; }

private:
    class Step;

    Restore restore_;
    FormState now_;
    int group_ = 0;
    bool restoring_ = false;
    QUndoStack stack_;
};

}  // namespace wavlab
