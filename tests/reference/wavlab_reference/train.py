# SPDX-License-Identifier: GPL-3.0-or-later
"""AdamW training on given batches, with the schedule, clipping and accumulation of the contract."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .experiment import TrainSettings
from .model import Decoder

ADAM_EPSILON = 1e-8
CLIP_EPSILON = 1e-6
DECAYED = ("attn.qkv.weight", "attn.out.weight", "mlp.gate.weight", "mlp.up.weight", "mlp.down.weight")


@dataclass
class TrainResult:
    """One entry a step: the mean loss before the update, the gradient norm before clipping, the rate."""

    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def learning_rate(step: int, settings: TrainSettings) -> float:
    """The rate of update `step` = 1..steps: linear warm-up, then a cosine that ends at min_lr."""
    if step <= settings.warmup:
        return settings.lr * step / settings.warmup
    progress = (step - settings.warmup) / (settings.steps - settings.warmup)
    return settings.min_lr + 0.5 * (settings.lr - settings.min_lr) * (1 + math.cos(math.pi * progress))


def is_decayed(name: str) -> bool:
    """Weight decay acts on the matrices of the sublayers and on the head, on nothing else."""
    return name == "head.weight" or name.endswith(DECAYED)


class AdamW:
    """Adam with decoupled weight decay, written out."""

    def __init__(self, parameters: dict[str, Tensor], settings: TrainSettings):
        self.parameters = parameters
        self.settings = settings
        self.first = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in parameters.items()}

    @torch.no_grad()
    def step(self, number: int, rate: float, gradients: dict[str, Tensor]) -> None:
        """Update `number` (from 1) with the given, already clipped gradients."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        for name, value in self.parameters.items():
            gradient, first, second = gradients[name], self.first[name], self.second[name]
            if is_decayed(name):
                value.mul_(1 - rate * self.settings.weight_decay)
            first.mul_(beta1).add_((1 - beta1) * gradient)
            second.mul_(beta2).add_((1 - beta2) * gradient.square())
            mean = first / (1 - beta1**number)
            deviation = (second / (1 - beta2**number)).sqrt()
            value.sub_(rate * mean / (deviation + ADAM_EPSILON))


def clip_factor(norm: float, limit: float) -> float:
    """What the gradients are multiplied with; a limit of 0 means no clipping."""
    return 1.0 if limit <= 0 else min(1.0, limit / (norm + CLIP_EPSILON))


def accumulate_gradients(decoder: Decoder, tokens: Tensor, targets: Tensor, parts: int) -> float:
    """Gradient of the mean loss over `parts` equal microbatches of [parts * batch, T]; returns that loss."""
    decoder.clear_gradients()
    total = 0.0
    for part_tokens, part_targets in zip(tokens.chunk(parts), targets.chunk(parts), strict=True):
        loss = decoder.forward(part_tokens, part_targets).loss / parts
        loss.backward()
        total += loss.item()
    return total


def train(decoder: Decoder, settings: TrainSettings, batches: list[tuple[Tensor, Tensor]]) -> TrainResult:
    """Trains on batches[t-1] = (tokens, targets) [accumulate * batch, T] at step t; changes the decoder."""
    result = TrainResult()
    parameters = decoder.trained()
    optimizer = AdamW(parameters, settings)
    for step, (tokens, targets) in enumerate(batches, start=1):
        result.losses.append(accumulate_gradients(decoder, tokens, targets, settings.accumulate))
        gradients = {
            name: torch.zeros_like(value) if value.grad is None else value.grad
            for name, value in parameters.items()
        }
        norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients.values()))
        factor = clip_factor(norm, settings.grad_clip)
        rate = learning_rate(step, settings)
        optimizer.step(step, rate, {name: gradient * factor for name, gradient in gradients.items()})
        result.gradient_norms.append(norm)
        result.rates.append(rate)
    return result
