// The calls of one response. A call comes up to four times: begun, with its arguments in pieces, when it is done, and with the
// whole response. Servers exist that give it another id, place or text each time; it is told once, under an id of its own.

import type { JsonObject } from "../../types.ts";
import { isWholeCall } from "../conversation.ts";
import type { HeldParts } from "../held-parts.ts";
import { asJsonText, asObject, asText, parseJson } from "../json-fields.ts";

/** An item of the output, and where it stands there. */
export interface PlacedItem {
  readonly item: JsonObject;
  readonly place: number;
}

export interface ToldCall {
  /** Unique in the response: results name their call by it alone. */
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

type Call = PlacedItem & Omit<ToldCall, "id">;
/** With its name and its arguments in one text, however these are spaced. */
type Told = Call & { readonly content: string };

/** Arguments that are none. */
const NOTHING = /^\s*\{\s*\}\s*$/u;

/** What makes two calls the same one, the surest first. */
const LIKENESSES: readonly ((call: Call & { readonly content?: string }) => string)[] = [
  ({ item }) => asText(item["call_id"]) ?? "",
  ({ item }) => asText(item["id"]) ?? "",
  (call) => call.content ?? contentOf(call),
  ({ place, name }) => `${place} ${name}`,
];

/** Each method that holds something throws `AnswerTooLarge`. */
export class ResponseCalls {
  readonly #held: HeldParts;
  /** Arguments under way, by the call's place in the output. */
  readonly #arguments = new Map<number, string>();
  /** Begun and not ended, by their place in the output. */
  readonly #begun = new Map<number, JsonObject>();
  readonly #told: Told[] = [];
  readonly #toldIds = new Set<string>();
  /** Every id that the items of calls had which were told, and each of these calls whole. */
  readonly #known = new Set<string>();

  constructor(held: HeldParts) {
    this.#held = held;
  }

  begin(item: JsonObject, place: number): void {
    this.#held.addPart(item);
    this.#begun.set(place, item);
  }

  growArguments(place: number, text: string): void {
    const before = this.#arguments.get(place);
    if (before === undefined) this.#held.addPart(undefined);
    this.#held.addText(text);
    this.#arguments.set(place, (before ?? "") + text);
  }

  /** As they are in the end. They stand in the place of what has come of them, which is not read before the call ends. */
  setArguments(place: number, whole: string): void {
    if (whole === "" || (NOTHING.test(whole) && this.#arguments.has(place))) return;
    this.#held.addPart(whole);
    this.#arguments.set(place, whole);
  }

  /** Undefined for a call that was told already under the same id: it is repeated. */
  end(item: JsonObject, place: number): ToldCall | undefined {
    const call = this.#read({ item, place });
    const content = contentOf(call);
    const given = givenId(item);
    if (given !== "" && this.#known.has(`${given}\n${content}`)) return undefined;
    this.#held.addCall(item);
    const id = this.#uniqueId(given, place);
    this.#arguments.delete(place);
    this.#begun.delete(place);
    this.#told.push({ ...call, content });
    this.#toldIds.add(id);
    for (const one of [...idsOf(item), `${given}\n${content}`]) this.#known.add(one);
    return { id, name: call.name, arguments: call.arguments };
  }

  /** Those of a whole output that were not told. Each is paired with the told one that is most like it. */
  missing(output: readonly PlacedItem[]): readonly PlacedItem[] {
    let left = output.map((placed) => this.#read(placed));
    let open: readonly Told[] = this.#told;
    for (const likeness of LIKENESSES) {
      if (left.length === 0 || open.length === 0) break;
      const byLikeness = Map.groupBy(open, likeness);
      byLikeness.delete("");
      const paired = new Set<Told>();
      left = left.filter((call) => {
        const told = byLikeness.get(likeness(call))?.shift();
        if (told !== undefined) paired.add(told);
        return told === undefined;
      });
      open = open.filter((told) => !paired.has(told));
    }
    return left;
  }

  /** Those that were begun, and neither told nor said to be done. */
  get unfinished(): readonly PlacedItem[] {
    const begun = [...this.#begun].map(([place, item]) => ({ item, place }));
    return begun.filter(({ item }) => !idsOf(item).some((id) => this.#known.has(id)));
  }

  /** Those of them of which all came but the word that they are done. */
  get grown(): readonly PlacedItem[] {
    return this.unfinished.filter((placed) => isWholeCall(this.#read(placed).arguments));
  }

  #read({ item, place }: PlacedItem): Call {
    return { item, place, name: asText(item["name"]) ?? "", arguments: this.#fuller(asJsonText(item["arguments"]), place) };
  }

  /** LM Studio ends the item of a call with no arguments, or with `{}`, whatever came of them before (earendil-works/pi#917). */
  #fuller(written: string, place: number): string {
    const came = this.#arguments.get(place) ?? "";
    if (written === "") return came;
    return NOTHING.test(written) && asObject(parseJson(came)) !== undefined ? came : written;
  }

  #uniqueId(given: string, place: number): string {
    let id = given === "" ? `call_${place}` : given;
    for (let next = this.#told.length; this.#toldIds.has(id); next += 1) id = `${given === "" ? "call" : given}_${next}`;
    return id;
  }
}

function idsOf(item: JsonObject): readonly string[] {
  return [asText(item["call_id"]) ?? "", asText(item["id"]) ?? ""].filter((id) => id !== "");
}

function givenId(item: JsonObject): string {
  return idsOf(item)[0] ?? "";
}

function contentOf({ name, arguments: text }: Call): string {
  const value = parseJson(text);
  return `${name}\n${value === undefined ? text : JSON.stringify(value)}`;
}
