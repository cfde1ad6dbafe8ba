// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/microscope/microscope_window.h"

#include <optional>
#include <utility>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPainter>
#include <QScreen>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QStatusBar>
#include <QStyle>
#include <QVBoxLayout>

#include "views/action_registry.h"
#include "views/microscope/microscope_canvas.h"
#include "views/microscope/microscope_table.h"
#include "views/quantity_text.h"
#include "views/theme.h"

namespace wavlab {

namespace {

/// A line that ends in an ellipsis where it is too long; all of it is its tooltip.
class ElidedLine : public QLabel {
public:
    using QLabel::QLabel;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        const QRect room = contentsRect();
        style()->drawItemText(&painter, room, Qt::AlignLeft | Qt::AlignVCenter, palette(), isEnabled(),
                              fontMetrics().elidedText(text(), Qt::ElideRight, room.width()), foregroundRole());
    }
};

}  // namespace

MicroscopeWindow::MicroscopeWindow(const QString& no_picture)
    : no_picture_(no_picture), actions_(new ActionRegistry(this)) {
    setObjectName(QStringLiteral("microscope_window"));
    setWindowTitle(tr("Routing microscope"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* middle = new QWidget(this);
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    build_fields(middle);

    pages_ = new QStackedWidget(middle);
    column->addWidget(pages_, 1);
    setCentralWidget(middle);
    invitation_ = new QLabel(pages_);
    invitation_->setObjectName(QStringLiteral("microscope.invitation"));
    invitation_->setWordWrap(true);
    invitation_->setAlignment(Qt::AlignCenter);
    invitation_->setMargin(24);
    pages_->addWidget(invitation_);
    table_ = new MicroscopeTable(state_, pages_);
    table_->set_reason(no_picture_);
    pages_->addWidget(table_);
    if (no_picture_.isEmpty()) {
        canvas_ = new MicroscopeCanvas(state_, pages_);
        pages_->addWidget(canvas_);
        // It draws when it tells: who listens must not draw in the midst of that.
        connect(canvas_, &MicroscopeCanvas::state_changed, this, &MicroscopeWindow::refresh, Qt::QueuedConnection);
        connect(canvas_, &MicroscopeCanvas::zoom_changed, this, &MicroscopeWindow::refresh_actions);
    }
    connect(table_, &MicroscopeTable::state_changed, this, &MicroscopeWindow::refresh);
    status_ = new ElidedLine(this);
    status_->setObjectName(QStringLiteral("microscope.status"));
    status_->setTextFormat(Qt::PlainText);
    // A long name of a text gives way to the values.
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    status_->setContentsMargins(6, 0, 6, 0);
    statusBar()->addWidget(status_, 1);
    cell_ = new QLabel(this);
    cell_->setObjectName(QStringLiteral("microscope.cell"));
    cell_->setTextFormat(Qt::PlainText);
    statusBar()->addPermanentWidget(cell_);
    add_actions();
    invitation_->setText(
        tr("What every router reads for each token of a text appears here.\n\nType a text above and press Return, or "
           "choose a window of the validation part."));
    // A frame around it has to fit too.
    resize(QSize(1000, 760).boundedTo(screen()->availableSize() - QSize(0, 40)));
    refresh();
}

MicroscopeWindow::~MicroscopeWindow() {
    // They read the state, also while they are hidden for the last time.
    delete canvas_;
    delete table_;
}

void MicroscopeWindow::closeEvent(QCloseEvent* event) {
    emit closing();
    QMainWindow::closeEvent(event);
}

void MicroscopeWindow::build_fields(QWidget* parent) {
    auto* column = static_cast<QVBoxLayout*>(parent->layout());
    auto* row = new QHBoxLayout;
    row->setContentsMargins(8, 6, 8, 4);
    row->setSpacing(6);
    const auto add_field = [&](QWidget* field, const QString& name, const char* object, const QString& help,
                               int stretch) {
        auto* label = new QLabel(name, parent);
        label->setBuddy(field);
        field->setObjectName(QLatin1String(object));
        field->setAccessibleName(QString(name).remove(QLatin1Char('&')));
        field->setToolTip(help);
        row->addWidget(label);
        row->addWidget(field, stretch);
    };
    source_ = new QComboBox(parent);
    source_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    source_->setMinimumContentsLength(16);
    add_field(source_, tr("&Checkpoint"), "microscope.checkpoint", tr("Whose routing is looked at"), 2);
    text_ = new QLineEdit(parent);
    text_->setClearButtonEnabled(true);
    text_->setPlaceholderText(tr("A text of your own; Return looks at it"));
    add_field(text_, tr("Te&xt"), "microscope.text",
              tr("The text to look at, of at most as many tokens as the model's context. Empty: the window."), 3);
    window_ = new QSpinBox(parent);
    window_->setRange(0, 0);
    window_->setKeyboardTracking(false);
    add_field(window_, tr("&Window"), "microscope.window",
              tr("Which window of the validation part, counted from 0; the same windows as an evaluation's."), 0);
    column->addLayout(row);
    problem_ = new QLabel(parent);
    problem_->setObjectName(QStringLiteral("microscope.problem"));
    problem_->setTextFormat(Qt::PlainText);
    problem_->setWordWrap(true);
    problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    problem_->setContentsMargins(8, 0, 8, 4);
    problem_->hide();
    column->addWidget(problem_);
    connect(text_, &QLineEdit::returnPressed, this, &MicroscopeWindow::look);
    connect(window_, &QSpinBox::valueChanged, this, &MicroscopeWindow::look_at_window);
    connect(source_, &QComboBox::currentIndexChanged, this, [this](int index) {
        if (index < 0) return;
        const QSignalBlocker quiet(window_);
        window_->setMaximum(int(sources_[index].windows) - 1);
        ask();
    });
}

void MicroscopeWindow::add(const char* id, const QString& text, const QString& help, const QKeySequence& key,
                           const QString& menu, bool begins_group, std::function<void()> change, bool checkable) {
    actions_->add({QLatin1String(id), text, help, QString(), key, menu, begins_group, checkable},
                  [this, change = std::move(change)] {
                      change();
                      refresh();
                  });
}

void MicroscopeWindow::add_actions() {
    add_file_actions();
    add_slice_actions();
    add_go_actions();
    add_view_actions();
    connect(actions_, &ActionRegistry::failed, this, [this](const QString& problem) { fail(problem, false); });
    for (const QString& name : actions_->menus()) {
        QMenu* menu = menuBar()->addMenu(name);
        menu->setToolTipsVisible(true);
        actions_->fill(*menu, name);
    }
}

void MicroscopeWindow::add_file_actions() {
    const QString menu = tr("&File");
    add("microscope.look", tr("&Look at the text"), tr("Computes the routing of the text in the field."),
        QKeySequence(Qt::Key_F5), menu, false, [this] { look(); });
    add("microscope.type", tr("&Type a text"), tr("Puts the keyboard into the field for the text."),
        QKeySequence(Qt::CTRL | Qt::Key_L), menu, false, [this] {
            text_->setFocus();
            text_->selectAll();
        });
    add("microscope.next_window", tr("&Next window"), tr("Looks at the next window of the validation part."),
        QKeySequence(Qt::CTRL | Qt::Key_PageDown), menu, true, [this] { window_->stepUp(); });
    add("microscope.previous_window", tr("&Previous window"), tr("Looks at the window before of the validation part."),
        QKeySequence(Qt::CTRL | Qt::Key_PageUp), menu, false, [this] { window_->stepDown(); });
    add("microscope.export", tr("&Export figure…"), tr("Writes the slice as a figure for a paper: PDF, SVG or PNG."),
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), menu, true, [this] { emit export_wanted(); });
    add("microscope.copy", tr("&Copy as a table"), tr("Copies the numbers of the slice, tabs between columns."),
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), menu, false, [this] { copy_table(); });
    add("microscope.close", tr("Cl&ose"), tr("Closes the microscope."), QKeySequence(Qt::CTRL | Qt::Key_W), menu, true,
        [this] { QMetaObject::invokeMethod(this, &QWidget::close, Qt::QueuedConnection); });
}

