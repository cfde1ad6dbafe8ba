// SPDX-License-Identifier: GPL-3.0-or-later
// Precompiled for every source of model/: the part of LibTorch that they share. Sources still include what they use.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>
