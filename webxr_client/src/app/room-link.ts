/** A room on a server: the websocket's words, the stream's picture, and what the viewer asks for. */
import type { Store } from '../core/events';
import { PoseGate } from '../core/pose-gate';
import { backoff } from '../core/reconnect';
import { sameStream, type StreamMark } from '../core/playhead';
import { fold, shownError, type RoomState, type ShownError } from '../core/room';
import { RoomSocket, roomUrl } from '../net/socket';
import { WhepViewer, type WhepCounts } from '../net/whep';
import { PROTOCOL_VERSION } from '../protocol/guards';
import type { ClientMessage, Pose, ServerMessage } from '../protocol/messages';
import type { Actions, ViewState } from '../ui/model';
import { freshId } from './fresh-id';
import type { Point } from './pointing';
import { takeRequests } from './requests';

/** A region reaches a little beyond what the hand drew, for hair and shadows. */
const EXPAND_RATIO = 0.05;

export interface RoomLink {
  readonly actions: Pick<Actions, 'play' | 'pause' | 'seek' | 'selectTake' | 'requestTake' | 'cancelTake' | 'resolveTake' | 'decide'>;
  writeNote(text: string, point: Point | null, region: ViewState['region']): void;
  sendPose(head: Pose['head'], immersive: boolean): void;
  /** The name has changed: comes in again under the new one; the picture stays. */
  rename(): void;
  counts(): Promise<WhepCounts | null>;
}

export interface RoomLinkOptions {
  readonly page: URL;
  readonly name: () => string;
  readonly room: Store<RoomState>;
  readonly view: Store<ViewState>;
  readonly video: HTMLVideoElement;
  readonly onError: (error: ShownError) => void;
}

export function openRoom({ page, name, room, view, video, onError }: RoomLinkOptions): RoomLink {
  let viewer: WhepViewer | null = null;
  let mark: StreamMark | null = null;
  const gate = new PoseGate();

  /** The picture does not come over the websocket: after its loss a viewer of the same stream just goes on. */
  const watch = ({ whepPath, serverVersion, playhead, iceServers }: Extract<ServerMessage, { type: 'welcome' }>): void => {
    const now = { whepPath, serverVersion, counter: playhead.counter };
    const same = sameStream(mark, now);
    mark = now;
    if (viewer && same) {
      viewer.hurry();
      return;
    }
    viewer?.close();
    const endpoint = new URL(whepPath, page.origin);
    const token = page.searchParams.get('token');
    if (token) endpoint.searchParams.set('token', token);
    viewer = new WhepViewer(endpoint.href, iceServers, backoff(), {
      onStream: (stream) => {
        video.srcObject = stream;
        void video.play().catch(() => undefined);
      },
      onState: () => undefined,
      onTrouble: () => view.update((v) => ({ ...v, picture: v.picture === 'live' ? 'lost' : v.picture })),
    });
  };

  const send = (message: ClientMessage): void => socket.send(message);
  const requests = takeRequests(view, send);
  const socket: RoomSocket = new RoomSocket(
    roomUrl(page, room.value.roomId),
    () => ({ type: 'hello', name: name(), language: view.value.language, protocolVersion: PROTOCOL_VERSION }),
    backoff(),
    {
      onConnection: (connection) => view.update((v) => ({ ...v, connection })),
      onMessage: (message) => {
        room.update((state) => fold(state, message, performance.now()));
        if (message.type === 'welcome') {
          gate.forget();
          watch(message);
          for (const note of Object.values(room.value.pending)) socket.send({ type: 'writeNote', ...note });
        } else if (message.type === 'playhead' && mark) {
          mark = { ...mark, counter: message.playhead.counter };
        } else if (message.type === 'error') {
          if (message.re === 'writeNote') room.update((state) => ({ ...state, pending: {} }));
          if (!requests.refused(message)) onError(shownError(message));
        }
      },
    },
  );
  window.addEventListener('pagehide', () => {
    viewer?.close();
    socket.close();
  });

  return {
    actions: {
      play: () => send({ type: 'transport', action: 'play' }),
      pause: () => send({ type: 'transport', action: 'pause' }),
      seek: (frame) => send({ type: 'transport', action: 'seek', frame }),
      selectTake: (takeId, frame) => send({ type: 'selectTake', takeId, frame: frame ?? null }),
      requestTake: requests.request,
      cancelTake: (takeId) => send({ type: 'cancelTake', takeId }),
      resolveTake: (takeId, retry) => send({ type: 'resolveTake', takeId, retry }),
      decide: (revisionId, accept) => send({ type: 'decideRevision', revisionId, accept }),
    },
    writeNote(text, point, drawn) {
      const takeId = drawn?.takeId ?? view.value.takeId;
      const frame = drawn?.frame ?? view.value.frame;
      if (!takeId) return;
      const note = { clientId: freshId('note'), takeId, frame, text, ...(point ? { pointM: [...point.metres] as Point['metres'], rayDirection: [...point.direction] as Point['direction'] } : {}), ...(drawn ? { region: { shape: drawn.shape, tracking: true, expandRatio: EXPAND_RATIO } } : {}) };
      room.update((state) => ({ ...state, pending: { ...state.pending, [note.clientId]: note } }));
      send({ type: 'writeNote', ...note });
    },
    sendPose: (head, immersive) => {
      if (gate.admits(head, immersive, performance.now())) send({ type: 'pose', head, immersive });
    },
    rename: () => socket.again(),
    counts: async () => (await viewer?.counts()) ?? null,
  };
}
