"""The film's own words, as immutable data. No I/O, no other package of ours: start reading here."""
