package fakenet

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vigil/casefile"
)

// Half says what the specimens of a kind are for. Whole kinds are on one side, so
// that a rule that was fitted to one half is tried on pages of other kinds.
type Half string

// Halves. Rules, phrases and thresholds may be tuned on the tune half only.
const (
	HalfTune Half = "tune"
	HalfHold Half = "hold"
)

// Specimen is one labelled behaviour of the corpus: what a first look sees, what
// the judged look sees, and what an honest judge says to it. Values are shared: do
// not change them.
type Specimen struct {
	// Name is unique, in lower case with underscores.
	Name string
	// Kind is the family it belongs to; all of a kind are in one half and have one label.
	Kind string
	Half Half
	// State is the label.
	State casefile.State
	// Reasons are those that are right, the first the best. Where two states can be
	// defended the reasons of both are there.
	Reasons []casefile.Reason
	// Before is what the site did when the page was first seen.
	Before Behaviour
	// Now is what is judged.
	Now Behaviour
	// Known says that it is judged with a baseline: Before is looked at first.
	Known bool
	// Fresh says that it is judged at first sight.
	Fresh bool
	// Site holds what stays the same over time: Path, HTTPS, Port. The host is made from the name.
	Site Site
	// Nameservers of the zone by the time it is judged; those of Site when empty.
	Nameservers []string
	// Referrer is what the report recorded; empty when it recorded none.
	Referrer string
	// Others are further hosts that the way leads to.
	Others []Site
}

// Host is the made-up name that the specimen lives under.
func (s Specimen) Host() string { return strings.ReplaceAll(s.Name, "_", "-") + ".example" }

// Right says whether the verdict's state can be defended.
func (s Specimen) Right(state casefile.State) bool {
	return state == s.State || slices.ContainsFunc(s.Reasons, func(r casefile.Reason) bool { return r.State() == state })
}

// RightReason says whether the reason is among those that are right.
func (s Specimen) RightReason(reason casefile.Reason) bool { return slices.Contains(s.Reasons, reason) }

// Stage adds the specimen to an empty net: as it was before when known, else as it
// is now. It returns the reported URL. It panics when the host is there already.
func (s Specimen) Stage(n *Net, known bool) string {
	for _, o := range s.Others {
		n.Add(o)
	}
	site := s.Site
	site.Host = s.Host()
	site.Acts = Always(s.Before)
	n.Add(site)
	if !known {
		s.Turn(n)
	}
	return n.URL(site.Host)
}

// Turn makes a staged specimen behave as it is judged.
func (s Specimen) Turn(n *Net) {
	n.Change(s.Host(), s.Now)
	if len(s.Nameservers) > 0 {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.name(zoneOf(s.Host()), func(d *dnsName) { d.nameservers = s.Nameservers })
	}
}

// Corpus is every specimen, in the order live, gone, withheld, silent. The pages
// are words of our own, in the shapes of pages that are common on the web.
func Corpus() []Specimen {
	var all []Specimen
	for _, part := range [][]kind{
		liveKinds(), liveFormats(), unseenLive(), unseenAgain(), goneKinds(), goneHosts(), nameKinds(), strangersGone(),
		withheldKinds(), strangersWithheld(), strangersMore(), silentKinds(), unseenSilent(),
		acceptanceLive(), acceptanceGone(), acceptanceWithheld(), acceptanceSilent(), acceptanceAgain(),
	} {
		for _, k := range part {
			all = append(all, k.specimens()...)
		}
	}
	return all
}

// kind is a family of specimens with one label.
type kind struct {
	name    string
	half    Half
	state   casefile.State
	reasons []casefile.Reason
	members []Specimen
}

// specimens are the members with what they share filled in.
func (k kind) specimens() []Specimen {
	out := make([]Specimen, 0, len(k.members))
	for i, m := range k.members {
		m.Kind, m.Half, m.State = k.name, k.half, k.state
		if len(m.Reasons) == 0 {
			m.Reasons = k.reasons
		}
		if m.Before.isZero() {
			m.Before = original(len(k.name) + 3*i)
		}
		if m.Site.Path == "" {
			m.Site.Path = "/stories/" + strconv.Itoa(400+i) + ".html"
		}
		out = append(out, m)
	}
	return out
}

