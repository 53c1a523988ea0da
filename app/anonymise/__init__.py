"""Hides faces: finds heads by their joints, follows them through gaps, blurs or blackens them.

Meant to hide too much rather than too little. A head that is found in no frame around is not hidden:
``docs/overlay.md`` says on what this was checked.
"""

from app.anonymise.heads import Heads, find_heads

__all__ = ["Heads", "find_heads"]
