"""What a YR weights file says about its model beside the numbers of the templates."""

from __future__ import annotations

from dataclasses import dataclass

from estimators.yr.body import BODIES, PartLayout


@dataclass(frozen=True)
class YRConfiguration:
    """How a model of parts is used.

    Attributes:
        body: ``full`` or ``upper``, see :mod:`estimators.yr.body`.
        cell_size: pixels of a HOG cell.
        interval: pyramid levels per octave.
        threshold: the score of the weakest twentieth of the people it was trained on.
        person_confidence: slope and offset that turn a score into how likely a person is there.
        joint_confidence: for each joint of the skeleton the weights of its template's response, of the
            whole score, and the offset, that say how likely the joint is right.
    """

    body: str
    cell_size: int
    interval: int
    threshold: float
    person_confidence: tuple[float, float]
    joint_confidence: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        if self.body not in BODIES:
            raise ValueError(f"Invalid body ({self.body}). Supported values are {', '.join(BODIES)}.")
        if len(self.joint_confidence) != len(self.parts.skeleton.joints):
            raise ValueError(f"Invalid joint_confidence: {len(self.joint_confidence)} joints.")
        if len(self.person_confidence) != 2 or any(len(row) != 3 for row in self.joint_confidence):
            raise ValueError("Invalid confidence: two numbers a person, three a joint wanted.")

    @property
    def parts(self) -> PartLayout:
        """The body's parts and joints."""
        return BODIES[self.body]

    @classmethod
    def uncalibrated(
        cls, body: str, *, threshold: float, cell_size: int = 4, interval: int = 10
    ) -> YRConfiguration:
        """Before confidences are fitted: the logistic function of the score over the threshold."""
        joints = len(BODIES[body].skeleton.joints)
        slope, offset = 2.0, -2.0 * threshold
        return cls(
            body, cell_size, interval, threshold, (slope, offset), tuple([(0.0, slope, offset)] * joints)
        )
