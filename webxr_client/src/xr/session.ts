/** Into the headset and out again. */
import type { WebGLRenderer } from 'three';

export type VrState = 'unsupported' | 'available' | 'presenting';

export interface VrSession {
  toggle(): Promise<void>;
  dispose(): void;
}

/** Watches for a headset; `onState` is told at once and at every change, `onError` in words. */
export function setupVr(renderer: WebGLRenderer, onState: (state: VrState) => void, onError: (detail: string) => void): VrSession {
  const { xr } = navigator;
  let session: XRSession | null = null;
  let supported = false;
  const tell = (): void => onState(session ? 'presenting' : supported ? 'available' : 'unsupported');
  const look = async (): Promise<void> => {
    supported = (await xr?.isSessionSupported('immersive-vr').catch(() => false)) ?? false;
    tell();
  };
  const onDevice = (): void => void look();
  xr?.addEventListener('devicechange', onDevice);
  tell();
  void look();
  return {
    async toggle() {
      if (session) {
        await session.end();
        return;
      }
      if (!xr || !supported) return;
      try {
        const started = await xr.requestSession('immersive-vr', { requiredFeatures: ['local-floor'], optionalFeatures: ['bounded-floor', 'hand-tracking'] });
        started.addEventListener('end', () => {
          session = null;
          tell();
        });
        await renderer.xr.setSession(started);
        session = started;
        tell();
      } catch (error) {
        onError(error instanceof Error ? error.message : String(error));
      }
    },
    dispose() {
      xr?.removeEventListener('devicechange', onDevice);
      void session?.end();
    },
  };
}
