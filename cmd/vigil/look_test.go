package main

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

func lookLines(t *testing.T, out string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(out) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("no JSON line: %v: %s", err, line)
		}
		lines = append(lines, l)
	}
	return lines
}

// TestLook looks at one site of each kind through the whole command line.
func TestLook(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		behaviour fakenet.Behaviour
		state     casefile.State
		reason    casefile.Reason
	}{
		{fakenet.Article(1, 4000), casefile.StateLive, casefile.ReasonServed},
		{fakenet.NotFound(), casefile.StateGone, casefile.ReasonHTTP404},
		{fakenet.Gone(), casefile.StateGone, casefile.ReasonHTTP410},
		{fakenet.Soft404(), casefile.StateGone, casefile.ReasonSoft404},
		{fakenet.NXDomain(), casefile.StateGone, casefile.ReasonNXDomain},
		{fakenet.RedirectHome(), casefile.StateGone, casefile.ReasonRedirectedHome},
		{fakenet.Suspended(), casefile.StateGone, casefile.ReasonAccountSuspended},
		{fakenet.Login(), casefile.StateWithheld, casefile.ReasonLogin},
		{fakenet.LegalBlock(), casefile.StateWithheld, casefile.ReasonLegalBlock},
		{fakenet.Refuse(), casefile.StateSilent, casefile.ReasonRefused},
		{fakenet.ServerError(503), casefile.StateSilent, casefile.ReasonServerError},
		{fakenet.BrokenDNS(fakenet.DNSServfail), casefile.StateSilent, casefile.ReasonServfail},
		{fakenet.RedirectLoop(), casefile.StateSilent, casefile.ReasonRedirectLoop},
	}
	var sites []fakenet.Site
	for _, k := range kinds {
		sites = append(sites, fakenet.Site{Host: strings.ReplaceAll(string(k.reason), "_", "-") + ".test", Acts: fakenet.Always(k.behaviour)})
	}
	l := newLab(t, sites...)
	var in strings.Builder
	for _, s := range sites {
		in.WriteString(l.sockets.URL(s.Host) + "\n")
	}
	started := time.Now()
	out, said, code := l.vigil(in.String(), "look", "--json", "-")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	lines := lookLines(t, out)
	if len(lines) != len(kinds) {
		t.Fatalf("%d lines for %d URLs", len(lines), len(kinds))
	}
	for i, k := range kinds {
		verdict := lines[i]["verdict"].(map[string]any)
		if lines[i]["target"] != l.sockets.URL(sites[i].Host) || verdict["state"] != string(k.state) || verdict["reason"] != string(k.reason) {
			t.Errorf("line %d: %v: %v, want %s %s", i, lines[i]["target"], verdict, k.state, k.reason)
		}
		for _, key := range []string{"looked_at", "observations", "hosting", "assignment"} {
			if lines[i][key] == nil {
				t.Errorf("line %d has no %s", i, key)
			}
		}
	}
	found := lines[0]["observations"].([]any)[0].(map[string]any)["resolution"].(map[string]any)
	if _, told := found["took_ms"].(float64); !told || found["rcode"] != "NOERROR" || len(found["addresses"].([]any)) == 0 {
		t.Errorf("resolution: %v", found)
	}
	hosting := lines[0]["hosting"].(map[string]any)
	if hosting["country"] != "NL" || hosting["origin"] != "known" || len(hosting["claims"].([]any)) == 0 {
		t.Errorf("hosting: %v", hosting)
	}
	t.Logf("%d looks in %v", len(lines), time.Since(started))
}

