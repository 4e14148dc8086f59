package geolocate

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

func desk(addr netip.Addr, source, role, email string) AbuseContact {
	return AbuseContact{addr, casefile.Contact{Role: role, Email: email, Source: source}, ""}
}

// found is a contact that stood somewhere in a WHOIS answer.
func found(addr netip.Addr, where registry.Found, email string) AbuseContact {
	return AbuseContact{addr, casefile.Contact{Role: "technical", Email: email, Source: "whois"}, where}
}

// told is a contact in short: party, address or form, source.
func told(contacts []casefile.Contact) []string {
	out := []string{}
	for _, c := range contacts {
		out = append(out, string(c.Party)+" "+c.Email+c.Form+" "+c.Source)
	}
	return out
}

func TestContacts(t *testing.T) {
	t.Parallel()
	registrar := &casefile.Registrar{Name: "Plain Names", AbuseEmail: "abuse@registrar.example"}
	edge := &casefile.Edge{Name: "Edge", Evidence: "asn", AbuseForm: "https://edge.example/abuse"}
	origin := []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String()}}
	row := func(party casefile.Party, email string) casefile.Contact {
		return casefile.Contact{Party: party, Role: "abuse", Email: email, Source: "directory", Why: "your directory", Approved: true, Language: "nl"}
	}
	tests := []struct {
		name string
		f    Facts
		want []string
	}{
		{name: "nobody known"},
		{
			name: "the operator's directory before everybody else, also for the registrar",
			f: Facts{
				Directory: []casefile.Contact{row(casefile.PartyHost, "vip@host.example"), row(casefile.PartyRegistrar, "vip@registrar.example")},
				Registrar: registrar, RegistrarSource: "rdap", Platform: &casefile.Platform{Name: "Pages", AbuseEmail: "abuse@pages.example"},
				Desks: []AbuseContact{desk(host, "rdap", "abuse", "report@host.example")},
			},
			want: []string{"host vip@host.example directory", "host abuse@pages.example platforms", "host report@host.example rdap", "host abuse@host.example rfc2142", "registrar vip@registrar.example directory", "registrar abuse@registrar.example rdap"},
		},
		{
			name: "a platform's own desk before the network's",
			f:    Facts{Platform: &casefile.Platform{Name: "Pages", AbuseForm: "https://pages.example/report"}, Desks: []AbuseContact{desk(host, "rdap", "abuse", "abuse@host.example")}},
			want: []string{"host https://pages.example/report platforms", "host abuse@host.example rdap"},
		},
		{
			name: "RDAP before WHOIS before abuse@ before the registrar",
			f: Facts{Registrar: registrar, RegistrarSource: "rdap", Desks: []AbuseContact{
				desk(host, "whois", "abuse", "whois@host.example"), desk(host, "rdap", "technical", "peering@net.host.example"), desk(host, "rdap", "abuse", "report@host.example"), desk(two, "rdap", "abuse", "Report@Host.Example"),
			}},
			want: []string{"host report@host.example rdap", "host whois@host.example whois", "host peering@net.host.example rdap", "host abuse@host.example rfc2142", "registrar abuse@registrar.example rdap"},
		},
		{
			name: "by the place in the answer, whatever its order",
			f: Facts{Desks: []AbuseContact{
				found(host, registry.FoundMailLine, "noc@host.example"), found(host, registry.FoundRemarks, "reports@host.example"), found(host, registry.FoundAbuseLine, "mailbox@host.example"),
				found(host, registry.FoundAbuseC, "ask@host.example"), found(host, registry.FoundAbuseRole, "desk@host.example"),
			}},
			want: []string{"host desk@host.example whois", "host ask@host.example whois", "host mailbox@host.example whois", "host reports@host.example whois", "host noc@host.example whois", "host abuse@host.example rfc2142"},
		},
		{
			name: "mail lines: abuse, security, operations, anything, persons",
			f: Facts{Desks: []AbuseContact{
				found(host, registry.FoundMailLine, "small.hoster@gmail.com"), found(host, registry.FoundMailLine, "anna.analist@host.example"), found(host, registry.FoundMailLine, "kontakt@host.example"),
				found(host, registry.FoundMailLine, "noc@host.example"), found(host, registry.FoundMailLine, "csirt@host.example"), found(host, registry.FoundMailLine, "net-abuse@host.example"),
			}},
			want: []string{"host net-abuse@host.example whois", "host csirt@host.example whois", "host noc@host.example whois", "host kontakt@host.example whois", "host small.hoster@gmail.com whois", "host anna.analist@host.example whois", "host abuse@host.example rfc2142"},
		},
		{
			name: "nothing is guessed from the target's domain, mailbox providers or registries",
			f: Facts{Domain: "site-1.example", Desks: []AbuseContact{
				desk(host, "rdap", "registrant", "me@site-1.example"), desk(host, "rdap", "other", "someone.else@gmail.com"), desk(host, "rdap", "technical", "hostmaster@ripe.net"),
			}},
			want: []string{"host someone.else@gmail.com rdap"},
		},
		{
			name: "the target's own domain only where the registry names it for abuse",
			f: Facts{Domain: "site-1.example", Desks: []AbuseContact{
				desk(host, "rdap", "abuse", "abuse@mail.site-1.example"), {host, casefile.Contact{Role: "abuse", Form: "https://www.site-1.example:8443/abuse", Source: "rdap"}, ""}, desk(host, "rdap", "abuse", "http://site-1.example?abuse"), desk(host, "rdap", "technical", "noc@host.example"), desk(host, "rdap", "technical", "noc@site-1.example"),
			}},
			want: []string{"host abuse@mail.site-1.example rdap", "host https://www.site-1.example:8443/abuse rdap", "host http://site-1.example?abuse rdap", "host noc@host.example rdap", "host abuse@host.example rfc2142"},
		},
		{
			name: "placeholders are dropped",
			f: Facts{Registrar: &casefile.Registrar{AbuseEmail: "noreply@registrar.example"}, Desks: []AbuseContact{
				desk(host, "rdap", "abuse", "REDACTED FOR PRIVACY"), desk(host, "rdap", "abuse", "none@host.invalid"), desk(host, "rdap", "technical", "no-reply@host.example"),
			}},
		},
		{
			name: "a form when there is no address",
			f:    Facts{Desks: []AbuseContact{{host, casefile.Contact{Role: "abuse", Form: "https://host.example/abuse", Source: "rdap"}, ""}}},
			want: []string{"host https://host.example/abuse rdap"},
		},
		{
			name: "a form in the place of an address",
			f:    Facts{Desks: []AbuseContact{desk(host, "whois", "abuse", "https://host.example/abuse")}},
			want: []string{"host https://host.example/abuse whois"},
		},
		{
			name: "several addresses in one line, repaired ones among them",
			f:    Facts{Desks: []AbuseContact{desk(host, "whois", "abuse", "Abuse <desk@host.example>, report(at)host.example; none@host.example")}},
			want: []string{"host desk@host.example whois", "host report@host.example whois", "host abuse@host.example rfc2142"},
		},
		{
			name: "the edge's desk first, its network's contacts are the edge's",
			f:    Facts{Edge: edge, Registrar: registrar, RegistrarSource: "whois", Desks: []AbuseContact{desk(host, "rdap", "abuse", "abuse@edge.example")}},
			want: []string{"edge https://edge.example/abuse edges", "edge abuse@edge.example rdap", "registrar abuse@registrar.example whois"},
		},
		{
			name: "a recorded origin comes before the edge",
			f: Facts{Edge: edge, Claims: origin, Desks: []AbuseContact{
				desk(host, "rdap", "abuse", "abuse@edge.example"), desk(two, "rdap", "abuse", "abuse@origin.example"),
			}},
			want: []string{"host abuse@origin.example rdap", "edge https://edge.example/abuse edges", "edge abuse@edge.example rdap"},
		},
		{
			name: "an address that host and edge share is told once",
			f: Facts{Edge: edge, Claims: origin, Desks: []AbuseContact{
				desk(host, "rdap", "abuse", "abuse@both.example"), desk(two, "rdap", "abuse", "Abuse@both.example"),
			}},
			want: []string{"host Abuse@both.example rdap", "edge https://edge.example/abuse edges"},
		},
		{
			name: "at most eight of a party, the registrar is never crowded out",
			f: Facts{Registrar: registrar, RegistrarSource: "rdap", Desks: []AbuseContact{
				desk(host, "rdap", "abuse", "a1@host.example, a2@host.example, a3@host.example, a4@host.example, a5@host.example, a6@host.example"), desk(host, "rdap", "abuse", "b1@host.example, b2@host.example, b3@host.example, b4@host.example"),
			}},
			want: []string{
				"host a1@host.example rdap", "host a2@host.example rdap", "host a3@host.example rdap", "host a4@host.example rdap", "host a5@host.example rdap",
				"host b1@host.example rdap", "host b2@host.example rdap", "host b3@host.example rdap", "registrar abuse@registrar.example rdap",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.f.Now = now
			contacts := Decide(test.f).Contacts
			if diff := cmp.Diff(test.want, told(contacts), cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Error(diff)
			}
			for _, c := range contacts {
				if c.Why == "" || strings.Contains(c.Why, "\n") || len(c.Why) > 150 || c.Role == "" {
					t.Errorf("%+v does not say in a sentence why it stands there", c)
				}
			}
		})
	}
}

