package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/corpus"
)

// The ways that sites send visitors on, by a header and in the page. A way within a page is not followed:
// what it leads to was not seen, so it is withheld, unless the page gives away that it is a parking service's.
var ways = []struct {
	name string
	to   string
	// header is what follows from a status of 3xx, at first sight, when only the reported page is sent on; all when every path is
	// sent on; refresh when the page is but a meta refresh in place of the status.
	header, all, refresh casefile.Reason
	// where the header's signal says that the way leads.
	where string
}{
	{"to a log-in", "/login?next=story", casefile.ReasonLogin, casefile.ReasonLogin, casefile.ReasonLogin, "same_site"},
	{"to a search page", "/search?q=", casefile.ReasonServed, casefile.ReasonSoft404, casefile.ReasonServed, "same_site"},
	{"home", "/", casefile.ReasonRedirectedHome, casefile.ReasonRedirectedHome, casefile.ReasonRedirectedHome, "front_page"},
	{"home, by its file", "/index.php", casefile.ReasonRedirectedHome, casefile.ReasonRedirectedHome, casefile.ReasonRedirectedHome, "front_page"},
	{"to an error page", "/gone.html", casefile.ReasonContentDiffers, casefile.ReasonSoft404, casefile.ReasonContentDiffers, "same_site"},
	{"to another host of the site", "http://img.HOST/story", casefile.ReasonServed, casefile.ReasonSoft404, casefile.ReasonServed, "same_site"},
	{"off the site", "http://elsewhere.example/story", casefile.ReasonRedirectedElsewhere, casefile.ReasonRedirectedElsewhere, casefile.ReasonRedirectedElsewhere, "another_site"},
	{"no_such_name", "http://nobody.example/", casefile.ReasonRedirectedElsewhere, casefile.ReasonRedirectedElsewhere, casefile.ReasonRedirectedElsewhere, "no_such_name"},
	{"to a market of names", "http://market.example/sale", casefile.ReasonParked, casefile.ReasonParked, casefile.ReasonParked, "another_site"},
	{"to a parking service that is listed", "http://park.example/?from=parkingcrew.net", casefile.ReasonRedirectedElsewhere, casefile.ReasonRedirectedElsewhere, casefile.ReasonParked, "another_site"},
}

// leadsTo writes the pages that ways lead to, by their path.
func leadsTo(w http.ResponseWriter, r *fakenet.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	title, body := "Story", story(40, 5)
	switch r.URL.Path {
	case "/login":
		title, body = "Welcome", `<form action="/in"><input name="user"><input type="password"><button>Log in</button></form>`
	case "/search":
		title, body = "Results", `<form action="/search"><input name="q"></form><p>`+babble(3, 40)+"</p>"
	case "/gone.html":
		title, body = "Page not found", "<h1>Page not found</h1>"
	case "/sale":
		title, body = "Names", "<h1>This domain is for sale</h1>"
	}
	_, _ = fmt.Fprintf(w, "<html><head><title>%s</title></head><body>%s</body></html>", title, body)
}

// sending is a site that sends the reported page on, or every path of its own that leads nowhere.
func sending(to string, all, refresh bool) fakenet.Behaviour {
	return fakenet.Behaviour{Name: "sends on", Everywhere: true, Answer: func(w http.ResponseWriter, r *fakenet.Request) {
		target := strings.ReplaceAll(to, "HOST", r.Site.Host)
		path, _, _ := strings.Cut(target, "?")
		switch {
		case r.URL.Path == path || r.Host != r.Site.Host:
			leadsTo(w, r)
		case r.URL.Path != r.Site.Path && !all:
			http.NotFound(w, r.Request)
		case refresh:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<html><head><meta http-equiv="refresh" content="0; url=`+target+`"></head><body></body></html>`)
		default:
			r.Redirect(w, http.StatusFound, target)
		}
	}}.AllNames()
}

func TestWaysThatSitesSendVisitorsOn(t *testing.T) {
	t.Parallel()
	var specimens []corpus.Specimen
	page := fakenet.Behaviour{Name: "page", Everywhere: true, Answer: leadsTo}
	for i, way := range ways {
		for form, want := range map[string]casefile.Reason{"header": way.header, "all": way.all, "refresh": way.refresh} {
			s := corpus.Specimen{
				Name: fmt.Sprintf("way_%d_%s", i, form), State: want.State(), Reasons: []casefile.Reason{want}, Kind: way.name, Fresh: true,
				Now: sending(way.to, form == "all", form == "refresh"), Site: fakenet.Site{Path: "/story.html"},
			}
			for _, host := range []string{"elsewhere.example", "market.example", "park.example"} {
				s.Others = append(s.Others, fakenet.Site{Host: host, Acts: fakenet.Always(page)})
			}
			specimens = append(specimens, s)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		trials, err := accuracyLab{timeout: 20 * time.Second, width: 8}.run(t.Context(), specimens)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range trials {
			if !trial.RightReason(trial.Verdict.Reason) {
				t.Errorf("%s, %s: %s, want %s; %v", trial.Kind, trial.Name, trial.Verdict.Reason, trial.Reasons[0], trial.Verdict.Signals)
			}
			where := ""
			for _, s := range trial.Verdict.Signals {
				if s.Name == "redirect" {
					where = s.Value
				}
			}
			for _, way := range ways {
				if byPage := strings.HasSuffix(trial.Name, "refresh") && way.refresh != way.header; way.name == trial.Kind && !byPage && where != way.where {
					t.Errorf("%s: the way leads %q, want %q", trial.Kind, where, way.where)
				}
			}
		}
	})
}
