// Shows Itemwise in a frame of this page: hands it access tokens, and keeps its height and its place.
//
// Copy this file as it is. The frame's own attributes say the rest:
//   data-itemwise   the address of Itemwise
//   data-token      an address of *this* site that answers {"token": "..."} to whoever is signed in here
//   data-refused    the id of an element that is shown when that address answers that nobody is
// The place stands behind the # of this page's address, which browsers send to no server.
(() => {
    "use strict";
    const frame = document.querySelector("iframe[data-itemwise]");
    const itemwise = new URL(frame.dataset.itemwise, location.href);
    const refused = document.getElementById(frame.dataset.refused);

    // To Itemwise and nobody else: whatever other page the frame may show by then gets nothing.
    const tell = (message) => frame.contentWindow.postMessage(message, itemwise.origin);

    const page = location.origin + location.pathname + location.search;
    const place = () => {
        try {
            return decodeURIComponent(location.hash.slice(1));
        } catch { // an address that somebody cut short
            return "";
        }
    };
    const goThere = () => { if (place()) tell({ type: "itemwise:go", path: place() }); };

    // The token passes through and is kept nowhere. This site's own session, its cookie, says whom it is for.
    async function handOver() {
        const answer = await fetch(frame.dataset.token, { method: "POST", cache: "no-store" });
        if (refused) refused.hidden = answer.status !== 401;
        if (!answer.ok) return; // the frame says in its own words that no answer came
        const { token } = await answer.json();
        tell({ type: "itemwise:token", token, link: `${page}#{path}` });
    }

    // A frame that says hello again was reloaded: it knows its place by itself.
    let placed = false;
    const welcome = () => {
        if (!placed) goThere();
        placed = true;
        return handOver();
    };

    const answers = {
        "itemwise:hello": welcome,
        "itemwise:renew": handOver,
        "itemwise:height": ({ height }) => { frame.style.height = `${Math.ceil(height)}px`; },
        "itemwise:at": ({ path }) => {
            const leaving = path.split("?")[0] !== place().split("?")[0];
            if (leaving && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
            history.replaceState(null, "", `#${encodeURIComponent(path)}`);
        },
    };

    window.addEventListener("message", (event) => {
        if (event.source !== frame.contentWindow || event.origin !== itemwise.origin) return;
        const type = event.data && event.data.type;
        if (Object.hasOwn(answers, type)) Promise.resolve(answers[type](event.data)).catch(() => {});
    });
    window.addEventListener("hashchange", goThere); // somebody followed a link on this page, or changed its address

    frame.src = itemwise.href; // only now, so that its first word is not missed
})();
