package explain

import (
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/words"
)

// asked is a case in review, with a look that read a page.
func asked(about casefile.ReviewTopic) casefile.Case {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var c casefile.Case
	c.Standing, c.Review.Asked = casefile.Review, about
	c.Hosting = &casefile.Hosting{Confidence: 0.3, Origin: casefile.OriginKnown, Claims: []casefile.Claim{
		{Fact: casefile.FactCountry, Value: "NL"}, {Fact: casefile.FactCountry, Value: "DE"}, {Fact: casefile.FactCountry, Value: "NL"}, {Fact: casefile.FactCountry, Problem: "timeout"},
	}}
	c.Undecided = casefile.Streak{Count: 3, First: noon, Last: noon.Add(25 * time.Hour)}
	return c
}

func TestQuestionsInWords(t *testing.T) {
	t.Parallel()
	page := &casefile.Features{Words: 7, Links: 1, HTML: true}
	const looks, counts = "3 looks found that, from 2026-03-01 12:00 UTC to 2026-03-02 13:00 UTC.", "The page has 7 words, 1 link, 0 images and 0 media"
	for about, want := range map[casefile.ReviewTopic]string{
		casefile.TopicHosting:  "In which country is it hosted, and by whom? Sources name DE, NL; the confidence is 0.30.",
		"content_differs":      "The address answers, but not with what was seen before. " + looks + " " + counts + ". Is the reported content gone, or there in another form?",
		"redirected_elsewhere": "The address now leads to another domain. " + looks + " " + counts + ". Is the reported content there, or is it gone?",
		"fenced":               "It is seen from some vantages and absent from others. " + looks + " " + counts + ". Is it blocked by country only, so that it must still be removed?",
		"http_404":             "It is found gone again for the reason for which a person undid its removal. " + looks + " " + counts + ". Is the reported content gone by now?",
	} {
		q, _ := asked(about).Question(page)
		text, answers := Question(words.In(words.English), q)
		if text != want {
			t.Errorf("%s: got %q\nwant %q", about, text, want)
		}
		for _, a := range answers {
			if !strings.HasSuffix(a.Text, ".") || strings.Contains(a.Text, "_") {
				t.Errorf("%s, %s: %q", about, a.Action, a.Text)
			}
		}
		if len(answers) != 3 {
			t.Errorf("%s: %d answers", about, len(answers))
		}
	}
	c := asked("content_differs")
	c.Baseline = &casefile.Features{Words: 300, Images: 1}
	q, _ := c.Question(page)
	if text, _ := Question(words.In(""), q); !strings.Contains(text, counts+"; the page that it is compared with had 300 words, 0 links, 1 image and 0 media.") {
		t.Errorf("beside another page: %q", text)
	}
	if q, _ = asked("fenced").Question(nil); strings.Contains(q.Facts()["about"], " ") {
		t.Errorf("about is no code: %v", q.Facts())
	}
}

func TestQuestionsAboutHosting(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]*casefile.Hosting{
		"No source names a country":                                          nil,
		"No source names a country. ":                                        {Origin: casefile.OriginKnown},
		"It is served through Example Edge, which hides where it is hosted.": {Edge: &casefile.Edge{Name: "Example Edge"}, Origin: casefile.OriginUnknown},
	} {
		text, _ := Question(words.In(""), casefile.Question{Kind: casefile.AskHosting, Hosting: h})
		if !strings.Contains(text+" ", want) {
			t.Errorf("got %q, want %q in it", text, want)
		}
	}
}

// TestDataOfEvents: codes are told in words, what a person wrote as it stands.
func TestDataOfEvents(t *testing.T) {
	t.Parallel()
	for _, tc := range [][3]string{
		{"reason", "http_404", "the server says not found (404)"}, {"reason", "the provider told us", "the provider told us"},
		{"to", "removed", "Removed"}, {"cause", "seen", "seen, or something else was"}, {"question", "Is it there?", "Is it there?"}, {"words", "7", "7"},
	} {
		if got := Datum(words.In(""), tc[0], tc[1]); got != tc[2] {
			t.Errorf("%s: got %q, want %q", tc[0], got, tc[2])
		}
	}
}
