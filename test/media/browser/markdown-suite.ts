// Markdown in a real browser: that streaming ends in the very page that the whole text gives, and that no answer gets out.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { newPage } from "../../rig/browser.ts";
import { pieces, sampleDocument } from "../markdown/sample-documents.ts";
import { answer, events, post, question, show, waitForPosted, waitUntilSettled } from "./chat-driver.ts";
import { hostileAnswers } from "./hostile-answers.ts";
import { browser, server } from "./page-under-test.ts";

describe("Markdown on the page", () => {
  let page: Page;

  before(async () => {
    page = await newPage(browser);
    await page.goto(`${server.pageUrl({})}&script=markdown-lab.js`);
    await page.waitForFunction(() => window.lab !== undefined);
  });

  after(() => page.context().close());

  test("is the same whether it streamed, came whole or is parsed at once, for every seed, link definitions included", async () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const text = sampleDocument(seed, 6, seed % 2 === 0);
      const parts = pieces(text, seed, Math.max(8, Math.ceil(text.length / 9)));
      const [streamed, whole] = await page.evaluate(
        async ([cut, all]) => [await window.lab.streamed(cut), await window.lab.whole(all)] as const,
        [parts, text] as const,
      );
      assert.equal(streamed, whole, `seed ${seed}:\n${text}`);
      const [uncoloured, parsed] = await page.evaluate(
        async ([cut, all]) => [await window.lab.uncoloured(cut), window.lab.parsed(all)] as const,
        [parts, text] as const,
      );
      assert.equal(uncoloured, parsed, `seed ${seed}:\n${text}`);
      assert.ok(text.trim() === "" || streamed !== "", `seed ${seed}`);
    }
  });

  test("corrects what was shown before a link's definition came", async () => {
    const text = "See [the docs][d].\n\nMore words.\n\n[d]: https://example.com/docs\n";
    const [seen, streamed] = await page.evaluate(
      async (cut) => [await window.lab.seen(cut), await window.lab.streamed(cut)] as const,
      pieces(text, 1, 9),
    );
    assert.ok(seen.some((shown) => shown.includes("[the docs][d]")));
    assert.ok(streamed.includes('data-url="https://example.com/docs"') && !streamed.includes("[d]"), streamed);
  });

  test("keeps the nodes of finished blocks while the rest streams", async () => {
    for (const seed of [3, 5, 8, 13, 21]) {
      const parts = pieces(sampleDocument(seed, 10), seed, 90);
      assert.equal(await page.evaluate((cut) => window.lab.replaced(cut), parts), 0, `seed ${seed}`);
    }
  });

  test("shows words once they have come, and no marks that are only half there", async () => {
    const text = "# Title\n\nA **bold** word and `code`.\n\n- one\n- two\n\n```js\nlet x = 1;\n```\n";
    const seen = await page.evaluate((cut) => window.lab.seen(cut), pieces(text, 2, 1));
    assert.ok(
      !seen.some((shown) => /[*`#]/.test(shown)),
      seen.find((shown) => /[*`#]/.test(shown)),
    );
    assert.ok(seen.includes("Title\n\nA bo"), seen.join("\n---\n"));
    assert.ok(seen.some((shown) => shown.endsWith("let x")));
  });

  test("lets only known elements and attributes through, whatever HTML it is given", async () => {
    for (const payload of hostileAnswers("http://127.0.0.1:9")) {
      const clean = await page.evaluate((html) => window.lab.sanitised(html), payload);
      assert.doesNotMatch(
        clean,
        /<(?:img|image|svg|script|iframe|object|embed|link|style|meta|base|form|input|button|video|audio|math|template|a [^>]*href)/i,
        payload,
      );
      assert.doesNotMatch(clean, /<[^>]+\s(?:on\w+|style|src|srcset|href|id|name|action|ping|background)\s*=/i, payload);
      assert.doesNotMatch(clean, /data-url="(?!https?:|mailto:)/i, payload);
    }
  });
});

describe("An answer", () => {
  test("is shown as plain words where the half of the page that makes Markdown cannot be loaded", async () => {
    const page = await newPage(browser);
    await page.route("**/markdown.js", (route) => route.abort());
    await page.goto(server.pageUrl({}));
    await waitForPosted(page, "ready");
    await post(page, show([question("q", "Why?"), answer("kept", "Because **it** is.\n\nAnd was.")]));
    await page.getByText("Because **it** is.").waitFor();
    assert.equal(await page.locator(".turn-answer .words").innerText(), "Because **it** is.\n\nAnd was.");
    await page.context().close();
  });

  test("cannot make the page ask anything of anybody, run anything, or lead anywhere by itself", async () => {
    const payloads = hostileAnswers(server.origin);
    assert.ok(payloads.length >= 100, `${payloads.length} payloads`);
    const page = await newPage(browser);
    const alarms: string[] = [];
    page.on("dialog", (dialog) => {
      alarms.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => alarms.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (!/\/(?:page\?|chat\.|codicon\.)/.test(request.url())) alarms.push(`request: ${request.url()}`);
    });
    page.on("framenavigated", (frame) => alarms.push(`navigated: ${frame.url()}`));
    // What the page asks for of itself comes first, the half that it loads once it is painted included.
    const lastOfItsOwn = page.waitForResponse("**/markdown.js");
    await page.goto(server.pageUrl({}));
    await waitForPosted(page, "ready");
    await lastOfItsOwn;
    alarms.length = 0;

    const messages = payloads.map((payload, index) => answer(`kept-${index}`, payload));
    const streaming = answer("streamed", "", { status: "streaming" });
    await post(page, show([question("q", payloads.join("\n")), ...messages, streaming]));
    const bodies = payloads
      .flatMap((payload) => pieces(`${payload}\n\n`, payload.length, 40))
      .map((text) => ({ type: "text-delta", text }) as const);
    await post(page, events("streamed", [{ type: "start", provider: "x", model: "x" }, ...bodies]));
    await page.waitForFunction(
      (last) => window.posted.some((message) => message.type === "applied" && message.seq === last),
      bodies.length + 1,
    );
    await waitUntilSettled(page);
    // Every message comes on the screen once, is rendered, is hovered, and every link in it is followed.
    await page.evaluate(
      async (ids) => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        for (const id of ids) {
          document.querySelector(`[data-messages~=${id}]`)?.scrollIntoView();
          while (document.querySelector(`[data-message=${id}] .markdown > *`) === null) await frame();
          const turn = document.querySelector(`[data-message=${id}]`);
          turn?.scrollIntoView();
          await frame();
          for (const link of turn?.querySelectorAll<HTMLElement>(".markdown :is(a, [data-url], [class*=link], [class*=image])") ?? []) {
            link.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
            link.click();
          }
        }
      },
      [...messages, streaming].map(({ stored: { id } }) => id),
    );
    // Requests leave in the order in which they are made: once this one, which is allowed, has left, so have all before it.
    const last = page.waitForRequest(/codicon\.ttf\?last/);
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      new Image().src = "/codicon.ttf?last";
    });
    await last;

    assert.deepEqual(alarms, []);
    assert.deepEqual(server.strayRequests, []);
    const opened = await page.evaluate(() => window.posted.flatMap((message) => (message.type === "open-link" ? [message.url] : [])));
    assert.ok(opened.length > 70, `${opened.length} links to the web are offered to the host`);
    assert.deepEqual(
      opened.filter((url) => !/^(?:https?|mailto):/.test(url)),
      [],
    );
    assert.deepEqual(
      await page.evaluate(() =>
        Array.from(
          document.querySelectorAll(
            ".transcript [href], .transcript [src], .transcript .turn [style], .transcript img, .transcript iframe",
          ),
          (element) => element.outerHTML,
        ),
      ),
      [],
    );
    await page.context().close();
  });
});
