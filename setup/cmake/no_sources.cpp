// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for a folder that has no sources yet.