void MicroscopeWindow::add_slice_actions() {
    const QString menu = tr("&Slice");
    const auto add_slice = [&](const char* id, SliceBy by, Qt::Key key) {
        add(
            id, title(by), tr("Shows these two axes, the third at the chosen place."), QKeySequence(Qt::CTRL | key),
            menu, false, [this, by] { state_.set_slice_by(by); }, true);
    };
    add_slice("microscope.by_router", SliceBy::router, Qt::Key_1);
    add_slice("microscope.by_source", SliceBy::source, Qt::Key_2);
    add_slice("microscope.by_token", SliceBy::token, Qt::Key_3);
    const auto add_quantity = [&](const char* id, TokenQuantity quantity, Qt::Key key, bool group) {
        add(
            id, axis_title(quantity), help(quantity), QKeySequence(Qt::CTRL | key), menu, group,
            [this, quantity] { state_.set_quantity(quantity); }, true);
    };
    add_quantity("microscope.weight", TokenQuantity::weight, Qt::Key_4, true);
    add_quantity("microscope.contribution", TokenQuantity::contribution, Qt::Key_5, false);
    add_quantity("microscope.attribution", TokenQuantity::attribution, Qt::Key_6, false);
    add("microscope.threshold_up", tr("Threshold &up"), tr("Dims more: cells below the threshold are faint."),
        QKeySequence(Qt::CTRL | Qt::Key_Up), menu, true, [this] { state_.set_threshold(state_.threshold() + 0.05); });
    add("microscope.threshold_down", tr("Threshold &down"), tr("Dims less."), QKeySequence(Qt::CTRL | Qt::Key_Down),
        menu, false, [this] { state_.set_threshold(state_.threshold() - 0.05); });
    add(
        "microscope.own_scale", tr("&Colours of this slice"),
        tr("Colours span what this slice holds, rather than what all slices hold."), QKeySequence(Qt::CTRL | Qt::Key_R),
        menu, false, [this] { state_.set_own_scale(!state_.own_scale()); }, true);
}

