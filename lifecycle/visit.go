package lifecycle

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// Visited is a visit that ended. Of it the step reads what was found: Observations, Verdict, Basis, Counted,
// and Hosting and Assignment where they were decided anew.
//
// A verdict that is not counted counts for nothing. Of cases that are not visited (withdrawn, closed) only
// the visit is counted.
type Visited struct {
	Visit      casefile.Visit
	Thresholds Thresholds
}

func (v Visited) apply(s *step) *casefile.Problem { //nolint:unparam // as every Change
	s.Visits++
	s.Looking = time.Time{}
	state := v.Visit.Verdict.State
	if !state.Valid() || !s.Standing.Visited() || !v.Visit.Counted {
		return nil
	}
	asked := s.Standing == casefile.Review && s.Hosting.Undecided()
	v.hosting(s)
	v.assignment(s)
	v.verdict(s)
	if s.Hosting != nil {
		s.hosted()
	}
	v.review(s, asked)
	return nil
}

// hosting takes a new decision on hosting. Other parties must be told when it differs.
func (v Visited) hosting(s *step) {
	h, old := v.Visit.Hosting, s.Hosting
	if h == nil {
		return
	}
	s.Hosting = h
	if !differs(old, h) {
		return
	}
	data := facts{
		"country": h.Country, "provider": clip(h.Provider), "asn": asn(h.ASN), "confidence": strconv.FormatFloat(h.Confidence, 'f', 2, 64),
		"origin": h.Origin,
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
		told := s.NoticesComposed || !s.Episode.LastNotice.IsZero() // then the parties told so far are the wrong ones now
		if told && (old.Country != h.Country || old.Provider != h.Provider || old.ASN != h.ASN) {
			data["moved"] = "yes"
		}
	}
	s.emit(casefile.EventHosting, data)
	if h.Origin == casefile.OriginUnknown && h.Edge != nil && v.Visit.Verdict.Actionable() {
		s.askHosting(facts{"origin": casefile.OriginUnknown}) // the edge's desk can act meanwhile
	}
}

// assignment takes a new assignment.
func (v Visited) assignment(s *step) {
	a := v.Visit.Assignment
	if a == nil {
		return
	}
	s.Assignment = a
	s.emit(casefile.EventAssigned, facts{
		"hosting_country": a.HostingCountry, "assigned_country": a.AssignedCountry, "policy": a.Policy,
		"hotlines": clip(strings.Join(a.Hotlines, ", ")),
	})
}

// verdict takes the verdict of the visit.
func (v Visited) verdict(s *step) {
	state, reason := v.Visit.Verdict.State, v.Visit.Verdict.Reason
	first, overturned := s.Last.State == "", s.Review.Overturned
	data := facts{"state": string(state), "reason": string(reason)}
	switch sighted := state == casefile.StateLive || state == casefile.StateFenced; {
	case s.Standing != casefile.Removed:
	case !sighted:
		if n := v.aftercare(s); n != s.Aftercare {
			data["aftercare"] = strconv.Itoa(n)
		}
		s.emit(casefile.EventVisited, data)
		if s.Aftercare >= len(v.Thresholds.Aftercare) {
			v.move(s, casefile.CauseAged, nil)
		}
		return
	case s.Episode.Recorded && !borneOut(s.Life):
		// No look ever bore out the removal that a person recorded: it was there all the time. The episode
		// goes on.
		v.move(s, casefile.CauseOverturned, nil)
	default:
		removed := s.Episode.Removed
		s.emit(casefile.EventReturned, facts{
			"reason": string(reason), "removed": removed.Format(time.RFC3339), "gap": s.at.Sub(removed).Round(time.Second).String(),
			"episode": strconv.Itoa(s.Episode.Number + 1),
		})
		v.move(s, casefile.CauseSeen, nil)
	}
	asked := s.Undecided.Count > 0
	s.emit(casefile.EventVisited, data)
	switch {
	case state == casefile.StateLive:
		v.live(s, asked)
	case state == casefile.StateFenced:
		v.firstSeen(s)
		v.undecided(s)
	case state == casefile.StateChanged, state == casefile.StateGone && reason == overturned:
		v.undecided(s)
	case state == casefile.StateGone:
		if first {
			s.emit(casefile.EventAssessed, v.about(s))
		}
		cause := casefile.CauseGone
		if v.Thresholds.Removal().By(s.Streak) {
			cause = casefile.CauseConfirmed
		}
		v.move(s, cause, nil)
	case s.Standing != casefile.Unavailable && s.at.Sub(s.Unseen) >= v.Thresholds.UnavailableAfter: // silent or withheld
		v.move(s, casefile.CauseUnseen, nil)
	}
}

// live takes a sighting. It answers a review that verdicts asked for, and not one about the hosting.
func (v Visited) live(s *step, asked bool) {
	v.firstSeen(s)
	// A page of a domain whose registry has not answered may be what a registrar puts on lapsed names.
	if page := v.Visit.Page(); s.Baseline == nil && page != nil && v.Visit.Basis.RegistryAnswered {
		s.Baseline = page
		s.emit(casefile.EventBaseline, facts{
			"html": strconv.FormatBool(page.HTML), "words": strconv.Itoa(page.Words), "episode": strconv.Itoa(s.Episode.Number),
		})
	}
	switch {
	case s.Standing != casefile.Review:
		v.move(s, casefile.CauseSeen, nil)
	case !asked:
	case s.Hosting.Undecided() && !s.Review.Hosting:
		if s.Review.Asked != casefile.TopicHosting {
			s.askHosting(nil)
		}
	default:
		v.move(s, casefile.CauseSeen, nil)
	}
}

