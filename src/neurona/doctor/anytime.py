"""The rules that are looked at before training and in it."""

from __future__ import annotations

from neurona.doctor.finding import Rule

IMBALANCE = Rule(
    "GD107",
    "class imbalance",
    "warning",
    "Always giving the most frequent answer scores well already, so training may stop there; "
    "accuracy does not show it.",
    auto="race",
    accepted=("sample_weight", "take rare samples more often", "a focal loss"),
    source="SageMaker Debugger",
)
SIZE = Rule(
    "GD113",
    "targets of a large scale",
    "warning",
    "Outputs begin near 0, so the first errors are as large as the targets, and squared they make "
    "steps that are far too long; with short ones the way is too long.",
    auto="race",
    accepted=("a last layer Rescaling(std, offset=mean)", "the last bias begun at the mean"),
    source="TheDeepChecker, 2023",
)
ORDER = Rule(
    "GD110",
    "labels in order",
    "warning",
    "Each batch has one kind of answers only, so each step forgets what the one before has learnt.",
    auto="race",
    accepted=("shuffle the rows of x and y once, together",),
    source="DeepFD, ICSE 2022",
)
MISMATCH = Rule(
    "GD111",
    "validation prepared in another way",
    "warning",
    "The network is asked about rows unlike those that it learns from, so the validation judges "
    "how they were prepared or split.",
    because=("GD101", "GD104"),
    accepted=("put the scaling into the model: Rescaling, Normalization",),
    source="deepchecks",
)
SIZED = Rule(
    "GD209",
    "initial weights of another size",
    "warning",
    "Each layer multiplies the size of what comes in. Only weights of the right spread keep it; "
    "others let it fade or grow from layer to layer.",
    auto="race",
    accepted=("leave the initializer out", "normalization layers"),
    source="Glorot and Bengio 2010; He et al. 2015; TheDeepChecker, 2023",
)
PLAN = Rule(
    "GD216",
    "plan that does not fit the training",
    "warning",
    "The rate is spent, or the training over, before most samples are seen; or the rate is still "
    "rising when training ends.",
    auto="race",
    accepted=("more epochs", "a constant rate"),
    source="DeepFD, ICSE 2022",
)
NOISY = Rule(
    "GD605", "noisy labels", "warning",
    "Wrong labels can only be learnt by heart, one by one, and what is learnt with them is wrong "
    "near them, too.",
    auto="never",
    because=("GD101", "GD102", "GD103", "GD104", "GD108", "GD111", "GD203", "GD506", "GD510"),
    accepted=("a smaller model", "label smoothing", "stopping early"),
    source="Wilson 1972; Northcutt et al. 2021 (confident learning)",
)  # fmt: skip
STRONG = Rule(
    "GD211",
    "regularisation that drowns the data",
    "warning",
    "The penalty or the noise outweighs what the samples say, so weights go to zero before they "
    "learn.",
    auto="race",
    accepted=("leave it out until the network overfits",),
)
