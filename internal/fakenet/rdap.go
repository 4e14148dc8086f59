package fakenet

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// obj is a JSON object.
type obj = map[string]any

// serveRDAP answers below /rdap/: bootstrap files (RFC 9224) and objects (RFC 9083).
func (n *Net) serveRDAP(w http.ResponseWriter, r *http.Request, from *arrival) {
	path := strings.TrimPrefix(r.URL.Path, "/rdap/")
	base := "http://" + RDAPHost + "/rdap/"
	if from.plain != nil {
		base = from.plain.RDAPBootstrap()
	}
	if file, ok := strings.CutSuffix(path, ".json"); ok {
		n.bootstrap(w, file, base)
		return
	}
	kind, question, _ := strings.Cut(path, "/")
	o, found := n.find(question)
	switch n.rdap.ask() {
	case FailNone:
	case FailRateLimit:
		w.Header().Set("Retry-After", "30")
		rdapError(w, http.StatusTooManyRequests, "Rate limit exceeded")
		return
	case FailServer:
		rdapError(w, http.StatusInternalServerError, "Internal error")
		return
	case FailGarbage:
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, `{"objectClassName": "ip network", "entities": [{"roles": {"x"`)
		return
	case FailDrip:
		n.drip(w, r)
		return
	case FailHang:
		n.sleep(r.Context(), 24*time.Hour)
		return
	case FailHuge:
		n.huge(w)
		return
	case FailOther:
		if found {
			o = n.other(o)
		}
	case FailNotFound:
		found = false
	}
	matches := found && (kind == "domain") == (o.domain.Name != "") && (kind == "autnum") == (o.asn != 0) && slices.Contains([]string{"ip", "domain", "autnum"}, kind)
	if !matches {
		rdapError(w, http.StatusNotFound, "Not found")
		return
	}
	w.Header().Set("Content-Type", "application/rdap+json")
	_ = json.NewEncoder(w).Encode(o.rdap())
}

func (n *Net) drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/rdap+json")
	_, err := io.WriteString(w, "{")
	for err == nil && n.sleep(r.Context(), time.Second) {
		if _, err = io.WriteString(w, " "); err == nil {
			err = http.NewResponseController(w).Flush()
		}
	}
}

func (n *Net) huge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/rdap+json")
	_, err := io.WriteString(w, `{"objectClassName":"ip network","remarks":[`)
	filler := []byte(strings.Repeat(`{"description":["filler filler filler filler"]},`, 80))
	for err == nil {
		_, err = w.Write(filler)
	}
}

func rdapError(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/rdap+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(obj{"rdapConformance": []string{"rdap_level_0"}, "errorCode": status, "title": title})
}

// bootstrap is one of IANA's files: which server answers for what.
func (n *Net) bootstrap(w http.ResponseWriter, file, base string) {
	var of []string
	switch file {
	case "dns":
		of = n.topLevels()
	case "ipv4", "ipv6", "asn":
		for _, x := range n.Networks() {
			switch {
			case file == "ipv4" && x.Prefix.Addr().Is4():
				of = append(of, x.Prefix.Masked().String())
			case file == "ipv6" && x.Prefix.Addr().Is6():
				of = append(of, x.Prefix.Masked().String())
			case file == "ipv6" && x.Prefix6.IsValid():
				of = append(of, x.Prefix6.Masked().String())
			case file == "asn":
				of = append(of, fmt.Sprintf("%d-%d", x.ASN, x.ASN))
			}
		}
	default:
		rdapError(w, http.StatusNotFound, "Not found")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(obj{
		"version": "1.0", "publication": n.start.UTC().Format(time.RFC3339), "description": "RDAP bootstrap file of the simulated internet",
		"services": [][][]string{{of, {base}}},
	})
}

// topLevels are the last labels of all domains, sorted.
func (n *Net) topLevels() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []string
	add := func(name string) {
		if tld := name[strings.LastIndexByte(name, '.')+1:]; !slices.Contains(out, tld) {
			out = append(out, tld)
		}
	}
	for name := range n.domains {
		add(name)
	}
	for _, s := range n.order {
		add(s.Host)
	}
	slices.Sort(out)
	return out
}

