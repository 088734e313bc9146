/* What readers do: look for why it is red, follow links, filter, with a mouse,
 * with the keyboard alone, without JavaScript. */
"use strict";

const { assert, test, open, close } = require("./browser.js");

/* The page of the red run, and what failed in it. */
const RED = "/paint/ci/1";

test("a red run says why in the first look at it", async () => {
	for (const viewport of [{ width: 1200, height: 800 },
		{ width: 360, height: 740 }]) {
		const page = await open(RED, { viewport });
		const why = page.locator(".why");
		const box = await why.boundingBox();

		assert.ok(box.y + 120 < viewport.height,
			`it begins at ${box.y} of ${viewport.height}`);
		assert.match(await why.textContent(), /test/);
		assert.match(await why.textContent(), /sh fail\.sh/);
		assert.match(await why.textContent(), /expected 4, got 5/);
		await close(page);
	}
});

test("from the list to the run, the failure, its log and a line of it",
	async () => {
	const page = await open("/");

	await page.getByRole("link", { name: "paint", exact: true }).click();
	await page.waitForURL("**/paint/ci");
	await page.getByRole("link", { name: /^Count parts/ }).click();
	await page.waitForURL("**" + RED);
	await page.locator(".why a[href^='#']").first().click();
	const id = new URL(page.url()).hash.slice(1);
	await page.locator(`[id="${id}"]`).waitFor();
	await page.locator("#cmd-test-2 a", { hasText: "whole log" }).click();
	await page.waitForURL("**/paint/ci/1/test/2");
	await page.locator("#L61 a").first().click();
	assert.equal(new URL(page.url()).hash, "#L61");
	assert.match(await page.locator(":target").textContent(),
		/error: expected 4, got 5/);
	const colour = (selector) => page.locator(selector).evaluate((e) =>
		getComputedStyle(e).backgroundColor);
	assert.notEqual(await colour("#L61"), await colour("#L60"));
	await close(page);
});

