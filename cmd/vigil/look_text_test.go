package main

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/explain"
	"vigil/web/shape"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTextOfALook shows every part that a look can have, and keeps to the width.
func TestTextOfALook(t *testing.T) {
	t.Parallel()
	day := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	l := shape.Look{
		Target:  "https://shop.example/",
		Verdict: shape.Verdict{State: casefile.StateLive, Reason: casefile.ReasonServed, Signals: []casefile.Signal{{Name: "status", Value: "200", PointsTo: casefile.StateLive}}},
		Hosting: casefile.Hosting{
			Provider: "Example Edge", ASN: 64500, Network: netip.MustParsePrefix("192.0.2.0/24"), Country: "NL", Confidence: 0.51, Disputed: true, Origin: casefile.OriginKnown,
			Dissent:  []string{"192.0.2.7: rdap says US (0.35)"},
			Edge:     &casefile.Edge{Name: "Example Edge", Kind: "cdn", Evidence: "cname", Signs: []string{"cname *.edge.example", "range 192.0.2.0/24, as of 2026-10"}},
			Platform: &casefile.Platform{Name: "Example Pages", Kind: "page_host", Evidence: "host", Signs: []string{"host *.pages.example"}},
			Registrar: &casefile.Registrar{
				Name: "Example Registrar", IANAID: 65001, DomainStatus: []string{"clientDeleteProhibited", "clientHold", "clientTransferProhibited", "clientUpdateProhibited"},
				Created: day, Updated: day.AddDate(0, 6, 0), Expires: day.AddDate(2, 0, 0), Nameservers: []string{"ns1.dns.example", "ns2.dns.example"}, NameserverOperators: []string{"Example DNS"},
			},
			Contacts: []casefile.Contact{
				{Party: casefile.PartyHost, Email: "abuse@hosting.example", Source: "directory", Approved: true, Language: "nl", Why: "row of the operator's directory, which was approved by a person, and therefore comes before whatever the registries say"},
				{Party: casefile.PartyEdge, Form: "https://edge.example/abuse", Source: "edges"},
			},
		},
		Assignment: shape.Assignment{Hotlines: []string{"Hotline NL"}, Policy: "hosting_country"},
	}
	bare := shape.Look{Target: "https://nothing.example/", Verdict: shape.Verdict{State: casefile.StateGone, Reason: casefile.ReasonNXDomain}, Hosting: casefile.Hosting{Origin: casefile.OriginUnknown}}
	var out bytes.Buffer
	for _, line := range []shape.Look{l, bare} {
		if err := printText(&out, looked{line: line}); err != nil {
			t.Fatal(err)
		}
	}
	for line := range bytes.Lines(out.Bytes()) {
		if n := utf8.RuneCount(bytes.TrimRight(line, "\n")); n > explain.TextWidth {
			t.Errorf("%d characters wide: %s", n, line)
		}
	}
	path := filepath.Join("testdata", "look.txt")
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("the text differs (-want +got; -update rewrites it):\n%s", diff)
	}
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("x"), 120))
	words := string(bytes.Repeat([]byte("word "), 25))
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"short":                {"a b", "  head: a b\n"},
		"nothing":              {"", "  head:\n"},
		"a word that is wider": {"a " + long + " b", "  head: a\n        " + long + "\n        b\n"},
		"two lines":            {words, "  head: " + words[:89] + "\n        " + words[90:124] + "\n"},
	} {
		var out bytes.Buffer
		if explain.Wrap(&out, "  head: ", tc.text); out.String() != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, out.String(), tc.want)
		}
	}
}
