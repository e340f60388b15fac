/** The one <video> element, and frames as they come out of it. */

/** A picture that does not change while it is looked at twice (texture and barcode). Close it after use. */
export type Picture = VideoFrame | HTMLVideoElement;

export interface VideoTap {
  readonly element: HTMLVideoElement;
  /** Frames presented so far. */
  readonly presented: () => number;
  dispose(): void;
}

export function makeVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.autoplay = true;
  video.crossOrigin = 'anonymous';
  video.preload = 'auto';
  return video;
}

/** Calls `onFrame` for each new frame the browser presents (or, without that callback, when the time has moved). */
export function tapFrames(video: HTMLVideoElement, onFrame: () => void): VideoTap {
  let presented = 0;
  let running = true;
  let handle = 0;
  const arrived = (): void => {
    if (!running) return;
    presented++;
    onFrame();
  };
  if ('requestVideoFrameCallback' in video) {
    const next = (): void => {
      arrived();
      handle = video.requestVideoFrameCallback(next);
    };
    handle = video.requestVideoFrameCallback(next);
  } else {
    let last = -1;
    const poll = (): void => {
      const time = (video as HTMLVideoElement).currentTime;
      if (time !== last) arrived();
      last = time;
      handle = requestAnimationFrame(poll);
    };
    handle = requestAnimationFrame(poll);
  }
  return {
    element: video,
    presented: () => presented,
    dispose: () => {
      running = false;
      if ('cancelVideoFrameCallback' in video) video.cancelVideoFrameCallback(handle);
      else cancelAnimationFrame(handle);
    },
  };
}

/** The current frame, frozen; the element itself where the browser cannot freeze one. */
export function freeze(video: HTMLVideoElement): Picture | null {
  if (video.readyState < 2 || video.videoWidth === 0) return null;
  if (typeof VideoFrame === 'undefined') return video;
  try {
    return new VideoFrame(video);
  } catch {
    return video;
  }
}

export function sizeOf(picture: Picture): { width: number; height: number } {
  return picture instanceof HTMLVideoElement
    ? { width: picture.videoWidth, height: picture.videoHeight }
    : { width: picture.displayWidth, height: picture.displayHeight };
}

export function release(picture: Picture): void {
  if (!(picture instanceof HTMLVideoElement)) picture.close();
}
