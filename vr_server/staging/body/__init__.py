"""Stand-ins that act: mannequins, animals and craft as rigid parts whose matrices are functions of time."""
