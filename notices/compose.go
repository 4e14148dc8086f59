package notices

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/words"
)

// Compose writes the notices of a case for its present hosting and assignment:
// one assignment mail to each assigned hotline, once the hosting country is known well
// enough to pass the case on (a weak one is a person's question, ADR-0017), and one removal notice to the
// provider when the case is not held and a provider is known well enough. Each is
// queued when sending is on and mail may go to its address without a person in
// between (docs/notices.md), else a draft.
//
// It may be called as often as wanted: the Key of a message depends only on kind,
// party, recipient, case, episode and step, and the store keeps one of each. Step
// is always 1; repeats every 24 h and the ladder from host to upstream, registrar
// and registry will count it up, and join in where removal is called below.
//
// An error is a fault of ours: a case without an id or a target, or a template
// that does not fit. Pure.
func (d *Composer) Compose(c casefile.Case, now time.Time) ([]casefile.Notice, error) {
	if c.ID <= 0 || c.Target.IsZero() {
		return nil, errors.New("compose notices: the case has no id or no target")
	}
	now = now.UTC()
	var notices []casefile.Notice
	if c.Assignment != nil && d.sure(c) {
		for _, title := range c.Assignment.Hotlines {
			n, err := d.assignment(c, title, now)
			if err != nil {
				return nil, fmt.Errorf("compose assignment of case %d: %w", c.ID, err)
			}
			notices = append(notices, n)
		}
	}
	if to, ok := d.provider(c); ok {
		n, err := d.removal(c, to, now)
		if err != nil {
			return nil, fmt.Errorf("compose removal notice of case %d: %w", c.ID, err)
		}
		notices = append(notices, n)
	}
	return notices, nil
}

// sure says whether the assignment rests on a country that is known well enough. One
// to the operator's own hotlines, for want of a country, needs none.
func (d *Composer) sure(c casefile.Case) bool {
	return c.Assignment.HostingCountry == "" || c.Hosting == nil || c.Hosting.Confidence >= casefile.MinConfidence
}

func (d *Composer) assignment(c casefile.Case, title string, now time.Time) (casefile.Notice, error) {
	to := casefile.Contact{Party: casefile.PartyHotline, Name: title, Role: "hotline", Source: sourceDirectory}
	// A hotline that left the directory since the case was assigned has no address: a person finds it.
	row, _ := d.directory.find(c.Assignment.AssignedCountry, title)
	to.Email, to.Form = row.Email, cmp.Or(row.Form, row.Website)
	l := d.letter(c, title, now)
	subject := text("assignment_subject", "reference", l.Reference)
	if l.HostingCountry != "" {
		subject = text("assignment_subject_country", "reference", l.Reference, "country", l.HostingCountry)
	}
	var doubts []string
	if !row.Approved {
		doubts = append(doubts, text("draft_hotline"))
	}
	return d.notice(c, casefile.NoticeAssignment, to, doubts, subject, l)
}

func (d *Composer) removal(c casefile.Case, to casefile.Contact, now time.Time) (casefile.Notice, error) {
	l := d.letter(c, to.Name, now)
	l.Edge = to.Party == casefile.PartyEdge
	var doubts []string
	// A removal notice says in the notifier's name that the content was classified, so that without
	// a classification it stays a draft for a person (DSA Art. 16(2): a substantiated explanation, in good faith).
	if !l.Classified {
		doubts = append(doubts, text("draft_unclassified"))
	}
	if doubt := doubtful(to); doubt != "" {
		doubts = append(doubts, doubt)
	}
	return d.notice(c, casefile.NoticeRemoval, to, doubts, text("removal_subject", "reference", l.Reference), l)
}

// Sources of contacts, as geolocate writes them.
const (
	sourceDirectory = "directory" // the operator's: of hotlines, or of providers
	sourceEdges     = "edges"
	sourcePlatforms = "platforms"
	sourceRDAP      = "rdap"
	sourceWHOIS     = "whois"
)

