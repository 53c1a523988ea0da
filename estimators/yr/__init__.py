"""YR: flexible mixtures of parts (Yang & Ramanan), our own."""
