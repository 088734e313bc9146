/* The page of a log, as a browser shows it. */
"use strict";

const { assert, test, open, close } = require("./browser.js");

/*
 * In the page: the contrast of the text of an element against what is behind
 * it (WCAG 2, 1.4.3), both painted, as the browser mixes and clamps them.
 */
function contrast_of(elements) {
	const canvas = document.createElement("canvas");
	const paint = canvas.getContext("2d", { willReadFrequently: true });

	canvas.width = canvas.height = 1;
	function luminance(...layers) {
		for (const layer of layers) {
			paint.fillStyle = "#010203"; /* stays if it is no colour */
			paint.fillStyle = layer.replace("none", "0");
			if (paint.fillStyle === "#010203")
				throw new Error(`${layer} is no colour`);
			paint.fillRect(0, 0, 1, 1);
		}
		const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((c) =>
			c / 255 <= 0.04045 ? c / 255 / 12.92 :
				((c / 255 + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	}
	return elements.map((e) => {
		const layers = [];

		for (let at = e; at; at = at.parentElement)
			layers.unshift(getComputedStyle(at).backgroundColor);
		layers.unshift("#808080");
		const [low, high] = [luminance(...layers),
			luminance(...layers, getComputedStyle(e).color)]
			.sort((a, b) => a - b);
		return { contrast: (high + 0.05) / (low + 0.05),
			what: `${e.className}: ${e.textContent}` };
	});
}

async function worst(page, selector) {
	const all = await page.locator(selector).evaluateAll(contrast_of);

	return all.reduce((a, b) => a.contrast < b.contrast ? a : b);
}

for (const colorScheme of ["light", "dark"]) {
	test(`every colour can be read, ${colorScheme}`, async (t) => {
		const page = await open("/tones/ci/1/all/1", { colorScheme });
		const lines = await page.locator(".log .l").count();
		const spans = await page.locator(".log .t").count();

		assert.equal(lines, 257);
		assert.ok(spans >= 256 * 25, `${spans} spans`);
		const low = await worst(page, ".log .t, .log .l > a");
		t.diagnostic(`${colorScheme}: ${low.contrast.toFixed(2)} ${low.what}`);
		assert.ok(low.contrast >= 4.5, `${low.contrast} ${low.what}`);

		/* and in a line that was linked to */
		let lowest = 99;
		for (const n of [2, 8, 9, 16, 22, 47, 52, 197, 202, 227, 232, 257]) {
			await page.evaluate((id) => location.hash = id, `L${n}`);
			await page.locator(`#L${n}:target`).waitFor();
			const here = await worst(page, ":target .t, :target > a");

			lowest = Math.min(lowest, here.contrast);
			assert.ok(here.contrast >= 4.5,
				`${n}: ${here.contrast} ${here.what}`);
		}
		t.diagnostic(`${colorScheme}, linked to: ${lowest.toFixed(2)}`);
		await close(page);
	});
}

test("what is copied has no line numbers", async () => {
	const page = await open("/big/ci/1/all/1");
	const copied = await page.evaluate(() => {
		getSelection().setBaseAndExtent(document.getElementById("L3"), 0,
			document.getElementById("L6"), 0);
		return getSelection().toString();
	});

	assert.equal(copied, [3, 4, 5].map((n) =>
		`${n}: a line, ${"0".repeat(200)}\n`).join(""));
	await close(page);
});

test("the number of a line in a long log is a link that lasts", async () => {
	const page = await open("/big/ci/1/all/1");
	const back = (p) => p.locator(":target").textContent();

	await page.locator("#L7990 > a").click();
	await page.waitForURL("**/big/ci/1/all/1?line=7990#L7990");
	assert.match(await back(page), /7990: a line/);
	assert.ok(await page.locator(":target").evaluate((e) => {
		const { top, bottom } = e.getBoundingClientRect();

		return top >= 0 && bottom <= innerHeight;
	}));
	const plain = await page.locator("#L7991").evaluate((e) =>
		getComputedStyle(e).backgroundColor);
	assert.notEqual(await page.locator(":target").evaluate((e) =>
		getComputedStyle(e).backgroundColor), plain);

	/* the middle of the log, by somebody without JavaScript, with times */
	const other = await open("/big/ci/1/all/1?line=4000#L4000",
		{ javaScriptEnabled: false });
	assert.match(await back(other), /4000: a line/);
	await other.getByRole("link", { name: "times", exact: true }).click();
	await other.locator(".timed").waitFor();
	assert.match(await back(other),
		/4000 \d\d:\d\d:\d\d\.\d{3} 4000: a line/);
	await close(other);
	await close(page);
});

test("a log fits a phone", async () => {
	const viewport = { width: 360, height: 640 };

	for (const path of ["/tones/ci/1/all/1", "/big/ci/1/all/1?time=1",
		"/big/ci/1/all/1?line=4000&time=1", "/paint/ci/1/build/1"]) {
		const page = await open(path, { viewport });

		assert.ok(await page.evaluate(() =>
			document.documentElement.scrollWidth <= innerWidth), path);
		await close(page);
	}
});
