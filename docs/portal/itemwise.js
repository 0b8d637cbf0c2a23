// Shows Itemwise in a frame of this page: hands it access tokens, and keeps its height and its place.
//
// Copy this file as it is, and load it in the page's head, so that the frame's first word is not missed. The rest is said
// by the frame's own attributes:
//   src             the address of Itemwise
//   data-token      an address of *this* site that answers {"token": "..."} to whoever is signed in here
//   data-refused    the id of an element that is shown when that address answers that nobody is
// The place stands behind the # of this page's address, which browsers send to no server.
(() => {
    "use strict";
    let frame = null; // known from its first word on

    // To Itemwise and nobody else: whatever other page the frame may show by then gets nothing.
    const tell = (message) => frame.contentWindow.postMessage(message, new URL(frame.src).origin);

    const place = () => {
        try {
            return decodeURIComponent(location.hash.slice(1));
        } catch { // an address that somebody cut short
            return "";
        }
    };
    const goThere = () => { if (frame && place()) tell({ type: "itemwise:go", path: place() }); };
    window.addEventListener("hashchange", goThere); // somebody followed a link on this page, or changed its address

    // The token passes through and is kept nowhere. This site's own session, its cookie, says whom it is for.
    async function handOver() {
        const answer = await fetch(frame.dataset.token, { method: "POST", cache: "no-store" });
        const refused = document.getElementById(frame.dataset.refused);
        if (refused) refused.hidden = answer.status !== 401;
        if (!answer.ok) return; // the frame says in its own words that no answer came
        const { token } = await answer.json();
        tell({ type: "itemwise:token", token, link: `${location.href.split("#")[0]}#{path}` });
    }

    const answers = {
        "itemwise:hello": (message, isFirst) => {
            if (isFirst) goThere(); // later on, after it loaded itself again, it knows its place
            return handOver();
        },
        "itemwise:renew": handOver,
        "itemwise:height": ({ height }) => { frame.style.height = `${Math.ceil(height)}px`; },
        "itemwise:at": ({ path }) => {
            const leaving = path.split("?")[0] !== place().split("?")[0];
            if (leaving && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
            history.replaceState(null, "", `#${encodeURIComponent(path)}`);
        },
    };

    window.addEventListener("message", ({ source, origin, data }) => {
        const speaks = document.querySelector("iframe[data-token]");
        if (!speaks || source !== speaks.contentWindow || origin !== new URL(speaks.src).origin) return;
        const isFirst = frame === null;
        frame = speaks;
        if (!data || !Object.hasOwn(answers, data.type)) return;
        Promise.resolve(answers[data.type](data, isFirst)).catch(() => {}); // not reached: the frame asks again
    });
})();
