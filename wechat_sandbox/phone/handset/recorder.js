/** The browser's microphone as the phone's: for held-to-talk voices and for a page's wx.startRecord. */

import { t } from "../words.js";

/** WeChat ends a voice after a minute. */
const LONGEST = 60_000;
/** Sound comes in pieces of this many milliseconds; no recording is shorter than one. */
const SLICE = 200;

/**
 * Starts recording. Promises `stop()`, which promises the sound as a file, and `ended`, which settles with
 * that file when the minute is over. Rejects with the browser's reason if there is no microphone or no
 * permission.
 */
export async function record() {
  if (!navigator.mediaDevices || !window.MediaRecorder) throw new Error(t("record.unable"));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const parts = [];
  const heard = new Promise((resolve) => {
    recorder.addEventListener("dataavailable", ({ data }) => {
      parts.push(data);
      resolve();
    });
  });
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
  let minuteOver = () => {};
  const ended = new Promise((resolve) => (minuteOver = resolve));
  const minute = setTimeout(() => stop().then(minuteOver), LONGEST);
  return { stop, ended };
}

/** A button that records while it is held, by pointer or by Space and Enter. */
export function holdToTalk(button, { send, say }) {
  let recording = null;

  async function begin() {
    if (recording) return;
    button.classList.add("held");
    button.textContent = t("voice.release");
    const mine = (recording = record());
    try {
      send(await (await mine).ended);
    } catch (error) {
      say(t("record.refused", { reason: error.message }));
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
      // begin() has told why there is no recording.
    }
  }

  function rest() {
    recording = null;
    button.classList.remove("held");
    button.textContent = t("voice.hold");
  }

  const isKey = (event) => event.key === " " || event.key === "Enter";
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    begin();
  });
  for (const type of ["pointerup", "pointercancel"]) button.addEventListener(type, end);
  button.addEventListener("keydown", (event) => isKey(event) && !event.repeat && begin());
  button.addEventListener("keyup", (event) => isKey(event) && end());
}
