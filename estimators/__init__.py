"""Estimators: joints in single frames, each found by its name.

How to add one, in this package or in your own:

1. Write a class with the attributes and the ``estimate`` method of :class:`estimators.Estimator`; frames
   come in as uint8 RGB (N, H, W, 3), poses go out as :class:`estimators.FramePoses`. A missing joint is
   NaN, never zero.
2. Describe its joints with a :class:`estimators.Skeleton`: names, limbs, which are left and right (the
   person's own; :func:`estimators.pairs_by_name` tells it by names), and which of posefix's joints have
   another name. Skeletons that are used a lot are in :mod:`estimators.known_skeletons`. The corrector takes
   the joints that are posefix's own; the others come out as they went in.
3. Write a factory ``create(*, device: torch.device, weights: Path | None) -> Estimator``. Import heavy
   packages inside it, so that ``posefix --help`` stays quick; ``weights=None`` means your default. A factory
   that also takes ``fast: bool`` has a fast mode, which ``--fast`` chooses. Its other keyword arguments are
   options (``--estimator-option key=value``), converted to what their defaults are: bool, int, float, or
   text. One called ``argument: str`` takes what stands behind a colon: ``--estimator mine:ARGUMENT``. The
   estimator's name is then ``mine:ARGUMENT``; :func:`estimators.registry.takes` says what to call it in
   messages.
4. Name the factory in your package's entry points::

       [project.entry-points."posefix.estimators"]
       mine = "my_package.estimator:create"

5. If it needs neighbouring frames, or can look into turned boxes, say so: see
   :class:`estimators.interface.NeedsContext` and :class:`estimators.interface.TurnsCrops`.
6. Install your package beside posefix. ``posefix info`` lists it, ``--estimator mine`` uses it, and
   ``pytest tests/estimators/test_contract.py --estimator mine`` checks that it keeps to all this.
"""

from estimators.interface import Estimator, FramePoses
from estimators.registry import available, create
from estimators.skeletons import Skeleton, pairs_by_name

__all__ = ["Estimator", "FramePoses", "Skeleton", "available", "create", "pairs_by_name"]