// doubtful says why a person must look at a provider's contact before mail goes there;
// empty when mail may go by itself. Mail goes to desks that are named for it: an
// approved row of the operator's directory, what an edge or a platform publishes, and
// whom a registry names for abuse. A notice names a URL that must not travel further
// than needed, so that nobody else gets one by guess: the network's operations, single
// persons, and abuse@ by RFC 2142 alone.
func doubtful(to casefile.Contact) string {
	switch to.Source {
	case sourceDirectory:
		if !to.Approved {
			return text("draft_provider")
		}
		return ""
	case sourceEdges, sourcePlatforms:
		return ""
	case sourceRDAP, sourceWHOIS:
		if to.OwnDomain {
			return text("draft_own_domain")
		}
		if to.Role == "abuse" {
			return ""
		}
	}
	return text("draft_unnamed")
}

// notice makes the notice itself. Doubts are why a person must read it before it may
// leave; with any, without a mail address and while sending is off it is a draft, and
// Contact.Why says why.
func (d *Composer) notice(
	c casefile.Case, kind casefile.NoticeKind, to casefile.Contact, doubts []string, subject string, l letter,
) (casefile.Notice, error) {
	body, err := d.render(string(kind)+".txt", l)
	if err != nil {
		return casefile.Notice{}, err
	}
	if len(body) > casefile.MaxNoticeBody {
		return casefile.Notice{}, fmt.Errorf("the message has %d bytes, more than %d", len(body), casefile.MaxNoticeBody)
	}
	n := casefile.Notice{
		CaseID: c.ID, Episode: c.Episode.Number, Kind: kind, Step: 1, Contact: to,
		Subject: subject, Body: body, State: casefile.NoticeDraft, Composed: l.at,
	}
	n.Key = Key(n)
	if to.Email == "" {
		doubts = append(doubts, text("draft_no_address"))
	}
	if !d.send {
		doubts = append(doubts, text("draft_sending_off"))
	}
	if len(doubts) == 0 {
		n.State, n.NextTry = casefile.NoticeQueued, l.at
		return n, nil
	}
	n.Contact.Why = strings.TrimPrefix(to.Why+"; "+text("draft", "doubts", strings.Join(doubts, ", ")), "; ")
	return n, nil
}

// provider is who is asked to remove: the platform that keeps the page, the edge when
// it hides the origin, else the host, each with its first usable contact in the order given. ok is false when
// the case is held, when the host is not known with the confidence asked for, or
// when there is nobody to write to.
func (d *Composer) provider(c casefile.Case) (to casefile.Contact, ok bool) {
	h := c.Hosting
	if h == nil || c.Held {
		return to, false
	}
	if p := h.Platform; p != nil && p.Kind != "cloud" {
		// The platform keeps the page, by its own evidence: the confidence is about the country.
		if to, ok = firstUsable(h.Contacts, casefile.PartyHost); ok {
			return to, true
		}
	}
	if h.Edge != nil && h.Origin != casefile.OriginKnown {
		if to, ok = firstUsable(h.Contacts, casefile.PartyEdge); ok {
			return to, true
		}
		// An edge is known by its own evidence; the confidence is about the country, which it hides.
		return firstUsable([]casefile.Contact{{
			Party: casefile.PartyEdge, Name: h.Edge.Name, Role: "abuse", Email: h.Edge.AbuseEmail,
			Form: h.Edge.AbuseForm, Source: sourceEdges,
		}}, casefile.PartyEdge)
	}
	if h.Confidence < casefile.MinConfidence {
		return to, false
	}
	return firstUsable(h.Contacts, casefile.PartyHost)
}

// firstUsable is the first contact of a party that has a usable mail address or
// form, with all its texts made clean.
func firstUsable(contacts []casefile.Contact, party casefile.Party) (casefile.Contact, bool) {
	for _, k := range contacts {
		if k.Party != party {
			continue
		}
		k.Name, k.Role, k.Source, k.Why = clean(k.Name, maxName), clean(k.Role, 60), clean(k.Source, 60), clean(k.Why, maxName)
		if !email.Plain(k.Email) {
			k.Email = ""
		}
		if email.FormIn(k.Form) != k.Form {
			k.Form = ""
		}
		if k.Email != "" || k.Form != "" {
			return k, true
		}
	}
	return casefile.Contact{}, false
}

