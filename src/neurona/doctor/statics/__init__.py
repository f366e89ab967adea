"""Rules about the model, its loss and its optimizer, which need no training: GD2xx."""

from neurona.doctor.finding import Checks
from neurona.doctor.statics import (
    collapsed,
    nominal,
    other_losses,
    own_loss,
    pairing,
    plan,
    settings,
    straight,
    structure,
    weights,
)

CHECKS: Checks = {
    **pairing.CHECKS,
    **nominal.CHECKS,
    **own_loss.CHECKS,
    **other_losses.CHECKS,
    **weights.CHECKS,
    **collapsed.CHECKS,
    **structure.CHECKS,
    **straight.CHECKS,
    **settings.CHECKS,
    **plan.CHECKS,
}
