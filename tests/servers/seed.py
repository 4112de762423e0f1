#!/usr/bin/env python3
"""Test data in bulk for a Prosody of servers.sh: accounts, rosters, archives, rooms, and rooms full of occupants.

Everything but `occupants`, `talk` and the end of `demo` is written straight into Prosody's SQLite file (seconds, also while it runs, except for an
account that is logged in). The same arguments give the same data. See README.md beside this file.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import random
import sqlite3
import sys
import time
import uuid
from xml.sax.saxutils import escape, quoteattr

HOST = "localhost"
ROOMS = "conference.localhost"
START = 1_700_000_000  # seeded histories begin here (2023-11-14)
WORDS = ("the a to of and is in it that was for on are as with his they at be this have from or had by hot word but what some we can out "
         "other were all there when up use your how said each she which do their time if will way about many then them write would like so "
         "these her long make thing see him two has look more day could go come did number sound no most people over know water than call "
         "café naïve Zürich Привет мир 你好 שלום مرحبا 😀 🎉 👍🏽").split()


class Store:
    """Prosody's database."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.commit()
        self.db.close()

    def keyval(self, host, user, store, values):
        rows = []
        for key, value in values.items():
            if isinstance(value, bool):
                kind, text = "boolean", str(value).lower()
            elif isinstance(value, (int, float)):
                kind, text = "number", str(value)
            elif isinstance(value, str):
                kind, text = "string", value
            else:
                kind, text = "json", json.dumps(value)
            rows.append((host, user, store, key, kind, text))
        self.db.executemany('INSERT OR REPLACE INTO prosody VALUES (?,?,?,?,?,?)', rows)

    def archive(self, host, user, store, entries):
        """Entries of (key, time, with, XML); replaces what is there."""
        self.db.execute('DELETE FROM prosodyarchive WHERE host=? AND "user"=? AND store=?', (host, user, store))
        self.append(host, user, store, entries)

    def append(self, host, user, store, entries):
        """The same behind what is there."""
        self.db.executemany(
            'INSERT INTO prosodyarchive (host, "user", store, key, "when", "with", type, value) VALUES (?,?,?,?,?,?,?,?)',
            ((host, user, store, key, when, with_, "xml", xml) for key, when, with_, xml in entries))


def name(prefix, number):
    return f"{prefix}{number:04d}"


def seed_accounts(store, prefix, count):
    """Accounts prefix0001…, whose password is their name."""
    for number in range(1, count + 1):
        user = name(prefix, number)
        store.keyval(HOST, user, "accounts", {"password": user, "created": START, "updated": START})


def seed_roster(store, user, prefix, count):
    """A roster of count contacts in both directions, in ten groups; the contacts have the user in theirs."""
    contacts = {"": {"__hash": [False, {"version": count, "pending": {}}]}}
    for number in range(1, count + 1):
        contact = name(prefix, number)
        groups = {f"Group {number % 10}": True} if number % 7 else {}
        contacts[f"{contact}@{HOST}"] = {"subscription": "both", "name": f"Contact {number}", "groups": groups}
        store.keyval(HOST, contact, "roster", {
            "": {"__hash": [False, {"version": 1, "pending": {}}]}, f"{user}@{HOST}": {"subscription": "both", "groups": {}}})
    store.keyval(HOST, user, "roster", contacts)


