-- Prosody for tests: loopback only, unprivileged, foreground, SQLite, nothing rate limited.
-- Runs unchanged on 0.12.3 (bookworm) and 13.0.1 (bookworm-backports).
-- servers.sh sets the environment; Prosody's config sandbox reads it as ENV_<NAME>.
local L      = Lua or _G                               -- 13 wants the Lua library under this name
local run    = ENV_XMPP_RUN                            -- run directory: data, log, pid, certificates
local is13   = ENV_PROSODY_SERIES ~= "0.12"
local offset = L.tonumber(ENV_XMPP_PORT_OFFSET or "0") -- added to every port
local function port(n) return L.math.floor(n + offset) end
local function plus(list, more) for _, item in L.ipairs(more) do L.table.insert(list, item) end return list end
local http_base = "http://localhost:" .. port(5280)

-- Process ------------------------------------------------------------------
daemonize = false
pidfile   = run .. "/prosody.pid"
data_path = run .. "/data"
bounce_blocked_messages = true                            -- as XEP-0191 says

log = {
	{ levels = { min = ENV_PROSODY_LOG or "info" }, to = "file", filename = run .. "/prosody.log" },
}
admins = { "admin@localhost" }

-- Ports: loopback only -------------------------------------------------------
interfaces        = { "127.0.0.1", "::1" }
local_interfaces  = { "127.0.0.1" }
c2s_ports         = { port(5222) }
c2s_direct_tls_ports = { port(5223) }
s2s_ports         = {}
http_ports        = { port(5280) }
https_ports       = { port(5281) }
component_ports   = { port(5347) }
proxy65_ports     = { port(5000) }
http_interfaces   = { "127.0.0.1", "::1" }
https_interfaces  = { "127.0.0.1", "::1" }
admin_socket      = run .. "/prosody.sock"

-- Security: TLS offered (STARTTLS, 5223, wss on 5281) but never required -----
certificates = run .. "/certs"
local tls = { certificate = run .. "/certs/localhost.crt", key = run .. "/certs/localhost.key" }
ssl = tls
https_ssl = tls
c2s_direct_tls_ssl = tls
c2s_require_encryption = false
s2s_require_encryption = false
allow_unencrypted_plain_auth = true
-- plain ws:// and http:// count as secure: without this SASL2 FAST and PLAIN are not offered on them
consider_websocket_secure = true
consider_bosh_secure      = true

-- HTTP -------------------------------------------------------------------------
http_default_host = "localhost"
http_external_url = http_base .. "/"
trusted_proxies = { "127.0.0.1", "::1" }
access_control_allow_origins = { "*" }
http_cors_override = { -- 13 and 0.12 alike
	file_share = { enabled = true },
	files      = { enabled = true },
	register_api = { enabled = true },
}
http_files_dir = run .. "/www"
http_paths = { files = "/" } -- serves run/www at the root (0.12: .well-known/host-meta; a built client under test)
http_index_files = { "index.html" }
websocket_frame_fragment_limit = 64

-- Storage ------------------------------------------------------------------------
default_storage = "sql"
sql = { driver = "SQLite3", database = run .. "/data/prosody.sqlite" }
-- archives are seeded with old messages: never expire, no item limit
archive_expires_after = "never"
muc_log_expires_after = "never"
storage_archive_item_limit = 1000000
max_archive_query_results = 250 -- default 50
default_archive_policy = true

-- Accounts -----------------------------------------------------------------------
authentication = "internal_plain" -- PLAIN, SCRAM-SHA-1(-PLUS), SCRAM-SHA-256(-PLUS) at once
allow_registration = true
registration_invite_only = false
allow_user_invites = true
invite_expiry = 86400 * 7

-- Behaviour ----------------------------------------------------------------------
smacks_hibernation_time = 600
smacks_max_queue_size = 5000
contact_info = {
	abuse = { "mailto:abuse@localhost", "xmpp:admin@localhost" };
	admin = { "xmpp:admin@localhost" };
	support = { "xmpp:support@conference.localhost?join" };
}
turn_external_host   = "127.0.0.1"
turn_external_port   = port(3478)
turn_external_secret = "turn-secret"
turn_external_tcp    = true
welcome_message = "Welcome, $username, to $host!"
motd_text = "Message of the day: this is a test server."
vjud_mode = "all"

