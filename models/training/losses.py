"""What training minimises, by the name a family's file gives it; logits `[batch, classes, rows, columns]`."""

import torch
import torch.nn.functional as F


def soft_dice(probabilities: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Returns 1 − Dice over the batch, of every class of `[batch, classes, rows, columns]` alone, then their mean."""
    both = (probabilities * truth).sum((0, 2, 3))
    return 1 - ((2 * both + 1) / (probabilities.sum((0, 2, 3)) + truth.sum((0, 2, 3)) + 1)).mean()


def dice(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Returns the Dice loss of one class `[batch, rows, columns]` in [0, 1], or of both lungs by index."""
    if logits.shape[1] == 1:
        return soft_dice(logits.sigmoid(), truth[:, None])
    lungs = F.one_hot(truth, logits.shape[1]).permute(0, 3, 1, 2).float()
    return soft_dice(logits.softmax(1)[:, 1:], lungs[:, 1:])


def with_cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Returns cross entropy + Dice loss."""
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits[:, 0], truth) + dice(logits, truth)
    return F.cross_entropy(logits, truth) + dice(logits, truth)


def edges(truth: torch.Tensor) -> torch.Tensor:
    """Pixels of lesions `[batch, rows, columns]` beside others, and the others beside them."""
    return F.max_pool2d(truth[:, None], 3, 1, 1)[:, 0] + F.max_pool2d(-truth[:, None], 3, 1, 1)[:, 0]


def with_edges(logits: list[torch.Tensor], truth: torch.Tensor) -> torch.Tensor:
    """Of Inf-Net's maps, the last of which are edges."""
    *maps, edge = logits
    return of_depths(with_cross_entropy)(maps, truth) + F.binary_cross_entropy_with_logits(edge[:, 0], edges(truth))


def of_depths(loss):
    """The mean over all depths of a network that answers at several."""

    def over(logits: torch.Tensor | list[torch.Tensor], truth: torch.Tensor) -> torch.Tensor:
        depths = logits if isinstance(logits, list) else [logits]
        return torch.stack([loss(depth, truth) for depth in depths]).mean()

    return over


LOSSES = {
    "dice": of_depths(dice),
    "cross-entropy+dice": of_depths(with_cross_entropy),
    "cross-entropy+dice+edges": with_edges,
}
