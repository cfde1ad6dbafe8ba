// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include <QDialog>
#include <QElapsedTimer>
#include <QList>
#include <QStringDecoder>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTextEdit;

namespace wavlab {

class TextFinder;

/// A checkpoint to generate from.
struct GenerateSource {
    QString title;                ///< "wav-12 · step 300 · 1.2345 (best)"
    std::filesystem::path model;  ///< the safetensors file
};

/// How a text is to be drawn.
struct GenerateSettings {
    std::filesystem::path model;
    QString prompt;
    std::int64_t tokens = 200;
    double temperature = 1;
    std::int64_t top_k = 0;  ///< 0: all
    std::uint64_t seed = 1;
};

/// Asks for a text from a checkpoint and shows it as it comes. Does not stop the window; whoever holds it draws the
/// text and tells by `begin`, `append`, `finish` and `fail` how it goes.
class GenerateDialog : public QDialog {
    Q_OBJECT

public:
    explicit GenerateDialog(QWidget* parent = nullptr);

    /// The checkpoints to choose from. Keeps the choice, or goes to `wanted` where that is not empty.
    void set_sources(const QList<GenerateSource>& sources, const std::filesystem::path& wanted = {});
    GenerateSettings settings() const;
    void set_prompt(const QString& prompt);
    void focus_prompt();
    /// Something to know beforehand ("A run is going: ..."); empty: nothing.
    void set_notice(const QString& text);

    bool is_running() const { return running_; }
    void begin();
    /// A piece of the text after the prompt: its bytes may end within a character. `tokens`: drawn so far.
    void append(const QByteArray& bytes, std::int64_t tokens);
    /// The text is complete, or what the user stopped.
    void finish(bool stopped);
    /// It cannot be drawn: a sentence. Stands beside the prompt where that is what is wrong.
    void fail(const QString& message, bool wrong_prompt);
    /// The prompt and its continuation.
    QString text() const { return prompt_ + continuation_; }

signals:
    void start_wanted(const GenerateSettings& settings);
    void stop_wanted();
    /// A file that no run of the window has.
    void file_wanted();

protected:
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void done(int result) override;

private:
    void build();
    QLabel* make_problem(const QString& name);
    void press();
    void show_text();
    void add_text(const QString& text);
    void show_state(const QString& text);
    void enable();

    QComboBox* source_;
    QPlainTextEdit* prompt_field_;
    QLabel* prompt_problem_;
    QDoubleSpinBox* temperature_;
    QSpinBox* top_k_;
    QSpinBox* tokens_;
    QSpinBox* seed_;
    QLabel* notice_;
    QLabel* problem_;
    QTextEdit* output_;
    TextFinder* finder_;
    QProgressBar* progress_;
    QLabel* state_;
    QPushButton* generate_;
    QPushButton* copy_;
    bool running_ = false;
    QString prompt_;  ///< of the text that is shown
    QString continuation_;
    std::int64_t drawn_ = 0;
    QElapsedTimer since_;
    QStringDecoder decoder_{QStringDecoder::Utf8};
};

}  // namespace wavlab
