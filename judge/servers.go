package judge

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"vigil/casefile"
)

// Kinds of servers that answer for a domain that is not its owner's to use any more.
const (
	seizure  = "seizure"
	sinkhole = "sinkhole"
	parking  = "parking"
	expiry   = "expiry"
)

// The lists say where their facts are from.
var (
	//go:embed sinkholes.csv
	sinkholesCSV string
	//go:embed parking.csv
	parkingCSV string
)

// takenServers are both lists, read at their first use. Nobody writes to them afterwards.
var takenServers = sync.OnceValue(func() *servers {
	s := newServers()
	if err := errors.Join(s.read(sinkholesCSV, seizure, sinkhole), s.read(parkingCSV, parking, expiry)); err != nil {
		panic(err) // embedded files that a test has read
	}
	return s
})

// servers are name servers and addresses that answer for domains taken from their owners, or given up by
// them.
type servers struct {
	zones    map[string]string // kind by zone
	prefixes []servedPrefix
}

func newServers() *servers { return &servers{zones: make(map[string]string)} }

type servedPrefix struct {
	prefix netip.Prefix
	kind   string
}

// read adds a list in the form of sinkholes.csv: kind, value, what, operator, source, date. Rows are of
// the kinds given.
func (s *servers) read(data string, kinds ...string) error {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("read servers: %w", err)
	}
	for _, row := range rows[min(1, len(rows)):] {
		kind, value, what := row[0], row[1], row[2]
		prefix, bad := netip.ParsePrefix(value)
		if a, err := netip.ParseAddr(value); err == nil {
			prefix, bad = netip.PrefixFrom(a, a.BitLen()), nil
		}
		_, undated := time.Parse(time.DateOnly, row[5])
		switch {
		case !slices.Contains(kinds, what):
			return fmt.Errorf("read servers: %q: it is neither %s", value, strings.Join(kinds, " nor "))
		case undated != nil:
			return fmt.Errorf("read servers: %q: %q is no date", value, row[5])
		case kind == "nameserver" && value != "" && value == strings.ToLower(strings.Trim(value, ".")):
			s.zones[value] = what
		case kind == "nameserver":
			return fmt.Errorf("read servers: %q: a zone is written in lower case, without a dot at its end", value)
		case kind != "address":
			return fmt.Errorf("read servers: %q: %q is neither address nor nameserver", value, kind)
		case bad != nil || prefix != prefix.Masked():
			return fmt.Errorf("read servers: %q: it is neither an address nor a prefix", value)
		default:
			s.prefixes = append(s.prefixes, servedPrefix{prefix: prefix, kind: what})
		}
	}
	return nil
}

// zone is the kind of the zone that a name server is part of, or empty.
func (s *servers) zone(name string) string {
	for {
		if kind := s.zones[name]; kind != "" {
			return kind
		}
		_, parent, found := strings.Cut(name, ".")
		if !found {
			return ""
		}
		name = parent
	}
}

// address is the kind of what answers at an address, or empty.
func (s *servers) address(a netip.Addr) string {
	a = a.Unmap()
	for i := range s.prefixes {
		if s.prefixes[i].prefix.Contains(a) {
			return s.prefixes[i].kind
		}
	}
	return ""
}

// nameServers says what the names of the zone's name servers give away: parking, expiry,
// sinkhole, seizure, or nothing. One trait among others.
func (l *look) nameServers() string {
	for _, ns := range l.o.Resolution.Nameservers {
		ns = strings.ToLower(strings.TrimSuffix(ns, "."))
		if kind := takenServers().zone(ns); kind != "" {
			return kind
		}
		if strings.Contains(ns, sinkhole) { // they are named so for those who look
			return sinkhole
		}
	}
	return ""
}

// answers is the kind of server that answers for the name: by its name servers, else by the address
// that was talked to. Addresses change hands: a trait beside another one, and never enough alone.
func (l *look) answers() string {
	switch kind := l.nameServers(); kind {
	case "":
	case expiry: // a registrar's page for what is over: parked, in the one reason that there is
		return parking
	default:
		return kind
	}
	return takenServers().address(l.o.Final().Address)
}

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

// hold is the EPP status that takes the domain out of the DNS, or empty. RFC 5731,
// section 2.3: clientHold by the registrar, serverHold by the registry. RDAP writes
// them as "client hold" and "server hold" (RFC 8056).
func (l *look) hold() string {
	switch {
	case l.domainIs("serverhold"):
		return "server_hold"
	case l.domainIs("clienthold"):
		return "client_hold"
	}
	return ""
}

// registration is the state of a registration that comes to its end, and where it points; or empty. RFC
// 3915, section 3.1: in redemptionPeriod and pendingDelete the registrar has deleted the domain, and the
// registry takes it out of the DNS. autoRenewPeriod and a date of expiry that is past are notes only:
// registries renew every domain that expires, and the owner may still pay. In pendingRestore the owner gets
// it back.
func (l *look) registration() (string, casefile.State) {
	switch r := l.in.Registrar; {
	case l.domainIs("pendingrestore"):
		return "pending_restore", ""
	case l.domainIs("pendingdelete"):
		return "pending_delete", casefile.StateGone
	case l.domainIs("redemptionperiod"):
		return "redemption_period", casefile.StateGone
	case r != nil && !r.Expires.IsZero() && r.Expires.Before(l.o.Started):
		return "expired", ""
	case l.domainIs("autorenewperiod"):
		return "auto_renew_period", ""
	}
	return "", ""
}

// domainIs says whether the registry shows a status, written without spaces: EPP joins the
// words, RDAP does not (RFC 8056), and WHOIS adds the address of an explanation.
func (l *look) domainIs(status string) bool {
	return l.in.Registrar != nil && slices.ContainsFunc(l.in.Registrar.DomainStatus, func(s string) bool {
		s, _, _ = strings.Cut(s, " http")
		return strings.EqualFold(strings.ReplaceAll(s, " ", ""), status)
	})
}
