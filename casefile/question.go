package casefile

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Matter is what a person is asked about while a case is in review: hosting, or the
// reason of the verdicts that nobody but a person can decide.
type Matter string

// MatterHosting asks where the target is hosted. All other matters are reasons.
const MatterHosting Matter = "hosting"

// Ruling is what a person is asked about a case, and what was answered in the running
// episode, so that the same question does not come back with the next look (ADR-0041).
// The zero value: nothing was asked, nothing answered.
type Ruling struct {
	// Asked is the matter of the present review; it means nothing in other standings.
	Asked Matter `json:"asked,omitempty"`
	// Fenced says that a person knows that it is seen from some vantages only. It is not asked again.
	Fenced bool `json:"fenced,omitempty"`
	// Hosting says that a person knows that nobody can tell the hosting. Another hosting ends it.
	Hosting bool `json:"hosting,omitempty"`
	// Overturned is the reason of the gone verdicts of a removal that a person undid. Until
	// the target is seen live again such verdicts confirm nothing: they ask.
	Overturned Reason `json:"overturned,omitempty"`
	// Gone is the reason for which looks found it gone, of a removal that stands: of those that confirmed it,
	// and of those that bore out a recorded one before or since. Looks that saw nothing leave it.
	Gone Reason `json:"gone,omitempty"`
}

// Question is what a person must decide, in words, with what each answer does.
type Question struct {
	About   Matter
	Text    string // never holds a URL or a host
	Answers []Answer
}

// Answer is one way to settle a question.
type Answer struct {
	Action ActionKind
	Text   string // when to choose it, and what follows
}

// Question is what a person must decide about a case in review; ok is false in all other
// standings. page is what the last look read, nil when that is not at hand; its counts are told. Pure.
func (c Case) Question(page *Features) (q Question, ok bool) {
	if c.Standing != Review {
		return q, false
	}
	q.About = c.Topic()
	var asks string
	switch {
	case q.About == MatterHosting:
		q.Text = HostingQuestion(c.Hosting)
		q.Answers = []Answer{
			{ActOrigin, "You know the address or the country: hosting is decided anew with it, and the parties there are told."},
			{ActKeep, "Nobody can tell: it is watched at the ordinary pace and asked again only when the hosting changes. A provider is told only when one is known well enough."},
			{ActWithdraw, "The report was a mistake: the looks end."},
		}
		return q, true
	case q.About == Matter(ReasonFenced):
		q.Text, asks = "It is seen from some vantages and absent from others.", "Is it blocked by country only, so that it must still be removed?"
		q.Answers = []Answer{
			{ActKeep, "It is there for some, and must still be removed: it is watched on, and not asked again in this episode."},
			{ActRecord, "It is gone for everybody: it is looked at again for a return, and a sighting is one."},
			{ActWithdraw, "The report was a mistake: the looks end."},
		}
	case Reason(q.About).State() == StateGone:
		q.Text, asks = "It is found gone again for the reason for which a person undid its removal.", "Is the reported matter gone by now?"
		q.Answers = []Answer{
			{ActRecord, "It is gone: it is looked at again for a return."},
			{ActNote, "It is still there: it stays in review and is looked at on; only a person or another reason can end it."},
			{ActWithdraw, "The report was a mistake: the looks end."},
		}
	default:
		q.Text, asks = "The address answers, but not with what was seen before.", "Is the reported matter gone, or there in another form?"
		there := "What is there now is the matter: later looks are compared with it, and it is watched on."
		if q.About == Matter(ReasonRedirectedElsewhere) {
			q.Text, asks = "The address now leads to another domain.", "Is the reported matter there, or is it gone?"
			there = "The matter is where it leads: it is watched on as long as it leads there. Report the new address too, so that its host is told."
		}
		q.Answers = []Answer{
			{ActAccept, there},
			{ActRecord, "The matter is gone: it is looked at again for a return."},
			{ActWithdraw, "The report was a mistake: the looks end."},
		}
	}
	q.Text += c.numbers(page) + " " + asks
	return q, true
}

// Topic is what the review is about. Reviews of before Ruling was kept do not say it.
func (c Case) Topic() Matter {
	switch {
	case c.Ruling.Asked != "":
		return c.Ruling.Asked
	case c.Undecided.Count == 0:
		return MatterHosting
	case c.Last.State == StateChanged || c.Last.State == StateFenced:
		return Matter(c.Last.Reason)
	}
	return Matter(ReasonContentDiffers)
}

// numbers tells what the question rests on.
func (c Case) numbers(page *Features) string {
	var b strings.Builder
	if n := c.Undecided.Count; n > 0 {
		fmt.Fprintf(&b, " %d looks found that, from %s to %s.", n, minute(c.Undecided.First), minute(c.Undecided.Last))
	}
	if page != nil {
		fmt.Fprintf(&b, " The page has %s", counts(*page))
		if c.Baseline != nil {
			fmt.Fprintf(&b, "; the page that it is compared with had %s", counts(*c.Baseline))
		}
		b.WriteString(".")
	}
	return b.String()
}

func counts(f Features) string {
	return fmt.Sprintf("%d words, %d links, %d images and %d media", f.Words, f.Links, f.Images, f.Media)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// maxNamed bounds how many opinions on the country a question names.
const maxNamed = 8

// HostingQuestion asks a person where a target is hosted. h may be nil.
func HostingQuestion(h *Hosting) string {
	if h == nil {
		return "In which country is it hosted, and by whom? No source names a country."
	}
	if h.Edge != nil && h.Origin == OriginUnknown {
		return fmt.Sprintf("It is served through %s, which hides where it is hosted. Who knows the origin?", bounded(h.Edge.Name))
	}
	var named []string
	for _, c := range h.Claims {
		if v := bounded(c.Value); c.Fact == FactCountry && v != "" && !slices.Contains(named, v) && len(named) < maxNamed {
			named = append(named, v)
		}
	}
	if len(named) == 0 {
		return "In which country is it hosted, and by whom? No source names a country."
	}
	slices.Sort(named)
	return fmt.Sprintf("In which country is it hosted, and by whom? Sources name %s; the confidence is %.2f.", strings.Join(named, ", "), h.Confidence)
}

// bounded cuts a foreign text in a question.
func bounded(s string) string {
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.ToValidUTF8(s, "")
}

// Page is what the look read that bears out the verdict of the visit: of the vantages that
// agree with it, the first by name. Nil when none read a body with a 2xx status. It is a copy.
func (v Visit) Page() *Features {
	var best *Observation
	for i := range v.Observations {
		o := &v.Observations[i]
		status := o.Status
		if status == 0 {
			status = o.Final().Status
		}
		differs := slices.ContainsFunc(v.Verdict.Dissent, func(d Dissent) bool { return d.Vantage == o.Vantage })
		if o.Purpose.Beside() || o.Fault != nil || o.Features == nil || status/100 != 2 || differs {
			continue
		}
		if best == nil || o.Vantage < best.Vantage {
			best = o
		}
	}
	if best == nil {
		return nil
	}
	f := *best.Features
	return &f
}
