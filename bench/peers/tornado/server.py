"""What the red envelope of 2016 was made of: Tornado, memcached, and persistence that follows.

Usage: server.py PORT MEMCACHED_PORT LOG_FILE; the partner's secret is in PARTNER_SECRET (base64).
Its answers come before they are on any disk: a crash loses what memcached held and the queue had not written.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
import time

import aiomcache
import tornado.web

CLOCK_SKEW_SECONDS = 300
MAX_DRAWS = 500
REQUIRED = ("@method", "@authority", "@path", "content-digest")
REQUEST_ID = re.compile(r"[\x20-\x7e]{1,128}\Z")
SIGNATURE_INPUT = re.compile(r"sig1=(\(([^)]*)\)(.*))\Z")
CREATED = re.compile(r";created=(\d+)")
WRITE_EVERY_SECONDS = 0.1

PORT, MEMCACHED_PORT, LOG_FILE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
SECRET = base64.b64decode(os.environ["PARTNER_SECRET"])

# Decks and limits are in memory; memcached counts how far each is dealt, so that several processes may deal from one.
decks: dict[str, list[str]] = {}
limits: dict[str, int] = {}
unwritten: list[str] = []


def is_signed(request, body: bytes) -> bool:
    digest = request.headers.get("Content-Digest", "")
    expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if digest != f"sha-256=:{expected}:":
        return False
    given = SIGNATURE_INPUT.match(request.headers.get("Signature-Input", ""))
    if given is None:
        return False
    parameters, names = given[1], [name.strip('"') for name in given[2].split()]
    created = CREATED.search(given[3])
    if created is None or abs(time.time() - int(created[1])) > CLOCK_SKEW_SECONDS:
        return False
    if not set(REQUIRED) <= set(names):
        return False
    values = {
        "@method": request.method,
        "@authority": request.host.lower(),
        "@path": request.path,
        "content-digest": digest,
    }
    if not set(names) <= set(values):
        return False
    lines = [f'"{name}": {values[name]}' for name in names] + [f'"@signature-params": {parameters}']
    mac = base64.b64encode(hmac.digest(SECRET, "\n".join(lines).encode(), "sha256")).decode()
    return hmac.compare_digest(request.headers.get("Signature", ""), f"sig1=:{mac}:")


def parse(body: bytes):
    try:
        given = json.loads(body)
        draws = given["draws"]
        if set(given) != {"draws"} or not 1 <= len(draws) <= MAX_DRAWS:
            return None
        for draw in draws:
            if not set(draw) <= {"requestId", "recipient"} or REQUEST_ID.match(draw["requestId"]) is None:
                return None
            if len(draw.get("recipient", "")) > 128:
                return None
        return draws
    except (ValueError, KeyError, TypeError):
        return None


def key_of(*parts: str) -> bytes:
    """memcached's keys have no blanks and 250 bytes at the most."""
    return hashlib.sha1("\0".join(parts).encode()).hexdigest().encode()


async def draw_one(cache: aiomcache.Client, campaign: str, request: str, recipient: str) -> tuple[str, str]:
    card = secrets.token_urlsafe(24)
    request_key = key_of(campaign, "request", request, recipient)
    if not await cache.add(request_key, card.encode()):
        return await answer_again(cache, request_key)
    if recipient:
        count_key = key_of(campaign, "recipient", recipient)
        await cache.add(count_key, b"0")
        if (await cache.incr(count_key) or 0) > limits[campaign]:
            await cache.delete(request_key)
            return "limit_reached", ""
    place = (await cache.incr(key_of(campaign, "place")) or 0) - 1
    deck = decks[campaign]
    if place >= len(deck):
        await cache.delete(request_key)
        return "sold_out", ""
    row = json.dumps({"card": card, "prize": deck[place], "request": request, "recipient": recipient, "state": "issued", "at": time.time()})
    await cache.set(key_of(campaign, "card", card), row.encode())
    unwritten.append(row)
    return "issued", card


async def answer_again(cache: aiomcache.Client, request_key: bytes) -> tuple[str, str]:
    known = await cache.get(request_key)
    return ("replayed", known.decode()) if known is not None else ("overloaded", "")


class Draws(tornado.web.RequestHandler):
    async def post(self, campaign: str) -> None:
        if not is_signed(self.request, self.request.body):
            return self.refuse(401, "signature_invalid")
        if campaign not in limits:
            return self.refuse(404, "campaign_not_found")
        draws = parse(self.request.body)
        if draws is None:
            return self.refuse(400, "invalid_request")
        cache = self.settings["cache"]
        answers = await asyncio.gather(
            *(draw_one(cache, campaign, draw["requestId"], draw.get("recipient", "")) for draw in draws)
        )
        results = []
        for draw, (status, card) in zip(draws, answers, strict=True):
            result = {"requestId": draw["requestId"], "status": status}
            if card:
                result |= {"cardId": card, "url": f"https://liff.line.me/1/c/{campaign}/{card}"}
            results.append(result)
        self.write({"results": results})

    def refuse(self, status: int, code: str) -> None:
        self.set_status(status)
        self.write({"code": code})


class Card(tornado.web.RequestHandler):
    """Not a part of what is measured: a card as it stands."""

    async def get(self, campaign: str, card: str) -> None:
        row = await self.settings["cache"].get(key_of(campaign, "card", card))
        if row is None:
            self.set_status(404)
            return self.write({"code": "card_not_found"})
        known = json.loads(row)
        self.write({"state": known["state"], "requestId": known["request"]})


class Load(tornado.web.RequestHandler):
    """Not a part of what is measured: a campaign and its deck, shuffled already."""

    async def post(self, campaign: str) -> None:
        given = json.loads(self.request.body)
        limits[campaign] = given["limit"]
        decks.setdefault(campaign, []).extend(given["deck"])
        await self.settings["cache"].add(key_of(campaign, "place"), b"0")
        self.write({})


class Ready(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write("ready")


async def persist() -> None:
    """Writes what was issued, a moment later."""
    with open(LOG_FILE, "a", encoding="utf-8") as log:
        while True:
            await asyncio.sleep(WRITE_EVERY_SECONDS)
            if unwritten:
                lines = "\n".join(unwritten)
                unwritten.clear()
                log.write(lines + "\n")
                log.flush()


async def main() -> None:
    cache = aiomcache.Client("127.0.0.1", MEMCACHED_PORT, pool_size=32)
    app = tornado.web.Application(
        [
            (r"/partner/v1/campaigns/([^/]+)/draws", Draws),
            (r"/load/([^/]+)", Load),
            (r"/cards/([^/]+)/([^/]+)", Card),
            (r"/ready", Ready),
        ],
        cache=cache,
        log_function=lambda _handler: None,
    )
    app.listen(PORT, "127.0.0.1", max_body_size=512 * 1024 * 1024)
    await persist()


asyncio.run(main())
