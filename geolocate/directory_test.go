package geolocate

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/operatorcsv"
)

const testProviders = `match,party,name,email,form,language,approved,note
192.0.2.0/24,,Lowland part,part@lowland.test,,nl,2026-11-02 A. Analist,told by phone
192.0.2.0/25,,Lowland corner,corner@lowland.test,,,yes,
prefix 2001:db8::/32,,,six@lowland.test,,,,
AS64500,,Lowland,as@lowland.test,https://lowland.test/abuse,nl,yes,
as64500,,Lowland,second@lowland.test,,nl,,
AS64501,edge,Edge network,net@edge.test,,,yes,
provider:Lowland  Hosting B.V.,host,,byname@lowland.test,,,yes,
provider:CAFÉ Net,,,desk@café.test,,fr,yes,
edge:Example CDN,,,,https://edge.test/report,en,yes,
platform:Example Pages,,Pages,pages@platform.test,,,no,
registrar:Plain Names Registrar,,,vip@registrar.test,,,yes,
registrar:9999,,Numbers,number@registrar.test,,,yes,
`

func providers(t *testing.T) *Directory {
	t.Helper()
	d, err := directoryOf(testProviders, "providers.csv")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDirectoryMatch(t *testing.T) {
	t.Parallel()
	d := providers(t)
	corner, part, six, other := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("198.51.100.7")
	asn := func(addr netip.Addr, n int) casefile.Claim {
		return says(addr, casefile.FactASN, fmt.Sprintf("AS%d", n), "mmdb:asn")
	}
	edge := &casefile.Edge{Name: "example cdn"}
	for _, test := range []struct {
		name string
		f    Facts
		want []string
	}{
		{"nobody", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{asn(other, 64511)}}, nil},
		{"the longest prefix", Facts{Addresses: []netip.Addr{corner}, Claims: []casefile.Claim{asn(corner, 64500)}}, []string{"host corner@lowland.test"}},
		{"a wider prefix beside the longest", Facts{Addresses: []netip.Addr{part}, Claims: []casefile.Claim{asn(part, 64500)}}, []string{"host part@lowland.test"}},
		{"a prefix of IPv6", Facts{Addresses: []netip.Addr{six}}, []string{"host six@lowland.test"}},
		{"the AS, with all its rows in the order of the file", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{asn(other, 64500)}}, []string{"host as@lowland.test", "host second@lowland.test"}},
		{"the AS of another address", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{asn(part, 64500)}}, nil},
		{"the AS before the provider's name", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{says(other, casefile.FactOrganisation, "Lowland Hosting B.V.", "rdap"), asn(other, 64500)}}, []string{"host as@lowland.test", "host second@lowland.test"}},
		{"the provider's name, however it is written", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{says(other, casefile.FactOrganisation, "LOWLAND hosting   b.v.", "rdap")}}, []string{"host byname@lowland.test"}},
		{"the holder of the AS by name, in letters of any script", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{says(other, casefile.FactASHolder, "Café NET", "mmdb:asn")}}, []string{"host desk@xn--caf-dma.test"}},
		{"a part of the name is not the name", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{says(other, casefile.FactOrganisation, "Lowland Hosting B.V. Customer 7", "rdap")}}, nil},
		{"several addresses, each by its own row, told once", Facts{Addresses: []netip.Addr{part, corner, netip.MustParseAddr("192.0.2.8")}}, []string{"host corner@lowland.test", "host part@lowland.test"}},
		{"the edge, and the AS of its addresses", Facts{Edge: edge, Addresses: []netip.Addr{other}, Claims: []casefile.Claim{asn(other, 64501)}}, []string{"edge https://edge.test/report", "edge net@edge.test"}},
		{"rows of a host are never for the addresses of an edge", Facts{Edge: edge, Addresses: []netip.Addr{corner}, Claims: []casefile.Claim{asn(corner, 64500)}}, []string{"edge https://edge.test/report"}},
		{"rows of an edge are never for a host", Facts{Addresses: []netip.Addr{other}, Claims: []casefile.Claim{asn(other, 64501)}}, nil},
		{"a recorded origin behind the edge", Facts{Edge: edge, Addresses: []netip.Addr{other}, Claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: corner.String()}}}, []string{"edge https://edge.test/report", "host corner@lowland.test"}},
		{"the platform before its network", Facts{Platform: &casefile.Platform{Name: "Example Pages"}, Addresses: []netip.Addr{corner}}, []string{"host pages@platform.test", "host corner@lowland.test"}},
		{"the registrar by name", Facts{Registrar: &casefile.Registrar{Name: "PLAIN NAMES registrar"}}, []string{"registrar vip@registrar.test"}},
		{"the registrar by number, before its name", Facts{Registrar: &casefile.Registrar{Name: "Plain Names Registrar", IANAID: 9999}}, []string{"registrar number@registrar.test"}},
		{"a registrar whose number has no row, by name", Facts{Registrar: &casefile.Registrar{Name: "Plain Names Registrar", IANAID: 9998}}, []string{"registrar vip@registrar.test"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range d.Match(test.f) {
				got = append(got, string(c.Party)+" "+strings.TrimSpace(c.Email+firstWord(c.Email, c.Form)))
				if c.Source != "directory" || c.Role != "abuse" {
					t.Errorf("%+v", c)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got := (*Directory)(nil).Match(test.f); got != nil {
				t.Errorf("no directory matches %v", got)
			}
		})
	}
}

