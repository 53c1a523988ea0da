"""Corrects the joints that an estimator found, over a whole clip at once.

An LSTM encoder-decoder with attention sees all joints of about a second at a time and puts right what the
joints' motion and each other's places give away: jitter, jumps, exchanged sides, gaps. See docs/corrector.md.
"""

from corrector.api import Correction, Corrector

__all__ = ["Correction", "Corrector"]
