"""Tables as people keep them: text files of cells, their numbers and dates in any notation."""

from neurona.data.table.dates import Moments, date_order, moments
from neurona.data.table.numerals import MISSING, marks_of, number_reader, numbers, recognised
from neurona.data.table.sheet import Sheet, read_sheet

__all__ = [
    "MISSING",
    "Moments",
    "Sheet",
    "date_order",
    "marks_of",
    "moments",
    "number_reader",
    "numbers",
    "read_sheet",
    "recognised",
]
