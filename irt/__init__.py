"""Item response theory for exams: calibrate items, estimate abilities, predict answers."""

__version__ = "0.1.0"
