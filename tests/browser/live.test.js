/* A run as it goes on: with the script, and without it. */
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { assert, test, open, close, push, tell } = require("./browser.js");

const log = (page, job, n) =>
	page.locator(`pre[data-log$="/${job}/${n}.txt"]`);
const state = (page) => page.locator("main .title .st").first();
const polls = (page) => page.requests.filter((r) => r.includes(".json"));
/* a document or its address asked for again, by a reader or by the script */
const loads = (page, path) => page.requests.filter((r) => r === path);

/* A second of a clock that stands else, and time for what is asked in it. */
async function second(page) {
	await page.clock.runFor(1000);
	await page.waitForTimeout(50);
}

async function text_grows(locator, text) {
	await locator.filter({ hasText: text }).waitFor();
}

test("a live run is followed to its end", async (t) => {
	const run = push();
	const path = `/slow/ci/${run}`;
	const page = await open(path);

	await text_grows(log(page, "build", 1), "begun");
	assert.match(await page.title(), /^(pending|active): /);
	await page.evaluate(() => document.body.dataset.mark = "the same");
	const icon = () => page.locator("link[rel=icon]").getAttribute("href");
	const was = await icon();

	await t.test("durations tick", async () => {
		const since = page.locator("[data-since]").first();
		const before = await since.textContent();

		await page.waitForFunction(([e, text]) => e.textContent !== text,
			[await since.elementHandle(), before]);
	});
	await t.test("a job that ends, and the next one, are shown", async () => {
		tell(run, "build");
		await text_grows(log(page, "test", 1), "test one");
		await page.locator("#job-build.is-complete:not([open])")
			.waitFor();
		assert.equal(await log(page, "build", 1).count(), 0);
	});
	await t.test("lines come while nothing else happens", async () => {
		const at = await log(page, "test", 1).elementHandle();

		tell(run, "more");
		await text_grows(log(page, "test", 1), "row 300\n");
		assert.equal(await page.evaluate((e) => e.isConnected, at), true);
		const lines = (await at.textContent()).trimEnd().split("\n");
		assert.deepEqual(lines, ["test one", ...Array.from({ length: 300 },
			(_, i) => `row ${i + 1}`)]);
		assert.ok(page.requests.some((r) => r.endsWith("/test/1.txt")));
	});
	await t.test("what the reader has opened stays open", async () => {
		await page.locator("#job-build > summary").click();
		await page.locator("#cmd-build-1 > summary").click();
		tell(run, "end", "0");
		await page.locator("#job-after.is-complete").waitFor();
		await page.locator("#log-build-1").filter({ hasText: "built" })
			.waitFor({ state: "visible" });
	});
	await t.test("state, title and icon are those of the end", async () => {
		await page.locator("main .title .st.complete").waitFor();
		assert.match(await page.title(), /^complete: /);
		assert.notEqual(await icon(), was);
		await page.getByRole("status").filter({ hasText: /^complete: / })
			.waitFor();
	});
	await t.test("all of this without loading the page", async () => {
		assert.equal(await page.evaluate(() => document.body.dataset.mark),
			"the same");
		assert.equal(await page.locator("[data-since]").count(), 0);
		assert.equal(await page.locator("pre[data-log]").count(), 0);
	});
	await close(page);
});

test("after the end nothing is asked for", async () => {
	const run = push();
	const page = await open(null);

	await page.clock.install();
	await page.goto(`/slow/ci/${run}`);
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	const done = page.locator("main .title .st.complete");
	while (!await done.count())
		await second(page);
	await second(page);
	const before = page.requests.length;
	for (let i = 0; i < 30; i++)
		await second(page);
	assert.equal(page.requests.length, before);
	await close(page);
});

