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
	const res = await fetch(url, { cache: "no-cache",
		signal: AbortSignal.timeout(LOST), ...options });
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

/* --- a line as on a terminal: see ansi.h and sgr.h --- */

const PLAIN = { styles: [], fg: -1, bg: -1 };
/* code on, code off, class */
const STYLES = [[1, 22, "bold"], [2, 22, "dim"], [3, 23, "ital"],
	[4, 24, "under"], [21, 24, "under"], [7, 27, "inv"], [9, 29, "strike"]];
/* escape sequences (CSI, strings, others), other controls, text */
const TOKEN = new RegExp("\x1b(?:\\[([0-?]*)([ -/]*)([@-~]?)|" +
	"[\\]PX^_][^]*?(?:\x07|\x1b\\\\|$)|[ -/]*[0-~]?)|" +
	"[\x07\b\r\x0e\x0f]|[^\x07\b\r\x0e\x0f\x1b]+", "g");

/* The next of xterm's colours 16 to 255. */
function nearest(rgb) {
	const levels = [0, 95, 135, 175, 215, 255];
	const step = rgb.map((c) => c < 48 ? 0 : c < 115 ? 1 :
		Math.floor((c - 35) / 40));
	const sum = rgb[0] + rgb[1] + rgb[2];
	const grey = Math.min(23, Math.max(0, Math.floor((sum - 9) / 30)));
	const off = (level) => rgb.reduce((o, c, i) =>
		o + (c - level(i)) ** 2, 0);

	return off(() => 8 + 10 * grey) < off((i) => levels[step[i]]) ?
		232 + grey : 16 + step[0] * 36 + step[1] * 6 + step[2];
}

/* 38;5;n, 38;2;r;g;b, and the same with colons; takes what it reads from
 * rest. */
function colour(codes, rest, old) {
	let how, values;

	if (codes.length > 1) {
		how = codes[1];
		values = codes.slice(how === 2 && codes.length > 5 ? 3 : 2);
	} else {
		how = rest.shift()?.[0];
		values = rest.splice(0, how === 5 ? 1 : how === 2 ? 3 : 0).flat();
	}
	if (values.some((v) => !(v >= 0 && v <= 255)))
		return old;
	if (how === 5 && values.length)
		return values[0];
	return how === 2 && values.length >= 3 ?
		nearest(values.slice(0, 3)) : old;
}

function select(pen, params) {
	const rest = params.split(";").map((p) =>
		p.split(":").map((n) => n === "" ? NaN : Number(n)));

	while (rest.length) {
		const codes = rest.shift(), code = codes[0] || 0;
		const on = STYLES.find(([n]) => n === code);
		const base = code % 10 + (code >= 90 ? 8 : 0);

		if (code === 0)
			pen = PLAIN;
		else if (code === 38)
			pen = { ...pen, fg: colour(codes, rest, pen.fg) };
		else if (code === 48)
			pen = { ...pen, bg: colour(codes, rest, pen.bg) };
		else if (code === 58)
			colour(codes, rest);
		else if (on && codes[1] !== 0)
			pen = { ...pen, styles: [...new Set([...pen.styles,
				on[2]])] };
		else if (code < 30)
			pen = { ...pen, styles: pen.styles.filter((s) =>
				!STYLES.some(([n, off, name]) => name === s &&
				(off === code || n === code))) };
		else if (code === 39 || code >= 30 && code <= 37 ||
			code >= 90 && code <= 97)
			pen = { ...pen, fg: code === 39 ? -1 : base };
		else if (code === 49 || code >= 40 && code <= 47 ||
			code >= 100 && code <= 107)
			pen = { ...pen, bg: code === 49 ? -1 : base };
	}
	return pen;
}

function classes(pen) {
	const inverse = pen.styles.includes("inv");
	const [fg, bg] = inverse ? [pen.bg, pen.fg] : [pen.fg, pen.bg];
	const cube = (n, [r, g, b]) => [r + Math.floor((n - 16) / 36),
		g + Math.floor((n - 16) / 6) % 6, b + (n - 16) % 6];
	const name = (n, one, rgb, grey) => n < 16 ? [one + n] :
		n < 232 ? cube(n, rgb) : [grey + (n - 232)];
	const list = pen.styles.filter((s) => s !== "inv");

	if (inverse && bg < 0)
		list.push("inv");
	else if (fg >= 0)
		list.push("fg", ...name(fg, "c", "rgb", "y"));
	if (bg >= 0)
		list.push("bg", ...name(bg, "k", "RGB", "Y"));
	return list.length ? "t " + list.join(" ") : "";
}

/* As html_text() has it: control bytes, and what turns text around. */
function printable(text) {
	return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd").replace(
		/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => "[U+" +
		c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") +
		"]");
}

/* Appends a line to a row; returns the pen that the next one begins with. */
function add_line(row, line, pen) {
	let runs = [], returned = false;

	for (const [token, params, middle, final] of line.matchAll(TOKEN)) {
		if (token === "\r") {
			returned = true;
		} else if (token === "\b") {
			const last = runs.at(-1);

			if (last && !returned)
				last.text = [...last.text].slice(0, -1).join("");
			if (last?.text === "")
				runs.pop();
		} else if (final === "m" && !middle && !/^[<-?]/.test(params)) {
			pen = select(pen, params);
		} else if (final === "J" || final === "K") {
			if (returned || Number(params) > 0)
				runs = [];
		} else if (final === "G") {
			returned ||= Number(params) <= 1;
		} else if (final === "D") {
			returned ||= (Number(params) || 1) >=
				runs.reduce((n, run) => n + run.text.length, 0);
		} else if (!/^[\x07\x0e\x0f\x1b]/.test(token)) {
			if (returned)
				runs = [];
			returned = false;
			if (runs.at(-1)?.pen === pen)
				runs.at(-1).text += token;
			else
				runs.push({ text: token, pen });
		}
	}
	for (const run of runs) {
		const name = classes(run.pen);
		const to = name ? document.createElement("span") : row;

		if (name) {
			to.className = name;
			row.append(to);
		}
		to.append(printable(run.text));
	}
	row.append("\n");
	return pen;
}

