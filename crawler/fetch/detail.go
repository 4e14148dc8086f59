package fetch

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
)

// Details of faults: a closed set of phrases that never hold a part of an answer.
// docs/verdict-reference.md lists them for people; a test keeps the list complete.
const (
	// Our side, and the way there.
	detailGuard       = "not a public address or port"
	detailStopped     = "stopped from our side"
	detailNoRoom      = "no memory was free for a decoder"
	detailProxy       = "the proxy did not connect"
	detailNotPossible = "the request could not be made"
	detailPanic       = "the answer broke a parser"
	detailNobody      = "the name has no address to dial"

	// connect
	detailRefused     = "the port is closed"
	detailUnreachable = "host or network unreachable"
	detailNoAnswer    = "nothing answered the connection"
	detailOpenFailed  = "the connection failed"

	// tls; the alerts are in alertDetails
	detailNotTLS      = "the server does not speak TLS"
	detailVersion     = "no common TLS version"
	detailHandshake   = "the TLS handshake failed"
	detailBigChain    = "a TLS message is too large"
	detailCertificate = "the certificate cannot be read"
	detailSlowTLS     = "the TLS handshake stood still"
	detailClosedTLS   = "closed in the TLS handshake"
	detailOtherAlert  = "TLS alert: another one"
	detailBadRecord   = "the TLS session broke"

	// request; other protocols are in protocols
	detailMute        = "no answer to the request"
	detailSlowHead    = "the headers did not end in time"
	detailClosedMute  = "closed without an answer"
	detailClosedHead  = "closed in the headers"
	detailHeadTooBig  = "the headers are too large"
	detailStatusLine  = "the status line is no HTTP"
	detailHeaderLine  = "a header line is broken"
	detailFraming     = "the headers contradict each other about the body"
	detailInterim     = "too many interim answers"
	detailSwitching   = "the server switched to another protocol"
	detailHTTP09      = "HTTP/0.9 answer"
	detailNotHTTP     = "the answer is not HTTP"
	detailReset       = "the connection was reset"
	detailClosedChunk = "the chunks broke off"
	detailShort       = "body ended before its length"
	detailClosedBody  = "closed in the body"

	// body
	detailStill    = "the body stood still"
	detailDrip     = "a byte at a time: no progress"
	detailSlowBody = "the body did not end in time"
	detailEncoding = "the content encoding is broken"
	detailTransfer = "the transfer encoding is broken"
)

// alertDetails are the alerts of RFC 8446, section 6, and of the extensions that
// added some (the registry of TLS alerts, November 2026), by their number.
var alertDetails = map[tls.AlertError]string{
	10: "TLS alert: unexpected message", 20: "TLS alert: bad record", 22: "TLS alert: record too long", 40: "TLS alert: handshake failure",
	42: "TLS alert: bad certificate", 43: "TLS alert: unsupported certificate", 44: "TLS alert: certificate revoked", 45: "TLS alert: certificate expired",
	46: "TLS alert: certificate unknown", 47: "TLS alert: illegal parameter", 48: "TLS alert: unknown authority", 49: "TLS alert: access denied",
	50: "TLS alert: decode error", 51: "TLS alert: decrypt error", 70: "TLS alert: protocol version", 71: "TLS alert: insufficient security",
	80: "TLS alert: internal error", 86: "TLS alert: inappropriate fallback", 90: "TLS alert: cancelled", 109: "TLS alert: missing extension",
	110: "TLS alert: unsupported extension", 112: "TLS alert: unrecognised name", 116: "TLS alert: certificate required", 120: "TLS alert: no common application protocol",
}

// Details are all details of faults that a Fetcher gives, sorted.
func Details() []string {
	all := []string{
		detailGuard, detailStopped, detailNoRoom, detailProxy, detailNotPossible, detailPanic, detailNobody,
		detailRefused, detailUnreachable, detailNoAnswer, detailOpenFailed,
		detailNotTLS, detailVersion, detailHandshake, detailBigChain, detailCertificate, detailSlowTLS, detailClosedTLS, detailOtherAlert, detailBadRecord,
		detailMute, detailSlowHead, detailClosedMute, detailClosedHead, detailHeadTooBig, detailStatusLine, detailHeaderLine, detailFraming, detailInterim,
		detailSwitching, detailHTTP09, detailNotHTTP, detailReset, detailClosedChunk, detailShort, detailClosedBody,
		detailStill, detailDrip, detailSlowBody, detailEncoding, detailTransfer,
		detailSpeaksMySQL, detailSpeaksSMTP, detailSpeaksFTP,
	}
	for _, d := range alertDetails {
		all = append(all, d)
	}
	for _, p := range protocols {
		all = append(all, p.detail)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// alertOf says whether err is an alert that the server sent, and which. The library
// keeps the type of alerts that come over TCP to itself; their text is that of the
// exported one.
func alertOf(err error) (detail string, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return "", false
	}
	text := op.Err.Error()
	for number, detail := range alertDetails {
		if number.Error() == text {
			return detail, true
		}
	}
	return detailOtherAlert, true
}

// tlsTexts are the library's words for what it finds wrong with a handshake; it has
// no types for them. A test holds them against the library.
var tlsTexts = []struct{ part, detail string }{
	{"unsupported protocol version", detailVersion}, // "server selected unsupported protocol version 300"
	{"exceeds maximum of", detailBigChain},          // "handshake message of length 300000 bytes exceeds maximum of 262144 bytes"
	{"failed to parse certificate", detailCertificate},
	{"containing RSA key larger", detailCertificate},
}

// tlsDetail says what went wrong with a handshake that the server did not end with an alert.
func tlsDetail(err error) string {
	if detail, ok := alertOf(err); ok {
		return detail
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		if p := protocolOf(record.RecordHeader[:]); p != "" && p != detailSpeaksTLS {
			return p
		}
		return detailNotTLS
	}
	for _, t := range tlsTexts {
		if strings.Contains(err.Error(), t.part) {
			return t.detail
		}
	}
	return detailHandshake
}