def history(rng, count, speakers):
    """Messages as dictionaries: mostly text, some with a reply, correction, reaction or image."""
    ids, when = [], float(START)
    for number in range(count):
        when += rng.choice((1, 3, 8, 20, 60, 600, 7200))
        message = {"id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "when": when, "speaker": rng.choice(speakers), "extra": ""}
        message["body"] = " ".join(rng.choices(WORDS, k=rng.choice((1, 3, 6, 10, 15, 40)))) + f" #{number}"
        kind = rng.random()
        if ids and kind < 0.05:
            message["extra"] = f"<reply xmlns='urn:xmpp:reply:0' id='{rng.choice(ids)[0]}'/>"
        elif ids and kind < 0.08:
            of, speaker = rng.choice(ids[-20:])
            message["speaker"], message["extra"] = speaker, f"<replace xmlns='urn:xmpp:message-correct:0' id='{of}'/>"
        elif ids and kind < 0.13:
            message["body"] = None
            message["extra"] = f"<reactions xmlns='urn:xmpp:reactions:0' id='{rng.choice(ids[-50:])[0]}'><reaction>{rng.choice('👍🎉😀')}</reaction></reactions>"
        elif kind < 0.16:
            url = f"http://localhost:5280/image-{number}.png"
            message["body"], message["extra"] = url, f"<x xmlns='jabber:x:oob'><url>{url}</url></x>"
        ids.append((message["id"], message["speaker"]))
        yield message


def message_xml(message, sender, to, kind, extra=""):
    body = f"<body>{escape(message['body'])}</body>" if message["body"] is not None else ""
    return (f"<message xmlns='jabber:client' type='{kind}' from={quoteattr(sender)} to={quoteattr(to)} id='{message['id']}'>{body}"
            f"<origin-id xmlns='urn:xmpp:sid:0' id='{message['id']}'/>{message['extra']}{extra}</message>")


def seed_archive(store, user, contact, count):
    """A one-to-one history between two accounts, in the archives of both."""
    rng = random.Random(f"{user} {contact} {count}")
    messages = list(history(rng, count, (user, contact)))
    for owner, other in ((user, contact), (contact, user)):
        store.archive(HOST, owner, "archive", (
            (str(uuid.uuid5(uuid.NAMESPACE_URL, owner + m["id"])), m["when"], f"{other}@{HOST}",
             message_xml(m, f"{m['speaker']}@{HOST}/seed", f"{contact if m['speaker'] == user else user}@{HOST}", "chat"))
            for m in messages))


def seed_missed(store, user, chats, count):
    """What a user missed: count messages of each of some people, in turn, one each 10 ms up to now; one of a thousand says needle."""
    total = chats * count
    begin = time.time() - total / 100

    def entries():
        for number in range(total):
            sender = f"writer{number % chats:04d}@{HOST}"
            rare = " needle" if number % 1000 == 7 else ""
            message = {"id": str(uuid.uuid4()), "extra": "", "body": f"{number // chats}: lorem ipsum dolor sit amet, consectetur adipiscing elit{rare}"}
            yield str(uuid.uuid4()), begin + number / 100, sender, message_xml(message, f"{sender}/seed", f"{user}@{HOST}", "chat")

    store.append(HOST, user, "archive", entries())


def write_room(store, room, title, people, messages):
    """A public, persistent room: the first of the people owns it, the others are members."""
    salt, jid = str(uuid.uuid5(uuid.NAMESPACE_URL, room)), f"{room}@{ROOMS}"
    store.keyval(ROOMS, "", "persistent", {jid: True})
    store.keyval(ROOMS, room, "config", {
        "_jid": jid, "_affiliation_data": {}, "_data": {"name": title, "persistent": True, "language": "en", "occupant_id_salt": salt},
        f"{people[0]}@{HOST}": "owner", **{f"{p}@{HOST}": "member" for p in people[1:]}})

    def occupant_id(person):
        digest = hmac.new(f"{person}@{HOST}".encode(), salt.encode(), hashlib.sha256).digest()  # as mod_muc makes it
        return f"<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{base64.b64encode(digest).decode()}'/>"

    store.archive(ROOMS, room, "muc_log", (
        (str(uuid.uuid5(uuid.NAMESPACE_URL, room + m["id"])), m["when"], "message<groupchat",
         message_xml(m, f"{jid}/{m['speaker']}", jid, "groupchat", occupant_id(m["speaker"])))
        for m in messages))


def seed_room(store, room, prefix, members, count):
    """A room with members prefix0001… and a history of count messages by them."""
    people = [name(prefix, number) for number in range(1, members + 1)]
    write_room(store, room, room.title(), people, history(random.Random(f"{room} {count}"), count, people))


class Connection:
    """A bare TCP connection that reads nothing but what it needs."""

    def __init__(self, user, port):
        self.user, self.port = user, port

    async def _until(self, *marks):
        text = b""
        while not any(mark in text for mark in marks):
            chunk = await self.reader.read(65536)
            if not chunk:
                raise ConnectionError(f"{self.user}: the server closed the connection")
            text = text[-512:] + chunk
        return text

    def _send(self, xml):
        self.writer.write(xml.encode())

    async def login(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        stream = f"<stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        self._send(f"<?xml version='1.0'?>{stream}")
        await self._until(b"</stream:features>")
        secret = base64.b64encode(f"\0{self.user}\0{self.user}".encode()).decode()
        self._send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        if b"<success" not in await self._until(b"<success", b"<failure"):
            raise ConnectionError(f"{self.user}: login refused")
        self._send(stream)
        await self._until(b"</stream:features>")
        self._send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        await self._until(b"</bind>")

    async def enter(self, room):
        await self.login()
        self._send(f"<presence to='{room}@{ROOMS}/{self.user}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>")
        await self._until(b"code='110'", b'code="110"')
        self.draining = asyncio.create_task(self._drain())

    async def _drain(self):
        while await self.reader.read(1 << 20):
            pass

    async def ask(self, payload, kind="set"):
        """An IQ to the own account, answered."""
        mark = str(uuid.uuid4())
        self._send(f"<iq type='{kind}' id='{mark}'>{payload}</iq>")
        answer = await self._until(f"id='{mark}'".encode(), f'id="{mark}"'.encode())
        if b"type='error'" in answer or b'type="error"' in answer:
            raise ConnectionError(f"{self.user}: refused: {payload}")

    def say(self, to, kind, body):
        self._send(f"<message type='{kind}' to='{to}' id='{uuid.uuid4()}'><body>{escape(body)}</body></message>")

    def request(self, to):
        self._send(f"<presence type='subscribe' to='{to}'/>")

    async def settle(self):
        """Until the server has worked through everything sent."""
        await self.writer.drain()
        mark = str(uuid.uuid4())
        self._send(f"<iq type='get' id='{mark}' to='{HOST}'><ping xmlns='urn:xmpp:ping'/></iq>")
        await self._until(mark.encode())


async def fill_room(options):
    """Occupants prefix0001… in the room, talking at a given rate, until the time is over."""
    begun = time.monotonic()
    occupants = [Connection(name(options.prefix, n), options.port) for n in range(1, options.count + 1)]
    gate = asyncio.Semaphore(20)

    async def enter(occupant):
        async with gate:
            await occupant.enter(options.room)

    await asyncio.gather(*map(enter, occupants))
    print(json.dumps({"event": "filled", "occupants": len(occupants), "seconds": round(time.monotonic() - begun, 2)}), flush=True)
    rng, end = random.Random(0), time.monotonic() + options.seconds
    while time.monotonic() < end:
        if options.rate:
            await asyncio.sleep(1 / options.rate)
            rng.choice(occupants).say(f"{options.room}@{ROOMS}", "groupchat", " ".join(rng.choices(WORDS, k=8)))
        else:
            await asyncio.sleep(1)


async def talk(options):
    """One user sends the other many messages, for servers whose archive cannot be written directly."""
    sender, rng = Connection(options.user, options.port), random.Random(0)
    await sender.login()
    for number in range(options.count):
        sender.say(f"{options.contact}@{HOST}", "chat", " ".join(rng.choices(WORDS, k=8)) + f" #{number}")
        if number % 100 == 99:
            await sender.settle()
    await sender.settle()


PEOPLE = {
    "romeo": "Romeo Montague", "juliet": "Juliet Capulet", "mercutio": "Mercutio", "benvolio": "Benvolio", "nurse": "Nurse",
    "friar": "Friar Laurence", "tybalt": "Tybalt", "rosaline": "Rosaline", "paris": "Count Paris",
}
FRIENDS = {
    "romeo": {"juliet": ["Verona"], "mercutio": ["Friends"], "benvolio": ["Friends", "Family"], "friar": ["Verona"], "rosaline": []},
    "juliet": {"romeo": ["Verona"], "nurse": ["Family"], "tybalt": ["Family"], "friar": ["Verona"]},
}
TALKS = {  # minutes ago, who, what
    ("romeo", "juliet"): [
        (2940, "juliet", "Who was that at the ball last night?"), (2938, "romeo", "Someone who came without an invitation 😅"),
        (2937, "juliet", "I thought so. You are still the best dancer there was."), (1500, "romeo", "I am under your balcony. Are you awake?"),
        (1499, "juliet", "It is two in the morning!"), (1498, "romeo", "The moon is up, too."), (1497, "juliet", "Do not swear by the moon. It changes every month."),
        (1496, "romeo", "What shall I swear by?"), (1495, "juliet", "Do not swear at all. Or by yourself, if you have to."),
        (190, "juliet", "The nurse will come to the market at nine. Tell her when and where."), (188, "romeo", "Friar Laurence has time this afternoon. Shall we?"),
        (187, "juliet", "Yes. ❤️"), (35, "romeo", "Everything is ready."), (34, "juliet", "Parting is such sweet sorrow, but I have to pretend to sleep now."),
        (33, "juliet", "Until tomorrow!")],
    ("romeo", "mercutio"): [
        (4300, "mercutio", "You left the party early."), (4295, "romeo", "I had to see someone about a balcony."), (4294, "mercutio", "😂"),
        (300, "mercutio", "Lunch? It is too hot to stay in the street, and the Capulets are about."), (298, "romeo", "Later, I have an appointment.")],
    ("romeo", "benvolio"): [(610, "benvolio", "Your parents ask where you are at dawn."), (600, "romeo", "Tell them I walk under the sycamores."), (599, "benvolio", "Again?")],
    ("romeo", "friar"): [(240, "friar", "Wisely and slow; they stumble that run fast."), (236, "romeo", "This afternoon, then?"), (235, "friar", "This afternoon.")],
    ("juliet", "nurse"): [(200, "juliet", "Have you spoken with him?"), (170, "nurse", "My back! Let me sit down first."), (169, "juliet", "Nurse!!"), (165, "nurse", "Go to Friar Laurence's cell.")],
    ("juliet", "tybalt"): [(2900, "tybalt", "A Montague was at our ball. Did he speak to you?"), (2890, "juliet", "Did he? I danced with so many.")],
}
ROOM, ROOM_MEMBERS = "verona", ["juliet", "romeo", "mercutio", "benvolio", "nurse", "tybalt"]
ROOM_TALK = [
    (1700, "benvolio", "Does anyone know why the square is closed?"), (1698, "nurse", "They fought again. The prince is furious."),
    (1690, "mercutio", "A plague on both houses, I say."), (1685, "tybalt", "Say that again."), (1684, "mercutio", "Gladly, and with footnotes."),
    (1680, "benvolio", "Please do this elsewhere. This group is for the summer feast."), (420, "juliet", "Who brings the musicians?"),
    (415, "romeo", "I know some. They play for the love of it, or for silver."), (414, "mercutio", "Mostly for silver."), (60, "nurse", "I bring the cherries 🍒"),
]


def talk_messages(title, talk):
    now = time.time()
    return [{"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{title} {number}")), "when": now - 60 * minutes, "speaker": speaker, "body": body, "extra": ""}
            for number, (minutes, speaker, body) in enumerate(talk)]


