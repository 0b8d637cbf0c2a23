// While something large is read: a clock, and the keyboard stays where the question was.
(() => {
    let ticking = null, since = 0, ended = -Infinity;

    function tick(panel) {
        const clock = panel.querySelector("[data-clock]");
        clock.textContent = clock.dataset.clock.replace("{n}", Math.round((performance.now() - since) / 1000));
    }

    // The part that had the focus is hidden by now: on to what came in its place.
    function follow(busy) {
        const at = document.activeElement;
        if (at && at !== document.body && at.getClientRects().length) return;
        const asked = document.getElementById("reading");
        const next = busy ? document.getElementById("reading-stop") : asked.hidden ? document.getElementById("page") : document.getElementById("read");
        next.focus({ preventScroll: true });
    }

    function change(panel) {
        clearInterval(ticking);
        const now = performance.now();
        if (panel.hidden) {
            ended = now;
        } else {
            if (now - ended > 2000) since = now; // else it is still the same read: a request gave up, and another waits on
            tick(panel);
            ticking = setInterval(() => tick(panel), 1000);
        }
        setTimeout(() => follow(!panel.hidden), 0);
    }

    new MutationObserver((changes) => {
        for (const { target } of changes) if (target.id === "reading-busy") change(target);
    }).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ["hidden"] });
})();
