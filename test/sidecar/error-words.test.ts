import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wordsOfCode } from "../../sidecar/error-words/by-code.ts";
import { duration } from "../../sidecar/error-words/duration.ts";
import type { ErrorAction } from "../../sidecar/error-words/words.ts";
import { errorWords, type ErrorContext } from "../../sidecar/error-words.ts";
import type { ErrorInfo, ErrorKind } from "../../sidecar/types.ts";

const openai = { name: "OpenAI", keyVariables: ["OPENAI_API_KEY"], baseUrl: "https://api.openai.com/v1", runsHere: false };
const ollama = { name: "Ollama", keyVariables: [], baseUrl: "http://127.0.0.1:11434", runsHere: true };
const editor: ErrorContext = { place: "editor", provider: openai };
const terminal: ErrorContext = { place: "terminal", provider: openai };

const failure = (info: Partial<ErrorInfo>): ErrorInfo => ({
  kind: "server",
  message: "as the provider said it",
  phase: "before-headers",
  retryable: false,
  provider: "openai",
  ...info,
});

const kinds: readonly ErrorKind[] = [
  "auth",
  "permission",
  "quota",
  "rate-limit",
  "overloaded",
  "context-length",
  "content-filter",
  "invalid-request",
  "model-not-found",
  "unsupported",
  "network",
  "timeout",
  "protocol",
  "cancelled",
  "server",
];

/** How words name what each button does. */
const deeds: { readonly [action in ErrorAction]: RegExp } = {
  continue: /\bcontinue\b/iu,
  retry: /\btry again\b/iu,
  "set-key": /"Parley: Set API Key…"/u,
  "pick-model": /"Parley: Select Model"|\b(?:another|a faster) model\b/u,
  "open-settings": /\bin the settings\b/u,
  "show-log": /\bthe log\b/u,
  restart: /\brestart\b/iu,
  "add-server": /"Parley: Add Server…"/u,
};
const actionNames = Object.keys(deeds).filter((name): name is ErrorAction => Object.hasOwn(deeds, name));

/** Codes that no table names, but that decide about the words. */
const connectionCodes = [
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  ...["authentication", "certificate", "invalid", "refused", "unreachable", "unsupported"].map((what) => `proxy-${what}`),
];

/** Every failure that has words of its own. */
const everyFailure: readonly ErrorInfo[] = [
  ...kinds.flatMap((kind) => [failure({ kind }), failure({ kind, retryAfterMs: 60_000 })]),
  ...[...wordsOfCode.keys(), ...connectionCodes].map((providerCode) => failure({ kind: "network", providerCode })),
];
const providers = [openai, ollama, { ...openai, own: true }, undefined];

describe("words beside buttons", () => {
  for (const goesOn of [false, true]) {
    const state = goesOn ? "where part of an answer can be gone on with" : "where there is no answer";
    it(`name what the first button does, and nothing that has no button: ${state}`, () => {
      for (const error of everyFailure) {
        for (const provider of providers) {
          const { advice, actions } = errorWords(error, { place: "editor", goesOn, ...(provider !== undefined && { provider }) });
          const about = `${error.providerCode ?? error.kind}: ${advice} [${actions.join(", ")}]`;
          for (const name of actionNames)
            if (deeds[name].test(advice)) assert.ok(actions.includes(name), `${name} has no button: ${about}`);
          const [first] = actions;
          if (first !== undefined) assert.match(advice, deeds[first], `${first} is not named: ${about}`);
          assert.equal(new Set(actions).size, actions.length, about);
        }
      }
    });
  }

  it("speak of going on in place of trying again, where that stands first", () => {
    for (const error of everyFailure) {
      const { advice, actions } = errorWords(error, { place: "editor", provider: openai, goesOn: true });
      assert.match(advice, deeds.continue, advice);
      assert.doesNotMatch(advice, deeds.retry, advice);
      assert.ok(!actions.includes("retry") || actions.indexOf("continue") === actions.indexOf("retry") - 1, actions.join(", "));
    }
    const killed = failure({ kind: "server", providerCode: "sidecar-ended" });
    const whole = errorWords(killed, { place: "editor", goesOn: true });
    assert.deepEqual([whole.advice, whole.actions], ["What had come is kept. Continue the answer.", ["continue", "retry", "show-log"]]);
    const nothing = errorWords(killed, editor);
    assert.deepEqual([nothing.advice, nothing.actions], ["Try again.", ["retry", "show-log"]]);
    const tooLong = errorWords(failure({ kind: "context-length" }), { place: "editor", goesOn: true });
    assert.deepEqual(tooLong.actions, ["pick-model", "continue"]);
  });
});

