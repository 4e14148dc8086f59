package crawler_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

// handing is a site whose pages by path are given: an address is handed on to by a meta refresh, anything else is shown.
func handing(pages map[string]string) fakenet.Behaviour {
	return fakenet.Behaviour{Name: "hands on", Everywhere: true, Answer: func(w http.ResponseWriter, r *fakenet.Request) {
		w.Header().Set("Content-Type", "text/html")
		page, known := pages[r.URL.RequestURI()]
		switch {
		case !known:
			http.NotFound(w, r.Request)
		case strings.HasPrefix(page, "/"), strings.HasPrefix(page, "http://"):
			_, _ = fmt.Fprintf(w, `<html><head><meta http-equiv="refresh" content="1; url=%s"></head><body>One moment.</body></html>`, page)
		default:
			_, _ = io.WriteString(w, page)
		}
	}}
}

// A page that does nothing but send its visitors on is followed, as browsers follow it; any other is the answer.
func TestAPageThatHandsOnIsFollowed(t *testing.T) {
	t.Parallel()
	const story = "<html><body><h1>Tides</h1><p>High water is at nine and again after dark, so the boats go out early.</p></body></html>"
	refresh := func(to string) string { return `<meta http-equiv="refresh" content="2; url=` + to + `">` }
	endless := map[string]string{"/": "/1"}
	for i := range 20 {
		endless[fmt.Sprintf("/%d", i)] = fmt.Sprintf("/%d", i+1)
	}
	for _, tt := range []struct {
		name  string
		pages map[string]string
		hops  int
		words int // of the page that is judged
		fault casefile.FaultKind
	}{
		{name: "to a page", pages: map[string]string{"/": "/story", "/story": story}, hops: 2, words: 16},
		{name: "twice", pages: map[string]string{"/": "/a", "/a": "/story", "/story": story}, hops: 3, words: 16},
		{name: "to a page that is missing", pages: map[string]string{"/": "/nothing"}, hops: 2, words: 4},
		{name: "to itself", pages: map[string]string{"/": "/"}, hops: 1, words: 2},
		{name: "in a circle", pages: map[string]string{"/": "/a", "/a": "/"}, hops: 2, words: 2},
		{name: "to nothing usable", pages: map[string]string{"/": "http://user:word@site-2.example/"}, hops: 1, words: 2},
		{name: "further than is followed", pages: endless, hops: 11, words: 2},
		{name: "to an address inside", pages: map[string]string{"/": "http://127.0.0.1/"}, hops: 1, fault: casefile.FaultAddressRefused},
		{name: "with a picture: a slide show", pages: map[string]string{"/": refresh("/story") + `<img src="/1.jpg">`, "/story": story}, hops: 1},
		{name: "with something to read", pages: map[string]string{"/": refresh("/story") + strings.Repeat("<p>word</p>", 21), "/story": story}, hops: 1, words: 21},
		{name: "with a form", pages: map[string]string{"/": refresh("/story") + `<form><input name="name"></form>`, "/story": story}, hops: 1},
		{name: "with a script", pages: map[string]string{"/": refresh("/story") + `<script>1</script>`, "/story": story}, hops: 1},
		{name: "that says something of itself", pages: map[string]string{"/": refresh("/story") + "<h1>Page not found</h1>", "/story": story}, hops: 1, words: 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newLab(t, nil).look(t, handing(tt.pages), func(s *fakenet.Site) { s.Path = "/" })
				var fault casefile.FaultKind
				if o.Fault != nil {
					fault = o.Fault.Kind
				}
				if len(o.Hops) != tt.hops || fault != tt.fault || (o.Features == nil) != (tt.fault != "") {
					t.Fatalf("%d hops, fault %q, features %+v", len(o.Hops), fault, o.Features)
				}
				if o.Features != nil && o.Features.Words != tt.words {
					t.Errorf("judged by a page of %d words, want %d", o.Features.Words, tt.words)
				}
			})
		})
	}
}

// A page that sets a cookie and loads itself anew is a check for cookies, and no circle.
func TestACheckForCookiesByRefreshIsPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newLab(t, nil).look(t, fakenet.Behaviour{Name: "cookie check", Everywhere: true, Answer: func(w http.ResponseWriter, r *fakenet.Request) {
			w.Header().Set("Content-Type", "text/html")
			if _, err := r.Cookie("seen"); err == nil {
				_, _ = io.WriteString(w, "<h1>Tides</h1>")
				return
			}
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
			_, _ = io.WriteString(w, `<meta http-equiv="refresh" content="0; url=/">`)
		}}, func(s *fakenet.Site) { s.Path = "/" })
		if o.Fault != nil || len(o.Hops) != 2 || o.Features.Words != 1 || o.Features.Mentions(casefile.MarkerMetaRefresh) {
			t.Errorf("%d hops, fault %v, features %+v", len(o.Hops), o.Fault, o.Features)
		}
	})
}
