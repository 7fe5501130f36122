import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GenerateOptions, Prompt } from "../../sidecar/api.ts";
import { buildModelRequest } from "../../sidecar/answers/request.ts";
import { estimateInputTokens, estimateTokens } from "../../sidecar/answers/token-estimate.ts";
import type { Message, Part } from "../../sidecar/types.ts";

const build = (prompt: Prompt, options: GenerateOptions = {}): ReturnType<typeof buildModelRequest> =>
  buildModelRequest("m", prompt, options);

function checkRefused(run: () => unknown, code: string, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof Error && "kind" in error && "providerCode" in error && "retryable" in error);
    assert.equal(error.kind, "invalid-request");
    assert.equal(error.providerCode, code);
    assert.equal(error.retryable, false);
    assert.match(error.message, message);
    return true;
  });
}

describe("the request made of a prompt", () => {
  it("is one user message for a text", () => {
    assert.deepEqual(build("hi").messages, [{ role: "user", content: [{ type: "text", text: "hi" }] }]);
  });

  it("gathers the system's words, those of the options first, wherever they stand", () => {
    const { messages, parameters } = build(
      [
        { role: "system", content: [{ type: "text", text: "Be kind." }] },
        { role: "user", content: [{ type: "text", text: "a" }] },
        { role: "system", content: [{ type: "text", text: "Be short." }] },
        { role: "user", content: [{ type: "text", text: "b" }] },
      ],
      { system: "You are P." },
    );
    assert.equal(parameters.system, "You are P.\n\nBe kind.\n\nBe short.");
    assert.deepEqual(
      messages.map(({ role }) => role),
      ["user", "user"],
    );
  });

  it("leaves what the system says later at its place where the provider takes it there", () => {
    const system = (text: string): Message => ({ role: "system", content: [{ type: "text", text }] });
    const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
    const prompt = [system("Be kind."), system("Be brief."), user("a"), system("Be short."), user("b")];
    const { messages, parameters } = buildModelRequest("m", prompt, {}, { systemInPlace: true });
    assert.equal(parameters.system, "Be kind.\n\nBe brief.");
    assert.deepEqual(messages, prompt.slice(2));
  });

  it("refuses pictures that are none", () => {
    const picture = (mediaType: string, data: string): Prompt => [{ role: "user", content: [{ type: "image", mediaType, data }] }];
    for (const data of ["", "data:image/png;base64,aGk=", "aGk=\naGk=", "häh"]) {
      checkRefused(() => build(picture("image/png", data)), "invalid-messages", /Message 1 .*must be base64/u);
    }
    for (const type of ["", "png", "text/html", "image/"]) {
      checkRefused(() => build(picture(type, "aGk=")), "invalid-messages", /media type such as image\/png/u);
    }
    assert.equal(build(picture("image/svg+xml", "aGk=")).messages.length, 1);
  });

  it("refuses messages that hold nothing but white space", () => {
    const blank: Prompt = [{ role: "user", content: [{ type: "text", text: " \n" }] }];
    checkRefused(() => build(blank), "empty-prompt", /nothing to answer/u);
  });

  it("sends no empty system text", () => {
    assert.deepEqual(build("hi", { system: "  " }).parameters, {});
  });

  it("treats undefined as absent, and keeps signal and time limits out of the parameters", () => {
    const absent: GenerateOptions = Object.fromEntries([["temperature", undefined]]);
    const options = { ...absent, seed: 3, signal: new AbortController().signal, timeLimits: { idleMs: 1 } };
    assert.deepEqual(build("hi", options).parameters, { seed: 3 });
  });

  it("gives files as text", () => {
    const { messages } = build([
      {
        role: "user",
        content: [
          { type: "text", text: "Explain." },
          { type: "file", uri: "file:///a.ts", name: "a.ts", text: "x" },
        ],
      },
    ]);
    assert.deepEqual(messages, [{ role: "user", content: [{ type: "text", text: "Explain.\n\nFile: a.ts\n```\nx\n```" }] }]);
  });

  it("refuses an empty prompt", () => {
    checkRefused(() => build("  \n"), "empty-prompt", /empty/u);
    checkRefused(() => build([]), "empty-prompt", /no message of a user/u);
    checkRefused(() => build([{ role: "system", content: [{ type: "text", text: "x" }] }]), "empty-prompt", /no message of a user/u);
  });

  it("refuses messages that cannot be sent, and says which and why", () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['[{"role":"boss","content":[]}]', /Message 1 .* role must be one of system, user, assistant, tool/u],
      ['[{"role":"user","content":"hi"}]', /Message 1 .* list of parts/u],
      [
        '[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"user","content":[{"type":"video"}]}]',
        /Message 2 .* "video".*text, image, file/u,
      ],
      ['[{"role":"user","content":[{"type":"text"}]}]', /"text" must have a text in its field "text"/u],
      ['[{"role":"user","content":[{"type":"image","data":"AA=="}]}]', /"image" must have a text in its field "mediaType"/u],
      ['[{"role":"tool","content":[{"type":"tool-result","id":"1"}]}]', /"tool-result" must have a text in its field "content"/u],
      ['[{"role":"assistant","content":[{"type":"image","mediaType":"image\\/png","data":""}]}]', /"image" cannot stand there/u],
      ["[null]", /Message 1/u],
      ['{"role":"user"}', /a text or a list of messages/u],
    ];
    for (const [json, message] of refusals) checkRefused(() => build(JSON.parse(json)), "invalid-messages", message);
  });
});

