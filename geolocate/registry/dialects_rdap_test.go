package registry

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openrdap/rdap"
)

// Oddities of single registries in RDAP, seen in real answers; these answers are made up.
func TestDialectsOfRDAPNetworks(t *testing.T) {
	t.Parallel()
	const head = `{"objectClassName":"ip network","startAddress":"203.0.113.0","endAddress":"203.0.113.255","name":"EXAMPLE-NET",`
	a := netip.MustParseAddr
	network := func(n Network) Network {
		n.First, n.Last, n.Name = a("203.0.113.0"), a("203.0.113.255"), "EXAMPLE-NET"
		return n
	}
	tests := []struct {
		name, text string
		want       Network
	}{
		{
			name: "APNIC: an irt whose address is invalid is no abuse contact any more",
			text: head + `"country":"SG","port43":"whois.apnic.net","entities":[
				{"roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","IRT-EXAMPLE-SG"],["email",{},"text","Abuse@host.example"]]],
				 "remarks":[{"title":"remarks","description":["abuse@host.example is invalid"]}]},
				{"roles":["technical"],"vcardArray":["vcard",[["fn",{},"text","Example NOC"],["email",{},"text","noc@host.example"]]],
				 "remarks":[{"title":"remarks","description":["noc@host.example was validated on 2026-01-02"]}]}]}`,
			want: network(Network{Country: "SG", RIR: rirAPNIC, Contacts: []Contact{
				{Role: roleOther, Name: "IRT-EXAMPLE-SG", Email: "Abuse@host.example", Found: FoundMailLine},
				{Role: roleTechnical, Name: "Example NOC", Email: "noc@host.example", Found: FoundMailLine}}}),
		},
		{
			name: "RIPE NCC: an abuse contact that did not answer the check",
			text: head + `"country":"DE","port43":"whois.ripe.net",
				"remarks":[{"description":["Abuse contact for '203.0.113.0 - 203.0.113.255' is 'abuse@host.example'\nAbuse-mailbox validation failed. Please refer to ORG-EX1-RIPE for further information.\n"]}],
				"entities":[{"roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","Example Abuse"],["email",{},"text","abuse@host.example"]]]}]}`,
			want: network(Network{Country: "DE", RIR: rirRIPE, Contacts: []Contact{{Role: roleOther, Name: "Example Abuse", Email: "abuse@host.example", Found: FoundMailLine}}}),
		},
		{
			name: "ARIN: the name of a private customer is withheld, the country is not",
			text: head + `"port43":"whois.arin.net","entities":[{"roles":["registrant"],"handle":"C00000001","vcardArray":["vcard",[["fn",{},"text","Private Customer"],
				["adr",{"label":"Private Residence\nVancouver\nBC\nV5K 0A1\nCanada"},"text",["","","","","","",""]],["kind",{},"text","org"]]]}]}`,
			want: network(Network{Country: "CA", RIR: rirARIN}),
		},
		{
			name: "an organisation with its units, in a card without a full name",
			text: head + `"country":"PE","port43":"whois.lacnic.net","entities":[{"roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],
				["org",{},"text",["Hospedaje de Ejemplo","Centro de Abuso"]],["adr",{},"text","Calle 1, Lima"],["email",{},"text","red@host.example"]]]}]}`,
			want: network(Network{Country: "PE", RIR: rirLACNIC, Organisation: "Hospedaje de Ejemplo", Contacts: []Contact{{Role: roleRegistrant, Name: "Hospedaje de Ejemplo", Email: "red@host.example", Found: FoundMailLine}}}),
		},
		{
			name: "entities that are only a handle and a link name nobody",
			text: head + `"country":"DE","port43":"whois.ripe.net","remarks":[{"description":["Example Hosting"]}],"entities":[{"handle":"EX1-RIPE","roles":["administrative","abuse"],"links":[{"rel":"self","href":"https://rdap.registry.test/entity/EX1-RIPE"}]}]}`,
			want: network(Network{Country: "DE", RIR: rirRIPE, Organisation: "Example Hosting"}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			object, err := rdap.NewDecoder([]byte(tt.text)).Decode()
			if err != nil {
				t.Fatal(err)
			}
			n, problem := networkOf(object, a("203.0.113.9"))
			if problem != "" {
				t.Fatalf("problem %q, want a network", problem)
			}
			if diff := cmp.Diff(tt.want, n, compare); diff != "" {
				t.Errorf("network (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpaceOfNobodyInRDAP(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ALLOCATED TO RIPE NCC", "IANA Special Use", "Early Registrations, Transferred to APNIC"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			text := `{"objectClassName":"ip network","startAddress":"203.0.113.0","endAddress":"203.0.113.255","name":"EXAMPLE","type":"` + kind + `","port43":"whois.arin.net",
				"entities":[{"roles":["registrant"],"vcardArray":["vcard",[["fn",{},"text","Example Registry"],["kind",{},"text","org"]]]}]}`
			object, err := rdap.NewDecoder([]byte(text)).Decode()
			if err != nil {
				t.Fatal(err)
			}
			if n, problem := networkOf(object, netip.MustParseAddr("203.0.113.9")); problem != ProblemNotFound {
				t.Errorf("problem %q with %+v, want %q", problem, n, ProblemNotFound)
			}
		})
	}
}

// What a registry calls dead must not be told by itself, however it stands in the text.
func TestDeadAbuseContacts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []Contact
	}{
		"RIPE NCC says so below the contact": {
			text: "% Abuse contact for '198.51.100.0 - 198.51.100.255' is 'abuse@dead.example'\n% Abuse-mailbox validation failed. Please refer to ORG-EX1-RIPE for further information.\n\ninetnum: 198.51.100.0 - 198.51.100.255\nnetname: EXAMPLE\ncountry: DE\nabuse-c: AB1-RIPE\nremarks: report spam to spam@host.example\n\nrole: Example Abuse\nabuse-mailbox: abuse@dead.example\nnic-hdl: AB1-RIPE\n",
			want: []Contact{{Role: RoleAbuse, Email: "spam@host.example", Found: FoundRemarks}, {Role: roleOther, Email: "abuse@dead.example", Name: "Example Abuse", Found: FoundMailLine}},
		},
		"APNIC says so in a remark of the irt, the wider network has a desk": {
			text: "inetnum: 198.51.0.0 - 198.51.255.255\nnetname: WIDE\nabuse-mailbox: abuse@wide.example\n\ninetnum: 198.51.100.0 - 198.51.100.255\nnetname: EXAMPLE\nmnt-irt: IRT-EX-SG\n\nirt: IRT-EX-SG\nabuse-mailbox: abuse@dead.example\nremarks: abuse@dead.example is invalid\n",
			want: []Contact{{Role: RoleAbuse, Email: "abuse@wide.example", Found: FoundAbuseLine}, {Role: roleOther, Email: "abuse@dead.example", Name: "IRT-EX-SG", Found: FoundMailLine}},
		},
		"a check that was passed": {
			text: "inetnum: 198.51.100.0 - 198.51.100.255\nnetname: EXAMPLE\nmnt-irt: IRT-EX-SG\n\nirt: IRT-EX-SG\nabuse-mailbox: abuse@host.example\nremarks: abuse@host.example was validated on 2026-02-03\n",
			want: []Contact{{Role: RoleAbuse, Email: "abuse@host.example", Name: "IRT-EX-SG", Found: FoundAbuseLine}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, problem := parseNetwork(tt.text, netip.MustParseAddr("198.51.100.9"))
			if problem != "" {
				t.Fatalf("problem %q, want a network", problem)
			}
			if diff := cmp.Diff(tt.want, n.Contacts, compare); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
		})
	}
}
