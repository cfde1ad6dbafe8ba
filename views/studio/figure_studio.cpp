// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/studio/figure_studio.h"

#include <algorithm>
#include <chrono>

#include <QAction>
#include <QComboBox>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QTimer>
#include <QVBoxLayout>

#include "views/message_bar.h"
#include "views/studio/figure_preview.h"
#include "views/studio/look_form.h"
#include "views/studio/panel_form.h"
#include "views/studio/panel_list.h"

namespace wavlab {

namespace {

double system_milliseconds() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A box around a form, with a margin that the style leaves out.
QGroupBox* boxed(const QString& title, QWidget* content) {
    auto* box = new QGroupBox(title);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(8, 6, 8, 8);
    column->addWidget(content);
    return box;
}

}  // namespace

FigureStudio::FigureStudio(StudioRuns runs, QWidget* parent)
    : QMainWindow(parent, Qt::Window),
      runs_(std::move(runs)),
      clock_(system_milliseconds),
      soon_(new QTimer(this)),
      follow_(new QTimer(this)) {
    setObjectName(QStringLiteral("figure_studio"));
    setAttribute(Qt::WA_DeleteOnClose);
    for (QTimer* timer : {soon_, follow_}) {
        timer->setSingleShot(true);
        connect(timer, &QTimer::timeout, this, &FigureStudio::draw);
    }
    took(0);

    auto* center = new QWidget(this);
    auto* column = new QVBoxLayout(center);
    message_ = new MessageBar(center);
    message_->hide();
    column->addWidget(message_);
    auto* sides = new QSplitter(Qt::Horizontal, center);
    sides->setChildrenCollapsible(false);
    QWidget* forms = make_forms();
    sides->addWidget(forms);
    sides->addWidget(make_result());
    sides->setStretchFactor(0, 0);
    sides->setStretchFactor(1, 1);
    column->addWidget(sides, 1);
    column->addLayout(make_buttons());
    setCentralWidget(center);
    add_keys();

    connect(look_, &LookForm::changed, this, &FigureStudio::change);
    connect(panels_, &PanelList::changed, this, &FigureStudio::change);
    connect(panels_, &PanelList::current_changed, this, &FigureStudio::say_what_is_drawn);
    connect(panels_, &PanelList::state_wanted, this, &FigureStudio::choose_state);
    panels_->form().set_middle([this] { return middle_of_axes(); });
    connect(message_, &MessageBar::closed, message_, &QWidget::hide);

    const QSize room = screen()->availableSize();
    const int letter = fontMetrics().averageCharWidth();
    const int wide = std::min(190 * letter, room.width() - 40);
    resize(wide, std::min(56 * fontMetrics().height(), room.height() - 60));
    const int left = forms->minimumWidth();
    sides->setSizes({left, wide - left});
    saved_ = text();
    show_title();
}

FigureStudio::~FigureStudio() = default;

QWidget* FigureStudio::make_forms() {
    auto* area = new QScrollArea(this);
    area->setObjectName(QStringLiteral("figure_studio.forms"));
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* page = new QWidget(area);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 6, 0);
    look_ = new LookForm(page);
    panels_ = new PanelList(runs_, page);
    column->addWidget(boxed(tr("Look"), look_));
    column->addWidget(boxed(tr("Panels"), panels_));
    column->addStretch(1);
    area->setWidget(page);
    const int letters = 46 * fontMetrics().averageCharWidth();
    area->setMinimumWidth(std::max(letters, page->minimumSizeHint().width()) +
                          area->verticalScrollBar()->sizeHint().width());
    return area;
}

QWidget* FigureStudio::make_result() {
    auto* side = new QWidget(this);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(6, 0, 0, 0);
    preview_ = new FigurePreview(side);
    preview_->setObjectName(QStringLiteral("figure_studio.preview"));
    preview_->setAccessibleName(tr("The figure as it will print"));
    preview_->setMinimumSize(240, 160);
    column->addWidget(preview_, 1);
    auto* row = new QHBoxLayout;
    facts_ = new QLabel(side);
    facts_->setObjectName(QStringLiteral("figure_studio.facts"));
    facts_->setAccessibleName(tr("Size, font and notes"));
    facts_->setTextFormat(Qt::PlainText);
    facts_->setWordWrap(true);
    facts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(facts_, 1);
    auto* label = new QLabel(tr("&Zoom"), side);
    zoom_ = new QComboBox(side);
    zoom_->setObjectName(QStringLiteral("figure_studio.zoom"));
    zoom_->setAccessibleName(tr("Zoom"));
    zoom_->setToolTip(tr("At 100 % the figure has the size that it prints with, by the screen's dots per inch."));
    zoom_->addItem(tr("whole page"), 0.0);
    for (const int percent : {100, 200, 400}) zoom_->addItem(tr("%1 %").arg(percent), percent / 100.0);
    label->setBuddy(zoom_);
    auto* zoom = new QHBoxLayout;
    zoom->addWidget(label);
    zoom->addWidget(zoom_);
    row->addLayout(zoom);
    row->setAlignment(zoom, Qt::AlignTop);
    column->addLayout(row);
    connect(zoom_, &QComboBox::currentIndexChanged, this,
            [this] { preview_->set_zoom(zoom_->currentData().toDouble()); });
    return side;
}

QLayout* FigureStudio::make_buttons() {
    auto* row = new QHBoxLayout;
    const auto button = [&](const QString& text, const char* name, const QString& help) {
        auto* one = new QPushButton(text, this);
        one->setObjectName(QStringLiteral("figure_studio.") + QLatin1String(name));
        one->setToolTip(help);
        row->addWidget(one);
        return one;
    };
    QPushButton* open = button(tr("&Open…"), "open", tr("Opens a figure file (.toml) (Ctrl+O)."));
    QPushButton* save =
        button(tr("&Save…"), "save",
               tr("Saves the figure as a small file (Ctrl+S): 'wavlab figure FILE.toml' draws it again."));
    row->addStretch(1);
    QPushButton* copy = button(tr("&Copy"), "copy", tr("Copies the figure to the clipboard: picture and vectors."));
    QPushButton* write =
        button(tr("&Export…"), "export", tr("Writes the figure as PDF, SVG, PNG, TeX or CSV (Ctrl+Shift+E)."));
    QPushButton* close = button(tr("Close"), "close", tr("Closes the figure studio (Ctrl+W)."));
    connect(open, &QPushButton::clicked, this, [this] { settle_changes([this] { emit open_wanted(); }); });
    connect(save, &QPushButton::clicked, this, [this] {
        after_saving_ = nullptr;
        emit save_wanted();
    });
    connect(copy, &QPushButton::clicked, this, &FigureStudio::copy);
    connect(write, &QPushButton::clicked, this, &FigureStudio::export_dialog);
    connect(close, &QPushButton::clicked, this, &QWidget::close);
    return row;
}

void FigureStudio::add_keys() {
    const std::pair<QKeySequence, const char*> keys[] = {{QKeySequence::Open, "open"},
                                                         {QKeySequence::Save, "save"},
                                                         {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), "export"},
                                                         {QKeySequence(Qt::CTRL | Qt::Key_W), "close"}};
    for (const auto& [key, name] : keys) {
        auto* action = new QAction(this);
        action->setShortcut(key);
        addAction(action);
        connect(action, &QAction::triggered, findChild<QPushButton*>(QStringLiteral("figure_studio.") + name),
                &QPushButton::click);
    }
}

}  // namespace wavlab
