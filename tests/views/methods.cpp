// SPDX-License-Identifier: GPL-3.0-or-later
// The form is made from the methods that are registered; views do not know model/, so it gets core's stand-ins.
#include "tests/core/fake_methods.cpp"
