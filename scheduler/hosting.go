package scheduler

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// How soon a hosting decision is made again that is below the threshold (the time that
// registries' "no such object" is remembered for), or that lacks what a source may tell
// by now (passing failures are remembered for a few minutes).
const (
	registryRetry = time.Hour
	passingRetry  = 15 * time.Minute
)

// maxEventText bounds foreign text in an event's data, in bytes.
const maxEventText = 200

// resolved is the observation to locate from: the first look of the target that
// has addresses, one that was answered before others; nil when the name led nowhere.
func resolved(observations []casefile.Observation) *casefile.Observation {
	var found *casefile.Observation
	for i := range observations {
		o := &observations[i]
		if o.Purpose != casefile.PurposeTarget || len(o.Resolution.Addresses) == 0 {
			continue
		}
		if len(o.Hops) > 0 {
			return o
		}
		if found == nil {
			found = o
		}
	}
	return found
}

// stale says whether the hosting of a case must be decided again: there is no
// decision, the name leads to an address the decision did not see, a person recorded
// an origin or took one back, the claims are older than ttl, or the decision was too
// weak or without a source that may answer by now.
func stale(c casefile.Case, addresses []netip.Addr, now time.Time, ttl time.Duration, threshold float64) bool {
	h := c.Hosting
	if h == nil || now.Sub(h.Decided) >= ttl || !h.Knows(c.Origin) {
		return true
	}
	for _, a := range addresses {
		if !slices.Contains(h.Addresses, a) {
			return true
		}
	}
	age := now.Sub(h.Decided)
	return undecided(h, threshold) && age >= min(ttl, registryRetry) || slices.ContainsFunc(h.Claims, passing) && age >= min(ttl, passingRetry)
}

// passing says that a source failed for a reason that may be gone by the next time.
func passing(c casefile.Claim) bool { return c.Problem != "" && c.Problem != "not_found" }

// undecided says whether nobody can be named: there are addresses, no edge hides
// the origin, and the country is unknown or below the threshold.
func undecided(h *casefile.Hosting, threshold float64) bool {
	return h != nil && len(h.Addresses) > 0 && h.Origin != casefile.OriginUnknown && (h.Country == "" || h.Confidence < threshold)
}

// weaker says whether a decision over the same addresses knows less than the one
// before it because sources failed: no country where there was one, nobody to tell, or
// an origin lost because the look-up that tells origins failed.
// Then the old one stands until they answer.
func weaker(c casefile.Case, h casefile.Hosting, threshold float64) bool {
	old := c.Hosting
	if old == nil || !old.Knows(c.Origin) || !h.Knows(c.Origin) {
		return false
	}
	lostCountry := !undecided(old, threshold) && undecided(&h, threshold)
	lostContact := firstAddressee(old) != "" && firstAddressee(&h) == ""
	lostOrigin := old.Edge != nil && old.Origin == casefile.OriginKnown && h.Origin == casefile.OriginUnknown &&
		slices.ContainsFunc(h.Claims, func(c casefile.Claim) bool { return c.Fact == casefile.FactOrigin && passing(c) })
	if !lostCountry && !lostContact && !lostOrigin {
		return false
	}
	for _, a := range h.Addresses {
		if !slices.Contains(old.Addresses, a) {
			return false
		}
	}
	return slices.ContainsFunc(h.Claims, passing)
}

// differs says whether other parties must be told: another country, provider,
// network, edge or contact, or a decision where there was none.
func differs(old *casefile.Hosting, h *casefile.Hosting, threshold float64) bool {
	if old == nil || h == nil {
		return old != h
	}
	return old.Country != h.Country || old.Provider != h.Provider || old.ASN != h.ASN || old.Origin != h.Origin ||
		edgeName(old) != edgeName(h) || firstAddressee(old) != firstAddressee(h) || undecided(old, threshold) != undecided(h, threshold)
}

func edgeName(h *casefile.Hosting) string {
	if h.Edge == nil {
		return ""
	}
	return h.Edge.Name
}

// firstAddressee is who a removal notice goes to first.
func firstAddressee(h *casefile.Hosting) string {
	for _, c := range h.Contacts {
		if c.Party == casefile.PartyHost || c.Party == casefile.PartyEdge {
			return string(c.Party) + " " + c.Email + " " + c.Form
		}
	}
	return ""
}

