"""Frames, packets and clocks: stored H.264 packets out to WebRTC viewers. Knows nothing of films."""
