/** HH:MM:SS:FF, non-drop, at the nominal (rounded) frame rate. */
export function timecode(frame: number, fps: number): string {
  const nominal = Math.max(1, Math.round(fps));
  const whole = Math.max(0, Math.floor(frame));
  const seconds = Math.floor(whole / nominal);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60, whole % nominal];
  return parts.map((n) => String(n).padStart(2, '0')).join(':');
}