void MicroscopeWindow::add_go_actions() {
    const QString menu = tr("&Go");
    const auto go = [&](const char* id, const QString& text, Qt::Key key, bool group,
                        bool (MicroscopeState::*move)(int), int by) {
        add(id, text, text, QKeySequence(Qt::ALT | key), menu, group, [this, move, by] { (state_.*move)(by); });
    };
    go("microscope.previous_token", tr("Previous token"), Qt::Key_Left, false, &MicroscopeState::move_token, -1);
    go("microscope.next_token", tr("Next token"), Qt::Key_Right, false, &MicroscopeState::move_token, 1);
    go("microscope.previous_router", tr("Previous router"), Qt::Key_Up, false, &MicroscopeState::move_router, -1);
    go("microscope.next_router", tr("Next router"), Qt::Key_Down, false, &MicroscopeState::move_router, 1);
    go("microscope.previous_source", tr("Previous source"), Qt::Key_PageUp, false, &MicroscopeState::move_source, -1);
    go("microscope.next_source", tr("Next source"), Qt::Key_PageDown, false, &MicroscopeState::move_source, 1);
    add("microscope.pin", tr("&Pin or unpin the token"),
        tr("Keeps what the model expects after the chosen token in view beside the others."),
        QKeySequence(Qt::CTRL | Qt::Key_P), menu, true, [this] { state_.toggle_pin(state_.chosen().token); });
    add("microscope.unpin_all", tr("&Unpin all"), tr("Takes every pin off."),
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), menu, false, [this] { state_.unpin_all(); });
}

