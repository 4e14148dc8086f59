package lifecycle_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// inReview is a case that asks about the content.
func inReview(t *testing.T, about casefile.ReviewTopic) casefile.Case {
	t.Helper()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	c.Standing, c.Review.Asked = casefile.Review, about
	c.Hosting = &casefile.Hosting{Confidence: 0.3, Origin: casefile.OriginKnown, Claims: []casefile.Claim{
		{Fact: casefile.FactCountry, Value: "NL"}, {Fact: casefile.FactCountry, Value: "DE"}, {Fact: casefile.FactCountry, Value: "NL"}, {Fact: casefile.FactCountry, Problem: "timeout"},
	}}
	if about != casefile.TopicHosting {
		c.Undecided = casefile.Streak{Count: 3, First: noon, Last: noon.Add(25 * time.Hour)}
	}
	return c
}

// TestEveryAnswerCanBeGiven: what a question offers, the case allows, with an event that names who and why.
func TestEveryAnswerCanBeGiven(t *testing.T) {
	t.Parallel()
	page := &casefile.Features{Words: 7, HTML: true}
	stays := map[casefile.ActionKind]bool{casefile.ActNote: true, casefile.ActOrigin: true} // the next look decides
	for _, about := range []casefile.ReviewTopic{casefile.TopicHosting, "content_differs", "redirected_elsewhere", "fenced", "http_404"} {
		c := inReview(t, about)
		q, ok := c.Question(page)
		if !ok || q.About != about || len(q.Answers) != 3 {
			t.Fatalf("%s: %+v", about, q)
		}
		if about != casefile.TopicHosting && (q.Looks != c.Undecided || q.Page != page) {
			t.Errorf("%s: without its facts: %+v", about, q)
		}
		for _, a := range q.Answers {
			after, events, problem := act(c, casefile.Action{Kind: a, Actor: "ann", Reason: "because", At: noon, Page: page, Country: "NL"})
			if problem != nil || len(events) == 0 || events[0].Actor != "ann" || events[0].Data["reason"] != "because" {
				t.Errorf("%s, %s: %v %+v", about, a, problem, events)
				continue
			}
			if again, ok := after.Question(page); ok != stays[a] {
				t.Errorf("%s, %s: still asked: %+v", about, a, again)
			}
		}
	}
}

// TestFactsOfAQuestion are what an event keeps: codes, counts and times, never a text.
func TestFactsOfAQuestion(t *testing.T) {
	t.Parallel()
	page := &casefile.Features{Words: 7, Links: 2, HTML: true}
	changed, _ := inReview(t, "content_differs").Question(page)
	hosting, _ := inReview(t, casefile.TopicHosting).Question(page)
	edge := casefile.Question{About: casefile.TopicHosting, Hosting: &casefile.Hosting{Edge: &casefile.Edge{Name: "Example Edge"}, Origin: casefile.OriginUnknown, Claims: hosting.Hosting.Claims}}
	for name, tc := range map[string]struct {
		q    casefile.Question
		want map[string]string
	}{
		"changed":                {changed, map[string]string{"about": "content_differs", "verdicts": "3", "since": "2026-03-01T12:00:00Z", "words": "7", "links": "2", "images": "0", "media": "0"}},
		"hosting":                {hosting, map[string]string{"about": "hosting", "countries": "DE, NL", "confidence": "0.30"}},
		"hosting behind an edge": {edge, map[string]string{"about": "hosting", "edge": "Example Edge"}},
		"hosting of no source":   {casefile.Question{About: casefile.TopicHosting}, map[string]string{"about": "hosting"}},
	} {
		if got := tc.q.Facts(); !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// TestOldReviewsAreAskedToo: cases that went to review before their matter was kept.
func TestOldReviewsAreAskedToo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		undecided int
		last      casefile.Opinion
		want      casefile.ReviewTopic
	}{
		"hosting":                      {0, casefile.Opinion{State: casefile.StateLive, Reason: casefile.ReasonServed}, casefile.TopicHosting},
		"fenced":                       {3, casefile.Opinion{State: casefile.StateFenced, Reason: casefile.ReasonFenced}, "fenced"},
		"elsewhere":                    {3, casefile.Opinion{State: casefile.StateChanged, Reason: casefile.ReasonRedirectedElsewhere}, "redirected_elsewhere"},
		"changed, then it fell silent": {3, casefile.Opinion{State: casefile.StateSilent, Reason: casefile.ReasonTimeout}, "content_differs"},
	} {
		c := inReview(t, "")
		c.Undecided.Count, c.Last = tc.undecided, tc.last
		if q, ok := c.Question(nil); !ok || q.About != tc.want {
			t.Errorf("%s: %q, want %q", name, q.About, tc.want)
		}
	}
}

// TestAnswersThatAreRefused say what to do instead.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		standing casefile.Standing
		about    casefile.ReviewTopic
		kind     casefile.ActionKind
		page     *casefile.Features
		says     string
	}{
		"nothing is asked":                 {casefile.Watching, "", casefile.ActKeep, nil, "asks nothing"},
		"whether it is there must be said": {casefile.Review, "content_differs", casefile.ActKeep, nil, "accept_page, record_removal or withdraw"},
		"an undone removal is no page":     {casefile.Review, "http_404", casefile.ActAccept, nil, "no page was read"},
		"withdrawn":                        {casefile.Withdrawn, "", casefile.ActAccept, &casefile.Features{}, "report the URL again"},
		"closed":                           {casefile.Closed, "", casefile.ActKeep, nil, "report the URL again"},
	} {
		c := inReview(t, tc.about)
		c.Standing = tc.standing
		after, events, problem := act(c, casefile.Action{Kind: tc.kind, Actor: "ann", Reason: "because", At: noon, Page: tc.page})
		if problem == nil || problem.Code != casefile.ProblemConflict || !strings.Contains(problem.Detail, tc.says) || events != nil || after.Standing != tc.standing || after.Review != c.Review {
			t.Errorf("%s: %v", name, problem)
		}
	}
}

// TestARecordedRemovalKeepsTheFirstGoneLook: looks that found it gone before the person did are the better clock.
func TestARecordedRemovalKeepsTheFirstGoneLook(t *testing.T) {
	t.Parallel()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	c.Standing, c.Episode.FirstGone = casefile.Confirming, noon.Add(time.Hour)
	after, _, problem := act(c, casefile.Action{Kind: casefile.ActRecord, Actor: "ann", Reason: "they wrote", At: noon.Add(5 * time.Hour)})
	if problem != nil || !after.Episode.Recorded || !after.Episode.FirstGone.Equal(noon.Add(time.Hour)) || !after.Episode.Removed.Equal(noon.Add(5*time.Hour)) {
		t.Errorf("%v %+v", problem, after.Episode)
	}
}
