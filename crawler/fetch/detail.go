package fetch

import (
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
)

// Details of faults: a closed set of phrases that never hold a part of an answer.
// docs/verdict-reference.md lists them for people; a test keeps the list complete.
var details []string

// detail lists a phrase among the details.
func detail(phrase string) string {
	details = append(details, phrase)
	return phrase
}

var (
	// Our side, and the way there.
	detailGuard       = detail("not a public address or port")
	detailStopped     = detail("stopped from our side")
	detailNoRoom      = detail("no memory was free for a decoder")
	detailProxy       = detail("the proxy did not connect")
	detailNotPossible = detail("the request could not be made")
	detailPanic       = detail("the answer broke a parser")
	detailNobody      = detail("the name has no address to dial")

	// connect
	detailRefused     = detail("the port is closed")
	detailUnreachable = detail("host or network unreachable")
	detailNoAnswer    = detail("nothing answered the connection")
	detailOpenFailed  = detail("the connection failed")

	// tls; the alerts are in alertDetails
	detailNotTLS      = detail("the server does not speak TLS")
	detailVersion     = detail("no common TLS version")
	detailHandshake   = detail("the TLS handshake failed")
	detailBigChain    = detail("a TLS message is too large")
	detailCertificate = detail("the certificate cannot be read")
	detailSlowTLS     = detail("the TLS handshake stood still")
	detailClosedTLS   = detail("closed in the TLS handshake")
	detailOtherAlert  = detail("TLS alert: another one")
	detailBadRecord   = detail("the TLS session broke")

	// request; other protocols are in protocols
	detailMute        = detail("no answer to the request")
	detailSlowHead    = detail("the headers did not end in time")
	detailClosedMute  = detail("closed without an answer")
	detailClosedHead  = detail("closed in the headers")
	detailHeadTooBig  = detail("the headers are too large")
	detailStatusLine  = detail("the status line is no HTTP")
	detailHeaderLine  = detail("a header line is broken")
	detailFraming     = detail("the headers contradict each other about the body")
	detailInterim     = detail("too many interim answers")
	detailSwitching   = detail("the server switched to another protocol")
	detailHTTP09      = detail("HTTP/0.9 answer")
	detailNotHTTP     = detail("the answer is not HTTP")
	detailReset       = detail("the connection was reset")
	detailClosedChunk = detail("the chunks broke off")
	detailShort       = detail("body ended before its length")
	detailClosedBody  = detail("closed in the body")

	// body
	detailStill    = detail("the body stood still")
	detailDrip     = detail("a byte at a time: no progress")
	detailSlowBody = detail("the body did not end in time")
	detailEncoding = detail("the content encoding is broken")
	detailTransfer = detail("the transfer encoding is broken")
)

// alertDetails are the alerts of RFC 8446, section 6, and of the extensions that
// added some (the registry of TLS alerts, November 2026), by their number.
var alertDetails = map[tls.AlertError]string{
	10: "TLS alert: unexpected message", 20: "TLS alert: bad record", 22: "TLS alert: record too long",
	40: "TLS alert: handshake failure", 42: "TLS alert: bad certificate", 43: "TLS alert: unsupported certificate",
	44: "TLS alert: certificate revoked", 45: "TLS alert: certificate expired", 46: "TLS alert: certificate unknown",
	47: "TLS alert: illegal parameter", 48: "TLS alert: unknown authority", 49: "TLS alert: access denied",
	50: "TLS alert: decode error", 51: "TLS alert: decrypt error", 70: "TLS alert: protocol version",
	71: "TLS alert: insufficient security", 80: "TLS alert: internal error", 86: "TLS alert: inappropriate fallback",
	90: "TLS alert: cancelled", 109: "TLS alert: missing extension", 110: "TLS alert: unsupported extension",
	112: "TLS alert: unrecognised name", 116: "TLS alert: certificate required",
	120: "TLS alert: no common application protocol",
}

// Details are all details of faults that a Fetcher gives, sorted.
func Details() []string {
	all := slices.AppendSeq(slices.Clone(details), maps.Values(alertDetails))
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
