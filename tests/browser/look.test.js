/* How it looks, to eyes and to what reads aloud: both themes, contrast, names
 * and roles, as axe-core checks them; and screenshots. */
"use strict";

const path = require("node:path");
const axe = require("axe-core");

const { assert, test, open, close, push, tell } = require("./browser.js");

/* One page of each kind. */
const PAGES = ["/", "/seed/", "/seed/work/parser/ci",
	"/seed/work/parser/ci?state=superseded&ref=nowhere", "/paint/ci",
	"/paint/ci/1", "/paint/ci/1/build/1", "/paint/ci/1/test/2",
	"/paint/ci/1/build/1?time=1", "/big/ci/1", "/big/ci/1/all/1",
	"/big/ci/1/all/1?line=4000", "/seed/work/parser/ci/3",
	"/seed/work/parser/ci/8", "/seed/work/parser/ci/10",
	"/seed/work/parser/ci/11", "/seed/work/parser/ci/14",
	"/seed/work/parser/ci/15", "/seed/work/parser/ci/18",
	"/seed/work/parser/ci/19", "/seed/hello/ci/2",
	"/seed/strange/%3Cb%3Ebold%20%26%20%22co%22/ci",
	"/seed/strange/%3Cb%3Ebold%20%26%20%22co%22/ci/1",
	"/seed/strange/%3Cb%3Ebold%20%26%20%22co%22/ci/1/colours/1", "/nope"];

for (const colorScheme of ["light", "dark"]) {
	test(`nothing is wrong for axe, ${colorScheme}`, async () => {
		const page = await open(null, { colorScheme });
		const wrong = [];

		for (const p of PAGES) {
			await page.goto(p);
			await page.evaluate(() => document.querySelectorAll(
				"details").forEach((d) => d.open = true));
			/* not as an element: the page's policy forbids it */
			await page.evaluate(axe.source);
			const { violations } = await page.evaluate(() => axe.run());

			for (const v of violations) {
				for (const n of v.nodes.slice(0, 3))
					wrong.push(`${p}: ${v.id}: ${n.html} ` +
						n.failureSummary);
			}
		}
		page.wrong = page.wrong.filter((w) => !/status of 404/.test(w));
		assert.deepEqual(wrong, []);
		await close(page);
	});
}

test("the dark theme is another one, with its own colours", async () => {
	const colours = async (colorScheme) => {
		const page = await open("/paint/ci/1", { colorScheme });
		const list = await page.evaluate(() => ["body", "a", ".st",
			".why", "pre.log"].map((s) => {
			const { color, backgroundColor } = getComputedStyle(
				document.querySelector(s));
			return [color, backgroundColor];
		}));

		await close(page);
		return list.flat();
	};
	const light = await colours("light"), dark = await colours("dark");

	light.forEach((c, i) => assert.ok(c !== dark[i] ||
		c === "rgba(0, 0, 0, 0)", `${i}: ${c}`));
	const [, paper] = light, [, night] = dark;
	const sum = (c) => c.match(/\d+/g).slice(0, 3)
		.reduce((a, b) => a + Number(b), 0);
	assert.ok(sum(paper) > 3 * 200 && sum(night) < 3 * 60);
});

test("screenshots are taken", async () => {
	const run = push();
	const shots = { index: "/seed/", list: "/seed/work/parser/ci",
		red: "/paint/ci/1", live: `/slow/ci/${run}`,
		log: "/paint/ci/1/build/1" };

	tell(run, "build");
	const live = await open(shots.live);
	await live.locator("pre[data-log$='/test/1.txt']")
		.filter({ hasText: "test one" }).waitFor();
	await close(live);
	for (const colorScheme of ["light", "dark"]) {
		for (const width of [360, 1200, 1600]) {
			const page = await open(null, { colorScheme,
				viewport: { width, height: 900 } });

			for (const [name, p] of Object.entries(shots)) {
				await page.goto(p);
				await page.screenshot({ path: path.join(
					process.env.SCREENSHOTS,
					`${name}-${colorScheme}-${width}.png`) });
			}
			await close(page);
		}
	}
	tell(run, "more");
	tell(run, "end", "0");
});
