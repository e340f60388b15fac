/** The composition root: every part is made here and tied to the others. */
import { Vector3 } from 'three';
import { Store } from '../core/events';
import { preferredLanguage, translator, type Language } from '../core/i18n';
import { poseAt, type KnownClip } from '../core/manifest';
import { playheadNow } from '../core/playhead';
import { chosenQuality, QualityGovernor } from '../core/quality';
import { beforeAfter, sameFrame } from '../core/redraw';
import { emptyRoom, type RoomState, type ShownError } from '../core/room';
import { openFolder, StaticTransport } from '../media/static-source';
import { makeVideo } from '../media/video';
import { Heads } from '../stage/heads';
import { Stage } from '../stage/stage';
import { FIRST_VIEW, type Actions, type UiContext, type ViewState } from '../ui/model';
import { mountShell, type Shell } from '../ui/shell';
import { setupVr, type VrSession } from '../xr/session';
import { boardDesk } from './board-desk';
import { openDesk } from './desk';
import { takeSnapshot } from './diagnostics';
import { runImmersive, type Immersive } from './immersive';
import { pointAt, type Point } from './pointing';
import { openRoom, type RoomLink } from './room-link';
import { Screen, shownFps, type Shown } from './screen';
import { World } from './world';

const STATS_EVERY_MS = 500;
const ERRORS_KEPT = 50;

export class App {
  private readonly page = new URL(location.href);
  private readonly room: Store<RoomState>;
  private readonly view: Store<ViewState>;
  private readonly world: World;
  private readonly video = makeVideo();
  private readonly stage: Stage;
  private readonly screen: Screen;
  private readonly heads = new Heads();
  private readonly shell: Shell;
  private readonly vr: VrSession;
  private readonly errors: ShownError[] = [];
  private readonly desk: ReturnType<typeof openDesk>;
  private link: RoomLink | null = null;
  private folder: { clip: KnownClip; transport: StaticTransport } | null = null;
  private point: Point | null = null;
  private framesDecoded = 0;
  private inside: Immersive | null = null;

  constructor(host: HTMLElement) {
    const language = storedLanguage() ?? preferredLanguage(navigator.languages);
    this.room = new Store(emptyRoom(this.page.searchParams.get('room') ?? 'default'));
    this.view = new Store<ViewState>({ ...FIRST_VIEW, language, name: visitorName(this.page) });
    this.desk = openDesk({ page: this.page, room: this.room, view: this.view, onError: (error) => this.onError(error) });
    this.world = new World(host);
    this.stage = new Stage((stage) => {
      this.world.invalidate();
      this.patch({ stage });
    });
    this.world.scene.add(this.stage.group);
    this.world.film.add(this.heads.group);
    const { quality, fixed } = chosenQuality(this.page.searchParams);
    this.screen = new Screen(this.video, this.world.renderer, this.world.anchor, this.world.surround, quality, {
      clips: () => (this.folder ? [this.folder.clip] : Object.values(this.room.value.clips)),
      onShown: (shown) => this.onShown(shown),
      onFailure: (error) => this.onError({ code: 'internal', title: error.name, detail: error.message }),
    });
    this.world.screen = this.screen;
    const context: UiContext = { room: this.room, view: this.view, actions: this.actions(), t: (key, values) => translator(this.view.value.language)(key, values) };
    this.shell = mountShell(host, context);
    this.vr = setupVr(
      this.world.renderer,
      (vr) => this.onVr(vr),
      (detail) => this.onError({ code: 'unavailable', title: 'VR', detail }),
    );
    this.tick(fixed ? null : new QualityGovernor());
    this.listen(host);
    this.expose();
  }

  /** Open the folder or the room that the page's address names. */
  async start(): Promise<void> {
    const folder = this.page.searchParams.get('static');
    if (folder !== null) {
      this.patch({ connection: 'static' });
      await this.openStatic(folder);
      return;
    }
    this.link = openRoom({
      page: this.page,
      name: () => this.view.value.name || translator(this.view.value.language)('name.guest'),
      room: this.room,
      view: this.view,
      video: this.video,
      onError: (error) => this.onError(error),
    });
    this.room.watch((r) => r.playhead, (playhead) => this.onPlayhead(playhead));
  }