def seed_demo(store):
    """Romeo and Juliet with friends, a group and what they said lately. False when that is there already."""
    if store.db.execute("SELECT 1 FROM prosody WHERE host=? AND \"user\"='romeo' AND store='accounts'", (HOST,)).fetchone():
        return False
    for person in PEOPLE:
        store.keyval(HOST, person, "accounts", {"password": person, "created": START, "updated": START})
    rosters = {person: {} for person in PEOPLE}
    for person, friends in FRIENDS.items():
        for friend, groups in friends.items():
            rosters[person][f"{friend}@{HOST}"] = {"subscription": "both", "name": PEOPLE[friend], "groups": {group: True for group in groups}}
            rosters[friend].setdefault(f"{person}@{HOST}", {"subscription": "both", "name": PEOPLE[person], "groups": {}})
    for person, roster in rosters.items():
        store.keyval(HOST, person, "roster", {"": {"__hash": [False, {"version": 1, "pending": {}}]}, **roster})
    archives = {}
    for (one, other), talk in TALKS.items():
        for message in talk_messages(f"{one} {other}", talk):
            to = other if message["speaker"] == one else one
            for owner, contact in ((one, other), (other, one)):
                archives.setdefault(owner, []).append((
                    str(uuid.uuid5(uuid.NAMESPACE_URL, owner + message["id"])), message["when"], f"{contact}@{HOST}",
                    message_xml(message, f"{message['speaker']}@{HOST}/seed", f"{to}@{HOST}", "chat")))
    for owner, entries in archives.items():
        store.archive(HOST, owner, "archive", sorted(entries, key=lambda entry: entry[1]))
    write_room(store, ROOM, "Verona", ROOM_MEMBERS, talk_messages(ROOM, ROOM_TALK))
    return True


