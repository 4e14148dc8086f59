package registry

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openrdap/rdap"
)

func object(t testing.TB, text string) any {
	t.Helper()
	o, err := rdap.NewDecoder([]byte(text)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func checkText(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("foreign text not tidied: %q", s)
		}
	}
}

// FuzzParseNetwork: no text makes the parser panic, and what it gives is bounded and about the address.
func FuzzParseNetwork(f *testing.F) {
	f.Add("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: X\ncountry: NL\n\nrole: A\nabuse-mailbox: abuse@host.example\n")
	f.Add("NetRange: 192.0.2.0 - 192.0.2.255\nOrgName: X\n\nOrgAbuseEmail: a@b.example\n")
	f.Add("inetnum: 192.0/16\nowner: \xff\xfe\n+ more\n")
	f.Add("% Abuse contact for '' is ''\n")
	f.Add("a. [Network Number] 192.0.2.0/24\no. [Abuse] a@b.example\nLess Specific Info.\nX\n  [Allocation] 192.0.2.0-192.0.2.255\n")
	f.Add("[ Network Information ]\nIPv4 Address : 192.0.2.0 - 192.0.2.255 (/24)\n[ Network Abuse Contact Information ]\nE-Mail : a@b.example\n")
	f.Add("X Y (NET-1) 192.0.2.0 - 192.0.2.255\nnetwork:IP-Network:192.0.2.0/25\n")
	f.Add("  Netname: X\n  Netblock: 192.0.2.0/24\n  Organization:\n   Y\n")
	f.Add("inetnum: 192.0.2.0/24\norg: A\nremarks: abuse\nremarks: a (at) b (dot) example at c dot example\n\norganisation: A\norg: A\norg-name: \x1b$B\n")
	f.Fuzz(func(t *testing.T, raw string) {
		text := decodeFrom("", raw)
		n, problem := parseNetwork(text, addr7)
		if problem != "" {
			return
		}
		if !n.covers(addr7) || len(n.Contacts) > maxContacts || within(n.First, n.Last, addr7).Contains(addr7) != true {
			t.Errorf("%+v", n)
		}
		checkNetwork(t, n)
	})
}

// FuzzDecode: every text becomes valid UTF-8 of a bounded length, whatever server it is said to be of.
func FuzzDecode(f *testing.F) {
	f.Add("whois.nic.ad.jp:43", "\x1b$B%M\x1b(B JPNIC")
	f.Add("whois.kisa.or.kr:43", "\xb1\xe2\xb0\xfc\xb8\xed")
	f.Add("whois.ripe.net:43", "F\xe4hre \xe2\x82")
	f.Add("", "\ufeffJPNIC \x82\xa0\x82")
	f.Fuzz(func(t *testing.T, server, raw string) {
		text := decodeFrom(server, raw)
		if !utf8.ValidString(text) || len(text) > 4*len(raw)+4 {
			t.Errorf("%q of %q became %q", raw, server, text)
		}
	})
}

// checkNetwork: what was read of foreign bytes is tidied and bounded.
func checkNetwork(t *testing.T, n Network) {
	t.Helper()
	checkText(t, n.Handle, n.Name, n.Organisation, n.Country)
	if len(n.Parents) > maxParents || len(n.Contacts) > maxContacts {
		t.Errorf("not bounded: %+v", n)
	}
	for _, p := range n.Parents {
		checkText(t, p.Handle, p.Name, p.Organisation)
	}
	for _, c := range n.Contacts {
		checkText(t, c.Role, c.Name, c.Email, c.Form)
		if c.Found == "" || c.Email == "" && c.Form == "" {
			t.Errorf("contact without an address or a place: %+v", c)
		}
	}
}

// FuzzRDAP: no answer makes the walk through its entities panic or grow without a bound.
func FuzzRDAP(f *testing.F) {
	f.Add(network("192.0.2.0", "192.0.2.255"))
	f.Add(domainJSON)
	f.Add(`{"objectClassName":"ip network","startAddress":"192.0.2.0","endAddress":"192.0.2.255","entities":[` + strings.Repeat(`{"roles":["abuse"],"entities":[`, 20) + strings.Repeat("]}", 20) + "]}")
	f.Add(`{"objectClassName":"domain","ldhName":"site-1.example","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",{},"text",[[[["x"]]]]],["email",{},"text",[1,null,true]]]]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := rdap.NewDecoder([]byte(text)).Decode()
		if err != nil {
			return
		}
		if n, problem := networkOf(o, addr7); problem == "" {
			if !n.covers(addr7) || len(n.Contacts) > maxContacts {
				t.Errorf("%+v", n)
			}
			checkNetwork(t, n)
		}
		if d, problem := domainOf(o, "site-1.example"); problem == "" {
			checkDomain(t, d)
		}
		if server := relatedServer(o, "site-1.example"); server != nil && (server.Host == "" || server.User != nil || server.RawQuery != "") {
			t.Errorf("related server %v", server)
		}
	})
}

// checkDomain: what is read of a registration is bounded and in its form.
func checkDomain(t *testing.T, d Domain) {
	t.Helper()
	checkText(t, append(append(d.Status, d.Nameservers...), d.Registrar, d.AbuseEmail)...)
	if len(d.Status) > maxStatus || len(d.Nameservers) > maxNameservers || d.IANAID < 0 || d.IANAID > maxIANAID || !slices.IsSorted(d.Status) || !slices.IsSorted(d.Nameservers) {
		t.Errorf("%+v", d)
	}
	for _, host := range d.Nameservers {
		if !plainDomain(host) {
			t.Errorf("name server %q", host)
		}
	}
	if d.AbuseEmail != "" && !strings.Contains(d.AbuseEmail, "@") {
		t.Errorf("abuse address %q", d.AbuseEmail)
	}
	for _, at := range []time.Time{d.Created, d.Updated, d.Expires} {
		if at.Location() != time.UTC {
			t.Errorf("%v is not in UTC", at)
		}
	}
}

// FuzzReadDate: a date is in UTC, of a year that makes sense, or none.
func FuzzReadDate(f *testing.F) {
	for _, s := range []string{"2026-02-03T04:05:06Z", "20260203 #1", "Tue Feb 03 04:05:06 GMT 2026", "03/02/2026 1:05 PM +14:59", "2026.02.03 24:00", "99999999", "1980-01-01 00:00:00 +14"} {
		f.Add(s, "dmy")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, text, order string) {
		if at, ok := readDate(text, dayOrder(order)); ok && (at.Location() != time.UTC || at.Year() < 1979 || at.Year() > 2151 || at.Nanosecond() != 0) {
			t.Errorf("%q is %v", text, at)
		}
	})
}

// FuzzParseDomain: a hostile registration is a problem, never a panic.
func FuzzParseDomain(f *testing.F) {
	f.Add("Domain Name: SITE-1.EXAMPLE\nRegistrar: X\nRegistrar Abuse Contact Email: a@b.example\nDomain Status: clientHold\n")
	f.Add("domain: site-1.example\nstatus: free\n")
	f.Add("refer: ")
	files, err := filepath.Glob("testdata/domains/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no corpus", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tld := range []string{"example", "jp", "hk", "cz"} {
			if d, problem := parseDomainBy(decodeFrom("", text), "site-1.example", tldOf("site."+tld)); problem == "" {
				checkDomain(t, d)
			}
		}
		if server, _ := referral(text); server != "" && strings.ContainsAny(server, " \r\n/") {
			t.Errorf("referral %q", server)
		}
	})
}
