package judge

import "vigil/casefile"

// originErrors are the statuses by which Cloudflare says how its own request to the
// origin went; no other server has them, and RFC 9110 does not know them. From its
// documentation of 5xx errors, November 2026.
var originErrors = map[int]string{
	520: "an answer it could not read", 521: "the connection was refused", 522: "no connection in time", 523: "not reachable", 524: "no answer in time",
	525: "no TLS session", 526: "a certificate it does not accept", 527: "a broken tunnel", 530: "its name does not resolve, or another error of 1xxx",
}

// serverErrors are the 5xx of RFC 9110, section 15.6, that say more than that
// something broke.
var serverErrors = map[int]string{
	500: "internal error", 501: "not implemented", 502: "bad gateway", 503: "unavailable for now", 504: "gateway timeout", 505: "HTTP version not supported",
	507: "no storage left", 508: "loop detected", 509: "bandwidth limit exceeded", 511: "the network wants a log-in",
}

// noteServerError says what kind of 5xx it is, and whose word: what an edge says about
// the origin is no word of the origin's.
func (l *look) noteServerError() {
	if said, ok := originErrors[l.status]; ok && l.o.Final().Edge == "cloudflare" {
		l.note("server_error", "the edge's word about the origin: "+said, casefile.StateSilent)
		return
	}
	if kind, ok := serverErrors[l.status]; ok {
		l.note("server_error", kind, casefile.StateSilent)
	}
}
