package geolocate

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

func desk(addr netip.Addr, source, role, email string) Desk {
	return Desk{addr, casefile.Contact{Role: role, Email: email, Source: source}}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	contact := func(party casefile.Party, email, source string) casefile.Contact {
		return casefile.Contact{Party: party, Role: "abuse", Email: email, Source: source}
	}
	registrar := &casefile.Registrar{AbuseEmail: "abuse@registrar.example"}
	edge := &casefile.Edge{Name: "Edge", Evidence: "asn", AbuseForm: "https://edge.example/abuse"}
	edgeDesk := casefile.Contact{Party: casefile.PartyEdge, Name: "Edge", Role: "abuse", Form: "https://edge.example/abuse", Source: "edges"}
	tests := []struct {
		name string
		f    Facts
		want []casefile.Contact
	}{
		{name: "nobody known"},
		{
			name: "RDAP before WHOIS before abuse@ before the registrar",
			f: Facts{Registrar: registrar, RegistrarSource: "rdap", Desks: []Desk{
				desk(host, "whois", "abuse", "whois@host.example"), desk(host, "rdap", "technical", "noc@net.host.example"), desk(host, "rdap", "abuse", "report@host.example"), desk(two, "rdap", "abuse", "Report@Host.Example"),
			}},
			want: []casefile.Contact{contact("host", "report@host.example", "rdap"), contact("host", "whois@host.example", "whois"), contact("host", "abuse@host.example", "rfc2142"), contact("registrar", "abuse@registrar.example", "rdap")},
		},
		{
			name: "nothing is guessed from the target's domain, mailbox providers or registries",
			f: Facts{Domain: "site-1.example", Desks: []Desk{
				desk(host, "rdap", "registrant", "me@site-1.example"), desk(host, "rdap", "other", "someone@gmail.com"), desk(host, "rdap", "technical", "hostmaster@ripe.net"),
			}},
		},
		{
			name: "placeholders are dropped",
			f: Facts{Registrar: &casefile.Registrar{AbuseEmail: "noreply@registrar.example"}, Desks: []Desk{
				desk(host, "rdap", "abuse", "REDACTED FOR PRIVACY"), desk(host, "rdap", "abuse", "none@host.invalid"), desk(host, "rdap", "technical", "no-reply@host.example"),
			}},
		},
		{
			name: "a form when there is no address",
			f:    Facts{Desks: []Desk{{host, casefile.Contact{Role: "abuse", Form: "https://host.example/abuse", Source: "rdap"}}}},
			want: []casefile.Contact{{Party: "host", Role: "abuse", Form: "https://host.example/abuse", Source: "rdap"}},
		},
		{
			name: "the edge's desk first, its network's contacts are the edge's",
			f:    Facts{Edge: edge, Registrar: registrar, RegistrarSource: "whois", Desks: []Desk{desk(host, "rdap", "abuse", "abuse@edge.example")}},
			want: []casefile.Contact{edgeDesk, contact("edge", "abuse@edge.example", "rdap"), contact("registrar", "abuse@registrar.example", "whois")},
		},
		{
			name: "a recorded origin comes before the edge",
			f: Facts{Edge: edge, Claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String()}}, Desks: []Desk{
				desk(host, "rdap", "abuse", "abuse@edge.example"), desk(two, "rdap", "abuse", "abuse@origin.example"),
			}},
			want: []casefile.Contact{contact("host", "abuse@origin.example", "rdap"), contact("edge", "abuse@edge.example", "rdap"), edgeDesk},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.f.Now = now
			if diff := cmp.Diff(test.want, Decide(test.f).Contacts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"abuse@host.example", "Abuse+desk@net.host.example", "a@b.co", "abuse@xn--bcher-kva.example"} {
		if !usable(s) {
			t.Errorf("%q refused", s)
		}
	}
	for _, s := range []string{
		"", "abuse", "@host.example", "abuse@", "abuse@host", "abuse@@host.example", "a b@host.example", "abuse@host..example", ".a@host.example", "a..b@host.example", "abuse@-host.example", "abuse@192.0.2.1",
		"abuse@[192.0.2.1]", "abuse@host.example\r\nBcc: x@y.example", "abuse@höst.example", "REDACTED FOR PRIVACY", "redacted@host.example", "abuse@redacted.example", "No-Reply@host.example", "none@none.invalid",
		strings.Repeat("a", 65) + "@host.example", "a@" + strings.Repeat("b", 64) + ".example",
	} {
		if usable(s) {
			t.Errorf("%q taken", s)
		}
	}
}

func TestRegistrable(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"site-1.example": "site-1.example", "a.b.site-1.example": "site-1.example", "x.co.uk": "x.co.uk", "deep.x.co.uk": "x.co.uk", "someone.github.io": "github.io",
		"bucket.s3.eu-west-1.amazonaws.com": "amazonaws.com", "co.uk": "", "com": "", "localhost": "", "": "", "XN--BCHER-KVA.Example.": "xn--bcher-kva.example",
	} {
		if got := registrable(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestCountry(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"nl": "NL", " DE ": "DE", "UK": "GB", "EL": "GR", "EU": "", "AP": "", "ZZ": "", "": "", "N": "", "NLD": "", "N ": "", "XK": "XK", "1L": ""} {
		if got := country(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}
