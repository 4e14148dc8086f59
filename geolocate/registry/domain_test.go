package registry

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const domainJSON = `{"objectClassName":"domain","ldhName":"SITE-1.EXAMPLE","status":["client hold","active","server delete prohibited"],
"nameservers":[{"objectClassName":"nameserver","ldhName":"NS2.HOST.EXAMPLE."},{"objectClassName":"nameserver","ldhName":"ns1.host.example"}],
"events":[{"eventAction":"registration","eventDate":"2024-02-03T04:05:06Z"},{"eventAction":"expiration","eventDate":"2027-02-03T04:05:06+01:00"},{"eventAction":"last changed","eventDate":"broken"}],
"entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","holder@site-1.example"]]]},
{"objectClassName":"entity","handle":"9999","roles":["registrar"],"publicIds":[{"type":"IANA Registrar ID","identifier":"9999"}],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Registrar of Tests"]]],
 "entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","Desk"],["tel",{},"uri"],["email",{},"text","abuse@registrar.example"]]]}]}]}`

func TestDomainByRDAP(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/domain/site-1.example", domainJSON)
	l.answer("/rdap/domain/site-2.example", domainJSON)
	r := l.open(func(o *Options) { o.NoWHOIS = true })
	want := Domain{
		Provenance: Provenance{Source: SourceRDAP}, Registrar: "Registrar of Tests", IANAID: 9999, AbuseEmail: "abuse@registrar.example", Nameservers: []string{"ns1.host.example", "ns2.host.example"}, Status: []string{"clientHold", "ok", "serverDeleteProhibited"},
		Created: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), Expires: time.Date(2027, 2, 3, 3, 5, 6, 0, time.UTC),
	}
	for _, name := range []string{"site-1.example", "Site-1.Example"} {
		if diff := cmp.Diff(want, r.Domain(t.Context(), name), compare); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if n := l.count("/rdap/domain/site-1.example"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if got := r.Domain(t.Context(), "site-2.example"); len(got.Failed) != 1 || got.Failed[0].Problem != ProblemOtherObject {
		t.Errorf("an answer about another domain was taken: %+v", got)
	}
	for _, name := range []string{"example", "a b.example", "x.example\r\nhelp", "192.0.2.1/24", ".example", "ä.example", strings.Repeat("a", 64) + ".example"} {
		if got := r.Domain(t.Context(), name); got.Source != "" || got.Failed[0].Problem != ProblemNotFound {
			t.Errorf("%q was asked about: %+v", name, got)
		}
	}
}

func TestDomainByWHOIS(t *testing.T) {
	t.Parallel()
	registration := "Domain Name: SITE-1.EXAMPLE\r\nRegistrar: Registrar of Tests\r\nRegistrar WHOIS Server: %s\r\nCreation Date: 2024-02-03T04:05:06Z\r\nRegistry Expiry Date: 2027-02-03T04:05:06Z\r\nDomain Status: clientHold https://icann.org/epp#clientHold\r\nDomain Status: serverHold (https://icann.org/epp#serverHold)\r\n%s\r\n"
	l := newLab(t)
	_, port, _ := net.SplitHostPort(l.regAt)
	l.root = says(fmt.Sprintf("domain: EXAMPLE\nwhois: whois.registry.test:%s\n", port))
	l.registry = says(fmt.Sprintf(registration, "whois.unknown.test:99", "Registrar Abuse Contact Email: abuse@registrar.example"))
	r := l.open(func(o *Options) { o.NoRDAP = true })
	want := Domain{
		Provenance: Provenance{Source: SourceWHOIS}, Registrar: "Registrar of Tests", AbuseEmail: "abuse@registrar.example", Status: []string{"clientHold", "serverHold"},
		Created: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), Expires: time.Date(2027, 2, 3, 4, 5, 6, 0, time.UTC),
	}
	if diff := cmp.Diff(want, r.Domain(t.Context(), "site-1.example"), compare); diff != "" {
		t.Error(diff)
	}
	if got := r.Domain(t.Context(), "site-9.example"); got.Failed[0].Problem != ProblemOtherObject {
		t.Errorf("an answer about another domain was taken: %+v", got)
	}
	l.root = says(fmt.Sprintf(registration, "whois.unknown.test:99", "") + "Registrar WHOIS Server: whois.registrar.test:" + port + "\r\n")
	r = l.open(func(o *Options) { o.NoRDAP = true })
	if diff := cmp.Diff(want, r.Domain(t.Context(), "site-1.example"), compare); diff != "" {
		t.Errorf("a root that is the registry, with the abuse contact at the registrar: %s", diff)
	}
	l.root = says(fmt.Sprintf("domain: EXAMPLE\nwhois: whois.registry.test:%s\n", port))
	l.registry = says("No match for domain \"SITE-8.EXAMPLE\".\n")
	if got := r.Domain(t.Context(), "site-8.example"); got.Failed[0].Problem != ProblemNotFound {
		t.Errorf("%+v", got)
	}
}