// Key is the idempotency key of a notice: SHA-256 in lower-case hex, cut to 32
// characters, over kind, party, recipient, case, episode and step, each with its
// length before it. A hotline is known by name and mail address, because two
// hotlines of a country may share one; a provider by its mail address alone (its
// form, its name, when it has none), because registries write one name in many
// ways and one mailbox must be told once.
func Key(n casefile.Notice) string {
	name, address := n.Contact.Name, cmp.Or(strings.ToLower(n.Contact.Email), n.Contact.Form)
	if n.Contact.Party != casefile.PartyHotline && address != "" {
		name = ""
	}
	h := sha256.New()
	for _, part := range []string{
		string(n.Kind), string(n.Contact.Party), name, address,
		strconv.FormatInt(int64(n.CaseID), 10), strconv.Itoa(n.Episode), strconv.Itoa(n.Step),
	} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// letter is what the templates see. Every text in it is one clean line, but
// Reason, which is wrapped, and the URLs, which are canonical and stand for
// themselves: DSA Art. 16(2)(b) asks for the exact URL.
type letter struct {
	at                  time.Time // when it is written
	Reference, Now      string
	Recipient           string
	Name, Email, Org    string // of the notifier
	Reason              string
	URL, Referrer       string
	Received            string
	Source, TheirNumber string
	Classification      string // of XARF v4, or "not stated"
	Classified          bool   // an analyst gave it a class
	Returned            bool
	FirstSeen, LastSeen string
	Policy              string
	HostingCountry      string
	Confirmed           bool // the directory is sure of the hotlines
	Hosting             *casefile.Hosting
	Edge                bool // the message goes to the edge
}

func (d *Composer) letter(c casefile.Case, recipient string, now time.Time) letter {
	l := letter{
		at: now, Reference: "V-" + strconv.FormatInt(int64(c.ID), 10), Now: utc(now), Recipient: clean(recipient, maxName),
		Name: d.name, Email: d.email, Org: d.organisation, Reason: d.reason,
		URL: c.Target.URL(), Referrer: c.Referrer.URL(), Received: utc(c.Episode.Opened),
		Source: text("not_stated"), TheirNumber: text("not_stated"), Classification: text("not_stated"),
		Returned: c.Episode.Number > 1, Hosting: c.Hosting, FirstSeen: utc(c.Episode.FirstSeen), LastSeen: utc(c.Episode.LastSeen),
	}
	if r := c.Report; r != nil {
		l.Received = utc(r.Received)
		l.Source = cmp.Or(clean(r.Source, casefile.MaxSource), l.Source)
		l.TheirNumber = cmp.Or(clean(r.Reference, casefile.MaxReference), l.TheirNumber)
		if r.Classification.Valid() {
			l.Classification, l.Classified = string(r.Classification), r.Classification != casefile.ClassUnclassified
		}
	}
	if a := c.Assignment; a != nil {
		l.Policy, l.HostingCountry, l.Confirmed = a.Policy, clean(a.HostingCountry, 2), a.Confirmed
	}
	return l
}

// Bounds of what one letter lists.
const (
	maxAddresses = 8
	maxOpinions  = 12
)

// opinions is what each source says about the country.
func opinions(h casefile.Hosting) (said []string) {
	for _, k := range h.Claims {
		if k.Fact != casefile.FactCountry || k.Value == "" || len(said) == maxOpinions {
			continue
		}
		opinion := text("opinion", "country", clean(k.Value, 2), "source", clean(k.Source, 60))
		if k.Address.IsValid() {
			opinion = text("opinion_on", "opinion", opinion, "address", k.Address.String())
		}
		if !k.AsOf.IsZero() {
			opinion = text("opinion_as_of", "opinion", opinion, "date", k.AsOf.UTC().Format(time.DateOnly))
		}
		if k.Value != h.Country {
			opinion = text("opinion_differs", "opinion", opinion)
		}
		said = append(said, opinion)
	}
	return said
}

// addresses lists the first few addresses.
func addresses(list []netip.Addr) string {
	var texts []string
	for _, a := range list[:min(len(list), maxAddresses)] {
		texts = append(texts, a.String())
	}
	if more := len(list) - maxAddresses; more > 0 {
		texts = append(texts, words.In(words.English).Say("format", "more", "n", more))
	}
	return strings.Join(texts, ", ")
}
