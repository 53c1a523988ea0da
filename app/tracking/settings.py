"""When a person counts as found, kept, unconfirmed and lost."""

from __future__ import annotations

from dataclasses import dataclass

# What a detector's box has around the joints, of its longer side.
DETECTION_PAD = 0.08


@dataclass(frozen=True)
class TrackingSettings:
    """All thresholds of finding and following. Scores are 0..1.

    Attributes:
        find_score: a detector's box with less is nobody.
        likely_score: one with so much is looked into at once, others a few at a time.
        a_few: so many.
        found_sum: a detector's and a pose's score together that make a person; either may be wrong about
            people whom the other knows.
        second_gain: so much a second look, into the box that the first asks for, may add to the score; who
            would be nobody even so is not looked at again.
        found_agreement: intersection over union of the box that was found and the one its joints ask for,
            below which there is nobody: joints on a background point anywhere.
        refused_seconds, likely_refused_seconds: a box in which nobody was is not looked into again for so
            long; a likely one for less.
        inside: a box with so much of it in another's shows a part of them.
        confirm_score, confirm_sum: of a detector's box, and together with the pose's, that say that somebody
            who is followed is still there.
        confirm_iou: intersection over union of that box and theirs.
        found_score, lost_score: of a pose; being found again takes more than being kept.
        back_score: of a pose before the first, for the way that somebody came.
        weak_score, weak_off, weak_grown: of who has been followed for ``sure_seconds`` a pose with so little
            will do, if its box is off by no more than that share of where they should be, and larger or
            smaller by no more than that factor.
        hold_seconds: they are looked for so long without any such pose, where the detector or motion says.
        sure_score: a pose with so much needs no detector to confirm it.
        unconfirmed_seconds, refusals: who has been kept for so long, and through so many looks of the
            detector, without anything to confirm them is dropped.
        sure_unconfirmed_seconds: the same for who has been followed surely; a detector may miss who lies.
        joint_score: joints below it do not shape the box.
        least: a box shrinks from chunk to chunk to no less than this share of its sides; joints that fade
            must not draw it ever tighter around the others.
        pad: margin around the joints, as a share of the longer side of their box.
        agreement: intersection over union of the box looked at and the box that its joints ask for, below
            which a frame is looked at again.
        edge: so is one with a joint nearer to the box's edge, as a share of its longer side.
        same_pose: median distance of two poses' joints, in sizes of the smaller, below which they are one.
        anchor_seconds: from one anchor to the next a box may be interpolated; a person turns round in longer.
        empty_seconds, missing_seconds, calm_seconds: how often the detector looks at a picture without
            anybody, with somebody out of sight, with everybody sure; but no more often than
            every third, second and eighth frame.
        max_age_seconds: out of sight for no longer, somebody is expected where their way leads.
        coast_seconds: out of sight for no longer, they are looked for there without a detector.
        displaced_by: who is so many times as prominent takes the place of the least one followed.
    """

    find_score: float = 0.15
    likely_score: float = 0.3
    a_few: int = 3
    found_sum: float = 0.75
    second_gain: float = 0.1
    found_agreement: float = 0.5
    refused_seconds: float = 3.0
    likely_refused_seconds: float = 0.8
    inside: float = 0.7
    confirm_score: float = 0.25
    confirm_sum: float = 0.6
    confirm_iou: float = 0.4
    found_score: float = 0.4
    lost_score: float = 0.2
    back_score: float = 0.3
    weak_score: float = 0.08
    weak_off: float = 0.25
    weak_grown: float = 1.6
    sure_seconds: float = 0.5
    hold_seconds: float = 1.0
    sure_score: float = 0.7
    unconfirmed_seconds: float = 1.0
    refusals: int = 2
    sure_unconfirmed_seconds: float = 3.0
    joint_score: float = 0.1
    least: float = 0.9
    pad: float = 0.15
    agreement: float = 0.7
    edge: float = 0.03
    same_pose: float = 0.15
    anchor_seconds: float = 0.2
    empty_seconds: float = 0.25
    missing_seconds: float = 0.15
    calm_seconds: float = 0.4
    max_age_seconds: float = 1.0
    coast_seconds: float = 0.25
    displaced_by: float = 1.5
