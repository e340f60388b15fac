/** The room's websocket: typed both ways, a heartbeat, and a way back after a loss. */
import { isFinal, type ReconnectPolicy } from '../core/reconnect';
import { parseServerMessage } from '../protocol/guards';
import type { ClientMessage, Hello, ServerMessage } from '../protocol/messages';

export type Connection = 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface RoomSocketEvents {
  onMessage(message: ServerMessage): void;
  onConnection(state: Connection): void;
}

const PING_MS = 2000;
const SILENCE_MS = 6000;
const QUEUE_LIMIT = 32;

/** Opens at once. `close()` is final. */
export class RoomSocket {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private heardAt = 0;
  private pulse: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private waiting: ClientMessage[] = [];
  private finished = false;

  constructor(
    private readonly url: string,
    private readonly hello: () => Hello,
    private readonly policy: ReconnectPolicy,
    private readonly events: RoomSocketEvents,
    private readonly open: (url: string) => WebSocket = (u) => new WebSocket(u),
  ) {
    events.onConnection('connecting');
    this.connect();
  }

  /** Sends now, or after the next welcome: a note written while the line is down is not lost. */
  send(message: ClientMessage): void {
    if (this.socket?.readyState === 1) {
      this.socket.send(JSON.stringify(message));
    } else if (message.type !== 'pose' && message.type !== 'ping') {
      this.waiting = [...this.waiting, message].slice(-QUEUE_LIMIT);
    }
  }

  /** Comes in once more, with what `hello` says now. */
  again(): void {
    if (this.finished) return;
    this.drop();
    this.connect();
  }

  close(): void {
    this.finished = true;
    this.drop();
    this.events.onConnection('closed');
  }

  private connect(): void {
    const socket = this.open(this.url);
    this.socket = socket;
    socket.addEventListener('open', () => {
      this.heardAt = Date.now();
      socket.send(JSON.stringify(this.hello()));
      this.pulse = setInterval(() => this.beat(), PING_MS);
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => this.hear(socket, event.data));
    socket.addEventListener('close', (event) => {
      if (socket === this.socket) this.lost(event.code);
    });
  }

  private hear(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    this.heardAt = Date.now();
    const message = parseServerMessage(text);
    if (!message) return;
    if (message.type === 'welcome') {
      this.attempt = 0;
      this.events.onConnection('open');
    }
    this.events.onMessage(message);
    if (message.type === 'welcome') {
      const waiting = this.waiting;
      this.waiting = [];
      for (const m of waiting) this.send(m);
    }
  }

  private beat(): void {
    if (Date.now() - this.heardAt > SILENCE_MS) {
      this.lost(1006);
      return;
    }
    this.send({ type: 'ping', t: performance.now() });
  }

  private lost(code: number): void {
    this.drop();
    if (this.finished || isFinal(code)) {
      this.finished = true;
      this.events.onConnection('closed');
      return;
    }
    this.events.onConnection('reconnecting');
    this.retry = setTimeout(() => this.connect(), this.policy.delayMs(this.attempt++));
  }

  private drop(): void {
    clearInterval(this.pulse);
    clearTimeout(this.retry);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}

/** `wss://host/api/rooms/ROOM/ws` of the page's own host; a token in the page's address goes along. */
export function roomUrl(page: URL, roomId: string): string {
  const url = new URL(`api/rooms/${encodeURIComponent(roomId)}/ws`, new URL('/', page));
  url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  const token = page.searchParams.get('token');
  if (token) url.searchParams.set('token', token);
  return url.href;
}