// TestAbuseContactOfTheRegistrar: when the registry's answer lacks it, the registrar's own
// server is asked, once, and only for the same name.
func TestAbuseContactOfTheRegistrar(t *testing.T) {
	t.Parallel()
	thin := `{"objectClassName":"domain","ldhName":"site-1.example","status":["server hold"],"events":[{"eventAction":"registration","eventDate":"2024-02-03T04:05:06Z"}],
"entities":[{"objectClassName":"entity","roles":["registrar"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Registrar of Tests"]]]}],
"links":[{"rel":"self","href":"%[1]s/rdap/domain/site-1.example"},{"rel":"related","type":"application/rdap+json","href":"%[1]s%[2]s"}]}`
	own := `{"objectClassName":"domain","ldhName":"SITE-1.EXAMPLE","status":["ok"],"events":[{"eventAction":"expiration","eventDate":"2027-02-03T04:05:06Z"}],
"links":[{"rel":"related","href":"%[1]s/third/domain/site-1.example"}],
"entities":[{"objectClassName":"entity","roles":["registrar"],"publicIds":[{"type":"IANA Registrar ID","identifier":"9999"}],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Other Name"]]],
 "entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["version",{},"text","4.0"],["email",{},"text",%[2]q]]]}]}]}`
	base := Domain{Provenance: Provenance{Source: SourceRDAP}, Registrar: "Registrar of Tests", Status: []string{"serverHold"}, Created: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)}
	whole := base
	whole.IANAID, whole.AbuseEmail, whole.Expires = 9999, "abuse@registrar.example", time.Date(2027, 2, 3, 4, 5, 6, 0, time.UTC)
	noAbuse := whole
	noAbuse.AbuseEmail = ""
	for _, test := range []struct {
		name, link, abuse string
		want              Domain
		asked             int
	}{
		{"the registrar knows", "/own/domain/site-1.example", "abuse@registrar.example", whole, 1},
		{"the registrar does not know, and a third is not asked", "/own/domain/SITE-1.EXAMPLE/", "", noAbuse, 1},
		{"the registrar fails", "/gone/domain/site-1.example", "abuse@registrar.example", base, 0},
		{"the link is about another name", "/own/domain/site-2.example", "abuse@registrar.example", base, 0},
		{"the link is about something else", "/own/entity/site-1.example", "abuse@registrar.example", base, 0},
		{"the link tells more than the name", "/own/domain/site-1.example?key=1", "abuse@registrar.example", base, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.answer("/rdap/domain/site-1.example", fmt.Sprintf(thin, l.rdap.URL, test.link))
			for _, name := range []string{"site-1.example", "site-2.example"} {
				l.answer("/own/domain/"+name, fmt.Sprintf(own, l.rdap.URL, test.abuse))
			}
			l.answer("/third/domain/site-1.example", fmt.Sprintf(own, l.rdap.URL, "abuse@third.example"))
			r := l.open(func(o *Options) { o.NoWHOIS = true })
			if diff := cmp.Diff(test.want, r.Domain(t.Context(), "site-1.example"), compare); diff != "" {
				t.Error(diff)
			}
			if n := l.count("/own/domain/site-1.example"); n != test.asked {
				t.Errorf("the registrar was asked %d times, want %d", n, test.asked)
			}
			if n := l.count("/third/domain/site-1.example") + l.count("/own/domain/site-2.example"); n != 0 {
				t.Errorf("%d questions to others", n)
			}
		})
	}
}

// TestRegistrarsAnswerFillsGaps: the registry's states and dates stay.
func TestRegistrarsAnswerFillsGaps(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, port, _ := net.SplitHostPort(l.regAt)
	l.root = says("Domain Name: SITE-1.EXAMPLE\nDomain Status: serverHold\nCreation Date: 2024-02-03\nRegistrar WHOIS Server: whois.registrar.test:" + port + "\n")
	l.registry = says("Domain Name: site-1.example\nRegistrar: Registrar of Tests\nRegistrar IANA ID: 9999\nRegistrar Abuse Contact Email: abuse@registrar.example\nDomain Status: ok\nCreation Date: 2023-01-01\nUpdated Date: 2025-01-01\nRegistrar Registration Expiration Date: 2027-01-01\nName Server: ns1.host.example\n")
	r := l.open(func(o *Options) { o.NoRDAP = true })
	want := Domain{
		Provenance: Provenance{Source: SourceWHOIS}, Registrar: "Registrar of Tests", IANAID: 9999, AbuseEmail: "abuse@registrar.example", Status: []string{"serverHold"}, Nameservers: []string{"ns1.host.example"},
		Created: time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC), Updated: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, r.Domain(t.Context(), "site-1.example"), compare); diff != "" {
		t.Error(diff)
	}
}
