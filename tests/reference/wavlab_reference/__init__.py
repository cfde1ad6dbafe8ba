# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent PyTorch implementation of WAV Lab's models, written to be read.

The C++ program is checked against it: see `compare.py` and `../test_reference.py`.
"""