  private async openStatic(folder: string): Promise<void> {
    try {
      const clip = await openFolder(folder, this.page.href, this.page.searchParams.get('tier'));
      const transport = new StaticTransport(this.video, clip);
      this.folder = { clip, transport };
      for (const name of ['play', 'pause'] as const) this.video.addEventListener(name, () => this.patch({ playing: !this.video.paused }));
      transport.play();
    } catch (error) {
      const t = translator(this.view.value.language);
      this.onError({ code: 'static', title: t('static.failed'), detail: error instanceof Error ? error.message : String(error) });
    }
  }

  private patch(change: Partial<ViewState>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }

  private onShown(shown: Shown): void {
    const { clip, frame } = shown;
    this.patch({
      picture: 'live',
      takeId: clip.takeId,
      clip,
      quality: clip.quality,
      frame,
      frameCount: clip.manifest.frameCount,
      fps: shownFps(shown),
    });
    if (this.world.mode === 'stage') void this.stage.load(`${clip.filesPath}/stage.glb`);
  }

  private onPlayhead(playhead: RoomState['playhead']): void {
    this.patch({ playing: playhead.playing });
  }

  private onError(error: ShownError): void {
    this.errors.push(error);
    if (this.errors.length > ERRORS_KEPT) this.errors.shift();
    console.warn(`${error.code}: ${error.title}: ${error.detail}`);
    this.shell.showError(error);
  }

  private actions(): Actions {
    const { desk } = this;
    const transport = (): Pick<Actions, 'play' | 'pause' | 'seek'> | null => this.transport();
    return {
      play: () => transport()?.play(),
      pause: () => transport()?.pause(),
      seek: (frame) => transport()?.seek(frame),
      selectTake: (takeId, frame) => this.link?.actions.selectTake(takeId, frame),
      requestTake: (shotId, ask, override) => this.link?.actions.requestTake(shotId, ask, override),
      openAsk: (asking) => this.patch({ asking, refusal: null }),
      compare: (compare) => this.patch({ compare }),
      flip: () => {
        const pair = beforeAfter(this.room.value.takes, this.view.value.takeId, this.view.value.after);
        if (!pair) return;
        this.patch({ after: pair.after.id });
        const next = pair.showing === 'after' ? pair.before : pair.after;
        this.link?.actions.selectTake(next.id, sameFrame(this.view.value.frame, next));
      },
      estimate: (shotId, ask) => desk.estimate(shotId, ask),
      approve: (takeId, approved) => desk.approve(takeId, approved),
      filmstrip: (take) => desk.filmstrip(take),
      cancelTake: (takeId) => this.link?.actions.cancelTake(takeId),
      resolveTake: (takeId, retry) => this.link?.actions.resolveTake(takeId, retry),
      decide: (revisionId, accept) => this.link?.actions.decide(revisionId, accept),
      writeNote: (text) => {
        this.link?.writeNote(text, this.point, this.view.value.region);
        this.setPoint(null);
        this.patch({ drawing: false, region: null });
      },
      setLanguage: (language) => {
        remember('previs.language', language);
        this.patch({ language });
      },
      setName: (name) => {
        remember('previs.name', name);
        this.patch({ name });
        this.link?.rename();
      },
      setMode: (mode) => {
        this.world.setMode(mode);
        this.stage.group.visible = mode === 'stage';
        const { shown } = this.screen;
        if (mode === 'stage' && shown) void this.stage.load(`${shown.clip.filesPath}/stage.glb`);
        this.patch({ mode, drawing: false, region: null });
      },
      toggleVr: () => void this.vr.toggle(),
      clearPoint: () => this.setPoint(null),
      drawRegion: (on) => {
        this.patch({ drawing: on, region: null });
        if (!on) return;
        transport()?.pause();
        this.world.flat.moveTo([0, 0, 0]);
      },
      setRegion: (region) => this.patch({ region }),
    };
  }

  private setPoint(point: Point | null): void {
    this.point = point;
    this.patch({ point });
  }

  private onVr(vr: ViewState['vr']): void {
    this.patch({ vr });
    if (vr === 'presenting' && !this.inside) {
      const { value: view } = this.view;
      const playPause = (): void => (this.view.value.playing ? this.transport()?.pause() : this.transport()?.play());
      const desk = boardDesk(this.room, this.view, { ...this.actions(), playPause }, (key, values) => translator(this.view.value.language)(key, values));
      this.inside = runImmersive(this.world, {
        board: () => desk.board(),
        press: (action, share) => desk.press(action, share),
        playPause,
        seekSeconds: (seconds) => this.seekBy(Math.round(seconds * view.fps)),
      });
    } else if (vr !== 'presenting' && this.inside) {
      this.inside.end();
      this.inside = null;
      this.world.resize();
    }
  }

