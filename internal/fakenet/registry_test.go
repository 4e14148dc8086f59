package fakenet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	whoisparser "github.com/likexian/whois-parser"
	"github.com/openrdap/rdap"
	"github.com/openrdap/rdap/bootstrap"
	"github.com/openrdap/rdap/bootstrap/cache"
	"github.com/oschwald/maxminddb-golang/v2"
)

func rdapClient(t *testing.T, n *Net) *rdap.Client {
	base, err := url.Parse(n.RDAPBootstrap())
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, n, n.Dialer(""))
	return &rdap.Client{HTTP: c, UserAgent: "test", Bootstrap: &bootstrap.Client{HTTP: c, BaseURL: base, Cache: cache.NewMemoryCache()}}
}

func query(t *testing.T, c *rdap.Client, of rdap.RequestType, what string) (rdap.RDAPObject, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	r, err := c.Do((&rdap.Request{Type: of, Query: what}).WithContext(ctx))
	if err != nil {
		return nil, err
	}
	return r.Object, nil
}

func TestRDAPTellsTheSameStory(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	n.Add(Site{Host: "www.shop.example", Acts: Always(DomainHold())})
	n.AddDomain(Domain{Name: "odd.example", Registrar: "Odd Names", RegistrarAbuse: "abuse@odd.test", Status: []string{"serverHold"}})
	c := rdapClient(t, n)
	for address, want := range map[string]string{"192.0.2.7": "LOWLAND-NET NL 192.0.2.0 192.0.2.255", "2001:db8:3::5": "PRAIRIE-NET US 2001:db8:3:: 2001:db8:3:ffff:ffff:ffff:ffff:ffff"} {
		o, err := query(t, c, rdap.IPRequest, address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		w := o.(*rdap.IPNetwork)
		if got := w.Name + " " + w.Country + " " + w.StartAddress + " " + w.EndAddress; got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
		abuse := w.Entities[0].Entities[0]
		if abuse.Roles[0] != "abuse" || !strings.HasPrefix(abuse.VCard.Email(), "abuse@") || w.Entities[0].VCard.Name() == "" {
			t.Errorf("%s: abuse entity %+v", address, abuse)
		}
	}
	o, err := query(t, c, rdap.DomainRequest, "shop.example")
	if err != nil {
		t.Fatal(err)
	}
	d := o.(*rdap.Domain)
	if d.LDHName != "shop.example" || strings.Join(d.Status, ",") != "client hold,client transfer prohibited" || d.Entities[0].VCard.Name() != "Plain Names Registrar" ||
		d.Entities[0].Entities[0].VCard.Email() != "abuse@registrar.test" || len(d.Nameservers) != 2 || len(d.Events) != 2 {
		t.Errorf("domain %+v", d)
	}
	if o, err = query(t, c, rdap.DomainRequest, "odd.example"); err != nil || o.(*rdap.Domain).Status[0] != "server hold" {
		t.Errorf("own domain: %v %v", o, err)
	}
	if o, err = query(t, c, rdap.AutnumRequest, "AS64501"); err != nil || o.(*rdap.Autnum).Name != "RHEINBLICK-NET" {
		t.Errorf("autnum: %v %v", o, err)
	}
	if o, err = query(t, c, rdap.DomainRequest, "nobody.example"); err == nil {
		t.Errorf("unknown domain: %v", o)
	}
	if got := n.RDAPCount(); got != 6 {
		t.Errorf("%d questions counted, want 6", got)
	}
}

func TestRDAPFailures(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	for f, want := range map[Failure]struct {
		status int
		part   string
	}{
		FailRateLimit: {429, "Rate limit"}, FailServer: {500, "Internal"}, FailGarbage: {200, `{"x"`}, FailOther: {200, "ANOTHER-NET"}, FailNotFound: {404, "Not found"}, FailHuge: {200, "filler"},
	} {
		n.FailRDAP(f)
		got := fetch(newClient(t, n, n.Dialer("")), n.RDAPBootstrap()+"ip/192.0.2.1")
		if got.status != want.status || !strings.Contains(got.body, want.part) {
			t.Errorf("%s: %d %.60q %v", f, got.status, got.body, got.err)
		}
		if f == FailRateLimit && got.header.Get("Retry-After") != "30" {
			t.Error("no Retry-After")
		}
	}
	for _, f := range []Failure{FailHang, FailDrip} {
		n.FailRDAP(f)
		c := newClient(t, n, n.Dialer(""))
		c.Timeout = 50 * time.Millisecond
		if got := fetch(c, n.RDAPBootstrap()+"ip/192.0.2.1"); got.err == nil {
			t.Errorf("%s: %+v, want a timeout", f, got)
		}
	}
	if got := fetch(newClient(t, n, n.Dialer("")), n.RDAPBootstrap()+"asn.json"); got.status != http.StatusOK || !strings.Contains(got.body, `"64500-64500"`) {
		t.Errorf("bootstrap while failing: %+v", got)
	}
}

func whois(t *testing.T, n *Net, server, question string) string {
	t.Helper()
	c := connect(t, n.Dialer(""), server)
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.WriteString(c, question+"\r\n")
	b, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestWHOIS(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	n.Add(Site{Host: "www.shop.example", Acts: Always(DomainHold())})
	for _, x := range []struct{ server, question, part string }{
		{whoisRootAddr, "192.0.2.1", "refer:        " + WHOISRIPEHost + "\r\n"},
		{whoisRootAddr, "198.51.100.1", "refer:        " + WHOISARINHost + "\r\n"},
		{whoisRootAddr, "shop.example", "refer:        " + WHOISDomainHost + "\r\n"},
		{whoisRootAddr, "10.1.2.3", "returned 0 objects"},
		{whoisRIPEAddr, "192.0.2.1", "inetnum:        192.0.2.0 - 192.0.2.255\r\nnetname:        LOWLAND-NET\r\ncountry:        NL\r\n"},
		{whoisRIPEAddr, "2001:db8:1::1", "inet6num:       2001:db8:1::/48\r\n"},
		{whoisRIPEAddr, "192.0.2.1", "abuse-mailbox:  abuse@lowland.test\r\n"},
		{whoisARINAddr, "n + 198.51.100.1", "OrgAbuseEmail:  abuse@prairie.test\r\n"},
		{whoisRIPEAddr, "AS64500", "aut-num:        AS64500\r\n"},
		{whoisDomainAddr, "nobody.example", `No match for domain "NOBODY.EXAMPLE"`},
	} {
		if got := whois(t, n, x.server+":43", x.question); !strings.Contains(got, x.part) {
			t.Errorf("%s: %q has no %q", x.question, got, x.part)
		}
	}
	d, err := whoisparser.Parse(whois(t, n, whoisDomainAddr+":43", "shop.example"))
	if err != nil || d.Registrar.Name != "Plain Names Registrar" || d.Registrar.Email != "abuse@registrar.test" && d.Registrar.Email != "" || d.Domain.Status[0] != "clientHold" || d.Domain.CreatedDateInTime == nil {
		t.Errorf("parsed %+v %v", d, err)
	}
	direct := newNet(t, Options{WHOISDirect: true})
	if got := whois(t, direct, direct.WHOIS(), "192.0.2.1"); !strings.Contains(got, "LOWLAND-NET") {
		t.Errorf("direct: %q", got)
	}
}

// TestRegistriesHaveTheirOwnWords: each registry is referred to by name and answers in its own form.
func TestRegistriesHaveTheirOwnWords(t *testing.T) {
	t.Parallel()
	var networks []Network
	for i, r := range []Registry{RegistryRIPE, RegistryARIN, RegistryAPNIC, RegistryAFRINIC, RegistryLACNIC, RegistryJPNIC, RegistryKRNIC} {
		networks = append(networks, Network{
			Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(16 * i)}), 28), Prefix6: netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::/48", i+1)),
			Country: "NL", ASN: 64500 + uint32(i), Holder: "Holder Test", Name: "NAME-NET", AbuseEmail: "abuse@holder.test", Registry: r,
		})
	}
	n := newNet(t, Options{Networks: networks})
	for i, want := range []struct{ host, addr, question, part string }{
		{WHOISRIPEHost, whoisRIPEAddr, "-B 192.0.2.1", "abuse-mailbox:  abuse@holder.test\r\n"},
		{WHOISARINHost, whoisARINAddr, "n + 192.0.2.17", "OrgAbuseEmail:  abuse@holder.test\r\n"},
		{WHOISAPNICHost, whoisAPNICAddr, "192.0.2.33", "irt:            IRT-NAME-NET\r\n"},
		{WHOISAFRINICHost, whoisAFRINICAddr, "2001:db8:4::1", "inet6num:       2001:db8:4::/48\r\n"},
		{WHOISLACNICHost, whoisLACNICAddr, "192.0.2.65", "ownerid:     NAME-NET\r\n"},
		{WHOISJPNICHost, whoisJPNICAddr, "192.0.2.81/e", "a. [Network Number]             192.0.2.80/28\r\n"},
		{WHOISKRNICHost, whoisKRNICAddr, "192.0.2.97", "IPv4 Address       : 192.0.2.96 - 192.0.2.111 (/28)\r\n"},
	} {
		if got := whois(t, n, n.WHOIS(), networks[i].Prefix.Addr().Next().String()); !strings.Contains(got, "refer:        "+want.host+"\r\n") {
			t.Errorf("%s: the root says %q", networks[i].Registry, got)
		}
		if got := whois(t, n, want.addr+":43", want.question); !strings.Contains(got, want.part) {
			t.Errorf("%s: %q has no %q", networks[i].Registry, got, want.part)
		}
	}
	if got := whois(t, n, whoisJPNICAddr+":43", "192.0.2.81"); !strings.Contains(got, "\x1b$B") {
		t.Errorf("no Japanese: %q", got)
	}
	if got := fetch(newClient(t, n, n.Dialer("")), n.RDAPBootstrap()+"ip/192.0.2.65"); strings.Contains(got.body, `"name"`) || !strings.Contains(got.body, `"lacnic_originAutnum"`) {
		t.Errorf("LACNIC by RDAP: %+v", got)
	}
}

