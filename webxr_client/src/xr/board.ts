/** The board's faces: the line with slate and timecode, and below it the takes and what waits for a decision. */
import type { BoardBody, BoardHead, Card, Decision } from '../core/board';
import type { BoardLayout, CardPlace, Rect } from '../core/board-layout';
import type { Standing } from '../core/room';
import { ACCENT, ACCENT_INK, BAD, block, centred, GOOD, GROUND, INK, LIT, mono, outline, QUIET, RAISED, sans, starAt, write, type Ink } from './ink';

const EDGE = 34;
const MARGIN = 40;
const TONES: Partial<Record<Standing, string>> = { final: GOOD, ready: GOOD, draft: ACCENT, unknown: ACCENT, failed: BAD };

/** `hovered`: the areas that are pointed at. */
export function paintHead(ink: Ink, head: BoardHead, { head: place, play, bar, flip }: BoardLayout, hovered: ReadonlySet<string>): void {
  block(ink, GROUND, place, EDGE);
  let x = MARGIN;
  if (head.slate) {
    ink.font = mono(700, 60);
    const width = ink.measureText(head.slate).width + 44;
    block(ink, INK, { x, y: 22, width, height: 80 }, 12);
    centred(ink, head.slate, mono(700, 60), '#14161b', { x, y: 22, width, height: 80 });
    x += width + 28;
  }
  x += write(ink, head.take, sans(650, 58), INK, x, 64) + 26;
  x += write(ink, head.badge, sans(550, 46), TONES[head.quality ?? 'draft'] ?? QUIET, x, 66) + 26;
  if (head.approved) starAt(ink, x + 24, 62, 28);
  if (head.flip && flip) {
    for (const side of ['before', 'after'] as const) {
      const on = head.flip.showing === side;
      block(ink, on ? ACCENT : hovered.has(`flip.${side}`) ? LIT : RAISED, flip[side], 14);
      centred(ink, head.flip[side], sans(600, 42), on ? ACCENT_INK : INK, flip[side]);
    }
  } else {
    ink.textAlign = 'right';
    write(ink, head.frame, mono(500, 46), QUIET, place.width - MARGIN, 66);
    ink.textAlign = 'left';
  }
  if (hovered.has('play')) block(ink, LIT, play, 18);
  const middle = play.y + play.height / 2;
  playMark(ink, head.playing, MARGIN + 4, middle);
  write(ink, head.timecode, mono(700, 80), INK, MARGIN + 84, middle + 3);
  const track = { x: bar.x, y: middle - 8, width: bar.width, height: 16 };
  block(ink, hovered.has('seek') ? LIT : 'rgba(255, 255, 255, 0.16)', track, 8);
  block(ink, ACCENT, { ...track, width: bar.width * head.fraction }, 8);
  block(ink, INK, { x: bar.x + bar.width * head.fraction - 7, y: middle - 26, width: 14, height: 52 }, 7);
}

function playMark(ink: Ink, playing: boolean, x: number, middle: number): void {
  if (playing) {
    ink.fillStyle = INK;
    ink.beginPath();
    ink.moveTo(x, middle - 30);
    ink.lineTo(x + 52, middle);
    ink.lineTo(x, middle + 30);
    ink.closePath();
    ink.fill();
    return;
  }
  for (const at of [x, x + 30]) block(ink, INK, { x: at, y: middle - 30, width: 18, height: 60 }, 4);
}

export function paintBody(ink: Ink, body: BoardBody, layout: BoardLayout, hovered: ReadonlySet<string>, posters: (path: string) => HTMLImageElement | null): void {
  block(ink, GROUND, layout.body, EDGE);
  for (const [i, { words }] of body.groups.entries()) {
    const place = layout.groups[i];
    if (place) bracket(ink, words, place);
  }
  for (const [place, id, mark, count] of [[layout.earlier, 'earlier', '‹', body.before], [layout.later, 'later', '›', body.behind]] as const) {
    if (!place) continue;
    block(ink, hovered.has(id) ? LIT : RAISED, place, 18);
    centred(ink, mark, sans(500, 92), INK, { ...place, height: place.height - 70 });
    centred(ink, String(count), sans(600, 44), QUIET, { ...place, y: place.y + place.height / 2 + 10, height: 60 });
  }
  for (const [i, card] of body.cards.entries()) {
    const place = layout.cards[i];
    if (place) paintCard(ink, card, place, hovered, card.poster === null ? null : posters(card.poster));
  }
  if (body.decision && layout.foot) paintDecision(ink, body.decision, layout, layout.foot, hovered);
  else if (layout.foot) for (const [i, line] of body.lines.entries()) write(ink, line, sans(500, 46), INK, layout.foot.x, layout.foot.y + 44 + i * 62, layout.foot.width);
  centred(ink, body.help, sans(400, 40), QUIET, layout.help);
}

/** Over cards that belong together, a line that reaches round their corners, and what they are. */
function bracket(ink: Ink, words: string, { x, y, width, height }: Rect): void {
  const end = x + width - 3;
  ink.strokeStyle = 'rgba(236, 238, 242, 0.4)';
  ink.lineWidth = 4;
  ink.beginPath();
  ink.moveTo(x + 3, y + height);
  ink.lineTo(x + 3, y + height / 2);
  ink.lineTo(end, y + height / 2);
  ink.lineTo(end, y + height);
  ink.stroke();
  ink.font = sans(600, 42);
  const room = Math.min(ink.measureText(words).width + 40, width - 40);
  const label = { x: x + (width - room) / 2, y, width: room, height };
  ink.save();
  ink.globalCompositeOperation = 'destination-out';
  block(ink, '#000', label, 0);
  ink.restore();
  block(ink, GROUND, label, 0);
  centred(ink, words, sans(600, 42), QUIET, label);
}

