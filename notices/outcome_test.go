package notices

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// outcomeError is a sender's error that says what it means.
type outcomeError struct{ state casefile.NoticeState }

func (e outcomeError) Error() string                 { return "outcome " + string(e.state) }
func (e outcomeError) Outcome() casefile.NoticeState { return e.state }

func TestAfterTry(t *testing.T) {
	t.Parallel()
	later := outcomeError{casefile.NoticeQueued}
	for _, test := range []struct {
		name  string
		tries int // before
		err   error
		want  casefile.Notice
	}{
		{"taken", 2, nil, casefile.Notice{State: casefile.NoticeSent, Tries: 3, Sent: now, Proof: "250 ok"}},
		{"refused", 0, outcomeError{casefile.NoticeRefused}, casefile.Notice{State: casefile.NoticeRefused, Tries: 1, Proof: "250 ok"}},
		{"uncertain", 0, outcomeError{casefile.NoticeUncertain}, casefile.Notice{State: casefile.NoticeUncertain, Tries: 1, Proof: "250 ok"}},
		{"an error of no known kind", 0, errors.New("what"), casefile.Notice{State: casefile.NoticeUncertain, Tries: 1, Proof: "250 ok"}},
		{"an error that claims to be sent", 0, outcomeError{casefile.NoticeSent}, casefile.Notice{State: casefile.NoticeUncertain, Tries: 1, Proof: "250 ok"}},
		{"first try put off", 0, later, casefile.Notice{State: casefile.NoticeQueued, Tries: 1, NextTry: now.Add(time.Minute), Proof: "250 ok"}},
		{"second", 1, later, casefile.Notice{State: casefile.NoticeQueued, Tries: 2, NextTry: now.Add(5 * time.Minute), Proof: "250 ok"}},
		{"third", 2, later, casefile.Notice{State: casefile.NoticeQueued, Tries: 3, NextTry: now.Add(30 * time.Minute), Proof: "250 ok"}},
		{"fourth", 3, later, casefile.Notice{State: casefile.NoticeQueued, Tries: 4, NextTry: now.Add(2 * time.Hour), Proof: "250 ok"}},
		{"seventh", 6, later, casefile.Notice{State: casefile.NoticeQueued, Tries: 7, NextTry: now.Add(6 * time.Hour), Proof: "250 ok"}},
		{"eighth and last", 7, later, casefile.Notice{State: casefile.NoticeRefused, Tries: 8, NextTry: now.Add(6 * time.Hour), Proof: "gave up after 8 tries: 250 ok"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := afterTry(casefile.Notice{State: casefile.NoticeSending, Tries: test.tries}, "250 ok", test.err, now)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOvertaken(t *testing.T) {
	t.Parallel()
	d := desk(t, nil)
	letters, err := d.Compose(reported(t, d), now)
	if err != nil {
		t.Fatal(err)
	}
	assignment, removal := letters[0], letters[2]
	standing := func(s casefile.Standing) func(*casefile.Case) { return func(c *casefile.Case) { c.Standing = s } }
	for _, test := range []struct {
		name                string
		change              func(*casefile.Case)
		assignment, removal string
	}{
		{"watching", standing(casefile.Watching), "", ""},
		{"confirming", standing(casefile.Confirming), "", ""},
		{"unavailable", standing(casefile.Unavailable), "", ""},
		{"review", standing(casefile.Review), "", ""},
		{"removed", standing(casefile.Removed), "the case is removed", "the case is removed"},
		{"withdrawn", standing(casefile.Withdrawn), "the case is withdrawn", "the case is withdrawn"},
		{"closed", standing(casefile.Closed), "the case is closed", "the case is closed"},
		{"returned since", func(c *casefile.Case) { c.Episode.Number = 2 }, "the case is in another episode", "the case is in another episode"},
		{"held", func(c *casefile.Case) { c.Held = true }, "", ""},
		{"moved to another host", func(c *casefile.Case) {
			c.Hosting.Contacts = []casefile.Contact{{Party: casefile.PartyHost, Email: "abuse@lowland.test"}}
		}, "", "the case is hosted by somebody else"},
		{"the host's address written another way", func(c *casefile.Case) { c.Hosting.Contacts[1].Email = "ABUSE@rheinblick.test" }, "", ""},
		{"hosting not known any more", func(c *casefile.Case) { c.Hosting = nil }, "", ""},
		{"assigned to another hotline", func(c *casefile.Case) { c.Assignment.Hotlines = []string{"Hotline Laagland"} }, "the case was assigned to somebody else", ""},
		{"not assigned any more", func(c *casefile.Case) { c.Assignment = nil }, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := reported(t, d)
			test.change(&c)
			if got := overtaken(c, assignment); got != test.assignment {
				t.Errorf("assignment: %q, want %q", got, test.assignment)
			}
			if got := overtaken(c, removal); got != test.removal {
				t.Errorf("removal: %q, want %q", got, test.removal)
			}
			if heldBack(c, assignment) || heldBack(c, removal) != c.Held {
				t.Errorf("held back: %v, %v", heldBack(c, assignment), heldBack(c, removal))
			}
		})
	}
}

// What Compose has just written is never overtaken, by an edge's own address neither.
func TestWhatIsComposedIsWanted(t *testing.T) {
	t.Parallel()
	d := desk(t, nil)
	c := reported(t, d)
	c.Hosting.Edge, c.Hosting.Origin, c.Hosting.Contacts = &casefile.Edge{Name: "Example CDN", AbuseEmail: "abuse@cdn.test"}, casefile.OriginUnknown, nil
	letters, err := d.Compose(c, now)
	if err != nil || len(letters) != 3 || letters[2].Contact.Email != "abuse@cdn.test" {
		t.Fatalf("got %v, %v", told(letters), err)
	}
	for _, n := range letters {
		if why := overtaken(c, n); why != "" {
			t.Errorf("%s: %s", n.Kind, why)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ target, proof, want string }{
		{"https://site-1.example/a", "250 2.0.0 Ok: queued as 4F2A", "250 2.0.0 Ok: queued as 4F2A"},
		{"https://site-1.example/a", "554 5.7.1 listed: https://site-1.example/a?b=c, see rule", "554 5.7.1 listed: [sealed] see rule"},
		{"https://site-1.example/a", "554 listed hxxp[:]//SITE-1.example/a", "554 listed [sealed]"},
		{"https://www.site-1.example/a", "554 listed: SITE-1.Example (dbl)", "554 listed: [sealed] (dbl)"},
		{"https://www.site-1.example/a", "554 listed: cdn.www.site-1.example.", "554 listed: cdn.[sealed]."},
		{"http://192.0.2.7/a", "554 listed: 192.0.2.7", "554 listed: [sealed]"},
		{"http://192.0.2.7/a", "554 not 192.0.99.7", "554 not 192.0.99.7"},
		{"https://xn--bcher-kva.example/a", "554 listed: bücher.example", "554 listed: b?cher.example"},
		{"https://site-1.example/a", "554 line\r\nbreak", "554 line break"},
		{"https://site-1.example/a", "", ""},
	} {
		if got := redact(test.proof, target(t, test.target)); got != test.want {
			t.Errorf("%q became %q, want %q", test.proof, got, test.want)
		}
	}
	u := target(t, "https://site-1.example/a")
	for pad := range 40 { // a host across the cut is not left in halves
		got := redact(strings.Repeat("x", casefile.MaxProof-pad)+" site-1.example and more", u)
		if len(got) > casefile.MaxProof || strings.Contains(got, "site-1") {
			t.Errorf("pad %d: %d bytes, end %q", pad, len(got), got[len(got)-30:])
		}
	}
}