func (v Visited) firstSeen(s *step) {
	if s.Episode.FirstSeen.IsZero() {
		s.emit(casefile.EventFirstSeen, v.about(s))
	}
}

// undecided asks a person when the run of changed and fenced verdicts is long enough. An answer ends
// confirming and unavailable.
func (v Visited) undecided(s *step) {
	if s.Standing == casefile.Confirming || s.Standing == casefile.Unavailable {
		v.move(s, casefile.CauseSeen, nil)
	}
	if s.Standing == casefile.Review || s.Undecided.Count == 0 || !v.Thresholds.Confirm.By(s.Undecided) {
		return
	}
	reason := string(v.Visit.Verdict.Reason)
	v.move(s, casefile.CauseUndecided, facts{"about": reason})
	q, _ := s.Question(v.Visit.Page())
	data := v.about(s)
	maps.Copy(data, q.Facts())
	s.emit(casefile.EventReviewRequested, data)
}

// aftercare is how many of the looks after the removal were made by now. A look counts for the due time that
// it is nearer to than to the one before: a look that a person asked for right after the removal uses none
// up, and one look after a long pause settles all that were missed.
func (v Visited) aftercare(s *step) int {
	n, times := s.Aftercare, v.Thresholds.Aftercare
	var before time.Duration
	if n > 0 && n <= len(times) {
		before = times[n-1]
	}
	for since := s.at.Sub(s.Episode.Removed); n < len(times) && since >= before+(times[n]-before)/2; n++ {
		before = times[n]
	}
	return n
}

// borneOut says whether looks found it gone, before a person recorded the removal or since, however many saw
// nothing after them.
func borneOut(l casefile.Life) bool {
	return l.Review.Gone != "" || l.Last.State == casefile.StateGone || l.Episode.FirstGone.Before(l.Episode.Removed)
}

// hosted starts the clock of another provider, or of another country, in the episode. Another network of the
// same provider starts none.
//
// Where a name leads while the content is found gone is not where the content was: with a streak of gone
// verdicts (FirstGone) the first decision counts, and nothing after it.
func (s *step) hosted() {
	e, gone, data := s.Episode, !s.Episode.FirstGone.IsZero(), facts{}
	if p := plain(s.Hosting.Provider, casefile.MaxProvider); e.ProviderSince.IsZero() || !gone && e.Provider != p {
		data["provider"] = p
	}
	if c := s.Hosting.Country; e.CountrySince.IsZero() || !gone && e.Country != c {
		data["country"] = c
	}
	if len(data) > 0 {
		s.emit(casefile.EventHosted, data)
	}
}

// review applies the rule that hosting below the threshold is a person's question (docs/hosting.md). It is
// asked once: a sighting alone does not answer it, so a case under review for its hosting stays there until
// hosting is decided. Silence and dead names ask nothing. asked says that it was in review with its hosting
// undecided before.
func (v Visited) review(s *step, asked bool) {
	open := s.Hosting.Undecided()
	switch {
	case open && s.Standing == casefile.Watching && v.Visit.Verdict.Actionable() && !s.Review.Hosting:
		s.move(casefile.CauseUndecided, facts{"about": string(casefile.TopicHosting)})
		s.askHosting(nil)
	case open || s.Standing != casefile.Review:
	case asked && s.Undecided.Count == 0:
		s.move(casefile.CauseSettled, nil)
	case s.Review.Asked == casefile.TopicHosting: // what is left to ask is what the looks found
		about := casefile.ReasonContentDiffers
		if s.Last.State == casefile.StateChanged || s.Last.State == casefile.StateFenced {
			about = s.Last.Reason
		}
		s.emit(casefile.EventReviewRequested, facts{"about": string(about)})
	}
}

// askHosting asks a person where the target is hosted.
func (s *step) askHosting(more facts) {
	data := casefile.Question{About: casefile.TopicHosting, Hosting: s.Hosting}.Facts()
	maps.Copy(data, more)
	s.emit(casefile.EventReviewRequested, data)
}

// move moves the case, with the verdict in the event.
func (v Visited) move(s *step, cause casefile.Cause, data facts) {
	all := facts{"verdict": string(v.Visit.Verdict.State), "reason": string(v.Visit.Verdict.Reason)}
	maps.Copy(all, data)
	s.move(cause, all)
}

// about is what every event of a verdict tells.
func (v Visited) about(s *step) facts {
	return facts{"reason": string(v.Visit.Verdict.Reason), "episode": strconv.Itoa(s.Episode.Number)}
}

// differs says whether other parties must be told: another country, provider,
// network, edge or contact, or a decision where there was none.
func differs(old, h *casefile.Hosting) bool {
	if old == nil || h == nil {
		return old != h
	}
	return old.Country != h.Country || old.Provider != h.Provider || old.ASN != h.ASN || old.Origin != h.Origin ||
		edgeName(old) != edgeName(h) || old.FirstAddressee() != h.FirstAddressee() || old.Undecided() != h.Undecided()
}

func edgeName(h *casefile.Hosting) string {
	if h.Edge == nil {
		return ""
	}
	return h.Edge.Name
}

func asn(n uint32) string {
	if n == 0 {
		return ""
	}
	return "AS" + strconv.FormatUint(uint64(n), 10)
}

// maxText bounds foreign text in an event's data, in bytes.
const maxText = 200

func clip(s string) string { return plain(s, maxText) }

// plain is s as it reads back from a database: valid UTF-8 without zero bytes, cut to so many bytes.
func plain(s string, most int) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s[:min(len(s), most)], "\x00", ""), "")
}
