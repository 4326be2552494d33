"""What may be wrong before a server has answered as a DAV server: the way, TLS, log-in, redirects."""

from __future__ import annotations

from davd.daemon.doctor.entries import FAULT, WARNING, Entry

REACH = {
    "name-unknown": Entry(
        FAULT, "The name {host} cannot be resolved: {why}.", "Add an A or AAAA record for it, or correct the URL."
    ),
    "refused": Entry(
        FAULT,
        "Nothing listens on port {port} of {host}.",
        "Start the server or the proxy, or correct the port; a server that listens on 127.0.0.1 is not reached from"
        " outside.",
    ),
    "unreachable": Entry(
        FAULT,
        "{host} cannot be reached on port {port}: {why}.",
        "Look at the firewall, the port forwarding and the address that the name leads to.",
    ),
    "not-http": Entry(
        FAULT,
        "What answers {method} {target} does not speak HTTP/1.1: {why}.",
        "A server that speaks nothing but HTTP/2 is not for DAV clients: let the proxy offer HTTP/1.1 as well.",
    ),
    "no-answer": Entry(
        FAULT,
        "{method} {target} was not answered within {seconds} s.",
        "Look whether the proxy reaches the server, and whether it waits for the whole of a request before passing it"
        " on (nginx: proxy_request_buffering off).",
    ),
    "closed": Entry(
        FAULT,
        "The connection was closed without an answer to {method} {target}: {why}.",
        "Look into the log of the proxy; some of them close connections on methods or sizes they do not like.",
    ),
    "cut": Entry(
        FAULT,
        "The answer {status} to {method} broke off before its end ({expected} octets were announced).",
        "Let the proxy keep long answers open and not buffer them (nginx: proxy_buffering off, proxy_read_timeout 75s),"
        " and look whether its disk for temporary files is full.",
    ),
    "slow": Entry(
        WARNING,
        "{method} {target} took {seconds:.0f} s.",
        "Clients and proxies give up between 30 s and 60 s: look at the load of the server, and at buffering in the"
        " proxy.",
    ),
}
TLS = {
    "tls-expired": Entry(FAULT, "The certificate of {host} has expired.", "Renew it, and reload what serves it."),
    "tls-not-yet": Entry(
        FAULT,
        "The certificate of {host} is not valid yet.",
        "Set the clock of the machine that made it, or this one's.",
    ),
    "tls-name": Entry(
        FAULT,
        "The certificate is not for {host}: {why}.",
        "Get one that names {host}, or use the URL with the name that it is for.",
    ),
    "tls-self-signed": Entry(
        FAULT,
        "The certificate of {host} is self-signed, so nobody knows it.",
        "Get one from an authority (Let's Encrypt), install this one on every device, or look on with --ca FILE.",
    ),
    "tls-private-authority": Entry(
        FAULT,
        "The certificate of {host} comes from an authority that is not known here.",
        "Install the authority's root on every device, or look on with --ca FILE.",
    ),
    "tls-chain": Entry(
        FAULT,
        "The certificate of {host} does not lead to a known authority: {why}.",
        "Most often the intermediate certificates are missing: serve the whole chain (fullchain.pem, not cert.pem)."
        " Of a private authority, give the root with --ca FILE.",
    ),
    "tls-certificate": Entry(FAULT, "The certificate of {host} is refused: {why}.", "Get a valid one."),
    "tls-old": Entry(
        FAULT,
        "The server at {host} speaks no TLS that clients still accept: {why}.",
        "Switch on TLS 1.2 and 1.3 (nginx: ssl_protocols TLSv1.2 TLSv1.3).",
    ),
    "tls-not-spoken": Entry(
        FAULT,
        "Port {port} of {host} does not speak TLS, but the URL says https.",
        "Switch TLS on for this port (nginx: listen 443 ssl), or correct the port.",
    ),
    "tls-failed": Entry(
        FAULT, "TLS with {host} fails: {why}.", "Look into the log of the server or proxy that ends TLS."
    ),
    "tls-wanted": Entry(
        FAULT, "The port speaks TLS, but the URL says http.", "Write https:// into the URL that clients get."
    ),
}
LOGIN = {
    "plain-http": Entry(
        WARNING,
        "The URL says http, so passwords go over the line for everybody to read.",
        "Put TLS in front. Apple and Windows refuse to send a password without it.",
    ),
    "plain-http-refused": Entry(
        FAULT,
        "The server takes no password over plain HTTP: {method} {target} is answered with {status}.",
        "Use https. Behind a proxy that ends TLS, let it send X-Forwarded-Proto: https, and have the server believe it"
        " (davd: net.trusted_proxies).",
    ),
    "login-refused": Entry(
        FAULT,
        "The name and password are refused: {method} {target} is answered with 401, as it is without them.",
        "If they are right, something in between takes the field Authorization away (nginx: proxy_set_header"
        ' Authorization ""; Apache with CGI or FastCGI: CGIPassAuth On).',
    ),
    "login-lost": Entry(
        FAULT,
        "{method} {target} is answered with 401 although the password was good for other requests.",
        "Something in between takes the field Authorization away from {method}: let the proxy pass it on for every"
        " method and path.",
    ),
    "login-ignored": Entry(
        FAULT,
        "The server answers {method} {target}, but takes whoever asks for a stranger.",
        "The field Authorization is lost on the way, or the server lets everybody in: let the proxy pass Authorization"
        " on.",
    ),
    "challenge-missing": Entry(
        FAULT,
        "401 comes without the field WWW-Authenticate, so clients do not ask for a password.",
        "Let the proxy pass WWW-Authenticate through, and its own error pages not take the place of a 401 (nginx:"
        " proxy_intercept_errors off).",
    ),
    "challenge-without-basic": Entry(
        FAULT,
        "The server offers only {offered} to log in with, and {client} wants Basic.",
        "Switch Basic over TLS on, and leave the page for logging in out of the way of DAV paths.",
    ),
    "login-page": Entry(
        FAULT,
        "{method} {target} is answered with a page for people ({status}, {type}) and not with DAV.",
        "A page for logging in, or a web application, stands in front of the DAV paths, or PROPFIND was turned into GET"
        " on the way: exempt these paths and pass every method on.",
    ),
    "rate-limited": Entry(
        FAULT,
        "{by} turns requests away as too many: {method} {target} is answered with {status}{after}.",
        "Raise the limit: a client sends dozens of requests when it begins (nginx: limit_req burst=200 nodelay).",
    ),
}
REDIRECTS = {
    "redirect-to-https": Entry(
        FAULT,
        "{origin} sends clients on to https with {status}.",
        "Give clients the https URL at once: after a redirect many of them turn PROPFIND into GET, or leave the"
        " password behind. Where the redirect has to stay, answer 308.",
    ),
    "redirect-to-http": Entry(
        FAULT,
        "{method} {target} is redirected from https to {location}.",
        "The server does not know that clients come by TLS: let the proxy send X-Forwarded-Proto: https, and have the"
        " server believe it; or rewrite the field (nginx: proxy_redirect http:// https://).",
    ),
    "redirect-elsewhere": Entry(
        FAULT,
        "{method} {target} is redirected to another host: {location}.",
        "No client sends its password there. Let the proxy pass Host on as it came (nginx: proxy_set_header Host"
        " $http_host) and rewrite Location if need be (nginx: proxy_redirect).",
    ),
    "redirect-see-other": Entry(
        FAULT,
        "{method} {target} is redirected with 303, after which every client goes on with GET.",
        "Redirect with 301 or 308.",
    ),
    "redirect-loop": Entry(
        FAULT, "{method} {target} is redirected again and again.", "Let the redirect lead to a path that is answered."
    ),
    "well-known-missing": Entry(
        FAULT,
        "{target} is not there ({status}), so clients that are given the name of the host find nothing.",
        "Redirect it, for every method: nginx: location = {target} {{ return 301 /PREFIX/; }}",
    ),
    "well-known-method": Entry(
        FAULT,
        "{target} does not answer PROPFIND ({status}): it is not redirected, or for GET alone.",
        "Redirect it for every method, nginx: location = {target} {{ return 301 /PREFIX/; }}",
    ),
    "well-known-login": Entry(
        WARNING,
        "{target} wants a password before it says where to go.",
        "Answer the redirect without one: some clients send none to this place.",
    ),
    "well-known-elsewhere": Entry(
        FAULT,
        "The well-known URL leads to {target}, where no DAV server answers ({status}).",
        "Let it lead to the prefix that the server is found at (nginx: return 301 /PREFIX/).",
    ),
}