async def publish_demo(port):
    """What must go over the wire: names, the group among the bookmarks, and somebody who asks to be a contact."""
    options = ("<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
               "<field var='pubsub#persist_items'><value>true</value></field><field var='pubsub#max_items'><value>max</value></field>"
               "<field var='pubsub#send_last_published_item'><value>never</value></field><field var='pubsub#access_model'><value>whitelist</value></field></x></publish-options>")
    for person, full_name in PEOPLE.items():
        connection = Connection(person, port)
        await connection.login()
        await connection.ask("<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='http://jabber.org/protocol/nick'><item id='current'>"
                             f"<nick xmlns='http://jabber.org/protocol/nick'>{escape(full_name)}</nick></item></publish></pubsub>")
        if person in FRIENDS:
            await connection.ask(f"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='{ROOM}@{ROOMS}'>"
                                 f"<conference xmlns='urn:xmpp:bookmarks:1' name='Verona' autojoin='true'><nick>{person}</nick></conference></item></publish>{options}</pubsub>")
        if person == "paris":
            connection.request(f"juliet@{HOST}")
            connection.request(f"romeo@{HOST}")
        await connection.settle()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--db", help="Prosody's prosody.sqlite (data/ of its run directory)")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(title, help_text, **arguments):
        sub = commands.add_parser(title, help=help_text)
        for argument, default in arguments.items():
            sub.add_argument(f"--{argument}", default=default, type=type(default))

    command("accounts", "accounts whose password is their name", prefix="user", count=100)
    command("roster", "one user's roster (and theirs)", user="alice", prefix="user", count=1000)
    command("archive", "a one-to-one history", user="alice", contact="bob", count=10_000)
    command("missed", "what a user missed while away", user="alice", chats=50, count=200)
    command("room", "a room with members and a history", room="big", prefix="user", members=500, count=10_000)
    command("occupants", "connections that sit in a room", room="big", prefix="user", count=500, port=5222, seconds=60.0, rate=0.0)
    command("talk", "a one-to-one history over the wire, for any server", user="alice", contact="bob", count=10_000, port=5222)
    command("all", "1000 accounts, alice's roster, alice and bob's history, the room big")
    command("demo", "Romeo and Juliet with contacts, history and a group, once", port=5222)
    options = parser.parse_args()
    begun = time.monotonic()
    if options.command in ("occupants", "talk"):
        asyncio.run((fill_room if options.command == "occupants" else talk)(options))
        print(json.dumps({"event": "done", "what": options.command, "seconds": round(time.monotonic() - begun, 2)}))
        return
    if not options.db:
        parser.error("--db is needed")
    if options.command == "demo":
        with Store(options.db) as store:
            new = seed_demo(store)
        if new:
            asyncio.run(publish_demo(options.port))
        print(json.dumps({"event": "seeded", "what": "demo", "new": new}))
        return
    with Store(options.db) as store:
        if options.command in ("accounts", "all"):
            seed_accounts(store, *((options.prefix, options.count) if options.command == "accounts" else ("user", 1000)))
        if options.command in ("roster", "all"):
            seed_roster(store, *((options.user, options.prefix, options.count) if options.command == "roster" else ("alice", "user", 1000)))
        if options.command in ("archive", "all"):
            seed_archive(store, *((options.user, options.contact, options.count) if options.command == "archive" else ("alice", "bob", 10_000)))
        if options.command == "missed":
            seed_missed(store, options.user, options.chats, options.count)
        if options.command in ("room", "all"):
            seed_room(store, *((options.room, options.prefix, options.members, options.count) if options.command == "room" else ("big", "user", 500, 10_000)))
    print(json.dumps({"event": "seeded", "what": options.command, "seconds": round(time.monotonic() - begun, 2)}))


if __name__ == "__main__":
    sys.exit(main())