func (o object) rdap() obj {
	out := obj{"rdapConformance": []string{"rdap_level_0"}}
	switch {
	case o.domain.Name != "":
		o.domain.rdap(out)
	case o.asn != 0:
		out["objectClassName"], out["handle"], out["name"] = "autnum", fmt.Sprintf("AS%d", o.asn), o.network.Name
		out["startAutnum"], out["endAutnum"], out["country"] = o.asn, o.asn, o.network.RegisteredCountry
		out["entities"] = o.network.entities()
	default:
		o.network.rdap(out, o)
	}
	return out
}

func (w Network) rdap(out obj, o object) {
	version, key := "v4", "v4prefix"
	if o.prefix.Addr().Is6() {
		version, key = "v6", "v6prefix"
	}
	first := o.prefix.Masked().Addr()
	out["objectClassName"], out["ipVersion"], out["type"] = "ip network", version, "ASSIGNED PA"
	out["handle"] = fmt.Sprintf("%s - %s", first, last(o.prefix))
	out["startAddress"], out["endAddress"] = first.String(), last(o.prefix).String()
	out["name"], out["country"] = w.Name, w.RegisteredCountry
	out["cidr0_cidrs"] = []obj{{key: first.String(), "length": o.prefix.Bits()}}
	out["arin_originas0_originautnums"] = []uint32{w.ASN}
	out["status"] = []string{"active"}
	out["entities"] = w.entities()
	w.dialect(out, o.prefix)
}

// entities is the holder with the abuse desk nested in it, as most registries do.
func (w Network) entities() []obj {
	holder := entity(fmt.Sprintf("ORG-%d", w.ASN), "registrant", w.Holder, "")
	if w.AbuseEmail != "" {
		holder["entities"] = []obj{entity(fmt.Sprintf("AB%d", w.ASN), "abuse", "Abuse desk of "+w.Holder, w.AbuseEmail)}
	}
	return []obj{holder, entity(fmt.Sprintf("AD%d", w.ASN), "technical", "Network desk of "+w.Holder, "")}
}

func entity(handle, role, name, email string) obj {
	card := []any{
		[]any{"version", obj{}, "text", "4.0"}, []any{"fn", obj{}, "text", name}, []any{"kind", obj{}, "text", "org"},
		[]any{"adr", obj{}, "text", []string{"", "", "1 Example Street", "Sampletown", "", "", ""}},
	}
	if email != "" {
		card = append(card, []any{"email", obj{}, "text", email})
	}
	return obj{"objectClassName": "entity", "handle": handle, "roles": []string{role}, "vcardArray": []any{"vcard", card}}
}

func (d Domain) rdap(out obj) {
	registrar := entity("9999", "registrar", d.Registrar, "")
	registrar["publicIds"] = []obj{{"type": "IANA Registrar ID", "identifier": "9999"}}
	if d.RegistrarAbuse != "" {
		registrar["entities"] = []obj{entity("", "abuse", "Abuse desk of "+d.Registrar, d.RegistrarAbuse)}
	}
	status := make([]string, len(d.Status))
	for i, s := range d.Status {
		status[i] = spaced(s)
	}
	servers := make([]obj, len(d.Nameservers))
	for i, ns := range d.Nameservers {
		servers[i] = obj{"objectClassName": "nameserver", "ldhName": ns}
	}
	out["objectClassName"], out["handle"], out["ldhName"], out["status"] = "domain", "1234567_DOMAIN-TEST", d.Name, status
	out["events"] = []obj{
		{"eventAction": "registration", "eventDate": d.Created.UTC().Format(time.RFC3339)},
		{"eventAction": "expiration", "eventDate": d.Expires.UTC().Format(time.RFC3339)},
	}
	out["nameservers"], out["secureDNS"] = servers, obj{"delegationSigned": false}
	out["entities"] = []obj{registrar}
}

// spaced is an EPP state in the words of RDAP (RFC 8056): clientHold is "client hold", ok is "active".
func spaced(epp string) string {
	if epp == "ok" {
		return "active"
	}
	var b strings.Builder
	for _, r := range epp {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
