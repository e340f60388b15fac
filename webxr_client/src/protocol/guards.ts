/** What comes off the wire is checked here, once; behind it the types hold. */
import type { ServerMessage } from './messages';

export const PROTOCOL_VERSION = 1;

/** The fields without which a message of a type cannot be used. */
const NEEDED: { [T in ServerMessage['type']]: readonly (keyof Extract<ServerMessage, { type: T }>)[] } = {
  welcome: ['protocolVersion', 'roomId', 'participant', 'participants', 'project', 'shots', 'takes', 'notes', 'revisions', 'playhead', 'whepPath'],
  presence: ['participants'],
  poses: ['heads'],
  takeUpdated: ['take'],
  progress: ['takeId', 'stage', 'fraction'],
  manifest: ['takeId', 'quality', 'filesPath', 'manifest'],
  span: ['counter', 'takeId', 'frame', 'frameCount', 'fps', 'playing'],
  playhead: ['playhead'],
  noteAdded: ['note'],
  revisionUpdated: ['revision'],
  shotUpdated: ['shot'],
  error: ['code', 'title', 'detail'],
  pong: ['t'],
};

/** The message in a websocket text, or null when it is not one of the protocol's (a newer server may know more). */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(NEEDED, type)) return null;
  const needed = NEEDED[type as ServerMessage['type']];
  return needed.every((field) => field in value) ? (value as ServerMessage) : null;
}
