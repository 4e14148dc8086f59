package registry

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Oddities of single registries, seen in real answers; these answers are made up.
func TestDialectsOfNetworks(t *testing.T) {
	t.Parallel()
	a := netip.MustParseAddr
	mail := func(role, name, email string, found Found) Contact {
		return Contact{Role: role, Name: name, Email: email, Found: found}
	}
	const nicBR = "% Copyright (c) Nic.br - Use of this data is governed by the Use and\n% Privacy Policy\n\n"
	tests := []struct {
		name, text, addr string
		want             Network
	}{
		{
			name: "NIC.br: a tax number is no name, the wider network is named, the country is Brazil's",
			text: nicBR + "inetnum:     198.51.100.0/24\naut-num:     AS64500\nabuse-c:     ABEX1\nowner:       Hospedagem Exemplo Ltda\nownerid:     00.000.000/0001-00\nowner-c:     OWEX1\ninetnum-up:  198.51.0.0/16\n\n" +
				"nic-hdl-br:  OWEX1\nperson:      Ana Exemplo\ne-mail:      ana@host.example\n\nnic-hdl-br:  ABEX1\nperson:      Central de Abuso\ne-mail:      registro@host.example\n",
			addr: "198.51.100.9",
			want: Network{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0/24", Organisation: "Hospedagem Exemplo Ltda", Country: "BR", RIR: rirLACNIC, ASN: 64500,
				Parents:  []Parent{{First: a("198.51.0.0"), Last: a("198.51.255.255"), Handle: "198.51.0.0/16"}},
				Contacts: []Contact{mail(RoleAbuse, "Central de Abuso", "registro@host.example", FoundAbuseC), mail(roleAdministrative, "Ana Exemplo", "ana@host.example", FoundMailLine)}},
		},
		{
			name: "ARIN: the network's own abuse contact before the organisation's, which is printed first",
			text: "NetRange:       192.0.2.0 - 192.0.2.255\nNetName:        EXAMPLE-NET\nNetHandle:      NET-192-0-2-0-1\nNetType:        Reallocated\nOrganization:   Example Hosting (EXH)\n\nOrgName:        Example Hosting\nOrgId:          EXH\nCountry:        US\n\n" +
				"OrgAbuseHandle: A1-ARIN\nOrgAbuseName:   Example Abuse\nOrgAbuseEmail:  abuse@holder.example\n\nRAbuseHandle: A2-ARIN\nRAbuseName:   Network Abuse\nRAbuseEmail:  abuse@network.example\n",
			addr: "192.0.2.1",
			want: Network{First: a("192.0.2.0"), Last: a("192.0.2.255"), Handle: "NET-192-0-2-0-1", Name: "EXAMPLE-NET", Organisation: "Example Hosting", Country: "US", RIR: rirARIN,
				Contacts: []Contact{mail(RoleAbuse, "Network Abuse", "abuse@network.example", FoundAbuseLine), mail(RoleAbuse, "Example Abuse", "abuse@holder.example", FoundAbuseLine)}},
		},
		{
			name: "ARIN: the name of a private customer is not published, the country is",
			text: "NetRange:       192.0.2.0 - 192.0.2.15\nNetName:        EXAMPLE-RES\nNetHandle:      NET-192-0-2-0-2\nNetType:        Reassigned\nCustomer:       Private Customer (C00000001)\n\nCustName:       Private Customer\nAddress:        Private Residence\nCountry:        CA\n",
			addr: "192.0.2.1",
			want: Network{First: a("192.0.2.0"), Last: a("192.0.2.15"), Handle: "NET-192-0-2-0-2", Name: "EXAMPLE-RES", Country: "CA", RIR: rirARIN},
		},
		{
			name: "TWNIC, which names neither itself nor the country",
			text: "\n   Netname: EXAMPLE-TW\n   Netblock: 203.0.113.0/24\n\n   Administrator contact:\n      admin@host.example\n\n   Technical contact:\n      noc@host.example\n",
			addr: "203.0.113.5",
			want: Network{First: a("203.0.113.0"), Last: a("203.0.113.255"), Handle: "203.0.113.0/24", Name: "EXAMPLE-TW", Country: "TW", RIR: rirAPNIC,
				Contacts: []Contact{mail(roleAdministrative, "", "admin@host.example", FoundMailLine), mail(roleTechnical, "", "noc@host.example", FoundMailLine)}},
		},
		{
			name: "RWHOIS: prefix and range are one network, references are marked",
			text: "%rwhois V-1.5:003fff:00 rwhois.host.example\nnetwork:Class-Name:network\nnetwork:Network-Name:EXAMPLE-CUST\nnetwork:IP-Network:203.0.113.64/29\nnetwork:IP-Network-Block:203.0.113.64 - 203.0.113.71\nnetwork:Customer Organization:Example Customer\nnetwork:Customer Country Code;I:NZ\nnetwork:Organization;I:Example Hosting\nnetwork:Abuse-Contact;I:Abuse@host.example\ncontact:Tech-Email:tech@host.example\n",
			addr: "203.0.113.65",
			want: Network{First: a("203.0.113.64"), Last: a("203.0.113.71"), Handle: "203.0.113.64/29", Name: "EXAMPLE-CUST", Organisation: "Example Customer", Country: "NZ",
				Contacts: []Contact{mail(RoleAbuse, "", "Abuse@host.example", FoundAbuseLine), mail(roleTechnical, "", "tech@host.example", FoundMailLine)}},
		},
		{
			name: "APNIC: the address for reports before the general one of the irt",
			text: "inetnum:        203.0.113.0 - 203.0.113.255\nnetname:        EXAMPLE-AP\ndescr:          Example Telecom\ncountry:        SG\nmnt-irt:        IRT-EXAMPLE-SG\nsource:         APNIC\n\nirt:            IRT-EXAMPLE-SG\ne-mail:         network@host.example\nabuse-mailbox:  reports@host.example\nsource:         APNIC\n",
			addr: "203.0.113.5",
			want: Network{First: a("203.0.113.0"), Last: a("203.0.113.255"), Handle: "203.0.113.0 - 203.0.113.255", Name: "EXAMPLE-AP", Organisation: "Example Telecom", Country: "SG", RIR: rirAPNIC,
				Contacts: []Contact{mail(RoleAbuse, "IRT-EXAMPLE-SG", "reports@host.example", FoundAbuseLine), mail(RoleAbuse, "IRT-EXAMPLE-SG", "network@host.example", FoundAbuseLine)}},
		},
		{
			name: "contacts of the network beside it are somebody else's, those of the wider one count",
			text: "inetnum:        198.51.100.0 - 198.51.100.255\nnetname:        WIDE\ncountry:        DE\nadmin-c:        WD1-TEST\n\nrole:           Wide Desk\nabuse-mailbox:  abuse@wide.example\nnic-hdl:        WD1-TEST\n\ninetnum:        198.51.100.0 - 198.51.100.63\nnetname:        BESIDE\ncountry:        DE\nabuse-mailbox:  abuse@beside.example\n\n" +
				"inetnum:        198.51.100.64 - 198.51.100.127\nnetname:        NARROW\ndescr:          Narrow Hosting\ncountry:        DE\n",
			addr: "198.51.100.65",
			want: Network{First: a("198.51.100.64"), Last: a("198.51.100.127"), Handle: "198.51.100.64 - 198.51.100.127", Name: "NARROW", Organisation: "Narrow Hosting", Country: "DE",
				Parents:  []Parent{{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0 - 198.51.100.255", Name: "WIDE"}},
				Contacts: []Contact{mail(RoleAbuse, "Wide Desk", "abuse@wide.example", FoundAbuseLine)}},
		},
		{
			name: "a network of a whole region: the country of its holder",
			text: "inetnum:        198.51.100.0 - 198.51.100.255\nnetname:        EXAMPLE-EU\ncountry:        EU # Country is really world wide\norg:            ORG-EX1-RIPE\nsource:         RIPE\n\norganisation:   ORG-EX1-RIPE\norg-name:       Example Hosting\ncountry:        NL\nsource:         RIPE\n",
			addr: "198.51.100.65",
			want: Network{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0 - 198.51.100.255", Name: "EXAMPLE-EU", Organisation: "Example Hosting", Country: "NL", RIR: rirRIPE},
		},
		{
			name: "a network of a whole region whose holder has no country",
			text: "inetnum:        198.51.100.0 - 198.51.100.255\nnetname:        EXAMPLE-EU\ncountry:        EU\nsource:         RIPE\n",
			addr: "198.51.100.65",
			want: Network{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0 - 198.51.100.255", Name: "EXAMPLE-EU", Country: "EU", RIR: rirRIPE},
		},
		{
			name: "a description of the use names nobody, the next line does",
			text: "inetnum:        198.51.100.0 - 198.51.100.255\nnetname:        POOL\ndescr:          Dynamic IP Pool for Broadband Customers #3\ndescr:          Example Telecom\ncountry:        LT\nsource:         RIPE\n",
			addr: "198.51.100.65",
			want: Network{First: a("198.51.100.0"), Last: a("198.51.100.255"), Handle: "198.51.100.0 - 198.51.100.255", Name: "POOL", Organisation: "Example Telecom", Country: "LT", RIR: rirRIPE},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, problem := parseNetwork(decodeFrom("", tt.text), a(tt.addr))
			if problem != "" {
				t.Fatalf("problem %q, want a network", problem)
			}
			if diff := cmp.Diff(tt.want, n, compare); diff != "" {
				t.Errorf("network (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpaceOfNobody(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"special use at ARIN": "NetRange:       198.18.0.0 - 198.19.255.255\nNetName:        SPECIAL-EXAMPLE\nNetHandle:      NET-198-18-0-0-1\nNetType:        IANA Special Use\n\nOrgName:        Example Numbers Authority\nCountry:        US\n\nOrgAbuseEmail:  abuse@numbers.example\n",
		"given to another":    "NetRange:       198.18.0.0 - 198.19.255.255\nNetName:        EXAMPLE-OTHER\nNetHandle:      NET-198-18-0-0-1\nNetType:        Allocated to RIPE NCC\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n, problem := parseNetwork(text, netip.MustParseAddr("198.18.0.9")); problem != ProblemNotFound {
				t.Errorf("problem %q with %+v, want %q", problem, n, ProblemNotFound)
			}
		})
	}
}

func TestLinesThatNameNobody(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"Example Hosting Ltd":                     true,
		"Data Center Example":                     true,
		"ООО Пример":                              true,
		"株式会社例":                                   true,
		"Dynamic IP pool for broadband customers": false,
		"Dedicated servers, hosting":              false,
		"-- infrastructure --":                    false,
		"Point-to-point links 2":                  false,
		"UDC":                                     false,
	} {
		if got := describes(line); got != want {
			t.Errorf("describes(%q) = %v, want %v", line, got, want)
		}
	}
}