// A front page that stands at every name is looked at under one more name, and told as parked.
func TestLookAsksForAnotherName(t *testing.T) {
	t.Parallel()
	body := "<html><head><title>Navnet</title></head><body><h1>Navnet skal fornys</h1><p>Kontakt din udbyder.</p></body></html>"
	parked := fakenet.Behaviour{Name: "parked", Everywhere: true, Answer: func(w http.ResponseWriter, _ *fakenet.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, body)
	}}.AllNames()
	l := newLab(t, fakenet.Site{Host: "parked.test", Path: "/", Nameservers: []string{"ns1.bodis.com", "ns2.bodis.com"}, Acts: fakenet.Always(parked)})
	out, said, code := l.vigil("", "look", "--json", l.sockets.URL("parked.test"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	line := lookLines(t, out)[0]
	var purposes []string
	for _, o := range line["observations"].([]any) {
		purposes = append(purposes, o.(map[string]any)["purpose"].(string))
	}
	if reason := line["verdict"].(map[string]any)["reason"]; reason != "parked" || !slices.Contains(purposes, "subdomain") {
		t.Errorf("%v after looks at %v: %v", reason, purposes, line["verdict"])
	}
}

func TestLookRefusesBadInputAndGoesOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "good.test"})
	bad := map[string]string{
		"ftp://files.test/x":            "unsupported_scheme",
		"javascript:alert(1)":           "unsupported_scheme",
		"http://user:secret@good.test/": "userinfo_refused",
		"http://":                       "",
		"http://good.test/" + strings.Repeat("a", 10_000): "url_too_long",
		"http://good.test/\xff\xfe":                       "invalid_encoding",
		"not a url":                                       "",
		"http://good.test:99999/":                         "",
	}
	in := ""
	for url := range bad {
		in += url + "\n"
	}
	out, said, code := l.vigil(in+l.sockets.URL("good.test")+"\n", "look", "--json", "-")
	if code != exitBadInput {
		t.Errorf("exit code %d: %s", code, said)
	}
	lines := lookLines(t, out)
	if len(lines) != len(bad)+1 {
		t.Fatalf("%d lines for %d inputs", len(lines), len(bad)+1)
	}
	good := 0
	for _, line := range lines {
		problem, refused := line["problem"].(map[string]any)
		if !refused {
			good++
			continue
		}
		for url, code := range bad {
			if line["target"] == shown(url)[:min(len(shown(url)), casefile.MaxURL)] && code != "" && problem["code"] != code {
				t.Errorf("%.40q: %v, want %s", url, problem["code"], code)
			}
		}
		if problem["detail"] == "" {
			t.Errorf("no word on what to do: %v", line)
		}
	}
	if good != 1 {
		t.Errorf("%d good lines, want 1", good)
	}
}

// TestLookDialsNothingPrivate has no allowance for loopback.
func TestLookDialsNothingPrivate(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/x", "http://169.254.169.254/latest/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/"} {
		out, said, code := runVigil(t.Context(), "", "look", "--json", "--config", "testdata/look.yaml", url)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", url, code, said)
		}
		if !strings.Contains(out, `"reason":"address_refused"`) {
			t.Errorf("%s: %s", url, out)
		}
	}
}

func TestLookWithAReferrer(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "gated.test", Acts: fakenet.Always(fakenet.ReferrerGated(fakenet.Article(1, 4000), "http://forum.example/"))})
	out, said, code := l.vigil("", "look", "--json", "-v", "--referrer", "http://forum.example/thread/7", l.sockets.URL("gated.test"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	line := lookLines(t, out)[0]
	if verdict := line["verdict"].(map[string]any); verdict["reason"] != "served" {
		t.Errorf("verdict %v", verdict)
	}
	looks := line["observations"].([]any)
	if len(looks) != 3 || looks[0].(map[string]any)["purpose"] != "target" || looks[1].(map[string]any)["purpose"] != "direct" || looks[2].(map[string]any)["purpose"] != "sibling" {
		t.Errorf("observations %v", looks)
	}
	for _, words := range []string{"the reported page, with the recorded referrer", "the reported page, without the recorded referrer", "without the recorded referrer: the page wants the visitor to come by another page"} {
		if !strings.Contains(out, words) {
			t.Errorf("nothing says %q: %s", words, out)
		}
	}
	if _, said, code = l.vigil("", "look", "--referrer", "ftp://forum.example/", l.sockets.URL("gated.test")); code != exitBadInput || !strings.Contains(said, "--referrer") {
		t.Errorf("exit code %d for a bad referrer: %s", code, said)
	}
}