// firstWord is the form when there is no address.
func firstWord(email, form string) string {
	if email != "" {
		return ""
	}
	return form
}

func TestDirectoryRows(t *testing.T) {
	t.Parallel()
	d := providers(t)
	if d.Len() != 12 || d.Approved() != 9 || (*Directory)(nil).Len() != 0 || (*Directory)(nil).Approved() != 0 {
		t.Errorf("%d rows, %d approved", d.Len(), d.Approved())
	}
	claims := []casefile.Claim{says(host, casefile.FactASN, "AS64500", "mmdb:asn")}
	for _, test := range []struct {
		f    Facts
		want casefile.Contact
	}{
		{Facts{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.200")}}, casefile.Contact{
			Party: "host", Name: "Lowland part", Role: "abuse", Email: "part@lowland.test", Source: "directory", Language: "nl", Approved: true, Why: "your directory, row 192.0.2.0/24; approved 2026-11-02 A. Analist",
		}},
		{Facts{Addresses: []netip.Addr{host}, Claims: claims}, casefile.Contact{
			Party: "host", Name: "Lowland", Role: "abuse", Email: "as@lowland.test", Form: "https://lowland.test/abuse", Source: "directory", Language: "nl", Approved: true, Why: "your directory, row AS64500; approved",
		}},
		{Facts{Platform: &casefile.Platform{Name: "example pages"}}, casefile.Contact{
			Party: "host", Name: "Pages", Role: "abuse", Email: "pages@platform.test", Source: "directory", Why: "your directory, row platform:Example Pages; not approved: a person should check",
		}},
	} {
		if got := d.Match(test.f); len(got) == 0 || got[0] != test.want {
			t.Errorf("got %+v, want %+v", got, test.want)
		}
	}
}

