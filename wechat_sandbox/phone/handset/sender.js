/** Send what the user says, and show it as a draft until the sandbox has it. */

/** @import { Draft, MenuItem, OutgoingMessage, SentMessage } from "../types.js" */
/** @import { Hand } from "./hand.js" */

import * as api from "../api.js";
import { reasonOf } from "../words.js";

/**
 * @param {Hand} hand
 * @param {(openid: string) => Promise<void>} load reads a conversation
 */
export function messageSender(hand, load) {
  /**
   * Show the message at once. The event that brings the server's own version replaces the draft.
   * @param {OutgoingMessage} message
   */
  async function send(message) {
    const { openid, transcript, world } = hand;
    const shown = message.file ? { ...message, url: URL.createObjectURL(message.file) } : message;
    const key = transcript.addDraft({ ...shown, original: message }, world.now());
    world.transcriptChanged(openid);
    try {
      await api.send(openid, await uploaded(message));
    } catch (error) {
      transcript.setDraft(key, "failed", reasonOf(error));
      world.transcriptChanged(openid);
      return;
    }
    if (!transcript.hasDraft(key)) return;
    transcript.setDraft(key, "sent");
    await load(openid);
  }

  /**
   * Send a failed draft again.
   * @param {Draft} draft
   */
  function resend({ key, original }) {
    hand.transcript.setDraft(key, null);
    send(original);
  }

  /**
   * Send the words of a message menu's item.
   * @param {MenuItem} item
   */
  const choose = ({ id, content }) => send({ type: "text", content, bizmsgmenuid: id });

  return { send, resend, choose };
}

/**
 * Give the message's file to the sandbox, which then knows it by a media_id.
 * @param {OutgoingMessage} message
 * @returns {Promise<SentMessage>}
 */
async function uploaded({ file, ...message }) {
  return file ? { ...message, media_id: (await api.uploadMedia(file)).media_id } : message;
}
