package fakenet

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

func TestStoryCoversTheVerdictTable(t *testing.T) {
	t.Parallel()
	n, endings := Story(time.Second)
	defer n.Close()
	countries, reasons, returned, excluded := map[string]bool{}, map[casefile.Reason]bool{}, 0, 0
	for _, e := range endings {
		countries[e.Country] = true
		reasons[e.Reason] = true
		if e.Returned {
			returned++
		}
		if e.Excluded {
			excluded++
		}
		if !e.Standing.Valid() || e.Reason != "" && !e.Reason.Valid() || len(e.States) == 0 || e.What == "" {
			t.Errorf("%s: %+v", e.Name, e)
		}
		for _, s := range e.States {
			if !s.Valid() {
				t.Errorf("%s: state %q", e.Name, s)
			}
		}
		if e.Reason != "" && e.Reason.State() != e.States[len(e.States)-1] && !e.Returned {
			t.Errorf("%s: ends with %s, but its last state is %s", e.Name, e.Reason, e.States[len(e.States)-1])
		}
		if _, err := casefile.NewTarget(e.URL); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		for _, a := range n.Site(e.Name).Acts {
			if a.After > 4*time.Second {
				t.Errorf("%s: changes after day 4", e.Name)
			}
		}
	}
	delete(countries, "")
	if len(endings) < 44 || len(countries) < 14 || returned < 3 || excluded != 1 {
		t.Errorf("%d sites in %d countries, %d returns, %d excluded", len(endings), len(countries), returned, excluded)
	}
	for _, r := range []casefile.Reason{
		"matches_baseline", "http_404", "http_410", "soft_404", "takedown_page", "account_suspended", "parked", "seized", "sinkholed", "nxdomain", "redirected_home",
		"content_differs", "redirected_elsewhere", "login", "payment", "challenge", "consent", "script_required", "forbidden", "rate_limited", "legal_block", "geo_block",
		"referrer_required", "link_expired", "timeout", "refused", "reset", "tls", "servfail", "no_address", "server_error", "redirect_loop", "too_many_redirects",
		"protocol_error", "address_refused",
	} {
		if !reasons[r] {
			t.Errorf("no site of the story ends with %s", r)
		}
	}
	if slices.Contains(n.Markers(), "") || len(n.Markers()) != len(endings)+1 {
		t.Errorf("%d markers for %d sites", len(n.Markers()), len(endings)+1)
	}
}

// What a plain client sees at the beginning and at the end of the story, in virtual time.
func TestStoryTakesItsCourse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, endings := Story(24 * time.Hour)
		defer n.Close()
		look := func(e Ending) string {
			c := n.Client(n.Dialer(""))
			c.Timeout = 20 * time.Second
			defer c.CloseIdleConnections()
			switch a := fetch(c, e.URL); {
			case a.err != nil:
				return "error"
			case strings.Contains(a.body, "Article "), strings.Contains(a.body, "What hosts write"):
				return http.StatusText(a.status) + " article"
			default:
				return http.StatusText(a.status)
			}
		}
		time.Sleep(12 * time.Hour)
		for _, e := range endings {
			want := "OK article"
			switch {
			case e.Excluded:
				want = "Not Found"
			case e.States[0] != casefile.StateLive:
				want = "Forbidden"
			case strings.Contains(e.What, "cookie"), strings.Contains(e.What, "certificate"):
				continue // a plain client has no cookie jar, and trusts no expired certificate
			}
			if got := look(e); got != want {
				t.Errorf("%s begins with %q, want %q", e.Name, got, want)
			}
		}
		time.Sleep(StoryDays * 24 * time.Hour)
		for _, e := range endings {
			got := look(e)
			live := got == "OK article"
			if want := e.Standing == casefile.Watching; live != want && e.Reason != "" && e.Standing != casefile.Review {
				t.Errorf("%s (%s) ends with %q", e.Name, e.What, got)
			}
			at, err := n.Lookup(t.Context(), e.Name)
			if err == nil && e.Country != "" {
				if w, _ := n.NetworkOf(at[0]); w.Country != e.Country {
					t.Errorf("%s ends in %s, want %s", e.Name, w.Country, e.Country)
				}
			}
		}
	})
}
