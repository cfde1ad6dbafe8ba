// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/form_history.h"

#include <utility>

#include <QScopeGuard>

namespace wavlab {

namespace {

constexpr int most_steps = 200;

}  // namespace

class FormHistory::Step : public QUndoCommand {
public:
    Step(FormHistory& history, QString key, const QString& what, FormState before, FormState after)
        : QUndoCommand(what),
          history_(history),
          key_(std::move(key)),
          group_(history.group_),
          before_(std::move(before)),
          after_(std::move(after)) {}

    int id() const override { return 1; }

    bool mergeWith(const QUndoCommand* other) override {
        const auto* later = static_cast<const Step*>(other);
        if (key_.isEmpty() || later->key_ != key_ || later->group_ != group_) return false;
        after_ = later->after_;
        setObsolete(before_ == after_);
        return true;
    }

    void undo() override { go_to(before_); }
    void redo() override {
        // The form is that already when the step is made.
        if (std::exchange(is_new_, false)) return;
        go_to(after_);
    }

private:
    void go_to(const FormState& state) {
        history_.close();
        history_.restoring_ = true;
        const auto done = qScopeGuard([this] { history_.restoring_ = false; });
        history_.now_ = state;
        history_.restore_(state, key_);
    }

    FormHistory& history_;
    QString key_;
    int group_;
    FormState before_;
    FormState after_;
    bool is_new_ = true;
};

FormHistory::FormHistory(Restore restore, QObject* parent) : QObject(parent), restore_(std::move(restore)) {
    stack_.setUndoLimit(most_steps);
}

void FormHistory::reset(FormState now) {
    now_ = std::move(now);
    close();
    stack_.clear();
}

void FormHistory::note(const QString& key, const QString& what, FormState now) {
    if (restoring_ || now == now_) return;
    FormState before = std::exchange(now_, now);
    stack_.push(new Step(*this, key, what, std::move(before), std::move(now)));
}

}  // namespace wavlab