void MicroscopeWindow::add_view_actions() {
    const QString menu = tr("&View");
    add(
        "microscope.table", tr("As a &table"), tr("Shows the same slice, the text and the expected tokens as tables."),
        QKeySequence(Qt::CTRL | Qt::Key_T), menu, false, [this] { show_table(!wants_table_); }, true);
    add("microscope.zoom_in", tr("Zoom &in"), tr("Enlarges the map around the chosen cell."),
        QKeySequence(QKeySequence::ZoomIn), menu, true, [this] { state_.zoom_by(1.5); });
    add("microscope.zoom_out", tr("Zoom &out"), tr("Shows more of the map."), QKeySequence(QKeySequence::ZoomOut), menu,
        false, [this] { state_.zoom_by(1 / 1.5); });
    add("microscope.zoom_reset", tr("&Whole map"), tr("Shows all of the map."), QKeySequence(Qt::CTRL | Qt::Key_0),
        menu, false, [this] { state_.reset_zoom(); });
    const auto pan = [&](const char* id, const QString& text, Qt::Key key, double x, double y) {
        add(id, text, tr("Moves the enlarged map."), QKeySequence(Qt::ALT | Qt::SHIFT | key), menu, y == 0 && x < 0,
            [this, x, y] { state_.pan(x * state_.seen(), y * state_.seen()); });
    };
    pan("microscope.pan_left", tr("Move left"), Qt::Key_Left, -0.25, 0);
    pan("microscope.pan_right", tr("Move right"), Qt::Key_Right, 0.25, 0);
    pan("microscope.pan_up", tr("Move up"), Qt::Key_Up, 0, -0.25);
    pan("microscope.pan_down", tr("Move down"), Qt::Key_Down, 0, 0.25);
}

void MicroscopeWindow::set_sources(const QList<MicroscopeSource>& sources, const std::filesystem::path& chosen) {
    const std::filesystem::path before = wish().model;
    {
        const QSignalBlocker quiet(source_);
        sources_ = sources;
        source_->clear();
        for (const MicroscopeSource& source : sources) source_->addItem(source.title);
        int index = -1;
        for (int i = 0; i < sources.size(); ++i)
            if (sources[i].model == chosen) index = i;
        source_->setCurrentIndex(index);
        if (index >= 0) {
            const QSignalBlocker quiet_window(window_);
            window_->setMaximum(int(sources[index].windows) - 1);
        }
    }
    if (wish().model.empty()) return;
    if ((wish().model != before || state_.empty()) && asked_ != wish()) ask();
}

MicroscopeWish MicroscopeWindow::wish() const {
    MicroscopeWish wish;
    const int index = source_->currentIndex();
    if (index >= 0 && index < sources_.size()) wish.model = sources_[index].model;
    wish.text = submitted_text_;
    wish.window = window_->value();
    return wish;
}

void MicroscopeWindow::look() {
    submitted_text_ = text_->text();
    ask();
}

void MicroscopeWindow::look_at_window(int) {
    submitted_text_.clear();
    ask();
}

void MicroscopeWindow::ask() {
    asked_ = wish();
    emit look_wanted(*asked_);
}

void MicroscopeWindow::begin() {
    problem_->hide();
    status_->setText(tr("Computing the routing of every token…"));
}

void MicroscopeWindow::show_routing(std::shared_ptr<const TokenRouting> routing) {
    problem_->hide();
    state_.set_routing(std::move(routing));
    refresh();
}

void MicroscopeWindow::fail(const QString& problem, bool of_text) {
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, error_color(colors));
    problem_->setPalette(colors);
    problem_->setText(problem);
    problem_->show();
    if (of_text) text_->setFocus();
    refresh();
}

void MicroscopeWindow::say(const QString& text) {
    QPalette colors = palette();
    problem_->setPalette(colors);
    problem_->setText(text);
    problem_->show();
}

bool MicroscopeWindow::shows_table() const { return pages_->currentWidget() == table_; }

void MicroscopeWindow::show_table(bool table) { wants_table_ = table || !canvas_; }

void MicroscopeWindow::copy_table() {
    // While the picture is shown the table is not kept up to date.
    table_->show_state();
    QApplication::clipboard()->setText(table_->tsv());
    say(tr("Copied: %1, %2 rows and %3 columns.")
            .arg(state_.slice_text(), QString::number(state_.rows()), QString::number(state_.columns())));
}

