/*
 * browser.js - for the tests: Chromium, pages that fail the test if anything
 * in them goes wrong, and runs that go on when they are told to.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const test = require("node:test");
const { chromium } = require("playwright-core");

const { WEB, T, STEPS } = process.env;
let browser;

test.before(async () => {
	browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		chromiumSandbox: process.getuid() !== 0,
		args: ["--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-sync",
			"--disable-component-update"],
	});
});

test.after(() => browser?.close());

/*
 * A page of a reader of its own. What its console has, what throws in it and
 * what its policy forbids ends up in wrong, and that must be empty when
 * close() is called; requests has the path of each it made.
 */
async function open(path, options = {}) {
	const context = await browser.newContext({ baseURL: WEB,
		viewport: { width: 1200, height: 900 }, ...options });
	const page = await context.newPage();

	page.setDefaultTimeout(30000);
	page.wrong = [];
	page.requests = [];
	page.on("console", (m) => {
		if (m.type() === "error" || m.type() === "warning")
			page.wrong.push(m.text());
	});
	page.on("pageerror", (e) => page.wrong.push(String(e)));
	page.on("request", (r) => {
		const { pathname, search } = new URL(r.url());

		page.requests.push(pathname + search);
	});
	if (options.javaScriptEnabled !== false) {
		await page.exposeFunction("forbidden",
			(what) => page.wrong.push("forbidden: " + what));
		await page.addInitScript(() =>
			addEventListener("securitypolicyviolation", (e) =>
				forbidden(e.violatedDirective + " " + e.blockedURI)));
	}
	if (path)
		await page.goto(path);
	return page;
}

async function close(page) {
	await page.context().close();
	assert.deepEqual(page.wrong, []);
}

/* Pushes a commit to slow.git; returns the number of its run. */
function push(repo = "slow") {
	const git = (...args) => execFileSync("git", ["-C", `${T}/${repo}`,
		...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

	git("commit", "-q", "--allow-empty", "-m", "Slow, once more");
	git("push", "-q", "origin", "HEAD:main");
	const runs = JSON.parse(execFileSync("quire",
		["runs", repo, "--json"], { encoding: "utf8" }));
	return runs[0].number;
}

/* Lets a step of a run go on: see wait.sh in browser.sh. */
function tell(run, step, text = "") {
	const file = `${STEPS}/${run}.${step}`;

	fs.writeFileSync(file + ".new", text);
	fs.renameSync(file + ".new", file);
}

module.exports = { assert, test, open, close, push, tell };
