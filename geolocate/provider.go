package geolocate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"vigil/casefile"
)

// provide names the provider, the AS and the network. The lead is the first address
// of the decided country about which something is known; else the first such address.
func provide(h *casefile.Hosting, placed []netip.Addr) {
	candidates := placed
	if len(candidates) == 0 {
		candidates = h.Addresses // behind an edge: the edge's own network
	}
	var lead *provider
	for _, addr := range candidates {
		p := providerOf(addr, h.Claims)
		if p.known() && (lead == nil || h.Country != "" && !lead.stands(h.Country) && p.stands(h.Country)) {
			lead = &p
		}
	}
	if keeps(h.Platform) {
		h.Provider = h.Platform.Name
		h.Steps = append(h.Steps, fmt.Sprintf("The page is kept on %s (%s; evidence: %s): that platform is the provider, whoever runs its addresses.",
			h.Platform.Name, cmp.Or(platformWords[h.Platform.Kind], h.Platform.Kind), h.Platform.Evidence))
	}
	if lead == nil {
		if len(candidates) > 0 && h.Provider == "" {
			h.Steps = append(h.Steps, "No source names the provider.")
		}
		return
	}
	h.ASN, h.Network = lead.asn, lead.network
	switch {
	case keeps(h.Platform):
	case lead.organisation != "":
		h.Provider = lead.organisation
		h.Steps = append(h.Steps, "The provider is the organisation that the registry names for the network of "+lead.addr.String()+".")
	case lead.holder != "":
		h.Provider = lead.holder
		h.Steps = append(h.Steps, "The provider is the holder of the AS that announces "+lead.addr.String()+".")
	case lead.name != "":
		h.Provider = lead.name
		h.Steps = append(h.Steps, "The provider has no name but that of the network of "+lead.addr.String()+".")
	}
}

// provider is what the claims say about who runs an address; the first claim of each fact counts.
type provider struct {
	addr                       netip.Addr
	organisation, holder, name string
	asn                        uint32
	network                    netip.Prefix
	countries                  []string
}

func providerOf(addr netip.Addr, claims []casefile.Claim) provider {
	p := provider{addr: addr}
	first := func(to *string, c *casefile.Claim) {
		if *to == "" {
			*to = c.Value
		}
	}
	registered := false
	for i := range claims {
		c := &claims[i]
		if c.Address != addr || c.Value == "" {
			continue
		}
		switch c.Fact {
		case casefile.FactOrganisation:
			first(&p.organisation, c)
		case casefile.FactASHolder:
			first(&p.holder, c)
		case casefile.FactNetworkName:
			first(&p.name, c)
		case casefile.FactASN:
			if n, err := parseASN(c.Value); err == nil && p.asn == 0 {
				p.asn = n
			}
		case casefile.FactNetwork: // a registry's network before a database's
			prefix, err := netip.ParsePrefix(c.Value)
			fromRegistry := kindOf(c.Source) != kindDatabase
			if err == nil && (!p.network.IsValid() || fromRegistry && !registered) {
				p.network, registered = prefix, fromRegistry
			}
		case casefile.FactCountry:
			p.countries = append(p.countries, c.Value)
		default:
		}
	}
	return p
}

func (p provider) known() bool {
	return p.organisation != "" || p.holder != "" || p.name != "" || p.asn != 0 || p.network.IsValid()
}

func (p provider) stands(country string) bool { return slices.Contains(p.countries, country) }

// keeps says whether a platform holds its customers' pages itself, so that it can
// delete them: every kind but a cloud, whose customers run machines of their own.
func keeps(p *casefile.Platform) bool { return p != nil && p.Kind != kindCloud }

var platformWords = map[string]string{kindObjectStore: "object store", kindPageHost: "page host", kindSiteBuilder: "site builder"}