describe("parameters", () => {
  it("pass when they are within their bounds", () => {
    const parameters: GenerateOptions = {
      temperature: 0,
      topP: 1,
      seed: -1,
      maxOutputTokens: 1,
      stop: ["\n"],
      reasoning: "off",
      tools: [
        { name: "read_file", description: "Reads.", parameters: { type: "object" } },
        {
          name: "write_file",
          parameters: { type: "object" },
          strict: true,
          cache_control: { type: "ephemeral" },
          input_examples: [{ path: "a" }],
        },
      ],
      responseSchema: { type: "object" },
      providerOptions: { openrouter: { provider: { order: ["x"] } } },
    };
    assert.deepEqual(build("hi", parameters).parameters, parameters);
  });

  // The options come as JSON, as a program without types or a peer over the wire may send them.
  it("are refused by name when they are not", () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['{"temperature":2.5}', /"temperature" must be a number from 0 to 2; it is 2\.5/u],
      ['{"temperature":"hot"}', /"temperature" must be a number from 0 to 2; it is "hot"/u],
      ['{"topP":-0.1}', /"topP" must be a number from 0 to 1/u],
      ['{"seed":1.5}', /"seed" must be a whole number/u],
      ['{"maxOutputTokens":0}', /"maxOutputTokens" must be a whole number, 1 or more; it is 0/u],
      ['{"stop":"x"}', /"stop" must be a list/u],
      ['{"stop":[""]}', /"stop" must be a list of non-empty texts/u],
      ['{"reasoning":"maximal"}', /"reasoning" must be one of off, low, medium, high/u],
      ['{"tools":[{"name":"a b","parameters":{}}]}', /"tools" has a tool with the name "a b"/u],
      ['{"tools":[{"name":"a"}]}', /"tools" has no JSON Schema/u],
      ['{"tools":[{"name":"a","parameters":{},"descripton":"x"}]}', /no field of a tool "descripton"\. Did you mean "description"\?/u],
      ['{"tools":[{"name":"a","parameters":{},"type":"function"}]}', /no field of a tool "type".*Known are name, .*strict/u],
      ['{"tools":[{"name":"a","parameters":{},"strict":1}]}', /"tools" has a tool "a" whose "strict" must be true or false/u],
      ['{"tools":[{"name":"a","parameters":{},"cache_control":1}]}', /"tools" has a tool "a" whose "cache_control" must be an object/u],
      ['{"tools":[{"name":"a","parameters":{},"input_examples":[1]}]}', /"tools" has a tool "a" whose "input_examples" must be/u],
      ['{"responseSchema":[]}', /"responseSchema" must be an object/u],
      ['{"providerOptions":{"openai":1}}', /"providerOptions" must be an object that holds/u],
      ['{"system":7}', /"system" must be a text/u],
      ['{"temprature":1}', /no parameter "temprature".*temperature/u],
    ];
    for (const [json, message] of refusals) checkRefused(() => build("hi", JSON.parse(json)), "invalid-parameter", message);
    checkRefused(() => build("hi", { temperature: Number.NaN }), "invalid-parameter", /it is NaN/u);
  });

  it("are refused by name where they are objects that no request can carry", () => {
    const circle = JSON.parse("{}");
    circle.itself = circle;
    const big = JSON.parse("{}");
    big.number = 1n;
    for (const json of [circle, big]) {
      const asking = (parameters: object) => () => build("hi", parameters);
      checkRefused(asking({ providerOptions: { openai: json } }), "invalid-parameter", /"providerOptions" holds what cannot be written/u);
      checkRefused(asking({ responseSchema: json }), "invalid-parameter", /"responseSchema" holds what cannot be written/u);
      checkRefused(
        asking({ tools: [{ name: "a", parameters: json }] }),
        "invalid-parameter",
        /"tools" has a JSON Schema for "a" that holds/u,
      );
      checkRefused(asking({ system: json }), "invalid-parameter", /"system" must be a text; it is an object\./u);
    }
  });
});

describe("estimates of tokens", () => {
  it("count four bytes a token, so that three-byte characters weigh three quarters of one", () => {
    assert.equal(estimateTokens("abcdefgh"), 2);
    assert.equal(estimateTokens("日本語文"), 3);
    assert.equal(estimateTokens(""), 0);
  });

  it("count an answer's thoughts where tools are called, since they are read again nowhere else", () => {
    const asked = (...answer: readonly Part[]) =>
      JSON.parse(JSON.stringify([{ role: "assistant", content: [...answer, { type: "text", text: "So." }] }]));
    const estimate = (...answer: readonly Part[]): number =>
      estimateInputTokens({ model: "m", messages: asked(...answer), parameters: {} });
    const thought: Part = { type: "reasoning", text: "x".repeat(4000) };
    const call: Part = { type: "tool-call", id: "1", name: "look", arguments: "{}" };
    assert.equal(estimate(thought), estimate());
    assert.equal(estimate(thought, call), estimate(call) + 1000);
  });

  it("count system, tools, messages and images of a request", () => {
    const plain = estimateInputTokens(build("x".repeat(40)));
    assert.equal(plain, 14);
    assert.ok(estimateInputTokens(build("x".repeat(40), { system: "y".repeat(40) })) >= plain + 10);
    const image = build([{ role: "user", content: [{ type: "image", mediaType: "image/png", data: "AAAA" }] }]);
    assert.equal(estimateInputTokens(image), 1004);
  });
});
