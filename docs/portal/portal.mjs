// An example of a school's portal that shows Itemwise in a frame, with Node alone:
//
//     PORTAL_KEY=portal-key.json node docs/portal/portal.mjs
//
// Copy what you need. sign() and the answer to /token are the whole of it on the server; all that says "demo" stands
// for what your portal has already. Settings (environment variables):
//     PORTAL_KEY       file of the key that tokens are signed with (JWK)
//     PORTAL_ITEMWISE  address of Itemwise        (http://127.0.0.1:8050/)
//     PORTAL_PORT      port to listen on          (8060)
//     PORTAL_LIFE      seconds that a token lives (300)

import { createHmac, createPrivateKey, randomUUID, sign as signWith } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/** A token that says who asks and what they may see, for a few minutes. */
function sign(user, grant, key, life) {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: key.alg, kid: key.kid, typ: "JWT" };
    const claims = { sub: user, aud: "itemwise", iat: now, exp: now + life, itemwise: grant };
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const signature = {
        HS256: () => createHmac("sha256", Buffer.from(key.k, "base64url")).update(text).digest(),
        EdDSA: () => signWith(null, Buffer.from(text), createPrivateKey({ key, format: "jwk" })),
    }[key.alg]();
    return `${text}.${signature.toString("base64url")}`;
}

const setting = (name, otherwise) => process.env[name] ?? otherwise;
const itemwise = setting("PORTAL_ITEMWISE", "http://127.0.0.1:8050/");
const port = Number(setting("PORTAL_PORT", "8060"));
const life = Number(setting("PORTAL_LIFE", "300"));
const key = JSON.parse(readFileSync(setting("PORTAL_KEY", "portal-key.json"), "utf8"));

const file = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const people = JSON.parse(file("people.json")); // Demo: your database of users and classes
const sessions = new Map(); // Demo: id in the cookie -> user

const headers = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        + `connect-src 'self'; frame-src ${itemwise}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    "Cache-Control": "no-store",
};

const safe = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** A page of this folder with the values that it asks for. */
const page = (name, values = {}) => file(name).replace(/{{ (\w+) }}/g, (_, key) => safe(values[key]));

async function form(request) {
    let text = "";
    for await (const part of request) {
        text += part;
        if (text.length > 1_000) break;
    }
    return new URLSearchParams(text);
}

const routes = {
    // A new token for whoever is signed in *here*. Nothing that the browser sends has a say in it.
    "POST /token": ({ user }) => user
        ? { type: "application/json", body: JSON.stringify({ token: sign(user, people[user].grant, key, life) }) }
        : { status: 401 },
    "GET /": ({ user }) => ({
        type: "text/html; charset=utf-8",
        body: user ? page("index.html", { name: people[user].name, itemwise }) : page("login.html"),
    }),
    // Demo: anybody may be anybody. A real portal adds "; Secure" to its cookie, since it is reached by https.
    "POST /": async ({ request }) => {
        const session = randomUUID();
        sessions.set(session, (await form(request)).get("user"));
        const cookie = `session=${session}; HttpOnly; SameSite=Lax; Path=/`;
        return { status: 303, more: { Location: "./", "Set-Cookie": cookie } };
    },
    "POST /logout": ({ session }) => {
        sessions.delete(session);
        return { status: 303, more: { Location: "./" } };
    },
    "GET /itemwise.js": () => ({ type: "text/javascript", body: file("itemwise.js") }),
    "GET /portal.css": () => ({ type: "text/css", body: file("portal.css") }),
};

createServer(async (request, response) => {
    const session = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
    const user = Object.hasOwn(people, sessions.get(session) ?? "") ? sessions.get(session) : null;
    const route = routes[`${request.method} ${request.url.split("?")[0]}`] ?? (() => ({ status: 404 }));
    const { status = 200, type = "text/plain", body = "", more = {} } = await route({ request, session, user });
    response.writeHead(status, { ...headers, "Content-Type": type, ...more }).end(body);
}).listen(port, "localhost", () => console.log(`The portal is at http://localhost:${port}`));
