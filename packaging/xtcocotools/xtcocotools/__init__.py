"""xtcocotools, served by pycocotools: the same interface, with wheels for numpy 2."""
