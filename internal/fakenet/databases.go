package fakenet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// WriteDatabases writes country.mmdb and asn.mmdb into dir, in the flat shape of
// ip-location-db (country_code; autonomous_system_number and
// autonomous_system_organization). They cover all networks; loopback is that of
// the first network after the infrastructure, for sites on plain sockets.
func (n *Net) WriteDatabases(dir string) (countryPath, asnPath string, err error) {
	country, err := newTree(n, "country")
	if err != nil {
		return "", "", err
	}
	asn, err := newTree(n, "asn")
	if err != nil {
		return "", "", err
	}
	networks := n.Networks()
	local := networks[min(1, len(networks)-1)]
	local.Prefix, local.Prefix6 = netip.MustParsePrefix("127.0.0.0/8"), netip.Prefix{}
	for _, w := range append(networks, local) {
		for _, p := range []netip.Prefix{w.Prefix, w.Prefix6} {
			if !p.IsValid() {
				continue
			}
			at := &net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
			if err := country.Insert(at, mmdbtype.Map{"country_code": mmdbtype.String(w.Country)}); err != nil {
				return "", "", fmt.Errorf("insert %s: %w", p, err)
			}
			if err := asn.Insert(at, mmdbtype.Map{
				"autonomous_system_number": mmdbtype.Uint32(w.ASN), "autonomous_system_organization": mmdbtype.String(w.Holder),
			}); err != nil {
				return "", "", fmt.Errorf("insert %s: %w", p, err)
			}
		}
	}
	countryPath, asnPath = filepath.Join(dir, "country.mmdb"), filepath.Join(dir, "asn.mmdb")
	if err := writeTree(country, countryPath); err != nil {
		return "", "", err
	}
	return countryPath, asnPath, writeTree(asn, asnPath)
}

func newTree(n *Net, kind string) (*mmdbwriter.Tree, error) {
	t, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: "fakenet-" + kind, Description: map[string]string{"en": "The simulated internet"}, BuildEpoch: n.start.Unix(),
		IncludeReservedNetworks: true, RecordSize: 24,
	})
	if err != nil {
		return nil, fmt.Errorf("make a %s database: %w", kind, err)
	}
	return t, nil
}

func writeTree(t *mmdbwriter.Tree, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create a database: %w", err)
	}
	if _, err := t.WriteTo(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("write a database: %w", err)
	}
	return f.Close()
}
