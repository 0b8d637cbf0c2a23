<?php
// An example of a school's portal that shows Itemwise in a frame, with PHP alone:
//
//     PORTAL_KEY=portal-key.json php -S localhost:8060 docs/portal/portal.php
//
// Copy what you need. sign() and the case '/token' are the whole of it on the server; all that says "demo" stands for
// what your portal has already. Settings (environment variables):
//     PORTAL_KEY       file of the key that tokens are signed with (JWK)
//     PORTAL_ITEMWISE  address of Itemwise        (http://127.0.0.1:8050/)
//     PORTAL_LIFE      seconds that a token lives (300)

declare(strict_types=1);

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

/** A token that says who asks and what they may see, for a few minutes. */
function sign(string $user, array $grant, array $key, int $life): string
{
    $now = time();
    $header = ['alg' => $key['alg'], 'kid' => $key['kid'], 'typ' => 'JWT'];
    $claims = ['sub' => $user, 'aud' => 'itemwise', 'iat' => $now, 'exp' => $now + $life, 'itemwise' => $grant];
    $packed = fn (array $part) => base64url(json_encode($part, JSON_THROW_ON_ERROR));
    $text = $packed($header) . '.' . $packed($claims);
    $bytes = base64_decode(strtr($key['alg'] === 'HS256' ? $key['k'] : $key['d'], '-_', '+/'));
    $secret = fn () => sodium_crypto_sign_secretkey(sodium_crypto_sign_seed_keypair($bytes));
    $signature = match ($key['alg']) {
        'HS256' => hash_hmac('sha256', $text, $bytes, true),
        'EdDSA' => sodium_crypto_sign_detached($text, $secret()),
    };
    return $text . '.' . base64url($signature);
}

function setting(string $name, string $default): string
{
    return getenv($name) === false ? $default : getenv($name);
}

/** A page of this folder with the values that it asks for. */
function page(string $name, array $values = []): string
{
    $places = array_map(fn ($key) => "{{ $key }}", array_keys($values));
    return str_replace($places, array_map('htmlspecialchars', $values), file_get_contents(__DIR__ . "/$name"));
}

$itemwise = setting('PORTAL_ITEMWISE', 'http://127.0.0.1:8050/');
header("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    . "connect-src 'self'; frame-src $itemwise; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");

// Demo: a real portal adds 'cookie_secure' => true, since it is reached by https.
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);
header('Cache-Control: no-store');
$people = json_decode(file_get_contents(__DIR__ . '/people.json'), true); // Demo: your database of users and classes
$user = $_SESSION['user'] ?? '';
$person = $people[$user] ?? null;

switch ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case 'POST /token': // A new token for whoever is signed in *here*. Nothing that the browser sends has a say in it.
        header('Content-Type: application/json');
        if ($person === null) {
            http_response_code(401);
            break;
        }
        $key = json_decode(file_get_contents(setting('PORTAL_KEY', 'portal-key.json')), true);
        echo json_encode(['token' => sign($user, $person['grant'], $key, (int) setting('PORTAL_LIFE', '300'))]);
        break;
    case 'GET /':
        echo $person === null
            ? page('login.html')
            : page('index.html', ['name' => $person['name'], 'itemwise' => $itemwise]);
        break;
    case 'POST /': // Demo: anybody may be anybody.
        session_regenerate_id(true);
        $_SESSION['user'] = (string) filter_input(INPUT_POST, 'user');
        header('Location: ./', true, 303);
        break;
    case 'POST /logout':
        session_destroy();
        header('Location: ./', true, 303);
        break;
    case 'GET /itemwise.js':
        header('Content-Type: text/javascript');
        readfile(__DIR__ . '/itemwise.js');
        break;
    case 'GET /portal.css':
        header('Content-Type: text/css');
        readfile(__DIR__ . '/portal.css');
        break;
    default:
        http_response_code(404);
}
