// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdio>

#include "core/build_info.h"

int main() {
    std::printf("wavlab %s\n", wavlab::version());
    return 0;
}
