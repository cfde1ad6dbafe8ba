// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QDialog>
#include <QStringList>

#include "core/run_annotations.h"

class QLineEdit;
class QPlainTextEdit;

namespace wavlab {

/// Tags and note of one run, or of several: tags that all of them have can be taken away, further ones go to all, and
/// a note is only replaced where something was written.
class RunLabelsDialog : public QDialog {
    Q_OBJECT

public:
    enum class Part { tags, note };

    /// `title`: which runs. `now`: what is said of each. `known`: tags to offer.
    RunLabelsDialog(const QString& title, const std::vector<RunAnnotations>& now, const QStringList& known, Part first,
                    QWidget* parent);

    /// What is to be done to each run's annotations.
    std::function<void(RunAnnotations&)> change() const;

private:
    std::vector<std::string> common_tags_;
    QLineEdit* tags_;
    QPlainTextEdit* note_;
};

}  // namespace wavlab
