"""Whether attention looks at padding."""

from __future__ import annotations

from collections.abc import Iterator

from neurona.doctor.case import Case
from neurona.doctor.data.inputs import is_masked
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.probe.probe import probe_of

UNMASKED = Rule(
    "GD702", "attention to padding", WARNING,
    "The mask hides the words and shows the padding, so the network sees next to nothing of a "
    "sentence.",
    because=("GD114", "GD302"),
    accepted=("query_mask and value_mask", "mask_zero=True in the Embedding, and no mask by hand"),
    source="DEFault++",
)  # fmt: skip
NOTED = 0.01  # of the attention: without a mask it is that of padding among the steps, and harmless


def check_padding(case: Case) -> Iterator[Finding]:
    """GD702: add up the weights of attention on zeros at the ends of rows."""
    found = probe_of(case).on_padding
    if not found:
        return
    origin, mass, share = max(found, key=lambda row: row[1])
    if mass < NOTED:
        return
    most = 0.5 * (1 + share)
    opposite = mass > most and not case.trained
    told = "though there is a mask" if is_masked(case) else "and no mask tells"
    yield UNMASKED.found(
        f"{mass:.0%} of the attention is on padding, which is {share:.0%} of the steps"
        + (": the mask says the opposite" if opposite else f", {told}"),
        where=origin.described or "attention",
        evidence={"mass": mass, "padding": share, "layers": len(found)},
        threshold=f"at most {most:.0%}, halfway from the share of padding to all",
        fix="- attention_mask=ids == 0\n+ attention_mask=ids != 0  # true where there is a word"
        if opposite
        else "self.supports_masking = True  # in layers of your own, and Add()([x, y]) for x + y",
        severity=WARNING if opposite else INFO,
    )
