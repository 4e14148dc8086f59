package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

// file is one specimen's file while it is read.
type file struct {
	name     string
	mistakes []error
}

// wrong records a mistake; what must say what to write instead.
func (f *file) wrong(line int, format string, args ...any) {
	f.mistakes = append(f.mistakes, fmt.Errorf("%s:%d: %s", f.name, line, fmt.Sprintf(format, args...)))
}

// setting is a line "key: value" and where it stands.
type setting struct {
	key, value string
	line       int
}

// settings reads lines "key: value"; empty lines and those that begin with # are for people.
func (f *file) settings(text string, line int) []setting {
	var out []setting
	for l := range strings.Lines(text) {
		trimmed := strings.TrimSpace(l)
		if trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			key, value, found := strings.Cut(trimmed, ":")
			if !found {
				f.wrong(line, "%q is no setting: write key: value, or # before a remark", trimmed)
			} else {
				out = append(out, setting{strings.TrimSpace(key), strings.TrimSpace(value), line})
			}
		}
		line++
	}
	return out
}

// list splits a value at its commas.
func (s setting) list() []string {
	var out []string
	for _, v := range strings.Split(s.value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// section is one "-- name --" of the file with what stands under it.
type section struct {
	time  string // before, now or always
	host  string // a further host; empty for the specimen's own
	where string // net, or places: page, front, missing, every, /path or /path/*, with commas between them
	text  string
	line  int // of the text's first line
}

var (
	goodName  = regexp.MustCompile(`^[a-z0-9_]{1,63}$`)
	goodHost  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	goodWhere = regexp.MustCompile(`^(net|(page|front|missing|every|/[^,\s]*)(,(page|front|missing|every|/[^,\s]*))*)$`)
)

// parse reads the file of a specimen. The error holds all mistakes of the file, each with its line and what to write.
func parse(name string, data []byte) (Specimen, error) {
	f := &file{name: name}
	s := Specimen{Kind: path.Dir(name), Name: strings.TrimSuffix(path.Base(name), ".txtar"), Known: true, Fresh: true}
	if !goodName.MatchString(s.Name) || !goodName.MatchString(s.Kind) {
		f.wrong(1, "the file and its folder must have names of a-z, 0-9 and _, at most 63 of them")
	}
	archive := txtar.Parse(data)
	f.header(&s, string(archive.Comment))
	sections := f.sections(archive)
	f.build(&s, sections)
	return s, errors.Join(f.mistakes...)
}

// header reads the settings at the top of the file.
func (f *file) header(s *Specimen, text string) {
	for _, v := range f.settings(text, 1) {
		switch v.key {
		case "half":
			s.Half = oneOf(f, v, HalfTune, HalfHold)
		case "state":
			s.State = oneOf(f, v, casefile.StateLive, casefile.StateGone, casefile.StateWithheld, casefile.StateSilent)
		case "reasons":
			for _, r := range v.list() {
				if !casefile.Reason(r).Valid() {
					f.wrong(v.line, "no reason %q: write codes of docs/verdict-reference.md, the best first, as soft_404, takedown_page", r)
				}
				s.Reasons = append(s.Reasons, casefile.Reason(r))
			}
		case "judged":
			seen := v.list()
			s.Known, s.Fresh = slices.Contains(seen, "known"), slices.Contains(seen, "fresh")
			for _, how := range seen {
				oneOf(f, setting{v.key, how, v.line}, "known", "fresh")
			}
		case "path":
			if !strings.HasPrefix(v.value, "/") {
				f.wrong(v.line, "path %q: write the reported path, which begins with /", v.value)
			}
			s.Site.Path = v.value
		case "https":
			s.Site.HTTPS = f.yes(v)
		case "port":
			port, err := strconv.ParseUint(v.value, 10, 16)
			if err != nil {
				f.wrong(v.line, "port %q: write a number from 1 to 65535", v.value)
			}
			s.Site.Port = uint16(port)
		case "referrer":
			s.Referrer = v.value
		case "name servers":
			s.Nameservers = v.list()
		default:
			f.wrong(v.line, "no setting %q: write half, state, reasons, judged, path, https, port, referrer or name servers", v.key)
		}
	}
	f.complete(s)
}

// complete says what the header lacks.
func (f *file) complete(s *Specimen) {
	switch {
	case s.Half == "":
		f.wrong(1, "no half: write half: tune, or half: hold as the other specimens of the kind have it")
	case s.State == "":
		f.wrong(1, "no state: write state: live, gone, withheld or silent")
	case s.Site.Path == "":
		f.wrong(1, "no path: write path: /what/is/reported.html")
	case !s.Known && !s.Fresh:
		f.wrong(1, "it is never judged: write judged: known, fresh or one of them")
	case !slices.ContainsFunc(s.Reasons, func(r casefile.Reason) bool { return r.State() == s.State }):
		f.wrong(1, "no reason of the state %s: write reasons: with a code of that state first", s.State)
	case s.State != casefile.StateGone && s.Right(casefile.StateGone):
		f.wrong(1, "the state is %s and a reason says gone: a false gone could not be told, take the reason out", s.State)
	}
}

// sections reads the names of the file's sections.
func (f *file) sections(archive *txtar.Archive) []section {
	var out []section
	line := 1 + bytes.Count(archive.Comment, []byte("\n"))
	for _, part := range archive.Files {
		line++ // of the name itself
		words := strings.Fields(part.Name)
		s := section{text: string(part.Data), line: line}
		if len(words) == 3 {
			s.host = words[1]
			words = []string{words[0], words[2]}
		}
		if len(words) == 2 {
			s.time, s.where = words[0], words[1]
		}
		known := slices.Contains([]string{"before", "now", "always"}, s.time) && goodWhere.MatchString(s.where)
		switch {
		case !known || s.host != "" && !goodHost.MatchString(s.host):
			f.wrong(line-1, "section %q: write a time (before, now, always), perhaps another host, and a place (page, front, missing, every, net or a path), as -- now page --", part.Name)
		case s.host != "" && s.time != "always":
			f.wrong(line-1, "section %q: another host is the same at all times, write always", part.Name)
		default:
			out = append(out, s)
		}
		line += bytes.Count(part.Data, []byte("\n"))
	}
	return out
}

// build makes the behaviours out of the sections.
func (f *file) build(s *Specimen, sections []section) {
	own := hostOf(s.Name)
	hosts := map[string][]section{}
	var order []string
	for _, sec := range sections {
		host := sec.host
		if host == "" {
			host = own
		} else if hosts[host] == nil {
			order = append(order, host)
		}
		hosts[host] = append(hosts[host], sec)
	}
	for _, host := range order {
		site := fakenet.Site{Host: host}
		b, _ := f.behaviour(&site, hosts[host], "always")
		site.Acts = fakenet.Always(b)
		s.Others = append(s.Others, site)
	}
	var answers, answersNow bool
	s.Before, answers = f.behaviour(&s.Site, hosts[own], "before")
	s.Now, answersNow = f.behaviour(&s.Site, hosts[own], "now")
	if !answers && s.Before.Answer == nil {
		page := &answer{status: http.StatusOK, body: text{plain: original(hash(s.Name))}}
		s.Before.Everywhere, s.Before.Answer = true, newServer([]route{{where: "page", answer: page}}).serve
	}
	if !answersNow && !slices.ContainsFunc(hosts[own], func(sec section) bool { return sec.where == "net" }) {
		f.wrong(1, "nothing is judged: write a section as -- now page -- with a status, headers, an empty line and a page")
	}
}

// behaviour is what a host does at a time: its answers, and what is below HTTP. It says whether it has answers.
func (f *file) behaviour(site *fakenet.Site, sections []section, when string) (fakenet.Behaviour, bool) {
	b := fakenet.Behaviour{}
	var delay time.Duration
	var routes []route
	for _, sec := range sections {
		if sec.time != when && sec.time != "always" {
			continue
		}
		if sec.where == "net" {
			delay = max(delay, f.net(site, &b, sec))
			continue
		}
		a := f.answer(sec)
		for where := range strings.SplitSeq(sec.where, ",") {
			routes = append(routes, route{where: where, answer: a})
		}
	}
	if len(routes) > 0 {
		b.Name, b.Everywhere, b.Answer = "corpus", true, newServer(routes).serve
		if delay > 0 {
			b = fakenet.Slow(delay, b)
		}
	}
	return b, len(routes) > 0
}

// net reads what is below HTTP: names, addresses, connections, certificates. It returns how long every answer takes.
func (f *file) net(site *fakenet.Site, b *fakenet.Behaviour, sec section) (delay time.Duration) {
	dns := func() *fakenet.DNS {
		if b.DNS == nil {
			b.DNS = &fakenet.DNS{}
		}
		return b.DNS
	}
	for _, v := range f.settings(sec.text, sec.line) {
		switch v.key {
		case "fault":
			made, known := faults[v.value]
			if !known {
				f.wrong(v.line, "no fault %q: write one of %s", v.value, strings.Join(faultNames(), ", "))
			}
			b.Everywhere, b.Answer = true, made.Answer
		case "delay":
			delay = f.duration(v)
		case "wire":
			b.Wire = oneOf(f, v, fakenet.WireRefuse, fakenet.WireBlackhole, fakenet.WireHang, fakenet.WireReset, fakenet.WireClose, fakenet.WireBanner)
		case "tls":
			b.TLS = oneOf(f, v, fakenet.TLSExpired, fakenet.TLSNotYet, fakenet.TLSSelfSigned, fakenet.TLSUnknownCA, fakenet.TLSWrongName,
				fakenet.TLSAlert, fakenet.TLSOld, fakenet.TLSPlain, fakenet.TLSHang, fakenet.TLSReset, fakenet.TLSGarbage)
		case "dns":
			dns().Kind = oneOf(f, v, fakenet.DNSNXDomain, fakenet.DNSServfail, fakenet.DNSRefused, fakenet.DNSNoData, fakenet.DNSSilent,
				fakenet.DNSWrongID, fakenet.DNSWrongQuestion, fakenet.DNSGarbage, fakenet.DNSTruncated, fakenet.DNSCNAMELoop)
		case "dns only":
			dns().Only = oneOf(f, v, "A", "AAAA")
		case "dns delay":
			dns().Delay = f.duration(v)
		case "dns aliases":
			dns().CNAMEs = v.list()
		case "dns one by one":
			dns().CutChain = f.yes(v)
		case "dns addresses":
			dns().Addresses = f.addresses(v)
		case "addresses":
			site.Addresses = f.addresses(v)
		case "domain status":
			b.DomainStatus = v.list()
		case "all names":
			b.Wildcard = f.yes(v)
		default:
			f.wrong(v.line, "no setting %q: write fault, delay, wire, tls, dns, dns only, dns delay, dns aliases, dns one by one, dns addresses, addresses, domain status or all names", v.key)
		}
	}
	return delay
}

func oneOf[T ~string](f *file, v setting, known ...T) T {
	if slices.Contains(known, T(v.value)) {
		return T(v.value)
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	f.wrong(v.line, "%s %q: write %s", v.key, v.value, strings.Join(names, ", "))
	return ""
}

func (f *file) yes(v setting) bool {
	if v.value != "yes" {
		f.wrong(v.line, "%s %q: write yes, or take the line out", v.key, v.value)
	}
	return true
}

func (f *file) duration(v setting) time.Duration {
	d, err := time.ParseDuration(v.value)
	if err != nil || d <= 0 || d > time.Minute {
		f.wrong(v.line, "%s %q: write a time up to a minute, as 700ms or 2s", v.key, v.value)
	}
	return d
}

func (f *file) addresses(v setting) []netip.Addr {
	var out []netip.Addr
	for _, text := range v.list() {
		a, err := netip.ParseAddr(text)
		if err != nil {
			f.wrong(v.line, "%s: %q is no IP address: write one as 192.0.2.7", v.key, text)
		}
		out = append(out, a)
	}
	return out
}