func TestDirectoryFaults(t *testing.T) {
	t.Parallel()
	const header = "match,party,name,email,form,language,approved,note\n"
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"line 1: there is no header line"}},
		{"no match column", "name,email\n", []string{`line 1: column "match" is missing`}},
		{"no way to tell", "match,name\n", []string{"no column email and no column form; add one"}},
		{"a column of something else", "match,email,phone\n", []string{`line 1: column "phone" is unknown; known are match, party`}},
		{"a column twice", "match,email,Email\n", []string{`column "email" is there twice`}},
		{"not UTF-8", header + "AS64500,,\xff,a@host.test,,,,\nAS64501,,\x00,a@host.test,,,,\n", []string{"line 2: it is not UTF-8", "line 3: it is not UTF-8"}},
		{"a quote that is not closed", header + "AS64500,,\"x,a@host.test,,,,\n", []string{"it is not CSV", "a quote that is not closed"}},
		{"too few fields", header + "AS64500,a@host.test\n", []string{"line 2: it has 2 fields, the header has 8"}},
		{"every bad line is named", header + "AS0,,,a@host.test,,,,\n\n10.0.0.1,,,a@host.test,,,,\nAS64500,,,b@host.test,,,,\nASx,,,a@host.test,,,,\n", []string{"3 faults", "line 2: ", "line 4: match \"10.0.0.1\" is one address; write 10.0.0.1/32", "line 6: "}},
		{"a broken prefix", header + "192.0.2.0/33,,,a@host.test,,,,\n", []string{"is no prefix such as"}},
		{"bits after the prefix", header + "192.0.2.7/24,,,a@host.test,,,,\n", []string{"has bits after its length; write 192.0.2.0/24"}},
		{"a mapped prefix", header + "::ffff:192.0.2.0/120,,,a@host.test,,,,\n", []string{"write it as IPv4"}},
		{"half of the Internet", header + "0.0.0.0/1,,,a@host.test,,,,\n2000::/3,,,a@host.test,,,,\n", []string{"line 2: ", "wider than any provider", "line 3: "}},
		{"no name", header + "edge:,,,a@host.test,,,,\n", []string{"must name one after the colon"}},
		{"an unknown kind", header + "domain:host.test,,,a@host.test,,,,\n", []string{"is none of AS64500, 192.0.2.0/24, edge:NAME"}},
		{"an unknown party", header + "AS64500,hotline,,a@host.test,,,,\n", []string{`party "hotline" is unknown; use host, edge or registrar`}},
		{"an edge that is a host", header + "edge:Example CDN,host,,a@host.test,,,,\n", []string{"edge:Example CDN is about the edge, not the host"}},
		{"a network that is a registrar", header + "AS64500,registrar,,a@host.test,,,,\n", []string{"AS64500 is a network; its party is host or edge"}},
		{"nobody to tell", header + "AS64500,,Host,,,,,\n", []string{"there is neither an email nor a form"}},
		{"a broken address", header + "AS64500,,,abuse@host,,,,\n", []string{`email "abuse@host" cannot be used: it is not one plain mail address`}},
		{"a placeholder", header + "AS64500,,,abuse@example.com,,,,\n", []string{"it is a placeholder that nobody reads"}},
		{"a registry", header + "AS64500,,,hostmaster@ripe.net,,,,\n", []string{"it belongs to a registry"}},
		{"two addresses", header + "AS64500,,,\"a@host.test, b@host.test\",,,,\n", []string{"it holds several addresses; give one"}},
		{"a form in the place of an address", header + "AS64500,,,https://host.test/,,,,\n", []string{"put it into the column form"}},
		{"a form that is none", header + "AS64500,,,,host.test/abuse,,,\n", []string{"form is not an http or https address"}},
		{"an unknown language", header + "AS64500,,,a@host.test,,xx,,\nAS64501,,,a@host.test,,pt-BR,,\n", []string{`line 2: language "xx" is no code of ISO 639-1`, "line 3: "}},
		{"approved by whom", header + "AS64500,,,a@host.test,,,maybe,\nAS64501,,,a@host.test,,,2026-13-01,\n", []string{`line 2: approved "maybe" must be yes, a date`, "line 3: "}},
		{"the same twice", header + "AS64500,,,a@host.test,,,,\nas64500,host,,A@HOST.test,,,yes,\n", []string{"line 3: the same match has the same address in line 2 already"}},
		{"the same form twice", header + "edge:Example CDN,,,,https://e.test/,,,\nEdge: EXAMPLE  cdn,,,b@e.test,https://e.test/,,,\n", []string{"line 3: the same match has the same address in line 2"}},
		{"a name with a line break", header + "AS64500,,\"a\nb\",a@host.test,,,,\n", []string{"name must be one printable line"}},
		{"a note over its bound", header + "AS64500,,,a@host.test,,,," + strings.Repeat("n", 501) + "\n", []string{"note must be one printable line of at most 500 bytes"}},
		{"over its size", header + strings.Repeat("#", 1<<20), []string{"larger than 1 MiB"}},
		{"more than a hundred faults", header + strings.Repeat("x,,,a@host.test,,,,\n", 130), []string{"130 faults", "and 30 more"}},
		{"too many rows", "match,email\n" + strings.Repeat("x,\n", 20_001), []string{"more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := directoryOf(test.text, "providers.csv")
			if err == nil || d != nil {
				t.Fatalf("taken: %+v", d)
			}
			for _, want := range append(test.want, "providers.csv") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestDirectoryRowBound(t *testing.T) {
	t.Parallel()
	rows := func(n int) string {
		var b strings.Builder
		b.WriteString("match,email\n")
		for i := range n {
			fmt.Fprintf(&b, "AS%d,a@host.test\n", i+1)
		}
		return b.String()
	}
	if d, err := directoryOf(rows(20_000), "providers.csv"); err != nil || d.Len() != 20_000 {
		t.Errorf("20,000 rows: %v", err)
	}
	var faults *operatorcsv.Error
	if _, err := directoryOf(rows(20_001), "providers.csv"); !errors.As(err, &faults) || faults.Faults[0].Line != 20_002 || !strings.Contains(err.Error(), "more than 20000 rows") {
		t.Errorf("20,001 rows: %v", err)
	}
}

func TestLoadDirectory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "providers.csv")
	if err := os.WriteFile(path, []byte("\ufeff"+testProviders), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := LoadDirectory(path); err != nil || d.Len() != 12 {
		t.Errorf("a file with a byte order mark: %v", err)
	}
	for path, want := range map[string]string{folder: "it is a folder", filepath.Join(folder, "none.csv"): "geolocate.contacts"} {
		if _, err := LoadDirectory(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Whatever the file holds: it is refused with its lines, or every row of it can be matched.
func FuzzReadDirectory(f *testing.F) {
	f.Add(testProviders)
	f.Add("match,email\nAS1,a@b.c\n")
	f.Add("match,form,approved\n\"edge:a\"\"b\",https://x.test/,yes me\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := directoryOf(text, "providers.csv")
		if (d == nil) == (err == nil) {
			t.Fatalf("%v, %v", d, err)
		}
		reachable := 0
		if d != nil {
			for _, at := range d.prefixes {
				reachable += len(at)
			}
			for _, at := range d.asns {
				reachable += len(at)
			}
			for _, at := range d.names {
				reachable += len(at)
			}
		}
		if reachable != d.Len() {
			t.Errorf("%d of %d rows can be matched", reachable, d.Len())
		}
		for i := range d.Len() {
			if c := d.rows[i]; !c.Party.Valid() || c.Email == "" && c.Form == "" || strings.ContainsAny(c.Email+c.Form+c.Name+c.Why, "\r\n\x00") {
				t.Errorf("row %+v", c)
			}
		}
	})
}

// The example of docs/notices.md is read as it stands.
func TestDirectoryOfTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for line := range strings.Lines(string(manual)) {
		if row, indented := strings.CutPrefix(line, "    "); indented && (text.Len() > 0 || strings.HasPrefix(row, "match,")) {
			text.WriteString(row)
		}
	}
	d, err := directoryOf(text.String(), "the manual's")
	if err != nil || d.Len() != 4 || d.Approved() != 3 {
		t.Errorf("%d rows, %d approved, %v", d.Len(), d.Approved(), err)
	}
}

// directoryOf reads a directory as LoadDirectory does; name is what errors call it.
func directoryOf(text, name string) (*Directory, error) {
	return readDirectory(func(each func(operatorcsv.Row)) error {
		return operatorcsv.Read(strings.NewReader(text), name, directoryForm, each)
	})
}
