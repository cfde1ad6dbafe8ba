// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "datasets/token_sequence.h"
#include "datasets/tokenizer.h"

namespace wavlab {

/// The prompts at which a run draws text while it trains: how the validation text begins, and how a paragraph, line or
/// word goes on at fixed places further in it. A function of the text alone, so that all runs on it can be compared. No
/// two are equal; a short text gives fewer.
std::vector<std::string> sample_prompts(const TokenSequence& validation, const Tokenizer& tokenizer);

}  // namespace wavlab