test("a link to a line that the page has not goes where it is", async () => {
	const page = await open("/big/ci/1/all/1#L4000");

	await page.waitForURL(/\?line=4000#L4000$/);
	const line = page.locator("#L4000");
	await line.waitFor();
	assert.match(await line.textContent(), /4000: a line, 0/);
	await page.waitForFunction(() => {
		const box = document.querySelector(":target")
			?.getBoundingClientRect();
		return box && box.top >= 0 && box.bottom <= innerHeight;
	});
	/* one that no log has is asked for once */
	await page.goto("/big/ci/1/all/1#L99999999");
	await page.waitForURL(/\?line=99999999#L99999999$/);
	await page.locator("main pre").first().waitFor();
	await close(page);
});

test("the list is filtered", async () => {
	const page = await open("/seed/work/parser/ci");
	const rows = page.locator(".runs > li");
	const all = await rows.count();

	await page.getByLabel("State").selectOption("failed");
	await page.getByRole("button", { name: "Show" }).click();
	await page.waitForURL(/state=failed/);
	assert.ok(await rows.count() > 0 && await rows.count() < all);
	assert.equal(await page.locator(".runs .st:not(.failed)").count(), 0);
	await page.getByLabel("Ref").fill("main");
	await page.getByLabel("Ref").press("Enter");
	await page.waitForURL(/ref=main/);
	assert.equal(await page.locator(".runs .st:not(.failed)").count(), 0);
	await page.getByRole("link", { name: "all runs" }).click();
	assert.equal(await rows.count(), all);
	await close(page);
});

test("the keyboard alone reaches the first failure", async () => {
	const page = await open(RED);
	const focused = () => page.evaluate(() => {
		const e = document.activeElement;

		return { why: Boolean(e.closest(".why")), tag: e.localName,
			seen: getComputedStyle(e).outlineStyle !== "none" };
	});
	let at;

	for (let i = 0; i < 15 && !at?.why; i++) {
		await page.keyboard.press("Tab");
		at = await focused();
		assert.ok(at.seen, `${at.tag} shows no focus`);
	}
	assert.ok(at.why && at.tag === "a", "not within 15 steps");
	await page.keyboard.press("Enter");
	assert.ok(new URL(page.url()).hash);
	await close(page);
});

test("what is folded is opened and closed by the keyboard", async () => {
	const page = await open(RED);
	const job = page.locator("#job-build");

	assert.equal(await job.getAttribute("open"), null);
	await job.locator("summary").first().focus();
	await page.keyboard.press("Enter");
	assert.equal(await job.getAttribute("open"), "");
	await page.keyboard.press("Enter");
	assert.equal(await job.getAttribute("open"), null);
	await close(page);
});

/* All pages that can be reached from one by links, within the site. What is no
 * page has no icon either, and the browser then asks for /favicon.ico. */
async function crawl(page, from, limit, look = () => {}) {
	const seen = new Set([from]);

	for (const path of seen) {
		const answer = await page.goto(path);
		const type = answer.headers()["content-type"];

		assert.equal(answer.status(), 200, path);
		if (!type.startsWith("text/html"))
			continue;
		await look(path);
		for (const href of await page.locator("a[href]").evaluateAll(
			(list) => list.map((a) => new URL(
				a.getAttribute("href"), document.baseURI).href))) {
			const url = new URL(href);
			const next = url.pathname + url.search;

			if (url.origin === process.env.WEB && seen.size < limit &&
				!/\.(txt|json|atom|svg)$|artifacts/.test(next))
				seen.add(next);
		}
	}
	return [...seen];
}

test("without JavaScript every page is reached by links", async () => {
	const page = await open(null, { javaScriptEnabled: false });
	const expect = (seen, ...paths) => paths.forEach((p) =>
		assert.ok(seen.some((path) => p.test(path)), String(p)));

	expect(await crawl(page, "/seed/", 50), /parser\/ci$/,
		/strange\/.*ci$/, /ci\/14$/, /ref=/);
	expect(await crawl(page, "/seed/work/parser/ci/14", 20), /\/seed\/$/,
		/ci$/, /ci\/14\/test\/1$/);
	await close(page);
});

test("strange names stay text, and their links lead to them", async () => {
	const page = await open(null);
	const repo = "/seed/strange/%3Cb%3Ebold%20%26%20%22co%22/ci";

	await page.goto("/seed/");
	await page.locator(`a[href="${repo}"]`).first().click();
	await page.waitForURL("**" + repo);
	await page.getByRole("heading", { name: 'strange/<b>bold & "co"',
		exact: true }).waitFor();
	const seen = await crawl(page, repo, 25, async (path) => {
		if (path.startsWith(repo))
			assert.equal(await page.locator(
				"main b, main script, main i").count(), 0, path);
	});
	assert.ok(seen.includes(repo + "/1"));
	await close(page);
});

test("nothing overflows at 360 pixels", async () => {
	const page = await open(null, { viewport: { width: 360, height: 740 } });
	const wide = [];
	const look = async (path) => {
		await page.evaluate(() => document.querySelectorAll("details")
			.forEach((d) => d.open = true));
		const [width, inner, who] = await page.evaluate(() => [
			document.scrollingElement.scrollWidth, innerWidth,
			[...document.querySelectorAll("main *, header *")]
				.filter((e) => e.getBoundingClientRect().right >
					innerWidth + 1)
				.map((e) => e.localName + "." +
					e.getAttribute("class")).slice(0, 3)]);
		if (width > inner)
			wide.push(`${path}: ${width}, ${who}`);
	};

	await crawl(page, "/seed/", 90, look);
	await crawl(page, "/", 30, look);
	await page.goto("/nope");
	await look("/nope");
	page.wrong = page.wrong.filter((w) => !/status of 404/.test(w));
	assert.deepEqual(wide, []);
	await close(page);
});
