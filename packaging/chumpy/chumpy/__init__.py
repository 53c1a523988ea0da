"""An empty stand-in for chumpy, which mmpose requires in its metadata and never imports."""
