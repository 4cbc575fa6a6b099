/** Record with the browser's microphone, for held-to-talk voices and for a page's wx.startRecord. */

import { reasonOf, t } from "../words.js";

/** WeChat ends a voice after a minute. */
const LONGEST = 60_000;
/** Length in milliseconds of the pieces in which the sound comes; no recording is shorter than one. */
const SLICE = 200;

/**
 * @typedef {object} Recording
 * @property {() => Promise<Blob>} stop ends the recording and promises the sound as a file
 * @property {Promise<Blob>} ended settles with that file when the minute is over
 */

/**
 * Start to record. Reject with the browser's reason if there is no microphone or no permission.
 * @returns {Promise<Recording>}
 */
export async function record() {
  if (!navigator.mediaDevices || !window.MediaRecorder) throw new Error(t("record.unable"));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  /** @type {Blob[]} */
  const parts = [];
  /** @type {Promise<void>} */
  const heard = new Promise((resolve) => {
    recorder.addEventListener("dataavailable", ({ data }) => {
      parts.push(data);
      resolve();
    });
  });
  /** @type {Promise<Blob>} */
  const file = new Promise((resolve) => {
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      resolve(new Blob(parts, { type: recorder.mimeType.split(";")[0] }));
    });
  });
  recorder.start(SLICE);
  const stop = async () => {
    clearTimeout(minute);
    await heard;
    if (recorder.state !== "inactive") recorder.stop();
    return file;
  };
  let minute = 0;
  /** @type {Promise<Blob>} */
  const ended = new Promise((resolve) => {
    minute = setTimeout(() => stop().then(resolve), LONGEST);
  });
  return { stop, ended };
}

/**
 * Make `button` record while it is held, by pointer or by Space and Enter.
 * @param {HTMLElement} button
 * @param {{ send: (file: Blob) => void, say: (text: string) => void }} actions
 */
export function holdToTalk(button, { send, say }) {
  /** @type {Promise<Recording> | null} */
  let recording = null;

  async function begin() {
    if (recording) return;
    button.classList.add("held");
    button.textContent = t("voice.release");
    const mine = (recording = record());
    try {
      send(await (await mine).ended);
    } catch (error) {
      say(t("record.refused", { reason: reasonOf(error) }));
      rest();
    }
  }

  async function end() {
    const mine = recording;
    if (!mine) return;
    rest();
    try {
      send(await (await mine).stop());
    } catch {
      // begin() has told the user why there is no recording.
    }
  }

  function rest() {
    recording = null;
    button.classList.remove("held");
    button.textContent = t("voice.hold");
  }

  /** @param {KeyboardEvent} event */
  const isKey = (event) => event.key === " " || event.key === "Enter";
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    begin();
  });
  for (const type of ["pointerup", "pointercancel"]) button.addEventListener(type, end);
  button.addEventListener("keydown", (event) => isKey(event) && !event.repeat && begin());
  button.addEventListener("keyup", (event) => isKey(event) && end());
}
