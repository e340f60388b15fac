import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff } from '../src/core/reconnect';
import { RoomSocket, roomUrl, type Connection } from '../src/net/socket';
import { problemOf } from '../src/net/whep';
import type { ServerMessage } from '../src/protocol/messages';

/** The part of WebSocket that the client uses, driven by hand. */
class Line extends EventTarget {
  static made: Line[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];

  constructor(readonly url: string) {
    super();
    Line.made.push(this);
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  say(message: object): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) }));
  }
  fail(code: number): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.readyState = 3;
  }
}

const WELCOME = { type: 'welcome', protocolVersion: 1, roomId: 'r', participant: {}, participants: [], project: {}, shots: [], takes: [], notes: [], revisions: [], playhead: {}, whepPath: '/w' };

function connect() {
  const states: Connection[] = [];
  const heard: ServerMessage[] = [];
  const socket = new RoomSocket('ws://x/', () => ({ type: 'hello', name: 'Ana' }), backoff(() => 0), { onConnection: (s) => states.push(s), onMessage: (m) => heard.push(m) }, (url) => new Line(url) as unknown as WebSocket);
  return { socket, states, heard };
}

const last = (): Line => {
  const line = Line.made.at(-1);
  if (!line) throw new Error('no socket was opened');
  return line;
};

beforeEach(() => {
  Line.made = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('room socket', () => {
  it('says hello first, and is open after the welcome', () => {
    const { states, heard } = connect();
    last().open();
    expect(last().sent).toEqual([{ type: 'hello', name: 'Ana' }]);
    last().say(WELCOME);
    last().say({ type: 'unheard of' });
    expect([states, heard.length]).toEqual([['connecting', 'open'], 1]);
  });

  it('comes back after a loss and then sends what was asked for meanwhile', () => {
    const { socket, states } = connect();
    last().open();
    last().say(WELCOME);
    last().fail(1006);
    socket.send({ type: 'transport', action: 'pause' });
    socket.send({ type: 'pose', head: [0, 0, 0, 0, 0, 0, 1] });
    vi.advanceTimersByTime(299);
    expect(Line.made.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(Line.made.length).toBe(2);
    last().open();
    last().say(WELCOME);
    expect(last().sent.map((m) => m['type'])).toEqual(['hello', 'transport']);
    expect(states).toEqual(['connecting', 'open', 'reconnecting', 'open']);
  });

  it('comes in again under another name without calling it a loss', () => {
    const { socket, states } = connect();
    last().open();
    last().say(WELCOME);
    socket.again();
    last().open();
    last().say(WELCOME);
    expect([Line.made.length, last().sent[0]?.['type']]).toEqual([2, 'hello']);
    Line.made[0]?.fail(1000);
    vi.advanceTimersByTime(9000);
    expect(states).toEqual(['connecting', 'open', 'open', 'reconnecting']);
  });

  it('gives up a silent line after six seconds, not one that answers', () => {
    connect();
    last().open();
    last().say(WELCOME);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(2000);
      last().say({ type: 'pong', t: 1, serverTime: '' });
    }
    expect(Line.made.length).toBe(1);
    expect(last().sent.filter((m) => m['type'] === 'ping').length).toBe(5);
    vi.advanceTimersByTime(9000);
    expect(Line.made.length).toBe(2);
  });

  it('does not knock again where it was turned away', () => {
    const { states } = connect();
    last().fail(1008);
    vi.advanceTimersByTime(60_000);
    expect([Line.made.length, states.at(-1)]).toEqual([1, 'closed']);
  });
});

describe('addresses and problems', () => {
  it('finds the room on the page’s host, token and all', () => {
    expect(roomUrl(new URL('https://h:8/x/?token=a%20b'), 'r 1')).toBe('wss://h:8/api/rooms/r%201/ws?token=a+b');
    expect(roomUrl(new URL('http://h/'), 'default')).toBe('ws://h/api/rooms/default/ws');
  });

  it('reads the detail of a problem response', () => {
    expect(problemOf('{"detail":"The room is full."}')).toBe('The room is full.');
    expect(problemOf('<html>')).toBeNull();
  });
});