void MicroscopeWindow::refresh() {
    const bool table = wants_table_ || !canvas_;
    QWidget* const page = state_.empty() ? static_cast<QWidget*>(invitation_)
                          : table        ? static_cast<QWidget*>(table_)
                                         : static_cast<QWidget*>(canvas_);
    const bool had_focus =
        pages_->currentWidget() && pages_->currentWidget()->isAncestorOf(QApplication::focusWidget());
    if (pages_->currentWidget() != page) {
        pages_->setCurrentWidget(page);
        if (had_focus) page->setFocus();
    }
    // What is not seen is brought up to date when it is.
    if (table || state_.empty()) table_->show_state();
    if (canvas_ && !table) canvas_->show_state();
    if (const TokenRouting* routing = state_.routing()) {
        // A single token has no loss: nothing stands before it.
        const auto loss = routing->tokens.size() > 1 ? std::optional(routing->loss) : std::nullopt;
        status_->setText(tr("Step %1 · loss %2 nats per token · %3 tokens · %4 · %5")
                             .arg(count_text(double(routing->step)), loss_text(loss),
                                  count_text(double(routing->tokens.size())), QString::fromStdString(routing->device),
                                  QString::fromStdString(routing->source)));
        status_->setToolTip(status_->text());
    } else {
        status_->clear();
    }
    cell_->setText(state_.empty() ? QString()
                                  : state_.cell_text(state_.chosen()) + QStringLiteral(": ") +
                                        state_.values_text(state_.chosen()));
    refresh_actions();
}

void MicroscopeWindow::refresh_actions() {
    const auto check = [this](const char* id, bool checked) {
        actions_->action(QLatin1String(id)).setChecked(checked);
    };
    check("microscope.by_router", state_.slice_by() == SliceBy::router);
    check("microscope.by_source", state_.slice_by() == SliceBy::source);
    check("microscope.by_token", state_.slice_by() == SliceBy::token);
    check("microscope.weight", state_.quantity() == TokenQuantity::weight);
    check("microscope.contribution", state_.quantity() == TokenQuantity::contribution);
    check("microscope.attribution", state_.quantity() == TokenQuantity::attribution);
    check("microscope.own_scale", state_.own_scale());
    check("microscope.table", wants_table_ || !canvas_);
    const QString nothing = state_.empty() ? tr("Look at a text first.") : QString();
    for (QAction* action : actions_->all()) {
        const QString id = action->objectName();
        if (id == QLatin1String("microscope.type") || id == QLatin1String("microscope.close")) continue;
        if (id.contains(QLatin1String("window")) || id == QLatin1String("microscope.look")) continue;
        actions_->set_obstacle(id, nothing);
    }
    const QString tables = wants_table_ || !canvas_ ? tr("The table has no zoom.") : QString();
    const QString whole = state_.zoom() > 1 ? QString() : tr("All of the map is seen.");
    for (const char* id : {"microscope.zoom_in", "microscope.zoom_out", "microscope.zoom_reset", "microscope.pan_left",
                           "microscope.pan_right", "microscope.pan_up", "microscope.pan_down"}) {
        QString reason = nothing.isEmpty() ? tables : nothing;
        if (reason.isEmpty() && qstrcmp(id, "microscope.zoom_in") != 0) reason = whole;
        actions_->set_obstacle(QLatin1String(id), reason);
    }
    if (!canvas_) actions_->set_obstacle(QStringLiteral("microscope.table"), no_picture_);
    if (state_.pinned().empty() && nothing.isEmpty())
        actions_->set_obstacle(QStringLiteral("microscope.unpin_all"), tr("No token is pinned."));
    if (wish().model.empty()) {
        actions_->set_obstacle(QStringLiteral("microscope.look"), tr("Choose a checkpoint first."));
    } else {
        actions_->set_obstacle(QStringLiteral("microscope.look"), QString());
    }
}

}  // namespace wavlab
