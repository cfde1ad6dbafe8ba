# SPDX-License-Identifier: GPL-3.0-or-later


class CheckpointError(ValueError):
    """A file that is damaged, or no checkpoint of WAV Lab; the message says what is wrong with it."""
