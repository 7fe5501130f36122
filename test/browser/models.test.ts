// The ways to a model: the list over all providers, a server of one's own, a model that no list names.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { keyToAllow, sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("Models", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  let own: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["oolong-small", "oolong-large"] });
    own = await FakeProvider.start({ models: ["sencha-1"], key: "sk-sencha" });
    // Port 9 is that of `discard`, which nobody runs: the address of a server that is down.
    const down = { baseUrl: "http://127.0.0.1:9/v1" };
    await chat.openAt(fake, { "parley.servers": { here: { baseUrl: fake.baseUrl("openai-chat") }, down } });
  });

  after(async () => {
    workbench.writeSettings({ "parley.servers": undefined, "parley.providers": undefined, "parley.model": undefined });
    await Promise.all([fake.close(), own.close()]);
  });

  test("One list has the models of every provider, and says of a server that is down what to do.", async () => {
    await chat.modelButton.click();
    await workbench.quickInputTitle("Select Model").waitFor();
    await workbench.quickInputRow("oolong-large").waitFor();
    await workbench.quickInputRow("Open a GGUF File…").waitFor();
    await workbench.pickerIsFilled();
    await workbench.quickInput().fill("down");
    await workbench.quickInputRow("Nothing answers for down").waitFor();
    await workbench.quickInput().fill("");
    await workbench.screenshot("models-list");
    await workbench.quickInputRow("oolong-large").click();
    await chat.waitForModel("oolong-large");
    fake.enqueue({ text: "Poured." });
    await chat.ask("Which tea?");
    await chat.answered("Poured.");
    assert.equal(fake.requests.at(-1)?.body?.["model"], "oolong-large");
  });

  test("A model that no list names is called by what is typed.", async () => {
    await chat.modelButton.click();
    await workbench.quickInputRow("oolong-large").waitFor();
    await workbench.pickerIsFilled();
    await workbench.quickInput().fill("here/oolong-secret");
    await workbench.quickInputRow("Use here/oolong-secret").click();
    await chat.waitForModel("oolong-secret");
    await chat.ask("And this one?");
    await chat.shows("You said: And this one?");
    assert.equal(fake.requests.at(-1)?.body?.["model"], "oolong-secret");
  });

  test("Add Server finds what answers at an address, asks for the key it wants, names it, and offers its models.", async () => {
    await workbench.runCommand("Parley: Add Server…");
    await workbench.quickInputTitle("Add Server").waitFor();
    await workbench.fillQuickInput("not an address");
    await workbench.page.getByText("This is no web address.").waitFor();
    // Without a scheme and a path, as people write addresses.
    await workbench.fillQuickInput(new URL(own.origin).host);
    const password = workbench.page.locator(".quick-input-widget input[type=password]");
    await password.fill("sk-sencha");
    await password.press("Enter");
    await workbench.quickInputTitle("Name the Server").waitFor();
    await workbench.screenshot("models-name-server");
    await workbench.fillQuickInput("tearoom");
    await workbench.quickInputTitle("tearoom was added").waitFor();
    await workbench.quickInputRow("sencha-1").click();
    await chat.waitForModel("sencha-1");

    own.enqueue({ text: "Green." });
    await chat.ask("Which colour?");
    await chat.shows("Green.");
    assert.equal(own.requests.at(-1)?.headers["authorization"], "Bearer sk-sencha");
    const settings: unknown = JSON.parse(readFileSync(join(workbench.serverFolder, "data/Machine/settings.json"), "utf8"));
    const servers: unknown = Reflect.get(Object(settings), "parley.servers");
    assert.deepEqual(Reflect.get(Object(servers), "tearoom"), { baseUrl: own.baseUrl("openai-chat") });
  });

  test("Add Server says so where nothing answers, and adds nothing; Try Again has what was typed.", async () => {
    await workbench.runCommand("Parley: Add Server…");
    await workbench.quickInputTitle("Add Server").waitFor();
    await workbench.fillQuickInput("127.0.0.1:9");
    const nobody = await workbench.toast("Nothing answers at http://127.0.0.1:9/v1.");
    assert.doesNotMatch(await nobody.innerText(), /settings|Add Server/iu);
    await nobody.getByRole("button", { name: "Try Again" }).click();
    await workbench.quickInputTitle("Add Server").waitFor();
    assert.equal(await workbench.quickInput().inputValue(), "127.0.0.1:9");

    // A server that knows no such path.
    await workbench.fillQuickInput(`${fake.origin}/control/v1`);
    // The palette would take the input's place before it was accepted.
    await workbench.quickInput().waitFor({ state: "hidden" });
    // The editor shows no more than three toasts in a moment, the two about progress among them; its list has all.
    await workbench.runCommand("Notifications: Show Notifications");
    const words = `Something answers at ${fake.origin}/control/v1, but it lists no models.`;
    const wrong = workbench.page.locator(".notification-list-item", { hasText: words });
    await wrong.getByText("Try Again").first().waitFor();
    await workbench.clearNotifications();
    assert.equal(await workbench.quickInputTitle("Name the Server").count(), 0);
  });

  test("A key in the environment is used only after a yes, at that address alone, until it is taken back.", async () => {
    const keys = (): readonly (string | undefined)[] => fake.requests.map(({ headers }) => headers["authorization"]);
    workbench.writeSettings({
      "parley.providers": { mistral: { baseUrl: fake.baseUrl("openai-chat") } },
      "parley.model": "mistral/oolong-small",
    });
    await chat.newChat();
    await chat.waitForModel("oolong-small");
    await chat.ask("Without a key?");
    await chat.shows("You said: Without a key?");
    assert.equal(keys().at(-1), undefined);

    await chat.modelButton.click();
    await workbench.quickInputRow(`${keyToAllow.variable} is in the environment, not used`).waitFor();
    await workbench.pickerIsFilled();
    await workbench.pick(`${keyToAllow.variable} is in the environment, not used`);
    await workbench.quickInputRow(`Use ${keyToAllow.variable} from the environment`).waitFor();
    await workbench.screenshot("models-key-in-environment");
    await workbench.quickInputRow(`Use ${keyToAllow.variable} from the environment`).click();
    await workbench.toast("Mistral answers.");
    await workbench.clearNotifications();
    await chat.ask("With one?");
    await chat.shows("You said: With one?");
    assert.equal(keys().at(-1), `Bearer ${keyToAllow.value}`);

    await workbench.runCommand("Parley: Set API Key…");
    await workbench.quickInputTitle("Set API Key").waitFor();
    // The list holds only what is on screen.
    await workbench.quickInput().fill("Mistral");
    await workbench.quickInputRow(`uses ${keyToAllow.variable} from the environment`).click();
    await workbench.quickInputRow(`Stop using ${keyToAllow.variable}`).click();
    await workbench.toast("Mistral answers.");
    await workbench.clearNotifications();
    await chat.ask("And now?");
    await chat.shows("You said: And now?");
    assert.equal(keys().at(-1), undefined);
    assert.ok(!own.requests.some(({ headers }) => headers["authorization"]?.includes(keyToAllow.value) === true));
  });
});