test("a hidden page asks for nothing, a page shown again does", async () => {
	const run = push();
	const page = await open(null);
	const hide = (hidden) => page.evaluate((h) => {
		Object.defineProperty(document, "hidden",
			{ value: h, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);

	await page.clock.install();
	await page.goto(`/slow/ci/${run}`);
	await page.clock.runFor(2000);
	await page.waitForLoadState("networkidle");
	assert.ok(polls(page).length > 0);
	await hide(true);
	const before = page.requests.length;
	await page.clock.runFor(60000);
	assert.equal(page.requests.length, before);
	const asked = page.waitForRequest(/\.json$/);
	await hide(false);
	await asked;
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	await close(page);
});

test("it asks less often while nothing happens", async () => {
	const run = push();
	const page = await open(null);

	await page.clock.install();
	await page.goto(`/slow/ci/${run}`);
	await text_grows(log(page, "build", 1), "begun");
	for (let i = 0; i < 30; i++) {
		await second(page);
	}
	const before = polls(page).length;
	for (let i = 0; i < 30; i++) {
		await second(page);
	}
	const asked = polls(page).length - before;
	assert.ok(asked >= 1 && asked <= 8, `${asked} in 30 s`);
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	await close(page);
});

test("a lost connection is told, and got over", async () => {
	const run = push();
	const page = await open(`/slow/ci/${run}`);

	await text_grows(log(page, "build", 1), "begun");
	await page.context().setOffline(true);
	await page.getByText("The connection is lost, trying again.").waitFor();
	tell(run, "build");
	await page.context().setOffline(false);
	await text_grows(log(page, "test", 1), "test one");
	await page.getByText("The connection is lost").waitFor(
		{ state: "hidden" });
	tell(run, "more");
	tell(run, "end", "0");
	page.wrong = page.wrong.filter((w) =>
		!w.includes("ERR_INTERNET_DISCONNECTED"));
	await close(page);
});

test("a run that fails shows why, and what is read stays in place",
	async () => {
	const run = push();
	const page = await open(`/slow/ci/${run}`,
		{ viewport: { width: 1000, height: 600 } });

	tell(run, "build");
	tell(run, "more");
	await text_grows(log(page, "test", 1), "row 300\n");
	/* in the middle of what has come */
	const top = () => page.locator("#log-test-1")
		.evaluate((pre) => {
			const range = document.createRange();
			const walker = document.createTreeWalker(pre,
				NodeFilter.SHOW_TEXT);

			for (let n; (n = walker.nextNode());) {
				const at = n.data.indexOf("row 150\n");

				if (at < 0)
					continue;
				range.setStart(n, at);
				range.setEnd(n, at + 7);
				return Math.round(range.getBoundingClientRect().top);
			}
			return null;
		});
	await page.evaluate((y) => scrollBy(0, y - 200), await top());
	const before = await top();
	assert.ok(before > 150 && before < 250, `row 150 is at ${before}`);
	tell(run, "end", "7");
	await page.locator(".why").waitFor();
	assert.ok(Math.abs(await top() - before) <= 2,
		`from ${before} to ${await top()}`);
	assert.match(await page.title(), /^failed: /);
	await close(page);
});

test("the end of a log is followed, unless one has scrolled up", async () => {
	const run = push();
	const page = await open(`/slow/ci/${run}`,
		{ viewport: { width: 1000, height: 500 } });
	const bottom = () => page.evaluate(() => [...document
		.querySelectorAll("pre.log")].pop().getBoundingClientRect().bottom);

	tell(run, "build");
	await text_grows(log(page, "test", 1), "test one");
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	assert.ok(await page.evaluate(() => scrollY) > 0);
	tell(run, "more");
	await text_grows(log(page, "test", 1), "row 300\n");
	assert.ok(await bottom() <= 510, `the end is at ${await bottom()}`);
	await page.evaluate(() => scrollBy(0, -1500));
	const y = await page.evaluate(() => scrollY);
	tell(run, "end", "1");
	await page.locator(".why").waitFor();
	assert.ok(y > 0);
	await close(page);
});

test("the page of a log grows by numbered lines", async () => {
	const run = push();

	tell(run, "build");
	const at = await open(`/slow/ci/${run}`);
	await text_grows(log(at, "test", 1), "test one");
	await close(at);
	const page = await open(`/slow/ci/${run}/test/1`);
	tell(run, "more");
	await page.locator("#L301").waitFor();
	assert.match(await page.locator("#L301").textContent(),
		/^\s*301\s+row 300\s*$/);
	assert.equal(await page.locator("#L301 a").getAttribute("href"), "#L301");
	assert.equal(await page.locator("[id^=L]").count(), 301);
	tell(run, "end", "0");
	await page.locator("#L302").waitFor();
	await page.locator("main:not([data-live])").waitFor();
	assert.equal(await page.locator("[id^=L]").count(), 302);
	await close(page);
});

test("what a log says comes with the looks that the server gives it",
	async () => {
	const looks = (page) => page.locator("pre.log").evaluate((pre) => {
		const list = [];
		const walker = document.createTreeWalker(pre,
			NodeFilter.SHOW_TEXT);

		for (let n; (n = walker.nextNode());) {
			const how = n.parentNode.closest(".t")?.className ?? "";

			if (list.at(-1)?.how === how)
				list.at(-1).text += n.data;
			else
				list.push({ how, text: n.data });
		}
		return list.filter((run) => run.text);
	});

	for (const below of ["", "/all/1"]) {
		const run = push("paintslow");
		const first = await open(`/paintslow/ci/${run}`);

		await log(first, "all", 1).waitFor({ state: "attached" });
		await close(first);
		const page = await open(`/paintslow/ci/${run}${below}`);
		tell(run, "go");
		await text_grows(log(page, "all", 1), "column");
		const script = await looks(page);
		await page.reload();
		assert.ok(script.length > 40);
		assert.deepEqual(script, await looks(page));
		tell(run, "over");
		await close(page);
	}
});

test("no byte of a line is doubled or lost that came in parts", async () => {
	const run = push();
	const page = await open(`/slow/ci/${run}`);
	const { id } = JSON.parse(execFileSync("quire",
		["show", `slow#${run}`, "--json"], { encoding: "utf8" }));
	const file = `${process.env.QUIRE_HOME}/runs/slow.git/${id}/jobs/build/` +
		"sh-1.log";
	const shows = async (text) => {
		await page.waitForFunction(([e, t]) => e.textContent === t,
			[await log(page, "build", 1).elementHandle(), text]);
	};

	await text_grows(log(page, "build", 1), "begun");
	/* a record is not written all at once, be it in its text, its time */
	fs.appendFileSync(file, "2026-11-24T10:00:00.000000000Z stdout F ha");
	await shows("begun\nha\n");
	fs.appendFileSync(file, "lf\n2026-11-2");
	await shows("begun\nhalf\n2026-11-2\n");
	fs.appendFileSync(file, "4T10:00:00.000000000Z stdout P a ");
	await shows("begun\nhalf\na \n");
	fs.appendFileSync(file, "\u00e4\n" +
		"2026-11-24T10:00:00.000000000Z stdout F b\n");
	await shows("begun\nhalf\na \u00e4b\n");
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	await close(page);
});

test("a list shows what comes to it, and leaves a form alone", async () => {
	const page = await open("/slow/ci");
	const rows = await page.locator(".runs > li").count();

	await page.getByLabel("Ref").fill("half a na");
	await page.evaluate(() => document.activeElement.blur());
	const run = push();
	await page.locator(".runs a", { hasText: /^Slow, once more$/ }).nth(rows -
		1).waitFor();
	await page.locator(`.runs a[href="/slow/ci/${run}"]`).first().waitFor();
	assert.equal(await page.locator(".runs > li").count(), rows + 1);
	assert.equal(await page.getByLabel("Ref").inputValue(), "half a na");
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	await close(page);
});

test("without JavaScript the page loads itself, until it is done",
	async () => {
	const run = push();
	const path = `/slow/ci/${run}`;
	const page = await open(path, { javaScriptEnabled: false });

	await page.getByText("begun", { exact: false }).first().waitFor();
	assert.equal(page.requests.some((r) => r.includes(".json")), false);
	tell(run, "build");
	tell(run, "more");
	tell(run, "end", "0");
	await page.locator("main .title .st.complete").waitFor();
	assert.ok(loads(page, path).length > 1);
	/* the last one has no refresh, so there is none to come */
	assert.equal(await page.locator("head meta[http-equiv]").count(), 0);
	assert.doesNotMatch(await page.content(), /http-equiv/);
	await close(page);
});
