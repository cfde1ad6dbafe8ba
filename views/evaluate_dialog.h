// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include <QDialog>

class QLabel;
class QPushButton;
class QSpinBox;

namespace wavlab {

class TextChoice;

/// On what a checkpoint is to be evaluated.
struct EvaluateChoice {
    std::filesystem::path text;  ///< empty: the validation part of its dataset
    std::int64_t windows = 0;
};

/// Asks on what to evaluate. Does not stop the window; `accepted` when the user has chosen.
class EvaluateDialog : public QDialog {
    Q_OBJECT

public:
    /// `what`: "step 300 of wav-12". `usual_windows`: what the run evaluates on; `whole_windows`: how many cover its
    /// validation part, 0 where that is not known. `context`: tokens a window.
    EvaluateDialog(const QString& what, std::int64_t usual_windows, std::int64_t whole_windows, std::int64_t context,
                   QWidget* parent = nullptr);
    EvaluateChoice choice() const;
    void set_file(const QString& file);
    /// Something to know beforehand.
    void set_notice(const QString& text);

signals:
    void file_wanted();

private:
    void refresh();

    TextChoice* text_;
    QSpinBox* windows_;
    QLabel* note_;
    QLabel* notice_;
    QPushButton* start_;
    std::int64_t whole_windows_;
    std::int64_t context_;
};

}  // namespace wavlab
