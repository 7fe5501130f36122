import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createMarkdown, languageOf } from "../../../media/markdown/markdown.ts";
import { openableUrl } from "../../../media/markdown/openable-url.ts";

const md = createMarkdown();
const render = (text: string): string => md.render(text, {}).trim();

describe("Markdown of an answer", () => {
  test("carries a link's address as data, never as a reference that could be followed", () => {
    const html = render("[docs](https://example.com/a?b=1&c=2 'A title')");
    assert.equal(
      html,
      '<p dir="auto"><a role="link" tabindex="0" data-url="https://example.com/a?b=1&amp;c=2" title="https://example.com/a?b=1&amp;c=2">docs</a></p>',
    );
  });

  test("shows the words of a link that may not be opened, and where it would lead", () => {
    for (const address of [
      "javascript:alert(1)",
      "command:workbench.action.quit",
      "file:///etc/passwd",
      "vscode://x/y",
      "data:text/html,x",
      "src/a.ts",
      "#part",
    ]) {
      const html = render(`[words](${address})`);
      assert.equal(html, `<p dir="auto"><span class="inert-link" title="${address}">words</span></p>`);
    }
  });

  test("turns an image into its description, which leads to it", () => {
    const html = render("![A chart](https://example.com/chart.png)");
    assert.match(
      html,
      /<a class="image-stand-in" role="link" tabindex="0" data-url="https:\/\/example.com\/chart.png"[^>]*>Image: A chart<\/a>/,
    );
    assert.ok(!html.includes("<img"));
    assert.match(render("![](data:image/png;base64,AAAA)"), /<span class="image-stand-in"[^>]*>Image<\/span>/);
  });

  test("makes no link within a link of an image that stands in one", () => {
    const html = render("[![badge](https://example.com/b.svg)](https://example.com)");
    assert.equal(html.match(/<a /g)?.length, 1);
    assert.match(html, /<span class="image-stand-in"[^>]*>Image: badge<\/span><\/a>/);
  });

  test("finds bare addresses, but no addresses in names of files", () => {
    assert.match(render("at https://example.com/x now"), /data-url="https:\/\/example.com\/x"/);
    assert.ok(!render("edit README.md, main.py and me@example.com").includes("data-url"));
  });

  test("shows HTML as the text it is", () => {
    assert.equal(render('<img src=x onerror="a()">'), '<p dir="auto">&lt;img src=x onerror=&quot;a()&quot;&gt;</p>');
  });

  test("makes boxes of task items and tells their state to screen readers", () => {
    const html = render("- [x] done\n- [ ] open\n- [y] neither");
    assert.match(
      html,
      /<li class="task-item"><span class="codicon codicon-check task-box" role="img" aria-label="Done"><\/span>done<\/li>/,
    );
    assert.match(html, /codicon-circle-large-outline task-box" role="img" aria-label="To do"><\/span>open/);
    assert.match(html, /<li>\[y\] neither<\/li>/);
  });

  test("aligns the cells of a table by class, since the page's policy takes no style attributes", () => {
    const html = render("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |");
    assert.ok(!html.includes("style="));
    assert.match(html, /<th class="align-left">a<\/th>\n<th class="align-center">b<\/th>\n<th class="align-right">c<\/th>/);
  });

  test("keeps the line ends of verse", () => {
    assert.equal(render("one\ntwo"), '<p dir="auto">one<br>\ntwo</p>');
  });

  test("names the language of a code block by the first word of its info, escaped", () => {
    assert.equal(render("```TS title=x\na < b\n```"), '<pre data-language="ts"><code>a &#60; b\n</code></pre>');
    assert.match(render('```"><img\nx\n```'), /data-language="&#34;&#62;&#60;img"/);
    assert.deepEqual(["python {1,3}", "{.js}", "c++,linenos", "", "js:file.js"].map(languageOf), ["python", "", "c++", "", "js"]);
  });
});

describe("An address that may be opened", () => {
  test("has one of three schemes, and comes out as the URL parser reads it", () => {
    assert.equal(openableUrl("https://example.com"), "https://example.com/");
    assert.equal(openableUrl("HTTP://EXAMPLE.com/A"), "http://example.com/A");
    assert.equal(openableUrl("mailto:me@example.com"), "mailto:me@example.com");
  });

  test("is none with any other, nor without one", () => {
    for (const address of [
      "javascript:alert(1)",
      " https://x",
      "ftp://x",
      "//example.com",
      "/x",
      "x",
      "",
      "https://",
      "http:example.com",
      "command:x",
      "vscode:x",
    ]) {
      assert.equal(openableUrl(address), undefined, address);
    }
  });
});
