// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "views/plots/plot.h"

class QAction;
class QComboBox;
class QLabel;
class QSplitter;
class QStackedWidget;
class QTextEdit;
class QToolButton;

namespace wavlab {

class TextFinder;
class TimeCursor;

/// The texts that a run drew at its prompts while it trained, at the step of the time cursor (nearest at or before; the
/// newest while that is followed). The focused run's, and on demand another drawn run's beside it.
class SamplesPanel : public QWidget {
    Q_OBJECT

public:
    /// `generate`: what the button for a text of one's own does.
    SamplesPanel(TimeCursor& cursor, QAction& generate, QWidget* parent = nullptr);

    void set_runs(const std::vector<DrawnRun>& runs);
    /// Something new is known of a run; drawn at once if it concerns this panel and the panel can be seen.
    void note(const RunRecord& record, const RecordChanges& changes);
    /// What to do to see something here.
    void set_hint(const QString& hint);
    /// Puts another drawn run beside the focused one; an empty folder: none.
    void set_beside(const std::filesystem::path& folder);
    /// What is shown, prompts and texts, as it is copied.
    QString text() const;

protected:
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    /// One run's texts.
    struct Column {
        QWidget* widget = nullptr;
        QLabel* title = nullptr;
        QTextEdit* view = nullptr;
        std::shared_ptr<RunRecord> record;
        int style_index = 0;
        std::optional<std::int64_t> shown;  ///< the step
        std::size_t count = 0;              ///< of samples that the record had then
    };

    Column make_column(const QString& name);
    void offer_runs();
    void refresh();
    void show_column(Column& column, bool anew);
    void show_title(const Column& column);
    QString why_empty(const RunRecord& record) const;
    std::vector<std::int64_t> steps() const;
    void go(int direction);
    void copy();

    TimeCursor& cursor_;
    QStackedWidget* stack_;
    QLabel* empty_;
    QToolButton* earlier_;
    QToolButton* later_;
    TextFinder* finder_;
    QComboBox* beside_;
    QSplitter* splitter_;
    Column focused_;
    Column other_;
    std::vector<DrawnRun> runs_;
    std::filesystem::path wanted_;  ///< the run to stand beside
    bool stale_ = true;             ///< something changed while the panel was hidden
    bool restyle_ = false;
};

}  // namespace wavlab