describe("words about errors", () => {
  it("exist for every kind in both places, as whole sentences, with something to do", () => {
    for (const kind of kinds) {
      for (const place of ["editor", "terminal"] as const) {
        for (const provider of [openai, undefined]) {
          const { summary, advice, actions } = errorWords(failure({ kind }), provider === undefined ? { place } : { place, provider });
          assert.match(summary, /^[A-Z].*\.$/u, `${kind}: ${summary}`);
          assert.match(advice, /^[A-Z].*\.$/u, `${kind}: ${advice}`);
          assert.doesNotMatch(summary + advice, /undefined|\.\.| {2}/u, kind);
          assert.ok(actions.length > 0, kind);
        }
      }
    }
  });

  it("give the provider's own words beside, unless the summary says all of it", () => {
    assert.equal(errorWords(failure({ kind: "overloaded" }), terminal).detail, "as the provider said it");
    assert.equal(errorWords(failure({ kind: "auth", providerCode: "missing-key" }), terminal).detail, undefined);
    const own = errorWords(failure({ kind: "invalid-request", providerCode: "prompt-unreadable", message: "a.ts is a folder." }), terminal);
    assert.deepEqual([own.summary, own.detail], ["a.ts is a folder.", undefined]);
  });

  it("take a refusal's own message, which names the parameter", () => {
    const refused = failure({
      kind: "unsupported",
      providerCode: "unsupported-parameter:seed",
      message: 'Anthropic does not support "seed".',
    });
    assert.equal(errorWords(refused, terminal).summary, 'Anthropic does not support "seed".');
    assert.match(errorWords(refused, terminal).advice, /^Leave it out\./u);
  });

  it("name the variable in a terminal and the command in an editor when a key is missing", () => {
    const missing = failure({ kind: "auth", providerCode: "missing-key" });
    assert.equal(errorWords(missing, terminal).advice, "Set the environment variable OPENAI_API_KEY to a valid key.");
    const { summary, advice, actions } = errorWords(missing, editor);
    assert.equal(summary, "OpenAI needs a key, and none is set.");
    assert.equal(advice, 'Run "Parley: Set API Key…".');
    assert.deepEqual(actions, ["set-key", "pick-model"]);
  });

  it("speak of editor things in an editor alone, and of options in a terminal alone", () => {
    for (const kind of kinds) {
      const inTerminal = errorWords(failure({ kind }), terminal);
      assert.doesNotMatch(inTerminal.advice, /"Parley:|settings/u, kind);
      const inEditor = errorWords(failure({ kind }), editor);
      assert.doesNotMatch(inEditor.advice, /--|environment variable/u, kind);
    }
  });

  it("say to start a server that does not run here, and where it was looked for", () => {
    const refused = failure({ kind: "network", providerCode: "ECONNREFUSED", provider: "ollama" });
    const { summary, advice } = errorWords(refused, { place: "terminal", provider: ollama });
    assert.equal(summary, "Nothing answers for Ollama at http://127.0.0.1:11434.");
    assert.equal(advice, "Start it, then try again. If it runs elsewhere: give the address with --base-url.");
    assert.ok(errorWords(refused, { place: "editor", provider: ollama }).actions.includes("add-server"));
    assert.doesNotMatch(errorWords(failure({ kind: "network", providerCode: "ECONNREFUSED" }), terminal).advice, /Start it/u);
  });

  it("speak of a server that has no name of its own as of any", () => {
    const compatible = { name: "OpenAI-compatible server", keyVariables: [], baseUrl: "http://box:1/v1", runsHere: false };
    const context = { place: "terminal", provider: compatible } as const;
    const refused = errorWords(failure({ kind: "network", providerCode: "ECONNREFUSED" }), context);
    assert.equal(refused.summary, "Nothing answers for the OpenAI-compatible server at http://box:1/v1.");
    assert.equal(errorWords(failure({ kind: "overloaded" }), context).summary, "The OpenAI-compatible server is overloaded.");
  });

  it("say how long a provider asks to wait", () => {
    const limited = failure({ kind: "rate-limit", retryAfterMs: 3 * 3_600_000 });
    assert.match(errorWords(limited, terminal).advice, /asks to wait for 3 hours; try again after that\./u);
    assert.match(
      errorWords(failure({ kind: "rate-limit" }), terminal).advice,
      /^Try again\..* give "parley gather" a smaller --concurrency\.$/u,
    );
  });

  it("name the setting that allows more time", () => {
    const { advice, actions } = errorWords(failure({ kind: "timeout", providerCode: "first-token-timeout" }), editor);
    assert.match(advice, /parley\.providers → openai → timeLimits\.firstTokenMs/u);
    assert.ok(actions.includes("open-settings"));
    const box = { name: "box", keyVariables: [], baseUrl: "http://10.0.0.5:8000/v1", runsHere: false, own: true };
    const late = failure({ kind: "timeout", providerCode: "first-token-timeout", provider: "box" });
    assert.match(errorWords(late, { place: "editor", provider: box }).advice, /parley\.servers → box → timeLimits\.firstTokenMs/u);
  });

  it("tell a certificate from a broken connection", () => {
    const certificate = errorWords(failure({ kind: "network", providerCode: "SELF_SIGNED_CERT_IN_CHAIN" }), terminal);
    assert.match(certificate.summary, /certificate of OpenAI is not trusted/u);
    assert.match(certificate.advice, /NODE_EXTRA_CA_CERTS/u);
    assert.match(errorWords(failure({ kind: "network", providerCode: "ECONNRESET" }), terminal).summary, /broke/u);
  });

  it("say of a certificate that is too old or another's what is wrong with it", () => {
    const old = errorWords(failure({ kind: "network", providerCode: "CERT_HAS_EXPIRED" }), terminal);
    assert.match(old.advice, /clock/u);
    const other = errorWords(failure({ kind: "network", providerCode: "ERR_TLS_CERT_ALTNAME_INVALID" }), editor);
    assert.match(other.summary, /another address/u);
    assert.match(other.advice, /baseUrl/u);
  });

  it("speak of the proxy alone where the proxy is what fails, by the names of its settings in each place", () => {
    const message = "The proxy http://proxy.corp:8080 wants a name and a password, and none are set.";
    for (const code of ["proxy-authentication", "proxy-invalid", "proxy-protocol", "proxy-unreachable", "proxy-unsupported"]) {
      const error = { ...failure({ kind: "network", providerCode: code }), message };
      const [inEditor, inTerminal] = [errorWords(error, editor), errorWords(error, terminal)];
      assert.equal(inEditor.summary, message);
      assert.equal(inEditor.detail, undefined);
      assert.doesNotMatch(inEditor.advice, /OpenAI/u);
      assert.match(inEditor.advice, /"http\.proxy"/u);
      // Which of them it was depends on the address that was asked.
      for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]) assert.ok(inTerminal.advice.includes(name));
    }
    assert.match(errorWords(failure({ kind: "network", providerCode: "proxy-refused" }), editor).advice, /"http\.noProxy"/u);
    assert.match(errorWords(failure({ kind: "network", providerCode: "proxy-refused" }), terminal).advice, /NO_PROXY/u);
    assert.match(errorWords(failure({ kind: "network", providerCode: "proxy-certificate" }), editor).advice, /NODE_EXTRA_CA_CERTS/u);
    assert.match(errorWords(failure({ kind: "timeout", providerCode: "proxy-timeout" }), editor).advice, /"http\.proxy"/u);
  });

  it("name the model that is missing", () => {
    const { summary } = errorWords(failure({ kind: "model-not-found", model: "gpt-9" }), terminal);
    assert.equal(summary, 'OpenAI does not have the model "gpt-9".');
  });

  it("say what is wrong where a code of our own knows more than its kind", () => {
    const said = (kind: ErrorKind, providerCode: string): readonly string[] => {
      const { summary, advice } = errorWords(failure({ kind, providerCode }), terminal);
      return [summary, advice];
    };
    assert.match(said("protocol", "schema-mismatch").join(" "), /does not satisfy its schema\. It was taken back\./u);
    assert.match(said("protocol", "not-an-api").join(" "), /no model server\. Give the address with --base-url\./u);
    assert.match(said("timeout", "list-timeout").join(" "), /did not list its models in time/u);
  });

  it("offer another try, after what is likelier to help, where a request was refused or a web page answered", () => {
    const refused = errorWords(failure({ kind: "invalid-request", providerCode: "invalid_value" }), editor);
    assert.deepEqual(refused.actions, ["pick-model", "open-settings", "retry"]);
    const page = errorWords(failure({ kind: "protocol", providerCode: "not-an-api" }), editor);
    assert.deepEqual(page.actions, ["open-settings", "retry"]);
  });

  it("fall back to the kind for a provider's own code", () => {
    const { summary } = errorWords(failure({ kind: "overloaded", providerCode: "engine_overloaded_error" }), terminal);
    assert.equal(summary, "OpenAI is overloaded.");
  });
});

describe("durations for people", () => {
  it("are rounded up to the largest unit that fits", () => {
    const table: readonly (readonly [number, string])[] = [
      [200, "1 second"],
      [1_000, "1 second"],
      [30_400, "31 seconds"],
      [89_000, "89 seconds"],
      [100_000, "2 minutes"],
      [3 * 3_600_000, "3 hours"],
      [40 * 3_600_000, "2 days"],
    ];
    for (const [ms, text] of table) assert.equal(duration(ms), text);
  });
});
