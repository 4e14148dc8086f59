package judge

import (
	"cmp"

	"vigil/casefile"
)

// originErrors are the statuses by which Cloudflare says how its own request to the
// origin went; no other server has them, and RFC 9110 does not know them. From its
// documentation of 5xx errors, November 2026.
var originErrors = map[int]string{
	520: "origin_unreadable", 521: "origin_refused", 522: "origin_no_connection", 523: "origin_unreachable", 524: "origin_timeout",
	525: "origin_tls", 526: "origin_certificate", 527: "origin_tunnel", 530: "origin_name", // or another error of 1xxx
}

// serverErrors are the 5xx of RFC 9110, section 15.6, that say more than that
// something broke.
var serverErrors = map[int]string{
	500: "internal", 501: "not_implemented", 502: "bad_gateway", 503: "unavailable", 504: "gateway_timeout", 505: "http_version",
	507: "no_storage", 508: "loop", 509: "bandwidth", 511: "network_login",
}

// noteServerError says what kind of 5xx it is, and whose word: what an edge says about
// the origin is no word of the origin's.
func (l *look) noteServerError() {
	said := serverErrors[l.status]
	if l.o.Final().Edge == "cloudflare" {
		said = cmp.Or(originErrors[l.status], said)
	}
	if said != "" {
		l.note("server_error", said, casefile.StateSilent)
	}
}
