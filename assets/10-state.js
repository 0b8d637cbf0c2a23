// The URL is the state. Links and marked controls change it; the store gets a copy, and callbacks follow the store.
// What is typed may be somebody's name: it is part of the state, and kept in memory instead of the URL.
(() => {
    const STATE = "state";
    const START = "overview";
    let pages = {};
    let mounted = null;
    let last = null;
    let pendingFocus = null;

    const folder = (path) => path.slice(0, path.lastIndexOf("/") + 1);
    const pageOf = (path) => path.slice(path.lastIndexOf("/") + 1) || START;
    const same = (a, b) => a && b && a.page === b.page && a.search === b.search;

    const TYPED = ["q"];
    const typed = new Map(); // entry of the history -> what was typed there
    const entry = () => (history.state && history.state.entry) || "";

    const searchOf = (query) => (query.size ? `?${query}` : "");

    function here() {
        const query = new URLSearchParams(location.search);
        query.delete("embed"); // about the look, not about what is shown
        for (const [name, value] of Object.entries(typed.get(entry()) || {})) query.set(name, value);
        return { page: pageOf(location.pathname), search: searchOf(query) };
    }

    // To an address of ours, with what was typed apart.
    function move(url, replace) {
        const now = new URL(url, location.href);
        const query = new URLSearchParams(now.search);
        const key = replace && entry() ? entry() : `${performance.timeOrigin}-${typed.size}`;
        typed.set(key, Object.fromEntries(TYPED.filter((name) => query.get(name)).map((name) => [name, query.get(name)])));
        for (const name of TYPED) query.delete(name);
        query.delete("embed");
        const look = new URLSearchParams(location.search).has("embed") ? `${query.size ? "&" : "?"}embed` : "";
        history[replace ? "replaceState" : "pushState"]({ entry: key }, "", now.pathname + searchOf(query) + look + now.hash);
    }

    // With the state goes what the page shows already, if it is done showing it: callbacks may leave that alone.
    function publish() {
        const now = here();
        if (same(now, last)) return;
        const busy = document.querySelector("#page [data-dash-is-loading=true]");
        const leaving = mounted && now.page !== mounted;
        const shown = last && last.page === now.page && mounted && !busy ? { shown: last.search } : {};
        last = now;
        document.dispatchEvent(new Event("itemwise-at"));
        const tell = () => window.dash_clientside.set_props(STATE, { data: { ...last, ...shown } });
        if (!leaving) tell();
        else { // the old page goes first: Dash runs a dozen callbacks at once, and the rest of its would find it gone
            mounted = null;
            window.dash_clientside.set_props("page", { children: [] });
            setTimeout(tell, 0);
        }
        mark();
    }

    // The row of the chosen item: marked here, so that choosing does not draw the whole list again.
    function mark() {
        for (const list of document.querySelectorAll("[data-mark]")) {
            const asked = new URLSearchParams(here().search).get(list.dataset.mark);
            const keys = [...list.querySelectorAll("[data-key]")];
            const chosen = keys.some((link) => link.dataset.key === asked) ? asked : list.dataset.default;
            for (const link of keys) {
                const is = link.dataset.key === chosen;
                if (is === (link.getAttribute("aria-current") === "true")) continue;
                if (is) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
                link.closest("tr, li").classList.toggle("current", is);
            }
        }
    }

    // The same page once more: after something was read, or where trying again may help.
    let asked = 0;
    const again = () => ({ ...(last = here()), again: ++asked });

    function go(url, replace) {
        move(url, replace);
        publish();
    }

    // Search boxes show what the URL says, unless somebody is typing in them.
    function fill() {
        const query = new URLSearchParams(here().search);
        for (const input of document.querySelectorAll("[data-state] input[type=search], [data-state] input[type=text]")) {
            if (input === document.activeElement) continue;
            const value = query.get(input.closest("[data-state]").dataset.state) || "";
            if (input.id && input.value !== value) window.dash_clientside.set_props(input.id, { value });
        }
    }

    function write(control, value, replace) {
        const { state, clears, none, every, kept, several, value: one } = control.dataset;
        const query = new URLSearchParams(here().search);
        if (kept !== undefined && value === kept) return; // the several that are chosen already
        if (several) {
            const boxes = [...document.querySelectorAll(`#${CSS.escape(several)} [data-value]`)];
            const ticked = boxes.filter((box) => box.querySelector("input").checked);
            if (!ticked.length) { // one stays
                window.dash_clientside.set_props(control.querySelector("input").id, { value: true });
                return;
            }
            query.delete(state);
            for (const box of ticked) query.append(state, box.dataset.value);
        } else if (every !== undefined && value === every) {
            query.delete(state);
            for (const option of control.querySelectorAll("option:not(:disabled)")) {
                if (![every, kept, none].includes(option.value)) query.append(state, option.value);
            }
        } else if (one !== undefined) {
            const others = query.getAll(state).filter((other) => other !== one);
            query.delete(state);
            for (const other of value ? [...others, one] : others) query.append(state, other);
        } else if (value && value !== none) {
            query.set(state, value);
        } else {
            query.delete(state);
        }
        for (const name of (clears || "").split(" ").filter(Boolean)) query.delete(name);
        go(location.pathname + searchOf(query), replace);
    }

    // Another place of ours, from a link or from the portal. On the same page, what was typed stays.
    function follow(url, { keep = "", drops = "", replace = false }) {
        const now = new URLSearchParams(here().search);
        const leaving = pageOf(url.pathname) !== pageOf(location.pathname);
        const stays = leaving ? [] : TYPED.filter((name) => !url.searchParams.has(name) && !drops.split(" ").includes(name));
        for (const name of [...stays, ...keep.split(" ").filter(Boolean)]) {
            if (now.get(name)) url.searchParams.set(name, now.get(name)); else url.searchParams.delete(name);
        }
        go(url, replace);
        return leaving;
    }

    function isInside(url) {
        return url.origin === location.origin
            && folder(url.pathname) === folder(location.pathname)
            && pageOf(url.pathname) in pages;
    }

    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[href]");
        if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        if (link.dataset.plain || link.target || link.hasAttribute("download")) return;
        const url = new URL(link.href);
        if (!isInside(url)) return;
        event.preventDefault();
        const { keep, drops, replace } = link.dataset; // keep: chosen since the link was drawn
        const leaving = follow(url, { keep, drops, replace: Boolean(replace) });
        if (leaving) {
            window.scrollTo(0, 0);
            document.querySelector(".frame").scrollIntoView({ block: "nearest" }); // in a tall frame, the portal scrolls
            document.getElementById("page").focus({ preventScroll: true });
        } else if (link.dataset.focus) {
            const heading = document.getElementById(link.dataset.focus);
            pendingFocus = { id: link.dataset.focus, before: heading ? heading.textContent : null };
        }
    });

    document.addEventListener("click", (event) => {
        if (!event.target.closest("button[data-again]")) return;
        document.getElementById("page").focus({ preventScroll: true }); // the button goes
        window.dash_clientside.set_props(STATE, { data: again() });
    });

    // The list of exams to tick stands over the page: it folds when the reader goes on elsewhere.
    const fold = (list) => { if (list) list.open = false; };
    document.addEventListener("click", (event) => {
        if (!event.target.closest(".several")) fold(document.querySelector(".several[open]"));
    });
    document.addEventListener("keydown", (event) => {
        const list = event.key === "Escape" && document.querySelector(".several[open]");
        if (!list) return;
        fold(list);
        list.querySelector("summary").focus();
    });

    document.addEventListener("itemwise-drawn", mark);

    // A link may name the heading that is read next: it gets the focus once the new content stands.
    new MutationObserver((changes) => {
        if (changes.some((change) => change.type === "childList")) mark();
        const heading = pendingFocus && document.getElementById(pendingFocus.id);
        if (!heading || heading.textContent === pendingFocus.before || heading.closest("[data-dash-is-loading=true]")) return;
        pendingFocus = null;
        heading.focus({ preventScroll: true });
        const top = heading.getBoundingClientRect().top;
        if (top < 0 || top > window.innerHeight * 0.7) heading.scrollIntoView({ block: "start" });
    }).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-dash-is-loading"] });

    document.addEventListener("change", (event) => {
        const control = event.target.closest("[data-state]");
        if (!control || event.target.matches("input[type=search], input[type=text]")) return;
        write(control, event.target.type === "checkbox" ? event.target.checked : event.target.value, false);
    });

    let waiting = null;
    document.addEventListener("input", (event) => {
        const control = event.target.closest("[data-state][data-wait]");
        if (!control) return;
        clearTimeout(waiting);
        waiting = setTimeout(() => write(control, event.target.value, true), Number(control.dataset.wait));
    });

    // A callback that was refused, or never answered, leaves the page as it was and says so where everything is said.
    const plainFetch = window.fetch.bind(window);
    window.fetch = async (resource, options) => {
        if (!String(resource && resource.url ? resource.url : resource).includes("_dash-update-component")) return plainFetch(resource, options);
        let answer = null;
        try { answer = await plainFetch(resource, options); } catch { /* the network's fault */ }
        if (answer && answer.ok) return answer;
        const mayHelp = !answer || answer.status >= 500 || answer.headers.has("Retry-After");
        tell({ sentence: await window.itemwise.sentenceOf(answer), action: mayHelp ? { "data-again": "true" } : null });
        return new Response(null, { status: 204 }); // nothing changes
    };

    // The last sentence is hidden by the style sheet where no view has worked yet.
    function tell({ sentence, action }) {
        const words = document.getElementById("portal").dataset;
        const part = (type, props) => ({ namespace: "dash_html_components", type, props });
        const said = [sentence, part("Span", { children: words.lastGood, className: "last-good" })];
        const text = part("Div", { children: said.map((children) => part("P", { children })), className: "notice-text" });
        const children = [part("Span", { className: "notice-mark", "aria-hidden": "true" }), text];
        if (action) children.push(part("Button", { children: words.again, type: "button", className: "button quiet", ...action }));
        window.dash_clientside.set_props("notice", { children: part("Div", { children, className: "notice serious" }) });
        setTimeout(() => document.querySelector(".notices").scrollIntoView({ block: "nearest" }), 0);
    }

    // What the script that speaks with the portal has to say; nothing: it has no more to say.
    document.addEventListener("itemwise-tell", ({ detail }) => {
        if (detail) tell(detail);
        else if (document.querySelector("#notice [data-portal-again]")) window.dash_clientside.set_props("notice", { children: [] });
    });

    // The portal asks for a place: the first one before anything is read, so that no other is. The portal's own history
    // has it already.
    let wanted = null;
    document.addEventListener("itemwise-go", ({ detail: url }) => {
        if (!last) wanted = url;
        else if (isInside(url)) follow(url, { replace: true });
    });

    window.addEventListener("popstate", () => { publish(); setTimeout(fill, 0); });

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        itemwise: {
            read: () => {
                move((wanted || location).href, true); // a link may bring what was typed
                last = here();
                document.dispatchEvent(new Event("itemwise-at"));
                return last;
            },
            // What was asked for is read. A sample instead of everybody is another address.
            done: (done) => {
                if (!done) return window.dash_clientside.no_update;
                const now = here();
                if (done.page === now.page && done.before === now.search && done.search !== now.search) {
                    move(location.pathname + done.search, false);
                }
                return again();
            },
            mount: (state, layouts) => {
                const none = window.dash_clientside.no_update;
                if (!state || !layouts) return [none, none, none];
                pages = layouts;
                for (const wait of [0, 60, 250]) setTimeout(fill, wait);
                const name = state.page in layouts ? state.page : START;
                document.title = layouts[name].title;
                if (name === mounted) return [none, [], true];
                mounted = name;
                return [layouts[name].layout, [], true];
            },
        },
    });
})();
