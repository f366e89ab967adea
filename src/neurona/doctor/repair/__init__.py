"""Repairs: changes that the doctor makes to a training, each told as a diff and written down."""

from neurona.doctor.repair.repair import Repair

__all__ = ["Repair"]
