import type { Instrument } from "./feel.ts";

const NOISE_SECONDS = 1;
/** Where a fingernail on foil is loudest. */
const HISS_HZ = 3_200;
const HISS_GAIN = 0.09;
/** How soon the hiss follows the finger, and how soon it dies when the finger stops. */
const ATTACK_SECONDS = 0.012;
const HOLD_SECONDS = 0.05;
const RELEASE_SECONDS = 0.04;
/** C, E, G and C again. */
const CHIME_HZ = [523.25, 659.25, 783.99, 1_046.5];
const CHIME_GAIN = 0.07;
const CHIME_STEP_SECONDS = 0.09;
const CHIME_DECAY_SECONDS = 0.7;

/** This phone's speaker and motor. All sounds are made here: none is loaded. */
export function instrumentOf(navigator: Navigator): Instrument {
  let context: AudioContext | null = null;
  let hissing: GainNode | null = null;

  return {
    wake: () => {
      try {
        context ??= new AudioContext();
        if (context.state !== "running") void context.resume().catch(() => undefined);
      } catch {
        // Some webviews give no page a speaker.
      }
    },
    hiss: (strength) => {
      if (context?.state !== "running") return;
      const { gain } = (hissing ??= hissOf(context));
      const now = context.currentTime;
      gain.cancelScheduledValues(now);
      gain.setTargetAtTime(strength * HISS_GAIN, now, ATTACK_SECONDS);
      gain.setTargetAtTime(0, now + HOLD_SECONDS, RELEASE_SECONDS);
    },
    chime: () => {
      if (context?.state !== "running") return;
      const start = context.currentTime;
      for (const [i, hertz] of CHIME_HZ.entries()) strike(context, hertz, start + i * CHIME_STEP_SECONDS);
    },
    vibrate: (pattern) => {
      // Not every browser has it, whatever its types say.
      if ("vibrate" in navigator) navigator.vibrate(pattern);
    },
  };
}

/** Noise for ever, silent until its gain is raised. */
function hissOf(context: AudioContext): GainNode {
  const noise = context.createBuffer(1, context.sampleRate * NOISE_SECONDS, context.sampleRate);
  const samples = noise.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1;
  const source = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
  const band = new BiquadFilterNode(context, { type: "bandpass", frequency: HISS_HZ, Q: 0.7 });
  const gain = new GainNode(context, { gain: 0 });
  source.connect(band).connect(gain).connect(context.destination);
  source.start();
  return gain;
}

function strike(context: AudioContext, hertz: number, at: number): void {
  const bell = new OscillatorNode(context, { type: "triangle", frequency: hertz });
  const fading = new GainNode(context, { gain: 0 });
  fading.gain.setValueAtTime(CHIME_GAIN, at);
  fading.gain.exponentialRampToValueAtTime(0.000_1, at + CHIME_DECAY_SECONDS);
  bell.connect(fading).connect(context.destination);
  bell.start(at);
  bell.stop(at + CHIME_DECAY_SECONDS);
}
