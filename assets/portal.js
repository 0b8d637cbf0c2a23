// The portal around the page says who looks: its token comes from window to window, is kept in this function alone, and
// goes with every call. What else the two tell each other is here too. Loaded in the head, before anything calls.
(() => {
    const root = document.documentElement;
    const home = new URL("../", document.currentScript.src);
    const START = "overview";
    const PATH = /^(?:\.\/)?([a-z]*)(\?[^#]*)?$/;
    const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
    const PATIENCE = 10_000; // milliseconds
    const AGAIN_AFTER = 600;
    const HELLOS = [1000, 3000, 7000]; // a portal's script may come later than the page
    const never = new Promise(() => {});

    let near = around(); // origins that may be the portal's
    const signed = root.dataset.access === "token" || (root.dataset.access === "either" && near.length > 0);
    let template = null; // the portal's own address of a page, with {path} in it
    let heard = false;

    // Whom to speak to: what the browser says is around the page; where it does not say, each that may be.
    function around() {
        if (window.parent === window) return [];
        const portals = (root.dataset.portals || "").split(" ").filter(Boolean);
        const said = location.ancestorOrigins ? location.ancestorOrigins[0] : originOf(document.referrer);
        const known = portals.filter((origin) => origin === said);
        return known.length || location.ancestorOrigins ? known : portals;
    }

    function originOf(address) {
        try { return new URL(address).origin; } catch { return null; }
    }

    function post(type, facts) {
        for (const origin of near) window.parent.postMessage({ type, ...facts }, origin);
    }

    window.addEventListener("message", ({ source, origin, data }) => {
        if (source !== window.parent || !near.includes(origin) || !data || typeof data !== "object") return;
        near = [origin];
        heard = true;
        if (data.type === "itemwise:go") go(data.path);
        if (data.type === "itemwise:token") {
            linked(data.link, origin);
            if (signed) take(data.token);
        }
    });

    // ---- Where the page stands, and how the portal links to it

    function pathOf(url) {
        const page = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
        const query = new URLSearchParams(url.search);
        query.delete("embed");
        return (page === START ? "" : page) + (query.size ? `?${query}` : "");
    }

    let at = null; // null: the page has not begun
    document.addEventListener("itemwise-at", () => {
        const path = pathOf(location);
        if (path !== at) post("itemwise:at", { path });
        at = path;
    });

    function go(path) {
        const parts = typeof path === "string" && path.length <= 2000 && PATH.exec(path);
        if (!parts || !["", ...root.dataset.pages.split(" ")].includes(parts[1])) return;
        const url = new URL((parts[1] === START ? "" : parts[1]) + (parts[2] || ""), home);
        if (at === null) history.replaceState(null, "", url); // it begins there
        else document.dispatchEvent(new CustomEvent("itemwise-go", { detail: url }));
    }

    function linked(link, origin) {
        if (typeof link !== "string" || !link.includes("{path}")) return;
        if (!/^https?:/i.test(link) || originOf(link.replaceAll("{path}", "x")) !== origin) return;
        template = link;
        delete root.dataset.linkless;
    }

    // The address under which others see a page of ours; null where only the portal knows one and has not told it.
    function link(address) {
        const url = new URL(address, location.href);
        if (template) return template.replaceAll("{path}", () => encodeURIComponent(pathOf(url)));
        if (!near.length) return url.href;
        return signed ? null : new URL(pathOf(url), home).href;
    }
    if (signed && near.length) root.dataset.linkless = "true";
    window.itemwise = Object.freeze({ link, sentenceOf, framed: near.length > 0 });

    function hello() {
        const say = () => { if (!heard) post("itemwise:hello", { version: 1 }); };
        heard = false;
        say();
        for (const wait of HELLOS) setTimeout(say, wait);
    }

    // ---- The height of what is shown, whenever it changes: more at once, less when it stays so, since a page that
    // goes leaves nothing for a moment.

    if (near.length) {
        let height = 0;
        let settling = null;
        const measure = () => {
            const now = Math.ceil(root.getBoundingClientRect().height);
            if (now !== height) post("itemwise:height", { height: (height = now) });
        };
        new ResizeObserver(() => {
            if (!document.body) return;
            clearTimeout(settling);
            if (root.getBoundingClientRect().height > height) measure(); else settling = setTimeout(measure, 500);
        }).observe(root);
    }

    // ---- The token

    let token = null;
    let who = null; // subject and grant of the token
    let renewAt = 0; // by this machine's clock, which may be wrong by hours: how much of it passes is what counts
    let endsAt = 0;
    let timer = null;
    let asking = null; // one request to the portal at a time, for all calls that wait
    let answered = null;
    let patience = null; // while the portal may take its time
    let over = !near.length; // nobody will ever say who looks

    function claimsOf(given) {
        if (typeof given !== "string" || given.length > 16_384 || !TOKEN.test(given)) return null;
        try {
            const packed = atob(given.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
            const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(packed, (one) => one.charCodeAt(0))));
            return claims && typeof claims === "object" ? claims : null;
        } catch {
            return null;
        }
    }

    // Equal grants give equal text, whatever the order of their parts.
    const canonical = (grant) => JSON.stringify(grant, (_, part) => {
        if (Array.isArray(part)) return [...part].sort();
        return part && typeof part === "object" ? Object.fromEntries(Object.entries(part).sort()) : part;
    });

    function take(given) {
        const claims = claimsOf(given);
        if (!claims || over) return;
        const now = { sub: String(claims.sub), grant: canonical(claims.itemwise) };
        if (who && (who.sub !== now.sub || who.grant !== now.grant)) return leave(who.sub === now.sub);
        who = now;
        token = given;
        const life = 1000 * Math.max(claims.exp - claims.iat, 1) || PATIENCE;
        endsAt = Date.now() + life;
        renewAt = Date.now() + 0.75 * life;
        clearTimeout(timer);
        timer = setTimeout(keepUp, renewAt - Date.now());
        clearTimeout(patience);
        if (answered) answered();
        asking = answered = patience = null;
        quiet();
    }

    // Somebody else looks now, or the same reader may see something else: nothing of before stays.
    function leave(same) {
        over = true;
        document.body.hidden = true;
        if (same) location.reload(); else location.replace(new URL("./", home));
    }

    // Calls wait for it.
    function renew() {
        asking ??= new Promise((resolve) => { answered = resolve; });
        if (!patience) ask();
        return asking;
    }

    function ask() {
        quiet();
        clearTimeout(patience);
        patience = setTimeout(silent, PATIENCE);
        if (token) post("itemwise:renew"); else hello();
    }

    // Before the end, with nothing waiting. Timers sleep in pages that nobody looks at: the next look renews.
    function keepUp() {
        if (document.hidden || over || !token || Date.now() < renewAt || Date.now() >= endsAt) return;
        post("itemwise:renew");
        clearTimeout(timer);
        timer = setTimeout(keepUp, 30_000);
    }
    document.addEventListener("visibilitychange", keepUp);

    // A connection that broke tells nothing: a worker of the server may have ended in the middle, and another takes its
    // place at once. Whatever a page asks for may be asked for twice; an import replaces what it brought before.
    const fetchOnce = window.fetch.bind(window);
    async function plainFetch(asked) {
        const spare = asked.clone();
        try {
            return await fetchOnce(asked);
        } catch (error) {
            if (asked.signal.aborted || !asked.url.startsWith(home.href)) throw error;
            await new Promise((resolve) => { setTimeout(resolve, AGAIN_AFTER); });
            return fetchOnce(spare);
        }
    }

    window.fetch = async (resource, options) => {
        const asked = new Request(resource, options);
        if (!asked.url.startsWith(home.href)) return plainFetch(asked);
        if (!/_dash-(layout|dependencies)$/.test(asked.url)) return signed ? call(asked) : plainFetch(asked);
        let answer = null; // without these there is no page
        try { answer = await (signed ? call(asked) : plainFetch(asked)); } catch { /* the network's fault */ }
        if (answer && answer.ok) return answer;
        cover("refused", await sentenceOf(answer, words("refused")));
        return never;
    };

    async function call(asked) {
        const first = await current();
        const answer = await send(asked, first);
        if (answer.status !== 401) return answer;
        if (token === first) await renew();
        const second = await send(asked, await current());
        if (second.status !== 401) return second;
        over = true;
        cover("ended");
        return never;
    }

    async function current() {
        if (over) return never;
        if (!token || Date.now() >= endsAt) await renew();
        return token;
    }

    function send(asked, bearer) {
        const request = asked.clone();
        request.headers.set("Authorization", `Bearer ${bearer}`);
        return plainFetch(request);
    }

    // ---- What the reader is told

    const words = (kind, part = "") => document.getElementById("portal").dataset[kind + part];

    // Why there is no answer, or none of use: in the server's words where it has some.
    async function sentenceOf(answer, otherwise = words("offline")) {
        const type = answer ? answer.headers.get("Content-Type") || "" : "";
        const text = type.startsWith("text/plain") || type.includes("json") ? (await answer.text()).trim() : "";
        if (!type.includes("json")) return text || otherwise;
        try { return JSON.parse(text).detail || otherwise; } catch { return otherwise; }
    }

    function silent() {
        patience = null;
        if (!token || at === null) return cover("silent");
        document.dispatchEvent(new CustomEvent("itemwise-tell", { detail: { sentence: words("silent"), action: { "data-portal-again": "notice" } } }));
    }

    // In place of the page.
    function cover(kind, sentence = words(kind)) {
        const place = document.getElementById("portal");
        const told = document.createElement("main");
        told.id = "portal-told";
        for (const [tag, text] of [["h1", words(kind, "Title")], ["p", sentence]]) {
            told.append(Object.assign(document.createElement(tag), { textContent: text }));
        }
        if (kind !== "alone") {
            const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: words("again") });
            button.dataset.portalAgain = kind;
            told.append(button);
        }
        place.replaceChildren(told);
        root.dataset.covered = kind;
    }

    function quiet() {
        if (root.dataset.covered) {
            delete root.dataset.covered;
            document.getElementById("portal").replaceChildren();
        }
        document.dispatchEvent(new CustomEvent("itemwise-tell", { detail: null }));
    }

    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-portal-again]");
        if (!button) return;
        if (["ended", "refused"].includes(button.dataset.portalAgain)) location.reload(); else ask();
    });

    if (near.length) signed ? renew() : hello();
    else if (signed) document.addEventListener("DOMContentLoaded", () => cover("alone"));
})();
