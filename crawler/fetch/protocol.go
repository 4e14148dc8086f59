package fetch

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
)

// strangerBytes is how many first bytes of an answer are looked at to tell what the
// server speaks. They stay in the connection's buffer and are dropped with it.
const strangerBytes = 64

var (
	detailSpeaksTLS   = detail("the server speaks TLS on this port")
	detailSpeaksHTTP  = detail("the server speaks HTTP without TLS")
	detailSpeaksHTTP2 = detail("the server speaks HTTP/2 only")
	detailSpeaksMySQL = detail("the server speaks MySQL")
	detailSpeaksSMTP  = detail("the server speaks SMTP")
	detailSpeaksFTP   = detail("the server speaks FTP")
	detailRedisOrPOP3 = detail("the server speaks Redis or POP3")
	detailTelnet      = detail("the server speaks Telnet")
	detailMailOrFTP   = detail("the server speaks SMTP or FTP")
)

// A protocol that greets by itself, or answers a request that it does not understand.
type protocol struct {
	begins string
	detail string
}

// protocols are told by their first bytes; the first row that fits wins. Sources: SSH
// RFC 4253 section 4.2; SMTP RFC 5321 and FTP RFC 959 (220 and 421); IMAP RFC 9051; POP3
// RFC 1939 (Redis says -ERR); RTSP RFC 7826; SIP RFC 3261; RFB RFC 6143; AMQP 0-9-1; TPKT
// RFC 1006 (RDP); telnet RFC 854 (IAC WILL, WONT, DO, DONT); memcached's text protocol;
// TLS records RFC 8446 section 5.1; HTTP/2 frames RFC 9113 section 4.1. MySQL and HTTP/2
// SETTINGS have their length first: see protocolOf.
var protocols = []protocol{
	{"SSH-", "the server speaks SSH"},
	{"* OK", "the server speaks IMAP"}, {"* BYE", "the server speaks IMAP"}, {"* PREAUTH", "the server speaks IMAP"},
	{"+OK", "the server speaks POP3"},
	{"-ERR", detailRedisOrPOP3}, {"-NOAUTH", detailRedisOrPOP3}, {"-DENIED", detailRedisOrPOP3},
	{"220", detailMailOrFTP}, {"421", detailMailOrFTP}, {"500 ", detailMailOrFTP}, {"530 ", detailMailOrFTP}, {"554", detailMailOrFTP},
	{"ICY ", "the server speaks ICY (Shoutcast)"},
	{"RTSP/", "the server speaks RTSP"},
	{"SIP/", "the server speaks SIP"},
	{"RFB ", "the server speaks RFB (VNC)"},
	{"AMQP", "the server speaks AMQP"},
	{"\x03\x00\x00", "the server speaks RDP"},
	{"\xff\xfb", detailTelnet}, {"\xff\xfc", detailTelnet}, {"\xff\xfd", detailTelnet}, {"\xff\xfe", detailTelnet},
	{"ERROR\r\n", "the server speaks memcached"},
	{"PRI * HTTP/2", detailSpeaksHTTP2},
	{"\x15\x03", detailSpeaksTLS}, {"\x16\x03", detailSpeaksTLS},
	{"HTTP/", detailSpeaksHTTP},
	{"GET ", "the server sends the request back"},
}

// protocolOf names the protocol that an answer begins with, or "". It never returns
// a part of what it was given.
func protocolOf(begin []byte) string {
	switch {
	case isMySQL(begin):
		return detailSpeaksMySQL
	case isSettings(begin):
		return detailSpeaksHTTP2
	}
	for _, p := range protocols {
		if !bytes.HasPrefix(begin, []byte(p.begins)) {
			continue
		}
		if p.detail != detailMailOrFTP {
			return p.detail
		}
		switch said := strings.ToUpper(string(begin)); {
		case strings.Contains(said, "SMTP"), strings.Contains(said, "MAIL"):
			return detailSpeaksSMTP
		case strings.Contains(said, "FTP"):
			return detailSpeaksFTP
		}
		return p.detail
	}
	return ""
}

// isMySQL says whether begin is the first packet of a MySQL or MariaDB server: a
// length of three bytes, sequence 0, and version 10 of the protocol or an error
// ("Protocol::HandshakeV10" and "ERR_Packet" of the MySQL internals manual).
func isMySQL(begin []byte) bool {
	return len(begin) >= 5 && begin[2] == 0 && begin[3] == 0 && (begin[4] == 10 && int(begin[0]) > 10 || begin[4] == 0xff && begin[0] > 2)
}

// isSettings says whether begin is the HTTP/2 frame that every server sends first:
// a length of three bytes, a multiple of six, type 4, no flags, stream 0 (RFC 9113,
// sections 3.4 and 6.5).
func isSettings(begin []byte) bool {
	return len(begin) >= 9 && begin[0] == 0 && binary.BigEndian.Uint16(begin[1:])%6 == 0 &&
		begin[3] == 4 && begin[4]&^1 == 0 && binary.BigEndian.Uint32(begin[5:]) == 0
}

// isHTTP09 says whether begin is that of a page without status line and headers, as
// HTTP/0.9 had it: markup after at most some white space.
func isHTTP09(begin []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(begin, " \t\r\n\ufeff"), []byte("<"))
}

// maybeHTTP says whether begin is a status line of HTTP/1, or could become one.
func maybeHTTP(begin []byte) bool {
	return strings.HasPrefix("HTTP/", string(begin[:min(len(begin), len("HTTP/"))])) //nolint:gocritic // begin may be short
}

// statusLine is a whole and sound one: what is wrong with the head then is behind it.
var statusLine = regexp.MustCompile(`^HTTP/[0-9]\.[0-9] [0-9]{3}`)
