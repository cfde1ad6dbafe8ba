// SPDX-License-Identifier: GPL-3.0-or-later
// What the form says: filling and reading it, checking it, going back.
#include <algorithm>
#include <set>
#include <utility>

#include <QApplication>
#include <QScrollArea>
#include <QSet>

#include "core/method.h"
#include "core/tokenizer_descriptor.h"
#include "views/experiment_form.h"
#include "views/form_section.h"
#include "views/translated.h"

namespace wavlab {

namespace {

/// "model.layers = 0: must be 1 or more" stands beside its field: as "Must be 1 or more."
QString beside_field(const ExperimentProblem& problem) {
    QString message = QString::fromStdString(problem.message);
    const qsizetype colon = message.indexOf(QStringLiteral(": "));
    if (message.startsWith(QString::fromStdString(problem.key)) && colon > 0) message.remove(0, colon + 2);
    if (message.isEmpty()) return message;
    message[0] = message[0].toUpper();
    if (message.back().isLetterOrNumber() || message.back() == QLatin1Char(')')) message += QLatin1Char('.');
    return message;
}

}  // namespace

void ExperimentForm::set_experiment(const Experiment& experiment, const FormOrigin& origin) {
    fill(Sweep{experiment, {}}, origin);
}

void ExperimentForm::set_sweep(const Sweep& sweep, const FormOrigin& origin) { fill(sweep, origin); }

void ExperimentForm::fill(const Sweep& sweep, const FormOrigin& origin) {
    const Experiment& experiment = sweep.base;
    filling_ = true;
    base_ = experiment;
    for (const ExperimentField& field : fields_)
        if (OptionEditor* found = editor(QString::fromStdString(field.dotted_key()))) {
            found->set_several(false);
            found->set_value(field.get(experiment));
        }
    for (const SweepAxis& axis : sweep.axes)
        if (OptionEditor* found = editor(QString::fromStdString(axis.key))) found->set_values(axis.values);
    drop_method_fields();
    methods_ = chosen_methods();
    method_values_ = experiment.method;
    method_lists_.clear();
    build_method_fields();
    axes_.clear();
    for (const SweepAxis& axis : sweep.axes)
        if (OptionEditor* found = editor(QString::fromStdString(axis.key))) {
            if (!found->is_several()) found->set_values(axis.values);
            axes_.append(found->key());
        }
    const OptionEditor* width = editor(QStringLiteral("model.width"));
    width_ = width ? std::get<std::int64_t>(width->value().value_or(experiment.model.width)) : experiment.model.width;
    filling_ = false;
    outside_problems_.clear();
    origin_ = origin;
    as_loaded_ = content();
    show_matching_data_options();
    validate();
    const QString title = origin.title.isEmpty() ? QString::fromStdString(experiment.name) : origin.title;
    history_->close();
    history_->note({}, tr("filling with %1").arg(title), state());
    show_origin();
    refresh_start();
    emit edited();
}

QStringList ExperimentForm::chosen_methods() const {
    const OptionEditor* method = editor(QStringLiteral("model.method"));
    QStringList chosen;
    if (!method->is_several()) return {method->text()};
    for (const OptionValue& value : method->values().value_or(std::vector<OptionValue>()))
        chosen.append(QString::fromStdString(to_text(value)));
    return chosen.isEmpty() ? methods_ : chosen;
}

Sweep ExperimentForm::content() const {
    Sweep sweep{whole_experiment(), {}};
    for (const QString& key : axes_) {
        const OptionEditor* found = editor(key);
        if (!found) continue;
        if (const std::optional<std::vector<OptionValue>> values = found->values())
            sweep.axes.push_back({key.toStdString(), *values, 0});
    }
    // The MLP of every width is four times as wide as long as it is for the first.
    const std::string hidden = "model.mlp_hidden";
    if (sweep.base.model.mlp_hidden == 4 * sweep.base.model.width)
        sweep.base.given.lines.erase(hidden);
    else
        sweep.base.given.lines.try_emplace(hidden, 0);
    return sweep;
}

std::optional<Sweep> ExperimentForm::sweep() const {
    if (!has_several()) return std::nullopt;
    for (const auto& [key, made] : editors_)
        if (made->is_visible() && !made->value()) return std::nullopt;
    return content();
}

void ExperimentForm::set_origin(const FormOrigin& origin) {
    origin_ = origin;
    as_loaded_ = content();
    history_->amend(state());
    show_origin();
}

void ExperimentForm::show_origin() { points_->show_origin(origin_, !(content() == as_loaded_)); }

void ExperimentForm::forget_history() { history_->reset(state()); }

FormState ExperimentForm::state() const {
    FormState state;
    state.base = base_;
    state.method_values = method_values_;
    state.methods = methods_;
    state.width = width_;
    for (const auto& [key, made] : editors_) {
        state.texts[key] = made->text();
        if (made->is_several()) state.lists[key] = made->list_text();
    }
    state.axes = axes_;
    state.origin = origin_;
    state.as_loaded = as_loaded_;
    return state;
}

void ExperimentForm::restore(const FormState& state, const QString& key) {
    const FormState before = this->state();
    filling_ = true;
    base_ = state.base;
    width_ = state.width;
    if (methods_ != state.methods || before.method_values != state.method_values) {
        drop_method_fields();
        methods_ = state.methods;
        method_values_ = state.method_values;
        method_lists_.clear();
        build_method_fields();
    }
    for (const auto& [field, text] : state.texts) {
        OptionEditor* found = editor(field);
        if (!found) continue;
        const auto list = state.lists.find(field);
        if (list == state.lists.end()) found->set_several(false);
        if (found->text() != text) found->set_text(text);
        if (list != state.lists.end() && found->list_text() != list->second) found->set_list_text(list->second);
    }
    axes_ = state.axes;
    filling_ = false;
    const auto differs = [](const std::map<QString, QString>& a, const std::map<QString, QString>& b,
                            const QString& at) {
        const auto left = a.find(at), right = b.find(at);
        if (left == a.end() || right == b.end()) return (left == a.end()) != (right == b.end());
        return left->second != right->second;
    };
    for (const auto& [field, text] : before.texts)
        if (differs(before.texts, state.texts, field) || differs(before.lists, state.lists, field))
            outside_problems_.erase(field);
    origin_ = state.origin;
    as_loaded_ = state.as_loaded;
    show_matching_data_options();
    validate();
    show_origin();
    refresh_start();
    reveal(key);
    emit edited();
}

Experiment ExperimentForm::experiment() const {
    Experiment experiment = whole_experiment();
    // Of several methods the first counts.
    const MethodDescriptor* method = MethodRegistry::find(experiment.model.method);
    if (method && methods_.size() > 1)
        std::erase_if(experiment.method, [method](const auto& value) {
            return std::none_of(method->options.begin(), method->options.end(),
                                [&value](const Option& option) { return option.key == value.first; });
        });
    return experiment;
}

Experiment ExperimentForm::whole_experiment() const {
    Experiment experiment = base_;
    for (const ExperimentField& field : fields_) {
        const OptionEditor* found = editor(QString::fromStdString(field.dotted_key()));
        if (!found) continue;
        if (const std::optional<OptionValue> value = found->value()) field.set(experiment, *value);
    }
    experiment.method.clear();
    for (const auto& made : method_editors_)
        if (const std::optional<OptionValue> value = made->value()) experiment.method[made->option().key] = *value;
    return experiment;
}

OptionEditor* ExperimentForm::editor(const QString& key) const {
    const auto found = editors_.find(key);
    return found == editors_.end() ? nullptr : found->second;
}

void ExperimentForm::show_field(const QString& key) {
    reveal(key);
    if (OptionEditor* found = editor(key)) found->field()->setFocus();
}

void ExperimentForm::reveal(const QString& key) {
    OptionEditor* found = editor(key);
    if (!found) return;
    for (const auto& [id, section] : sections_)
        if (section->body()->isAncestorOf(found->field())) section->set_open(true);
    scroll_->ensureWidgetVisible(found->field());
}

QString ExperimentForm::label_of(const QString& key) const {
    const OptionEditor* found = editor(key);
    return found ? translated(found->option().label) : key;
}

void ExperimentForm::on_edited(const QString& key) {
    if (filling_) return;
    if (key == QLatin1String("model.width")) follow_width();
    if (key.startsWith(QLatin1String("data."))) show_matching_data_options();
    if (key == QLatin1String("model.method")) {
        if (const QStringList now = chosen_methods(); now != methods_) {
            filling_ = true;
            keep_method_values();
            drop_method_fields();
            methods_ = now;
            build_method_fields();
            filling_ = false;
        }
    }
    note_axis(key);
    outside_problems_.erase(key);
    validate();
    history_->note(key, tr("change of %1").arg(label_of(key)), state());
    show_origin();
    emit edited();
}

void ExperimentForm::note_axis(const QString& key) {
    const OptionEditor* found = editor(key);
    const bool was = has_several();
    if (found && found->is_several() && !axes_.contains(key)) axes_.append(key);
    // A method that was left out took its options along.
    QStringList left;
    for (const QString& axis : std::as_const(axes_))
        if (const OptionEditor* one = editor(axis); one && one->is_several()) left.append(axis);
    for (const auto& [field, made] : editors_)
        if (made->is_several() && !left.contains(field)) left.append(field);
    axes_ = left;
    if (was != has_several()) refresh_start();
}

void ExperimentForm::on_focus_changed(QWidget* before, QWidget* now) {
    // A menu or a list that pops up does not end an edit; going to another field does.
    if (now && page_->isAncestorOf(now))
        for (const auto& [key, made] : editors_)
            if (made->owns(now) && current_key_ != key) {
                current_key_ = key;
                emit current_changed();
                break;
            }
    if (!before || !now || before == now || now->window()->windowType() == Qt::Popup) return;
    if (page_->isAncestorOf(before)) end_edit(before);
}

void ExperimentForm::end_edit(QWidget* where) {
    history_->close();
    for (const auto& [key, made] : editors_)
        if (made->owns(where)) made->forget_typing();
}

void ExperimentForm::follow_width() {
    OptionEditor* width = editor(QStringLiteral("model.width"));
    OptionEditor* hidden = editor(QStringLiteral("model.mlp_hidden"));
    const std::optional<OptionValue> now = width->value();
    if (!now || !hidden) return;
    const std::int64_t value = std::get<std::int64_t>(*now);
    // The MLP stays four times as wide, as long as it was; while digits are typed the width is briefly impossible.
    if (problem_with(width->option(), *now)) return;
    const std::optional<OptionValue> was = hidden->value();
    if (was && std::get<std::int64_t>(*was) == 4 * width_) {
        filling_ = true;
        hidden->set_value(4 * value);
        filling_ = false;
    }
    width_ = value;
}

void ExperimentForm::show_matching_data_options() {
    const auto chosen_in = [this](const QString& key) {
        const OptionEditor* choice = editor(key);
        if (!choice || !choice->is_several()) return choice ? QStringList(choice->text()) : QStringList();
        QStringList chosen;
        for (const OptionValue& value : choice->values().value_or(std::vector<OptionValue>()))
            chosen.append(QString::fromStdString(to_text(value)));
        return chosen;
    };
    const QStringList chosen = chosen_in(QStringLiteral("data.dataset"));
    QSet<QString> known, here;
    for (const DatasetChoice& choice : choices_.datasets) {
        const QSet<QString> keys(choice.options.begin(), choice.options.end());
        known |= keys;
        if (chosen.contains(choice.id)) here |= keys;
    }
    const QStringList tokenizers = chosen_in(QStringLiteral("data.tokenizer"));
    for (const TokenizerDescriptor& tokenizer : TokenizerRegistry::all())
        for (const Option& option : tokenizer.options) {
            known.insert(QString::fromStdString(option.key));
            if (tokenizers.contains(QString::fromStdString(tokenizer.id)))
                here.insert(QString::fromStdString(option.key));
        }
    for (const QString& key : known)
        // What has several values counts, so it is shown whatever it is good for.
        if (OptionEditor* found = editor(QStringLiteral("data.") + key))
            found->set_visible(here.contains(key) || found->is_several());
}

void ExperimentForm::validate() {
    problems_.clear();
    std::set<std::string> unreadable;
    for (const auto& [key, made] : editors_) {
        if (made->is_several()) {
            QString said = made->list_problem();
            if (said.isEmpty())
                said = beside_field({key.toStdString(), problem_with_axis({key.toStdString(), *made->values(), 0})});
            if (said.isEmpty()) continue;
            problems_.push_back({key.toStdString(), said.toStdString()});
            unreadable.insert(key.toStdString());
            continue;
        }
        if (made->value()) continue;
        const std::string allowed = allowed_values(made->option());
        const QString said = made->text().isEmpty()
                                 ? tr("Needs %1.").arg(QString::fromStdString(allowed))
                                 : tr("'%1' is not %2.").arg(made->text(), QString::fromStdString(allowed));
        problems_.push_back({key.toStdString(), said.toStdString()});
        unreadable.insert(key.toStdString());
    }
    for (const ExperimentProblem& problem : problems(experiment()))
        if (!unreadable.contains(problem.key)) problems_.push_back({problem.key, beside_field(problem).toStdString()});
    for (const auto& [key, message] : outside_problems_)
        problems_.push_back({key.toStdString(), message.toStdString()});

    std::map<QString, QString> messages;
    for (const ExperimentProblem& problem : problems_) {
        QString& message = messages[QString::fromStdString(problem.key)];
        if (message.isEmpty()) message = QString::fromStdString(problem.message);
    }
    for (const auto& [key, made] : editors_) {
        const auto found = messages.find(key);
        made->show_problem(found == messages.end() ? QString() : found->second);
        if (found == messages.end()) continue;
        for (const auto& [id, section] : sections_)
            if (!section->is_open() && section->body()->isAncestorOf(made->field())) section->set_open(true);
    }
}

QString ExperimentForm::first_problem() const {
    if (problems_.empty()) return {};
    const ExperimentProblem& first = problems_.front();
    return tr("%1: %2").arg(label_of(QString::fromStdString(first.key)), QString::fromStdString(first.message));
}

void ExperimentForm::set_outside_problem(const QString& key, const QString& message) {
    if (message.isEmpty() ? outside_problems_.erase(key) == 0 : outside_problems_[key] == message) return;
    if (!message.isEmpty()) outside_problems_[key] = message;
    validate();
}

}  // namespace wavlab