// hostingEvent tells a decision, and what it was before. moved marks that the
// parties told so far are the wrong ones now.
func hostingEvent(old, h *casefile.Hosting, told bool, at time.Time) casefile.Event {
	data := map[string]string{
		"country": h.Country, "provider": clip(h.Provider), "asn": asn(h.ASN), "confidence": strconv.FormatFloat(h.Confidence, 'f', 2, 64), "origin": h.Origin,
	}
	if h.Network.IsValid() {
		data["network"] = h.Network.String()
	}
	if name := edgeName(h); name != "" {
		data["edge"] = clip(name)
	}
	if h.Disputed {
		data["disputed"] = "yes"
	}
	if old != nil {
		data["previous_country"], data["previous_provider"], data["previous_asn"] = old.Country, clip(old.Provider), asn(old.ASN)
		if told && (old.Country != h.Country || old.Provider != h.Provider || old.ASN != h.ASN) {
			data["moved"] = "yes"
		}
	}
	return casefile.Event{At: at, Kind: casefile.EventHosting, Actor: casefile.ActorVigil, Data: data}
}

func asn(n uint32) string {
	if n == 0 {
		return ""
	}
	return "AS" + strconv.FormatUint(uint64(n), 10)
}

func clip(s string) string {
	if len(s) > maxEventText {
		s = s[:maxEventText]
	}
	return strings.ToValidUTF8(s, "")
}

// review applies the rule that hosting below the threshold is a person's question
// (design, section 4). before is the case as it was read, after as the verdict
// left it, seen whether somebody should act on the verdict. Pure.
//
// The question is asked once: a sighting alone does not answer it, so a case under
// review for its hosting stays there until hosting is decided. Silence and dead
// names ask nothing. An unknown origin behind an edge is asked for in the history
// too, but the case stays watched: the edge's desk can act meanwhile.
func review(before, after casefile.Case, events []casefile.Event, seen bool, threshold float64, at time.Time) (casefile.Case, []casefile.Event) {
	open := undecided(after.Hosting, threshold)
	was := undecided(before.Hosting, threshold) && before.Standing == casefile.Review
	switch {
	case open && was && after.Standing == casefile.Watching && !after.Ruling.Hosting:
		after.Standing, after.Ruling.Asked = casefile.Review, casefile.MatterHosting
		return after, slices.DeleteFunc(events, func(e casefile.Event) bool {
			return e.Kind == casefile.EventStanding && e.Data["from"] == string(casefile.Review) && e.Data["to"] == string(casefile.Watching)
		})
	case open && seen && after.Standing == casefile.Watching && !after.Ruling.Hosting:
		next, moved := after.Moved(casefile.CauseUndecided, casefile.ActorVigil, at)
		next.Ruling.Asked = casefile.MatterHosting
		return next, append(append(events, moved...), question(after.Hosting, at))
	case !open && was && after.Standing == casefile.Review && after.Undecided.Count == 0:
		next, moved := after.Moved(casefile.CauseSettled, casefile.ActorVigil, at)
		return next, append(events, moved...)
	case !open && after.Standing == casefile.Review && after.Ruling.Asked == casefile.MatterHosting:
		after.Ruling.Asked = "" // hosting is known: what is left to ask is what the looks found
	}
	return after, events
}

// question asks a person where the target stands.
func question(h *casefile.Hosting, at time.Time) casefile.Event {
	return casefile.Event{At: at, Kind: casefile.EventReviewRequested, Actor: casefile.ActorVigil, Data: map[string]string{"about": "hosting", "question": casefile.HostingQuestion(h)}}
}

// host applies a new decision on hosting to the case.
func (p *pass) host(c casefile.Case) casefile.Case {
	v := &p.visit
	if v.Hosting == nil {
		return c
	}
	old, told := c.Hosting, c.Informed || !c.Episode.LastNotice.IsZero()
	c.Hosting = v.Hosting
	if differs(old, v.Hosting, p.threshold) {
		c.Informed, c.Ruling.Hosting = false, false
		v.Events = append(v.Events, hostingEvent(old, v.Hosting, told, v.Ended))
		if v.Hosting.Origin == casefile.OriginUnknown && v.Hosting.Edge != nil && seen(v.Verdict) {
			v.Events = append(v.Events, question(v.Hosting, v.Ended))
		}
	}
	return c
}
