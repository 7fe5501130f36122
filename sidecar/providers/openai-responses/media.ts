// Pictures and sound in an answer of the Responses API.

import type { JsonObject } from "../../types.ts";
import { asList, asObject, asText } from "../json-fields.ts";
import { mediaLeftOut } from "../media-left-out.ts";
import type { ProviderEvent } from "../provider.ts";

/** What is said in sound is told in words beside it. Its name changed (https://platform.openai.com/docs/api-reference/responses-streaming). */
const SPOKEN = /^response\.(?:output_)?audio[._]transcript\.(?:delta|done)$/u;
const SOUND = /^response\.(?:output_)?audio\.delta$/u;

export function isSpoken(type: string): boolean {
  return SPOKEN.test(type);
}

export function isSound(type: string): boolean {
  return SOUND.test(type);
}

/** Of an item of the output that is whole. */
export function warnOfMedia(item: JsonObject, out: ProviderEvent[]): void {
  if (item["type"] === "image_generation_call" && (asText(item["result"]) ?? "") !== "") out.push(mediaLeftOut("a picture"));
  if ((asList(item["content"]) ?? []).some((part) => asObject(part)?.["type"] === "output_audio")) out.push(mediaLeftOut("sound"));
}
