package webtest

import (
	"net/netip"
	"time"

	"vigil/casefile"
)

// OriginAddress is where the ninth sample is really hosted, as an analyst recorded: no
// answer to a viewer may hold it.
const OriginAddress = "203.0.113.99"

// onPlatform puts a case on a hosting platform, in a country that the sources dispute.
func onPlatform(c *casefile.Case) {
	h := c.Hosting
	h.Platform = &casefile.Platform{
		Name: "Example Pages", Kind: "page_host", Evidence: "host", Signs: []string{"host *.pages.test", "cname *." + c.Target.Host()},
		AbuseForm: "https://pages.test/report",
	}
	h.Disputed, h.Confidence = true, 0.51
	h.Dissent = []string{"rdap says US (0.35)", "mmdb:country, registered says " + c.Target.Host()}
	h.Contacts = append([]casefile.Contact{{
		Party: casefile.PartyHost, Name: "Example Pages", Role: "abuse", Form: "https://pages.test/report", Source: "platforms",
		Why: "the desk that the platform of " + c.Target.Host() + " publishes",
	}, {
		Party: casefile.PartyHost, Name: "Example Hosting", Role: "abuse", Email: "notice@hosting.test", Source: "directory", Why: "row of the operator's directory", Language: "nl", Approved: true,
	}}, h.Contacts...)
	h.Registrar.IANAID, h.Registrar.DomainStatus = 65001, []string{"clientHold", "clientTransferProhibited"}
	h.Registrar.Updated, h.Registrar.Expires = Start.AddDate(0, -1, 0), Start.AddDate(1, 0, 0)
	h.Registrar.Nameservers = []string{"ns1.dns.test", "ns2." + c.Target.Host()}
	h.Registrar.NameserverOperators = []string{"Example DNS"}
}

// behindEdge puts a case behind an edge; told says that an analyst recorded its origin.
func behindEdge(c *casefile.Case, told bool) {
	h := c.Hosting
	h.Edge = &casefile.Edge{
		Name: "Example Edge", Kind: "cdn", Evidence: "cname", Signs: []string{"cname *.edge.test", "header x-edge of " + c.Target.Host(), "range 192.0.2.0/24, as of 2026-10"},
		AbuseEmail: "abuse@edge.test",
	}
	h.Provider, h.Country, h.Confidence, h.Disputed, h.Origin = "Example Edge", "", 0, false, casefile.OriginUnknown
	h.Steps = []string{"Example Edge stands in front of the origin (evidence: cname): the addresses are the edge's, the origin is unknown, and no country is decided."}
	h.Contacts = []casefile.Contact{{Party: casefile.PartyEdge, Name: "Example Edge", Role: "abuse", Email: "abuse@edge.test", Source: "edges", Why: "the desk that the edge publishes"}}
	c.Assignment.HostingCountry, c.Assignment.Policy = "", "unknown_country"
	if !told {
		return
	}
	c.Assignment.HostingCountry, c.Assignment.AssignedCountry, c.Assignment.Hotlines, c.Assignment.Policy = "NL", "NL", []string{"Hotline NL"}, "hosting_country"
	address := netip.MustParseAddr(OriginAddress)
	c.Backend = &casefile.Backend{Address: address, Country: "NL", By: "analyst", At: Now.Add(-3 * time.Hour)}
	h.Provider, h.Network, h.Country, h.Confidence, h.Origin = "Origin Hosting", netip.PrefixFrom(address, 24).Masked(), "NL", 1, casefile.OriginKnown
	h.Claims = append(c.Backend.Claims(), append(h.Claims,
		casefile.Claim{Fact: casefile.FactCountry, Value: "NL", Source: "mmdb:country", AsOf: Start, Address: address},
		casefile.Claim{Fact: casefile.FactOrganisation, Value: "Origin Hosting", Source: "rdap", AsOf: Start, Address: address})...)
	h.Steps = []string{
		"Example Edge stands in front of the origin (evidence: cname); the origin was recorded, and the country is decided from it.",
		OriginAddress + ": NL (0.84) from mmdb:country and rdap.", "The origin stands in NL, as a person recorded (analyst:analyst).",
	}
	h.Contacts = append([]casefile.Contact{{Party: casefile.PartyHost, Name: "Origin Hosting", Role: "abuse", Email: "abuse@origin.test", Source: "rdap", Why: "abuse role of the network of " + OriginAddress}}, h.Contacts...)
}