  private transport(): Pick<Actions, 'play' | 'pause' | 'seek'> | null {
    return this.folder?.transport ?? this.link?.actions ?? null;
  }

  private seekBy(frames: number): void {
    const { frame, frameCount } = this.view.value;
    if (frameCount > 0) this.transport()?.seek(Math.min(Math.max(frame + frames, 0), frameCount - 1));
  }

  private tick(governor: QualityGovernor | null): void {
    this.world.onTick((seconds) => {
      this.world.insets = this.shell.insets();
      this.shell.placePicture(this.world.pictureBox());
      this.followLost();
      this.meet(seconds);
      const { shown, view } = this.screen;
      if (shown && view && this.world.mode === 'stage') {
        const { position, rotation } = poseAt(shown.clip.manifest, shown.frame);
        const { x, y } = view.tangents();
        this.stage.setTime(shown.frame / shownFps(shown), position, rotation, x, y);
      }
      if (!shown || document.hidden || this.world.immersive) return;
      const coarser = governor?.observe(this.world.fps.value, seconds);
      if (coarser) this.screen.setQuality(coarser);
    });
    setInterval(() => void this.measure(), STATS_EVERY_MS);
  }

  /** Shows where the others are, and tells them where the viewer is. */
  private meet(seconds: number): void {
    const head = this.world.headInFilm();
    if (!head) return;
    const { participants, heads, self } = this.room.value;
    const moved = this.heads.update(participants, heads, self?.id ?? null, new Vector3(head[0], head[1], head[2]), seconds);
    if (moved) this.world.invalidate();
    this.link?.sendPose(head, this.world.immersive);
  }

  /** The frame shown is the picture's own; only while there is no picture, the interface goes by the room's playhead. */
  private followLost(): void {
    if (this.view.value.picture !== 'lost' || this.room.value.playhead.takeId !== this.view.value.takeId) return;
    this.patch({ frame: playheadNow(this.room.value, performance.now()).frame });
  }

  private async measure(): Promise<void> {
    const counts = await this.link?.counts();
    this.framesDecoded = counts?.framesDecoded ?? this.video.getVideoPlaybackQuality().totalVideoFrames;
  }

  private listen(host: HTMLElement): void {
    const canvas = this.world.renderer.domElement;
    canvas.addEventListener('click', (event) => {
      if (!event.shiftKey || this.world.flat.wasDrag || !this.link) return;
      this.setPoint(pointAt(this.world, event.clientX, event.clientY));
    });
    host.addEventListener('pointerdown', () => void (this.video.paused && this.video.srcObject && this.video.play().catch(() => undefined)));
  }

  private expose(): void {
    const actions = this.actions();
    window.previs = {
      version: 1,
      snapshot: () => {
        const { info } = this.world.renderer;
        const { shown, view } = this.screen;
        return takeSnapshot(this.room.value, this.view.value, {
          barcodeFrame: shown?.frame ?? null,
          barcodeTag: shown?.clip.manifest.atlas.barcode.tag ?? null,
          barcodeReads: this.screen.reads,
          barcodeMisses: this.screen.misses,
          framesDecoded: this.framesDecoded,
          manifestTakeId: shown?.clip.manifest.takeId ?? null,
          immersive: this.world.immersive,
          board: this.inside?.places() ?? [],
          heads: this.heads.visible,
          mode: this.world.mode,
          fps: this.world.fps.value,
          turns: { ...this.world.turns },
          columns: this.screen.quality.columns,
          drawCalls: info.render.calls,
          triangles: info.render.triangles,
          eye: this.world.eyeAtAnchor(),
          flat: view?.flat ?? 0,
        }, this.errors);
      },
      actions: {
        play: actions.play,
        pause: actions.pause,
        seek: actions.seek,
        moveEye: (x, y, z, yaw, pitch) => this.world.flat.moveTo([x, y, z], yaw, pitch),
        enterVr: () => this.vr.toggle(),
      },
    };
  }
}

function storedLanguage(): Language | null {
  const language = recall('previs.language');
  return language === 'en' || language === 'zh' ? language : null;
}

function visitorName(page: URL): string {
  const name = (page.searchParams.get('name') ?? recall('previs.name') ?? '').trim().slice(0, 60);
  if (name) remember('previs.name', name);
  return name;
}

/** Storage may be forbidden (private windows, embedded pages): then nothing is remembered. */
function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not kept: the next visit asks again
  }
}
