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
"events":[{"eventAction":"registration","eventDate":"2024-02-03T04:05:06Z"},{"eventAction":"expiration","eventDate":"2027-02-03T04:05:06+01:00"},{"eventAction":"last changed","eventDate":"broken"}],
"entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","holder@site-1.example"]]]},
{"objectClassName":"entity","handle":"9999","roles":["registrar"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Registrar of Tests"]]],
 "entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","Desk"],["tel",{},"uri"],["email",{},"text","abuse@registrar.example"]]]}]}]}`

func TestDomainByRDAP(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/domain/site-1.example", domainJSON)
	l.answer("/rdap/domain/site-2.example", domainJSON)
	r := l.open(func(o *Options) { o.NoWHOIS = true })
	want := Domain{
		Source: SourceRDAP, Registrar: "Registrar of Tests", AbuseEmail: "abuse@registrar.example", Status: []string{"clientHold", "ok", "serverDeleteProhibited"},
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
		Source: SourceWHOIS, Registrar: "Registrar of Tests", AbuseEmail: "abuse@registrar.example", Status: []string{"clientHold", "serverHold"},
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
