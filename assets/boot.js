// Runs before the first paint: whether the page stands inside another one (or is to look so), and the chosen theme.
(() => {
    const root = document.documentElement;
    if (window.self !== window.top || new URLSearchParams(location.search).has("embed")) {
        root.dataset.embedded = "true"; // the theme is the system's, as around it
        return;
    }
    try {
        const theme = localStorage.getItem("itemwise-theme");
        if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    } catch { /* storage may be closed: then the system's theme holds */ }
})();
