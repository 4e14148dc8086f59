package registry

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The answers are made up, in the shapes of the registries.
func TestParseNetwork(t *testing.T) {
	t.Parallel()
	a := netip.MustParseAddr
	tests := []struct {
		name, text, addr string
		want             Network
	}{
		{
			name: "RPSL with an abuse role by reference",
			text: `% This is a test

inetnum:        198.51.100.0 - 198.51.100.255
netname:        TEST-HOSTING
descr:          Test Hosting
 of the second line
country:        SE # office
admin-c:        AD1-TEST
abuse-c:        AB1-TEST

person:         Some Body
e-mail:         some.body@host.example
nic-hdl:        AD1-TEST

role:           Abuse Desk
e-mail:         abuse@host.example
nic-hdl:        AB1-TEST

route:          198.51.100.0/24
origin:         AS64501
`,
			addr: "198.51.100.9",
			want: Network{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0 - 198.51.100.255", Name: "TEST-HOSTING", Organisation: "Test Hosting of the second line", Country: "SE", ASN: 64501,
				Contacts: []Contact{{Role: RoleAbuse, Name: "Abuse Desk", Email: "abuse@host.example", Found: FoundAbuseC}, {Role: "administrative", Name: "Some Body", Email: "some.body@host.example", Found: FoundMailLine}}},
		},
		{
			name: "the narrowest network counts, whatever the order",
			text: "inet6num: 2001:db8::/32\nnetname: WIDE\ncountry: DE\n\ninet6num: 2001:db8:5::/48\nnetname: NARROW\ncountry: FR\nabuse-mailbox: abuse@narrow.example\n\ninet6num: 2001:db8:6::/48\nnetname: OTHER\n",
			addr: "2001:db8:5::1",
			want: Network{First: a("2001:db8:5::"), Last: a("2001:db8:5:ffff:ffff:ffff:ffff:ffff"), Handle: "2001:db8:5::/48", Name: "NARROW", Country: "FR", Parents: []Parent{{First: a("2001:db8::"), Last: a("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), Handle: "2001:db8::/32", Name: "WIDE"}},
				Contacts: []Contact{{Role: RoleAbuse, Email: "abuse@narrow.example", Found: FoundAbuseLine}}},
		},
		{
			name: "ARIN: parent first, a customer inside it",
			text: `#
# ARIN WHOIS data
#

NetRange:       192.0.2.0 - 192.0.2.255
CIDR:           192.0.2.0/24
NetName:        TEST-PARENT
NetHandle:      NET-192-0-2-0-1
OriginAS:       AS64502, AS64503

OrgName:        Parent Inc
Country:        US

OrgAbuseHandle: ABUSE1-TEST
OrgAbuseName:   Parent Abuse
OrgAbuseEmail:  abuse@parent.example

OrgTechEmail:   tech@parent.example

NetRange:       192.0.2.64 - 192.0.2.127
NetName:        TEST-CHILD
NetHandle:      NET-192-0-2-64-1

CustName:       Child LLC
Country:        CA
`,
			addr: "192.0.2.70",
			want: Network{First: a("192.0.2.64"), Last: a("192.0.2.127"), Handle: "NET-192-0-2-64-1", Name: "TEST-CHILD", Organisation: "Child LLC", Country: "CA", RIR: "arin",
				Parents:  []Parent{{First: a("192.0.2.0"), Last: a("192.0.2.255"), Handle: "NET-192-0-2-0-1", Name: "TEST-PARENT", Organisation: "Parent Inc"}},
				Contacts: []Contact{{Role: RoleAbuse, Name: "Parent Abuse", Email: "abuse@parent.example", Found: FoundAbuseLine}, {Role: "technical", Email: "tech@parent.example", Found: FoundMailLine}}},
		},
		{
			name: "LACNIC cuts zero octets",
			text: "% LACNIC\n\ninetnum:     203.0.113/24\naut-num:     AS64504\nabuse-c:     XYZ\nowner:       Hospedagem de Testes\nownerid:     TEST-BR\ncountry:     BR\n\nnic-hdl-br:  XYZ\nperson:      Mesa\ne-mail:      abuse@hospedagem.example\n",
			addr: "203.0.113.4",
			want: Network{First: a("203.0.113.0"), Last: a("203.0.113.255"), Handle: "203.0.113/24", Name: "TEST-BR", Organisation: "Hospedagem de Testes", Country: "BR", RIR: "lacnic", ASN: 64504,
				Contacts: []Contact{{Role: RoleAbuse, Name: "Mesa", Email: "abuse@hospedagem.example", Found: FoundAbuseC}}},
		},
		{
			name: "country that is none",
			text: "inetnum: 192.0.2.0 - 192.0.2.255\nnetname: X\ncountry: WORLD\n",
			addr: "192.0.2.1",
			want: Network{First: a("192.0.2.0"), Last: a("192.0.2.255"), Handle: "192.0.2.0 - 192.0.2.255", Name: "X"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, problem := parseNetwork(test.text, a(test.addr))
			if problem != "" {
				t.Fatal("nothing found")
			}
			if diff := cmp.Diff(test.want, got, compare); diff != "" {
				t.Error(diff)
			}
			if got, problem := parseNetwork(strings.ReplaceAll(test.text, "\n", "\r\n"), a(test.addr)); problem != "" || got.Name != test.want.Name {
				t.Errorf("with carriage returns: %+v", got)
			}
		})
	}
	for _, text := range []string{"", "\n\n", "no match\n", "inetnum: 192.0.2.255 - 192.0.2.0\n", "inetnum: 198.51.100.0/24\n", "inetnum: 2001:db8::/32 - 192.0.2.1\n"} {
		if got, problem := parseNetwork(text, addr7); problem == "" {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func TestReferral(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"refer:        whois.registry.test\n":            "whois.registry.test:43",
		"ReferralServer:  whois://whois.registry.test\n": "whois.registry.test:43",
		"whois: whois.registry.test:4343":                "whois.registry.test:4343",
		"Registrar WHOIS Server: WHOIS.Registry.Test\n":  "whois.registry.test:43",
		"refer: whois.registry.test:25\n":                "",
		"refer: rwhois://whois.registry.test:4321/x\n":   "",
		"refer: https://whois.registry.test/\n":          "",
		"refer:":                                         "",
		"refer: localhost\n":                             "",
		"refer: a b.test\n":                              "",
	} {
		got, delegated := referral(text)
		if got != want || delegated != (want != "" && strings.HasPrefix(text, "refer:") || strings.HasPrefix(text, "whois:")) {
			t.Errorf("%q: %q (delegated %v), want %q", text, got, delegated, want)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	got := statuses([]string{"client hold", "CLIENTHOLD", "clientHold https://icann.org/epp#clientHold", "active", "Pending Delete", "redemption_period", "associated", "a sentence that is no status at all", "", "\x00"})
	if diff := cmp.Diff([]string{"clientHold", "linked", "ok", "pendingDelete", "redemptionPeriod"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ first, last, addr, want string }{
		{"192.0.2.0", "192.0.2.255", "192.0.2.7", "192.0.2.0/24"},
		{"192.0.2.1", "192.0.2.254", "192.0.2.7", "192.0.2.4/30"},
		{"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7/32"},
		{"0.0.0.0", "255.255.255.255", "192.0.2.7", "0.0.0.0/0"},
		{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1", "2001:db8::/32"},
	} {
		if got := within(netip.MustParseAddr(test.first), netip.MustParseAddr(test.last), netip.MustParseAddr(test.addr)); got.String() != test.want {
			t.Errorf("%v: %v", test, got)
		}
	}
}

func TestARINAddressCountry(t *testing.T) {
	t.Parallel()
	text := strings.Replace(network("192.0.2.0", "192.0.2.255"), `"country":"nl",`, "", 1)
	text = strings.Replace(text, `["kind",{},"text","org"]`, `["kind",{},"text","org"],["adr",{"label":"1 Test Street\nSpringfield\nXX\n00000\nUnited States"},"text",["","","","","","",""]]`, 1)
	got, problem := networkOf(object(t, text), addr7)
	if problem != "" || got.Country != "US" {
		t.Errorf("country %q, problem %q", got.Country, problem)
	}
}
