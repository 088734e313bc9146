/*
 * live.js - a page that shows what goes on, as it goes on. Without it the page
 * loads itself again.
 *
 * The page of a run asks for the run's JSON. When that changed it fetches the
 * page and takes over what is different, element by element, so that what the
 * reader has opened, focused, selected and scrolled to stays. Between, it gets
 * the new bytes of running commands' logs. A list is fetched as it is. What
 * comes from a log gets into the page as text, never as markup.
 */
const LOG_LINES = 2000; /* more are dropped at the top while we follow */
const LOG_READ = 1 << 20; /* bytes at once; if more came: the page anew */
const LINE_MAX = 1 << 16; /* as much of a line is in one row */
const FAST = 1000, SLOW = 5000, LOST = 30000; /* between two questions, in ms */
const IDLE = 10000; /* lists where nothing runs; pages where nothing changed */

const main = document.querySelector("main");
const message = document.createElement("p"); /* read out, too */
let clock_skew = 0; /* the server's clock against ours, in ms */

/* --- times --- */

const now = () => Date.now() + clock_skew;
const two = (n) => String(n).padStart(2, "0");

/* As clock_add_span() and clock_add_ago() write them. */
function span(ms) {
	const s = Math.floor(ms / 1000);

	if (ms < 1000)
		return Math.max(0, Math.floor(ms)) + " ms";
	if (s < 10)
		return s + "." + Math.floor(ms / 100) % 10 + "s";
	if (s < 60)
		return s + "s";
	if (s < 3600)
		return Math.floor(s / 60) + "m " + two(s % 60) + "s";
	if (s < 86400)
		return Math.floor(s / 3600) + "h " +
			two(Math.floor(s % 3600 / 60)) + "m";
	return Math.floor(s / 86400) + "d " + Math.floor(s % 86400 / 3600) + "h";
}