function paintCard(ink: Ink, card: Card, { card: place, poster, cancel }: CardPlace, hovered: ReadonlySet<string>, image: HTMLImageElement | null): void {
  const lit = hovered.has(`card ${card.takeId}`);
  block(ink, lit ? LIT : RAISED, place, 18);
  ink.save();
  ink.beginPath();
  ink.roundRect(poster.x, poster.y, poster.width, poster.height, [18, 18, 0, 0]);
  ink.clip();
  block(ink, '#1d2026', poster, 0);
  if (image) cover(ink, image, poster);
  if (card.fraction !== null) progress(ink, card.fraction, poster, image !== null);
  ink.restore();
  ink.font = sans(700, 60);
  const chip = { x: poster.x + 12, y: poster.y + 12, width: ink.measureText(String(card.number)).width + 36, height: 72 };
  block(ink, card.shown ? ACCENT : 'rgba(10, 11, 14, 0.8)', chip, 12);
  centred(ink, String(card.number), sans(700, 60), card.shown ? ACCENT_INK : INK, chip);
  if (card.approved) {
    block(ink, 'rgba(10, 11, 14, 0.8)', { x: poster.x + poster.width - 84, y: poster.y + 12, width: 72, height: 72 }, 36);
    starAt(ink, poster.x + poster.width - 48, poster.y + 47, 28);
  }
  const [left, room] = [place.x + 18, place.width - 36];
  const first = poster.y + poster.height + 44;
  const told = write(ink, card.state, sans(600, 50), TONES[card.standing] ?? QUIET, left, first, room);
  if (card.found && !cancel) warning(ink, card.found, left, first + 66, room);
  else if (card.differs && !cancel) write(ink, card.differs, sans(450, 42), QUIET, left, first + 66, room);
  if (card.found && card.differs && !cancel) whole(ink, card.differs, sans(450, 40), QUIET, left + told + 18, first + 2, room - told - 18);
  if (cancel) {
    block(ink, hovered.has(`cancel ${card.takeId}`) ? 'rgba(255, 122, 107, 0.45)' : 'rgba(255, 255, 255, 0.12)', cancel, 14);
    centred(ink, `✕ ${card.cancel}`, sans(600, 42), INK, cancel);
  }
  if (card.shown || lit) outline(ink, card.shown ? ACCENT : INK, place, 18, card.shown ? 8 : 6);
}

function warning(ink: Ink, words: string, x: number, y: number, room: number): void {
  ink.strokeStyle = ACCENT;
  ink.lineWidth = 5;
  ink.lineJoin = 'round';
  ink.beginPath();
  ink.moveTo(x + 20, y - 18);
  ink.lineTo(x + 40, y + 16);
  ink.lineTo(x, y + 16);
  ink.closePath();
  ink.stroke();
  write(ink, '!', sans(800, 26), ACCENT, x + 16, y + 4);
  write(ink, words, sans(550, 46), ACCENT, x + 54, y, room - 54);
}

/** Said in full or not at all. */
function whole(ink: Ink, words: string, font: string, colour: string, x: number, y: number, room: number): void {
  ink.font = font;
  if (ink.measureText(words).width <= room) write(ink, words, font, colour, x, y);
}

function progress(ink: Ink, fraction: number, { x, y, width, height }: Rect, over: boolean): void {
  if (over) block(ink, 'rgba(10, 11, 14, 0.6)', { x, y, width, height }, 0);
  centred(ink, fraction > 0 ? `${Math.round(fraction * 100)} %` : '…', sans(650, 72), INK, { x, y: y + 6, width, height });
  block(ink, 'rgba(255, 255, 255, 0.16)', { x, y: y + height - 14, width, height: 14 }, 0);
  block(ink, ACCENT, { x, y: y + height - 14, width: width * fraction, height: 14 }, 0);
}

function paintDecision(ink: Ink, decision: Decision, { accept, reject }: BoardLayout, foot: Rect, hovered: ReadonlySet<string>): void {
  const room = (reject?.x ?? foot.x + foot.width) - foot.x - 30;
  write(ink, decision.title, sans(600, 42), ACCENT, foot.x, foot.y + 36, room);
  for (const [i, line] of decision.lines.entries()) write(ink, line, sans(500, 48), INK, foot.x, foot.y + 92 + i * 60, room);
  if (reject) {
    block(ink, hovered.has('reject') ? LIT : 'rgba(255, 255, 255, 0.12)', reject, 20);
    centred(ink, decision.reject, sans(600, 50), INK, reject);
  }
  if (!accept) return;
  block(ink, hovered.has('accept') ? '#ffd085' : ACCENT, accept, 20);
  centred(ink, decision.accept, sans(650, 50), ACCENT_INK, accept);
}

/** The middle of a picture, as large as fills the place. */
function cover(ink: Ink, image: HTMLImageElement, { x, y, width, height }: Rect): void {
  const scale = Math.max(width / image.naturalWidth, height / image.naturalHeight);
  const [w, h] = [width / scale, height / scale];
  ink.drawImage(image, (image.naturalWidth - w) / 2, (image.naturalHeight - h) / 2, w, h, x, y, width, height);
}
