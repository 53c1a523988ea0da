"""Who is where in a clip: people found, followed, told apart, and those chosen who are meant."""