/* --- logs --- */

const utf8 = new TextDecoder();

function make_row(pre, log, line) {
	const row = document.createElement("span");
	const number = log.line + log.rows++;

	if (pre.classList.contains("numbered")) {
		const link = document.createElement("a");

		row.className = "l";
		row.id = "L" + number;
		/* of a log of which the page has a part, see page_log.c */
		link.href = (Number(pre.dataset.line) > 1 ?
			"?line=" + number : "") + "#L" + number;
		link.textContent = number + " ";
		row.append(link);
	}
	log.last_pen = log.pen;
	log.pen = add_line(row, line.slice(0, LINE_MAX), log.pen);
	return row;
}

/*
 * The first look: lines are those of the raw text from where the first row of
 * the server's begins. The rows stay if they say the same.
 */
function log_begin(pre, log, lines) {
	const count = pre.textContent.split("\n").length - 1;
	const same = pre.cloneNode(false);

	for (const line of lines.slice(0, count))
		same.append(make_row(same, log, line));
	if (same.textContent === pre.textContent)
		return lines.slice(count);
	log.rows = 0;
	log.pen = log.last_pen = PLAIN;
	pre.replaceChildren();
	return lines;
}

/* Appends rows; if the end was in view, it is so again. */
function append(pre, log, lines) {
	const end = follows(pre);
	const most = end ? LOG_LINES : 5 * LOG_LINES;
	const bottom = pre.getBoundingClientRect().bottom;

	in_place(() => {
		for (const line of lines) {
			log.row = make_row(pre, log, line);
			pre.append(log.row);
		}
		while (pre.childNodes.length > most)
			pre.firstChild.remove();
	});
	if (end) {
		pre.scrollTop = pre.scrollHeight;
		scrollBy(0, pre.getBoundingClientRect().bottom - bottom);
	}
}

/* The lines from log.at on; null if there is nothing. Leaves log.at where the
 * last of them begins. */
async function read_lines(pre, log) {
	/* of nothing there is no range */
	const res = await get(log.url, { cache: "no-store", headers: log.at ?
		{ Range: "bytes=" + log.at + "-" + (log.at + LOG_READ - 1) } :
		{} });

	if (res.status === 416 || res.status === 404)
		return null;
	if (res.status !== 206 && !(res.status === 200 && !log.at))
		throw new Error("The server answers " + res.status +
			", trying again.");
	const bytes = new Uint8Array(await res.arrayBuffer());
	const lines = utf8.decode(bytes).split("\n");

	if (bytes.length >= LOG_READ)
		stale.add(pre);
	if (!lines.at(-1))
		lines.pop();
	log.at += bytes.lastIndexOf(10, -2) + 1;
	return lines;
}

/*
 * Gets what a log has more. The line that is the last so far is read again
 * each time, since it may not have ended: the newline behind it need not be
 * the command's. Returns whether there was more. What cannot be done here (it
 * is too much, or needs the times of the lines) is left to the server.
 */
async function pull(pre) {
	const begun = logs.get(pre);
	const log = begun ?? { url: pre.dataset.log, rows: 0, pen: PLAIN,
		at: Number(pre.dataset.at), line: Number(pre.dataset.line ?? 1) };
	let lines = await read_lines(pre, log);
	const known = log.last, last = lines?.at(-1);

	if (!lines?.length || lines.length === 1 && last === known)
		return false;
	logs.set(pre, log);
	log.last = last;
	if (pre.classList.contains("timed")) {
		if (begun || lines.length > pre.childElementCount)
			stale.add(pre);
		lines = [];
	} else if (!begun) {
		lines = log_begin(pre, log, lines);
	} else if (lines[0] === known) {
		lines.shift();
	} else if (log.row) {
		log.row.remove();
		log.rows--;
		log.pen = log.last_pen;
	} else {
		stale.add(pre);
	}
	if (!stale.has(pre))
		append(pre, log, lines);
	return stale.has(pre) || lines.length > 0;
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
		say(e instanceof TypeError || e.name === "TimeoutError" ?
			"The connection is lost, trying again." : e.message);
		wait = Math.min(Math.max(wait, FAST) * 2, LOST);
		if (e.gone)
			return;
	} finally {
		busy = false;
	}
	watch();
}

/* Whether there is anything that may change. */
const is_watched = () => main.dataset.live || main.dataset.list !== undefined;

function watch() {
	clearTimeout(timer);
	if (is_watched())
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
document.querySelector("header.top").append(message);
document.documentElement.style.overflowAnchor = "none"; /* see in_place() */
learn(main);
watch();
setInterval(tick, 1000);
go_to_line();
addEventListener("hashchange", go_to_line);
document.addEventListener("visibilitychange", () => {
	wait = FAST;
	if (is_watched())
		look();
});
