// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/translated.h"

#include <QCoreApplication>

namespace wavlab {

QString translated(const std::string& text) {
    return text.empty() ? QString() : QCoreApplication::translate("wavlab", text.c_str());
}

}  // namespace wavlab
