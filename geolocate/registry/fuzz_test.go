package registry

import (
	"strings"
	"testing"
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
	f.Fuzz(func(t *testing.T, text string) {
		n, found := parseNetwork(text, addr7)
		if !found {
			return
		}
		if !n.covers(addr7) || len(n.Contacts) > maxContacts || within(n.First, n.Last, addr7).Contains(addr7) != true {
			t.Errorf("%+v", n)
		}
		checkText(t, n.Handle, n.Name, n.Organisation, n.Country)
		for _, c := range n.Contacts {
			checkText(t, c.Role, c.Name, c.Email, c.Form)
		}
	})
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
			checkText(t, n.Handle, n.Name, n.Organisation, n.Country)
			for _, c := range n.Contacts {
				checkText(t, c.Role, c.Name, c.Email, c.Form)
			}
		}
		if d, problem := domainOf(o, "site-1.example"); problem == "" {
			checkText(t, append(d.Status, d.Registrar, d.AbuseEmail)...)
		}
	})
}

// FuzzParseDomain: a hostile registration is a problem, never a panic.
func FuzzParseDomain(f *testing.F) {
	f.Add("Domain Name: SITE-1.EXAMPLE\nRegistrar: X\nRegistrar Abuse Contact Email: a@b.example\nDomain Status: clientHold\n")
	f.Add("domain: site-1.example\nstatus: free\n")
	f.Add("refer: ")
	f.Fuzz(func(t *testing.T, text string) {
		d, problem := parseDomain(decode(text), "site-1.example")
		if problem == "" {
			checkText(t, append(d.Status, d.Registrar, d.AbuseEmail)...)
		}
		if server, _ := referral(text); server != "" && strings.ContainsAny(server, " \r\n/") {
			t.Errorf("referral %q", server)
		}
	})
}