func (b Behaviour) isZero() bool {
	return b.Answer == nil && b.DNS == nil && b.Wire == WireNormal && b.TLS == TLSGood && b.Name == ""
}

// still is a live specimen that behaves the same at both looks but for what its answers vary.
func still(name string, b Behaviour) Specimen {
	return Specimen{Name: name, Before: b, Now: b, Known: true, Fresh: true}
}

// revised is a live specimen that was changed between the looks.
func revised(name string, before, now Behaviour) Specimen {
	return Specimen{Name: name, Before: before, Now: now, Known: true}
}

// turned is a specimen whose page gave way to something else. It is also judged by who never saw the page.
func turned(name string, now Behaviour) Specimen {
	return Specimen{Name: name, Now: now, Known: true, Fresh: true}
}

// from returns the specimen with what was there before.
func (s Specimen) from(b Behaviour) Specimen { s.Before = b; return s }

// at returns the specimen under a path.
func (s Specimen) at(path string) Specimen { s.Site.Path = path; return s }

// secure returns the specimen on HTTPS.
func (s Specimen) secure() Specimen { s.Site.HTTPS = true; return s }

// served returns the specimen with name servers of its own.
func (s Specimen) served(ns ...string) Specimen { s.Nameservers = ns; return s }

// besides returns the specimen with further hosts.
func (s Specimen) besides(sites ...Site) Specimen { s.Others = append(s.Others, sites...); return s }

// means returns the specimen with reasons of its own.
func (s Specimen) means(reasons ...casefile.Reason) Specimen { s.Reasons = reasons; return s }

// onlyKnown returns the specimen without its first-sight variant: nobody could tell.
func (s Specimen) onlyKnown() Specimen { s.Fresh = false; return s }

// reply is an answer that is made for one request.
type reply struct {
	status int
	header http.Header
	body   string
}

// says is a reply of HTML.
func says(status int, body string) reply { return reply{status: status, body: body} }

// with returns the reply with a header more.
func (p reply) with(key, value string) reply {
	h := p.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(key, value)
	p.header = h
	return p
}

// sends redirects to a place.
func sends(status int, to string) reply { return says(status, "").with("Location", to) }

// write answers with the reply.
func (p reply) write(w http.ResponseWriter, r *Request) {
	if to := p.header.Get("Location"); to != "" {
		for k, v := range p.header {
			w.Header()[k] = v
		}
		r.Redirect(w, p.status, to)
		return
	}
	NewResponse(p.status, p.header, p.body).Write(w, r)
}

// server is a whole server: one function answers every path.
func server(f func(r *Request) reply) Behaviour {
	return Behaviour{Name: "corpus", Everywhere: true, Answer: func(w http.ResponseWriter, r *Request) { f(r).write(w, r) }}
}

// everywhere is a server that gives one answer to every path.
func everywhere(p reply) Behaviour { return server(func(*Request) reply { return p }) }

// pages is a server with a page at the reported path, a front page, and an answer for all else.
func pages(page, missing func(r *Request) reply) Behaviour {
	return server(func(r *Request) reply {
		switch r.URL.Path {
		case pathOf(r.Site):
			return page(r)
		case "/":
			return says(http.StatusOK, blog.page("Welcome", paragraphs(prose(2, 12))))
		}
		return missing(r)
	})
}

// placed is a page at the reported path; all else is a bare 404.
func placed(p reply) Behaviour { return pages(fixed(p), fixed(bare404)) }

func fixed(p reply) func(*Request) reply { return func(*Request) reply { return p } }

var bare404 = says(http.StatusNotFound, "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>web server</center></body></html>")

// pathOf is the reported path without its query.
func pathOf(s Site) string {
	path, _, _ := strings.Cut(s.Path, "?")
	return path
}