function ago(ms) {
	const units = [[31536000, "year"], [2592000, "month"], [604800, "week"],
		[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
	const s = Math.floor(ms / 1000);

	if (s < 5)
		return "just now";
	const [size, name] = units.find(([seconds]) => s >= seconds);
	const n = Math.floor(s / size);
	return n + " " + name + (n === 1 ? " ago" : "s ago");
}

function set_text(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

function tick() {
	for (const e of main.querySelectorAll("[data-since]"))
		set_text(e, span(now() - Number(e.dataset.since)));
	for (const e of main.querySelectorAll("time[datetime]")) {
		const at = Date.parse(e.getAttribute("datetime"));

		if (/ ago$|^just now$/.test(e.textContent) && at)
			set_text(e, ago(now() - at));
	}
}

/* --- what the server says --- */

function say(text, hidden) {
	set_text(message, text);
	message.className = hidden ? "hidden" : "status";
}

async function get(url, options) {
	const res = await fetch(url, { cache: "no-cache", ...options });
	const date = Date.parse(res.headers.get("Date"));

	/* its seconds are cut off */
	if (date && Math.abs(date - Date.now()) > 2000)
		clock_skew = date - Date.now();
	return res;
}

async function get_text(url) {
	const res = await get(url);

	if (res.status === 404) /* cleaned away, or no longer for this reader */
		throw Object.assign(new Error("This is gone."), { gone: true });
	if (!res.ok)
		throw new Error("The server answers " + res.status +
			", trying again.");
	return res.text();
}

/* --- the page, taken over --- */

const defaults = new WeakMap(); /* details: whether the server has it open */
const logs = new WeakMap(); /* what is known of a log that grows */
const stale = new WeakSet(); /* logs that only the server can go on with */
let reading = new Set(); /* elements with what the reader looks at */

function learn(root) {
	for (const d of [root, ...root.querySelectorAll("details")])
		defaults.set(d, d.hasAttribute("open"));
}

function adopted(node) {
	if (node.nodeType === Node.ELEMENT_NODE)
		learn(node);
	return document.adoptNode(node);
}

/* What makes an element the same one in two versions of the page. */
function key(node) {
	if (node.nodeType !== Node.ELEMENT_NODE)
		return "";
	return node.id || node.localName === "li" &&
		node.querySelector("a[href]")?.getAttribute("href") || "";
}

/* What the reader has opened or closed stays so; what he reads is not folded
 * away because it went well. */
function merge_open(from, to) {
	const chosen = from.open !== defaults.get(from);

	defaults.set(from, to.open);
	if (!chosen && (to.open || !reading.has(from)))
		from.open = to.open;
}

function merge_attributes(from, to) {
	const ours = (name) => name === "open" && from.localName === "details";

	for (const { name } of [...from.attributes]) {
		if (!to.hasAttribute(name) && !ours(name))
			from.removeAttribute(name);
	}
	for (const { name, value } of to.attributes) {
		if (from.getAttribute(name) !== value && !ours(name))
			from.setAttribute(name, value);
	}
	if (from.localName === "details")
		merge_open(from, to);
}

function merge(from, to) {
	if (from.nodeType !== Node.ELEMENT_NODE) {
		if (from.data !== to.data)
			from.data = to.data;
		return;
	}
	const log = from.dataset.log;
	if (from.isEqualNode(to) ||
		log && log === to.dataset.log && !stale.has(from))
		return;
	merge_attributes(from, to);
	/* a log that has ended, in the middle of which the reader is */
	if (log && !stale.has(from) && reading.has(from) &&
		from.textContent !== to.textContent)
		return;
	logs.delete(from);
	stale.delete(from);
	merge_children(from, to);
}

/* The old child that becomes `want`, at `at` or behind it; or null. */
function find_match(at, want, old, wanted) {
	const same = (n) => n.nodeName === want.nodeName && !wanted.has(key(n));
	const known = old.get(key(want));

	if (known)
		return known;
	if (!at || same(at) || want.nodeType !== Node.ELEMENT_NODE)
		return at && same(at) ? at : null;
	while (at && !(same(at) && at.className === want.className))
		at = at.nextSibling;
	return at;
}

function merge_children(from, to) {
	const old = new Map([...from.childNodes].map((n) => [key(n), n]));
	const wanted = new Set([...to.childNodes].map(key));
	let at = from.firstChild;

	const skip_gone = (end) => {
		while (at && at !== end && !wanted.has(key(at))) {
			const gone = at;

			at = at.nextSibling;
			gone.remove();
		}
	};
	old.delete("");
	wanted.delete("");
	for (const want of [...to.childNodes]) {
		const match = find_match(at, want, old, wanted);

		if (!match) {
			from.insertBefore(adopted(want), at);
			continue;
		}
		skip_gone(match);
		if (at === match)
			at = at.nextSibling;
		else
			from.insertBefore(match, at);
		if (match.nodeName === want.nodeName)
			merge(match, want);
		else
			match.replaceWith(adopted(want));
	}
	wanted.clear();
	skip_gone(null);
}

/* --- where the reader is --- */

/* Whether the end of a log is in view, and so is what comes. At its top a page
 * shows how the run is, and stays there. */
function follows(pre) {
	const bottom = pre.getBoundingClientRect().bottom;

	if (pre.scrollHeight > pre.clientHeight + 1)
		return pre.scrollTop + pre.clientHeight + 4 >= pre.scrollHeight;
	return (scrollY > 0 || pre.classList.contains("numbered")) &&
		bottom > 0 && bottom <= innerHeight + 4;
}

/* The elements at the top of the window, from the innermost on. */
function in_view() {
	const list = [];
	let e = document.elementFromPoint(innerWidth / 2, 4);

	for (; main.contains(e) && e !== main; e = e.parentElement)
		list.push({ e, id: e.id, top: e.getBoundingClientRect().top });
	return list;
}

/* Does what changes the page, and keeps in place what is read. */
function in_place(change) {
	const seen = scrollY > 0 ? in_view() : [];

	change();
	for (const { e, id, top } of seen) {
		const still = e.isConnected ? e : document.getElementById(id);

		if (!still?.getClientRects().length)
			continue;
		scrollBy(0, still.getBoundingClientRect().top - top);
		break;
	}
}

const live_logs = (root) => [...root.querySelectorAll("[data-log]")];

function take_over(html) {
	const page = new DOMParser().parseFromString(html, "text/html");
	const to = page.querySelector("main");
	const selection = getSelection();

	if (!to)
		throw new Error("The server answers with something else, " +
			"trying again.");
	const follow = live_logs(main).some(follows) && live_logs(to).length;
	reading = new Set(scrollY > 0 && !follow ?
		in_view().map(({ e }) => e) : []);
	if (!selection.isCollapsed) {
		for (let n = selection.anchorNode; n; n = n.parentNode)
			reading.add(n);
	}
	in_place(() => merge(main, to));
	if (follow)
		live_logs(main).pop().scrollIntoView({ block: "end" });
	document.title = page.title;
	document.querySelector("link[rel=icon]").href =
		page.querySelector("link[rel=icon]").href;
	tick();
}

/* --- logs --- */

const utf8 = new TextDecoder();

/* As html_text() has it: control bytes, and what turns text around. */
function printable(text) {
	return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd").replace(
		/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => "[U+" +
		c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") +
		"]");
}

function add_line(row, line) {
	row.append(printable(line.slice(0, LINE_MAX)) + "\n");
}

function make_row(pre, line, number) {
	const row = document.createElement("span");

	if (pre.classList.contains("numbered")) {
		const link = document.createElement("a");

		row.className = "l";
		row.id = "L" + number;
		link.href = "#L" + number;
		link.textContent = number;
		row.append(link, " ");
	}
	add_line(row, line);
	return row;
}

/*
 * The first look: lines are those of the raw text from where the first row of
 * the server's begins. The rows stay if they say the same.
 */
function log_begin(pre, log, lines) {
	const first = pre.querySelector("[id^=L]");

	log.number = first ? Number(first.id.slice(1)) : 1;
	const rows = pre.textContent.split("\n").length - 1;
	const same = document.createElement("pre");
	same.className = pre.className;
	lines.slice(0, rows).forEach((line, i) =>
		same.append(make_row(same, line, log.number + i)));
	if (same.textContent !== pre.textContent)
		pre.replaceChildren();
	else
		log.rows = rows;
	return lines.slice(log.rows);
}

function append(pre, log, lines) {
	const end = follows(pre);
	const bottom = pre.getBoundingClientRect().bottom;

	in_place(() => {
		for (const line of lines) {
			log.row = make_row(pre, line, log.number + log.rows);
			pre.append(log.row);
			log.rows++;
		}
		while (end && pre.childNodes.length > LOG_LINES)
			pre.firstChild.remove();
	});
	if (end) {
		pre.scrollTop = pre.scrollHeight;
		scrollBy(0, pre.getBoundingClientRect().bottom - bottom);
	}
}

/*
 * Gets what a log has more. The line that is the last so far is read again
 * each time, since it may not have ended: the newline behind it need not be
 * the command's. Returns whether there was more.
 */
async function pull(pre) {
	const log = logs.get(pre) ??
		{ url: pre.dataset.log, at: Number(pre.dataset.at), rows: 0 };
	const res = await get(log.url, { cache: "no-store", headers: {
		Range: "bytes=" + log.at + "-" + (log.at + LOG_READ - 1) } });

	if (res.status === 416 || res.status === 404)
		return false;
	if (res.status !== 206)
		throw new Error("The server answers " + res.status +
			", trying again.");
	const bytes = new Uint8Array(await res.arrayBuffer());
	if (bytes.length === LOG_READ) {
		stale.add(pre); /* too much to bring it all here */
		return true;
	}
	let lines = utf8.decode(bytes).split("\n");
	if (!lines.at(-1))
		lines.pop();
	const last = lines.at(-1);
	if (lines.length === 1 && last === log.last)
		return false;
	if (!logs.has(pre)) {
		lines = log_begin(pre, log, lines);
	} else if (lines[0] === log.last) {
		lines.shift();
	} else if (log.row) {
		log.row.remove();
		log.rows--;
	} else {
		stale.add(pre);
		return true;
	}
	append(pre, log, lines);
	log.last = last;
	log.at += bytes.lastIndexOf(10, -2) + 1;
	logs.set(pre, log);
	return true;
}

/* --- looking, again and again --- */

let timer, busy = false, wait = FAST;
let last_run, last_page, page_at = Date.now();

async function look_at_page() {
	const page = await get_text(location.pathname + location.search);
	const changed = page !== last_page;

	if (changed)
		take_over(page);
	last_page = page;
	page_at = Date.now();
	return changed;
}

async function look_at_run() {
	const pres = live_logs(main);
	const run = await get_text(main.dataset.live);
	const grown = (await Promise.all(pres.map(pull))).includes(true);
	const changed = run !== last_run;

	if (changed || pres.some((pre) => stale.has(pre)) ||
		Date.now() - page_at > IDLE)
		await look_at_page();
	last_run = run;
	/* the rest of a log that ended and stays */
	await Promise.all(pres.filter((pre) =>
		!pre.dataset.log && logs.has(pre)).map(pull));
	say(main.dataset.live ? "" : document.title, true);
	return changed || grown;
}

/* Not while the reader fills in a form. */
async function look_at_list() {
	if (!document.activeElement?.closest("main form"))
		await look_at_page();
	say("");
	return main.querySelector(".active, .pending");
}

async function look() {
	clearTimeout(timer);
	if (busy || document.hidden)
		return;
	busy = true;
	try {
		if (main.dataset.live)
			wait = await look_at_run() ? FAST :
				Math.min(wait * 1.5, SLOW);
		else
			wait = await look_at_list() ? SLOW : IDLE;
	} catch (e) {
		say(e instanceof TypeError ?
			"The connection is lost, trying again." : e.message);
		wait = Math.min(Math.max(wait, FAST) * 2, LOST);
		if (e.gone)
			return;
	} finally {
		busy = false;
	}
	watch();
}

function watch() {
	clearTimeout(timer);
	if (main.dataset.live || main.dataset.list !== undefined)
		timer = setTimeout(look, wait);
}

/* A link to a line that is not in this part of the log. */
function go_to_line() {
	const n = location.hash.match(/^#L(\d+)$/)?.[1];

	if (n && document.querySelector(".numbered") &&
		!document.getElementById("L" + n) &&
		new URLSearchParams(location.search).get("line") !== n)
		location.replace(location.pathname + "?line=" + n +
			location.hash);
}

message.setAttribute("role", "status");
document.querySelector("header").append(message);
document.documentElement.style.overflowAnchor = "none"; /* see in_place() */
learn(main);
watch();
setInterval(tick, 1000);
go_to_line();
addEventListener("hashchange", go_to_line);
document.addEventListener("visibilitychange", () => {
	wait = FAST;
	look();
});