local modules = {
	-- core
	"disco", "roster", "saslauth", "tls", "presence", "message", "iq", "offline", "c2s",
	"ping", "time", "uptime", "version", "lastactivity", "private", "blocklist", "register",
	-- modern sessions
	"carbons", "csi_simple", "smacks", "mam",
	"sasl2", "sasl2_bind2", "sasl2_sm",
	-- PEP, avatars, vCards, bookmarks
	"pep", "vcard4", "vcard_legacy", "bookmarks",
	-- HTTP
	"bosh", "websocket", "http", "http_files",
	-- push, calls
	"cloud_notify", "turn_external",
	-- registration, invitations
	"invites", "invites_adhoc", "invites_register", "watchregistrations",
	-- administration
	"admin_adhoc", "admin_shell", "announce", "server_contact_info", "tombstones", "user_account_management",
}
modules_enabled = plus(modules, is13
	and { "sasl2_fast", "http_altconnect", "account_activity", "server_info", "spam_reporting", "cloud_notify_extensions" }
	or { "lastlog2" }) -- sasl2_fast ends every connection on 0.12: it needs an event that 13 brought
modules_disabled = { "s2s" }

-- Hosts --------------------------------------------------------------------------
VirtualHost "localhost"
	disco_items = {
		{ "conference.localhost", "Chat rooms" },
		{ "upload.localhost", "File upload" },
		{ "pubsub.localhost", "Publish-subscribe" },
		{ "proxy.localhost", "SOCKS5 bytestreams" },
		{ "search.localhost", "User directory" },
		{ "gateway.localhost", "Test gateway" },
	}

VirtualHost "anon.localhost" -- SASL ANONYMOUS
	authentication = "anonymous"
	allow_registration = false
	disco_items = {
		{ "conference.localhost", "Chat rooms" },
		{ "upload.localhost", "File upload" },
	}

VirtualHost "other.localhost" -- a second ordinary domain (stands in for a remote server); SCRAM-SHA-256 only, message of the day
	authentication = "internal_hashed"
	password_hash = "SHA-256"
	disable_sasl_mechanisms = { "PLAIN" }
	modules_enabled = { "motd" }
	disco_items = { { "conference.localhost", "Chat rooms" } }

VirtualHost "bare.localhost" -- a server without the modern extensions (degraded features)
	modules_disabled = {
		"s2s", "carbons", "csi_simple", "smacks", "mam", "sasl2", "sasl2_bind2", "sasl2_sm", "sasl2_fast",
		"pep", "vcard4", "vcard_legacy", "bookmarks", "cloud_notify", "cloud_notify_extensions", "turn_external",
		"blocklist", "invites", "invites_adhoc", "invites_register", "account_activity", "server_info",
		"spam_reporting", "announce", "server_contact_info",
	}
	modules_enabled = { "vcard" }
	allow_registration = false

Component "conference.localhost" "muc"
	name = "Chat rooms"
	-- room avatars are built into muc in 13
	modules_enabled = plus({ "muc_mam", "muc_moderation" }, is13 and {} or { "vcard_muc" })
	restrict_room_creation = false
	muc_room_default_public = true
	muc_room_locking = true
	muc_log_by_default = true
	muc_room_default_history_length = 20
	max_history_messages = 100
	component_admins_as_room_owners = true
	muc_room_cache_size = 1000

Component "upload.localhost" "http_file_share"
	name = "File upload"
	http_host = "localhost"
	http_file_share_size_limit = 20 * 1024 * 1024
	http_file_share_daily_quota = 10 * 1024 * 1024 * 1024
	http_file_share_expires_after = 86400 * 7
	http_file_share_access = { "localhost", "anon.localhost", "other.localhost" }

Component "pubsub.localhost" "pubsub"
	name = "Publish-subscribe"
	autocreate_on_publish = true
	expose_publisher = true
	pubsub_max_items = 10000
	add_permissions = { ["prosody:registered"] = { "pubsub:create-node" } } -- 13 only: on 0.12 only admins create nodes

Component "proxy.localhost" "proxy65"
	proxy65_address = "127.0.0.1"
	proxy65_acl = { "localhost", "anon.localhost", "other.localhost" }

Component "search.localhost" "vjud"
	name = "User directory"
	vjud_search_domain = "localhost"

-- External components (XEP-0114), port 5347
Component "gateway.localhost"
	component_secret = "gateway-secret"
