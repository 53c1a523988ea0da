"""Works through the files of a command: what to do, where results go, how far it is."""