func TestWHOISFailures(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	for f, part := range map[Failure]string{
		FailRateLimit: "rate limit", FailServer: "", FailGarbage: "\xff", FailOther: "ANOTHER-NET", FailNotFound: "no entries found", FailHuge: "filler",
	} {
		n.FailWHOIS(f)
		if got := whois(t, n, whoisRIPEAddr+":43", "192.0.2.1"); !strings.Contains(got, part) || f == FailServer && got != "" {
			t.Errorf("%s: %.80q", f, got)
		}
	}
	for _, f := range []Failure{FailHang, FailDrip} {
		n.FailWHOIS(f)
		c := connect(t, n.Dialer(""), whoisRIPEAddr+":43")
		_ = c.SetDeadline(time.Now().Add(30 * time.Millisecond))
		_, _ = io.WriteString(c, "192.0.2.1\r\n")
		if b, err := io.ReadAll(c); err == nil {
			t.Errorf("%s: %q, want a timeout", f, b)
		}
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	country, asn, err := n.WriteDatabases(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	countries, err := maxminddb.Open(country)
	if err != nil {
		t.Fatal(err)
	}
	defer countries.Close()
	numbers, err := maxminddb.Open(asn)
	if err != nil {
		t.Fatal(err)
	}
	defer numbers.Close()
	for a, want := range map[string]struct {
		country, holder string
		asn             uint32
	}{
		"192.0.2.44": {"NL", "Lowland Hosting", 64500}, "2001:db8:2::1": {"DE", "Rheinblick Server", 64501}, "198.51.100.3": {"US", "Prairie Datacenters", 64502},
		"127.0.0.1": {"NL", "Lowland Hosting", 64500}, "198.51.100.253": {"CH", "Fakenet Infrastructure", 64496},
	} {
		var c struct {
			Code string `maxminddb:"country_code"`
		}
		var o struct {
			Number uint32 `maxminddb:"autonomous_system_number"`
			Holder string `maxminddb:"autonomous_system_organization"`
		}
		if err := countries.Lookup(addr(a)).Decode(&c); err != nil || c.Code != want.country {
			t.Errorf("%s: country %q %v", a, c.Code, err)
		}
		if err := numbers.Lookup(addr(a)).Decode(&o); err != nil || o.Number != want.asn || o.Holder != want.holder {
			t.Errorf("%s: asn %+v %v", a, o, err)
		}
	}
	if r := countries.Lookup(addr("192.168.1.1")); r.Found() {
		t.Error("an address of no network is found")
	}
}
