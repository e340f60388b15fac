/** A WHEP viewer: one POST with every candidate, one answer, DELETE at the end; asks again when the path breaks. */
import type { ReconnectPolicy } from '../core/reconnect';
import type { IceServer } from '../protocol/messages';

export interface WhepEvents {
  onStream(stream: MediaStream): void;
  onState(state: RTCPeerConnectionState): void;
  /** One line; the client keeps trying. */
  onTrouble(detail: string): void;
}

export interface WhepCounts {
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly width: number;
  readonly height: number;
}

const GATHERING_LIMIT_MS = 1500;

/** Connects at once; `close()` is final. */
export class WhepViewer {
  private peer: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private finished = false;

  constructor(
    private readonly endpoint: string,
    private readonly iceServers: readonly IceServer[],
    private readonly policy: ReconnectPolicy,
    private readonly events: WhepEvents,
  ) {
    void this.connect();
  }

  async counts(): Promise<WhepCounts> {
    const counts = { framesDecoded: 0, framesDropped: 0, packetsLost: 0, bytesReceived: 0, width: 0, height: 0 };
    for (const report of (await this.peer?.getStats())?.values() ?? []) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'video') continue;
      counts.framesDecoded += report.framesDecoded ?? 0;
      counts.framesDropped += report.framesDropped ?? 0;
      counts.packetsLost += report.packetsLost ?? 0;
      counts.bytesReceived += report.bytesReceived ?? 0;
      counts.width = report.frameWidth ?? 0;
      counts.height = report.frameHeight ?? 0;
    }
    return counts;
  }

  /** The server was heard again: a viewer that waits to try again does so at once. */
  hurry(): void {
    if (this.finished || this.peer) return;
    clearTimeout(this.retry);
    void this.connect();
  }

  close(): void {
    this.finished = true;
    this.drop();
  }

  private async connect(): Promise<void> {
    const peer = new RTCPeerConnection({ iceServers: this.iceServers.map(plainServer) });
    this.peer = peer;
    const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    peer.addEventListener('track', (event) => this.events.onStream(event.streams[0] ?? new MediaStream([event.track])));
    peer.addEventListener('connectionstatechange', () => this.changed(peer));
    try {
      await peer.setLocalDescription();
      await gathered(peer);
      const answer = await this.offer(peer.localDescription?.sdp ?? '');
      if (peer !== this.peer) return;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch (error) {
      if (peer === this.peer) this.again(error instanceof Error ? error.message : String(error));
    }
  }

  private async offer(sdp: string): Promise<string> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Accept: 'application/sdp' },
      body: sdp,
    });
    const text = await response.text();
    if (response.status !== 201) throw new Error(problemOf(text) ?? `The stream answered with status ${response.status}.`);
    const location = response.headers.get('Location');
    const resource = location ? new URL(location, new URL(this.endpoint, document.baseURI)).href : null;
    if (this.finished && resource) void release(resource);
    this.resource = resource;
    return text;
  }

  private changed(peer: RTCPeerConnection): void {
    if (peer !== this.peer) return;
    this.events.onState(peer.connectionState);
    if (peer.connectionState === 'connected') this.attempt = 0;
    if (peer.connectionState === 'failed' || peer.connectionState === 'disconnected') this.again('The video path is down.');
  }

  private again(detail: string): void {
    this.drop();
    if (this.finished) return;
    this.events.onTrouble(detail);
    this.retry = setTimeout(() => void this.connect(), this.policy.delayMs(this.attempt++));
  }

  private drop(): void {
    clearTimeout(this.retry);
    const { peer, resource } = this;
    this.peer = null;
    this.resource = null;
    peer?.close();
    if (resource) void release(resource);
  }
}

async function release(resource: string): Promise<void> {
  await fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}

function plainServer({ urls, username, credential }: IceServer): RTCIceServer {
  return { urls, ...(username ? { username } : {}), ...(credential ? { credential } : {}) };
}

/** All candidates found, or the limit reached: host candidates are there within milliseconds. */
async function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, GATHERING_LIMIT_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(limit);
      resolve();
    });
  });
}

/** The `detail` of an RFC 9457 problem response. */
export function problemOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'detail' in value) return String(value.detail);
  } catch {
    // not JSON: no detail to show
  }
  return null;
}
