"""Rules about the model, its loss and its optimizer, which need no training: GD2xx."""

from neurona.doctor.finding import Checks
from neurona.doctor.statics import own_loss, pairing, plan, settings, structure, weights

CHECKS: Checks = {
    **pairing.CHECKS,
    **own_loss.CHECKS,
    **weights.CHECKS,
    **structure.CHECKS,
    **settings.CHECKS,
    **plan.CHECKS,
}