// Only who is asked for abuse reports has the role abuse: notices go to nobody else by themselves.
func TestRoleOfCandidates(t *testing.T) {
	t.Parallel()
	for where, want := range map[registry.Found]struct{ role, why string }{
		registry.FoundAbuseRole: {"abuse", "abuse role of the network at RDAP"},
		registry.FoundAbuseC:    {"abuse", "named by the regional registry (abuse-c)"},
		registry.FoundAbuseLine: {"abuse", "line for abuse mail"},
		registry.FoundRemarks:   {"abuse", "remarks of the network ask for abuse reports"},
		registry.FoundMailLine:  {"technical", "not an abuse desk: a person should check"},
	} {
		got := Decide(Facts{Desks: []AbuseContact{found(host, where, "desk@host.example")}, Now: now}).Contacts[0]
		if got.Role != want.role || !strings.Contains(got.Why, want.why) {
			t.Errorf("%s: %+v, want %v", where, got, want)
		}
	}
	// A mail line in an object of the role abuse is still no desk that is asked for.
	d := AbuseContact{host, casefile.Contact{Role: "abuse", Email: "noc@host.example", Source: "whois"}, registry.FoundMailLine}
	contacts := Decide(Facts{Desks: []AbuseContact{d}, Now: now}).Contacts
	if contacts[0].Role != "other" || contacts[1].Source != "rfc2142" || !strings.Contains(contacts[1].Why, "nobody confirmed it") {
		t.Errorf("%+v", contacts)
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
