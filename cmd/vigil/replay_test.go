package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/explain"
	"vigil/internal/fakenet"
	"vigil/web/shape"
)

// lookedAt are the lines of a look at a lab.
func lookedAt(t *testing.T, hosts ...string) (l *lab, lines string) {
	t.Helper()
	var sites []fakenet.Site
	for _, h := range hosts {
		sites = append(sites, fakenet.Site{Host: h})
	}
	l = newLab(t, sites...)
	var in strings.Builder
	for _, h := range hosts {
		in.WriteString(l.sockets.URL(h) + "\n")
	}
	out, said, code := l.vigil(in.String(), "look", "--json", "-")
	if code != 0 {
		t.Fatal(said)
	}
	return l, out
}

// changed is a line with its hosting changed.
func changed(t *testing.T, line string, change func(*casefile.Hosting)) string {
	t.Helper()
	var l shape.Look
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		t.Fatal(err)
	}
	change(&l.Hosting)
	out, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func TestReplayOfALookIsTheSame(t *testing.T) {
	t.Parallel()
	l, lines := lookedAt(t, "one.test", "two.test", "three.test")
	out, said, code := runVigil(t.Context(), lines, "replay", "-v")
	if code != 0 || said != "" || strings.Count(out, "  same: NL (confidence ") != 3 || strings.Count(out, "    1. ") != 3 {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
	for line := range strings.Lines(out) {
		if len(strings.TrimRight(line, "\n")) > explain.TextWidth {
			t.Errorf("%d characters wide: %s", len(line), line)
		}
	}
	file := filepath.Join(l.dir, "looks.jsonl")
	write(t, file, []byte(lines+`{"target":"ftp://two.test/","problem":{"code":"unsupported_scheme","detail":"only http and https"}}`))
	out, said, code = runVigil(t.Context(), "", "replay", file)
	if code != 0 || strings.Count(out, "  same: ") != 3 || !strings.Contains(out, "refused before the look") || strings.Contains(out, "    1. ") {
		t.Errorf("from a file: exit code %d: %s%s", code, out, said)
	}
}

func TestReplayTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	_, lines := lookedAt(t, "one.test")
	for name, tc := range map[string]struct {
		change func(*casefile.Hosting)
		says   string
	}{
		"a claim of another country": {func(h *casefile.Hosting) {
			for i := range h.Claims {
				if h.Claims[i].Fact == casefile.FactCountry {
					h.Claims[i].Value = "DE"
				}
			}
		}, "differs: country NL, now DE"},
		"a claim that is gone": {func(h *casefile.Hosting) {
			var rest []casefile.Claim
			for _, c := range h.Claims {
				if c.Source != "mmdb:country" {
					rest = append(rest, c)
				}
			}
			h.Claims = rest
		}, "differs: confidence "},
		"a decision that was changed": {func(h *casefile.Hosting) { h.Provider = "Somebody Else" }, "differs: provider Somebody Else, now "},
		"a flag that was changed":     {func(h *casefile.Hosting) { h.Disputed = !h.Disputed }, "differs: disputed "},
		"an edge that was put in":     {func(h *casefile.Hosting) { h.Edge = &casefile.Edge{Name: "Example Edge", Evidence: "cname"} }, "differs: origin known, now unknown"},
		"dissent that was dropped":    {func(h *casefile.Hosting) { h.Dissent = []string{"somebody says otherwise"} }, "differs: dissent somebody says otherwise"},
		"a network that was changed":  {func(h *casefile.Hosting) { h.Network = netip.MustParsePrefix("192.0.2.0/24") }, "differs: network 192.0.2.0/24, now "},
		"an AS that was changed":      {func(h *casefile.Hosting) { h.ASN = 65551 }, "differs: AS AS65551, now "},
	} {
		out, said, code := runVigil(t.Context(), changed(t, lines, tc.change)+lines, "replay", "-")
		if code != exitFailed || !strings.Contains(out, tc.says) || strings.Count(out, "  same: ") != 1 || !strings.Contains(said, "1 of 2 decisions differ") {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, said)
		}
	}
}

func TestReplayOfWhatIsNoLook(t *testing.T) {
	t.Parallel()
	_, lines := lookedAt(t, "one.test")
	for name, tc := range map[string]struct{ in, says string }{
		"text":             {"hello\n", "line 2: this is no line"},
		"another object":   {`{"id":1}` + "\n", "line 2: this is no line"},
		"a list":           {"[]\n", "line 2: this is no line"},
		"an older look":    {`{"target":"http://a.test/","hosting":{"claims":[]}}` + "\n", "older vigil"},
		"a broken address": {`{"target":"http://a.test/","hosting":{"addresses":["x"],"claims":[]}}` + "\n", "line 2: this is no line"},
		"a line too long":  {`{"target":"` + strings.Repeat("x", maxReplayLine) + `"}` + "\n", "line 2: over 1048576 bytes"},
		"too many addresses": {changed(t, lines, func(h *casefile.Hosting) {
			for len(h.Addresses) <= maxReplayAddresses {
				h.Addresses = append(h.Addresses, h.Addresses[0])
			}
		}), "line 2: more than 256 addresses"},
	} {
		out, said, code := runVigil(t.Context(), lines+tc.in+lines, "replay")
		if code != exitBadInput || !strings.Contains(said, tc.says) || strings.Count(out, "  same: ") != 2 {
			t.Errorf("%s: exit code %d: %s%.300s", name, code, out, said)
		}
		if strings.Contains(said, "hello") || strings.Contains(said, "a.test") {
			t.Errorf("%s: the line is repeated: %.300s", name, said)
		}
	}
	for name, in := range map[string]string{"nothing": "", "empty lines": "\n \n"} {
		if _, said, code := runVigil(t.Context(), in, "replay", "-"); code != exitBadInput || !strings.Contains(said, "no line of a look") {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
	}
	if _, said, code := runVigil(t.Context(), "", "replay", filepath.Join(t.TempDir(), "absent")); code != exitFailed || !strings.Contains(said, "no such file") {
		t.Errorf("absent file: exit code %d: %s", code, said)
	}
}

// FuzzReplay looks for lines that break the replay, or that are repeated where they may not be.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(`{"target":"http://a.test/","hosting":{"country":"NL","addresses":["192.0.2.1"],"claims":[{"fact":"country","value":"NL","source":"mmdb:country","address":"192.0.2.1"}],"edge":null}}`))
	f.Add([]byte(`{"target":"http://a.test/","hosting":{"addresses":[""],"claims":[{"fact":"origin","value":"::1%a","source":"analyst:a"},{"fact":"round_trip","value":"3 ms from NL"}],"edge":{}}}`))
	f.Add([]byte("{}\n\n[\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out, said, again bytes.Buffer
		first := replay(bytes.NewReader(in), &out, &said, true)
		said.Reset()
		if second := replay(bytes.NewReader(in), &again, &said, true); (first == nil) != (second == nil) || again.String() != out.String() {
			t.Errorf("replayed twice: %q, %q", out.String(), again.String())
		}
	})
}
