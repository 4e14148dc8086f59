package judge

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTheListOfSinkholesIsRead(t *testing.T) {
	t.Parallel()
	s := newServers()
	if err := s.read(sinkholesCSV, seizure, sinkhole); err != nil {
		t.Fatal(err)
	}
	if len(s.zones) < 10 || len(s.prefixes) < 10 {
		t.Errorf("%d zones and %d prefixes", len(s.zones), len(s.prefixes))
	}
}

// Name servers of registrars and hosts that also serve live domains must never be in the list.
func TestTheListOfParkingServersIsRead(t *testing.T) {
	t.Parallel()
	s := newServers()
	if err := s.read(parkingCSV, parking, expiry); err != nil {
		t.Fatal(err)
	}
	if len(s.zones) < 15 || len(s.prefixes) != 0 {
		t.Errorf("%d zones and %d prefixes", len(s.zones), len(s.prefixes))
	}
	for name, want := range map[string]string{
		"ns1.bodis.com": parking, "ns2.sedoparking.com": parking, "ns1.pendingrenewaldeletion.com": expiry, "expired1.namebrightdns.com": expiry,
		"ns1.namebrightdns.com": "", "ns53.domaincontrol.com": "", "ns1.dns-parking.com": "", "dns1.registrar-servers.com": "", "notbodis.com": "",
	} {
		if got := s.zone(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestServersOfAList(t *testing.T) {
	t.Parallel()
	s := newServers()
	err := s.read("kind,value,what,operator,source,date\naddress,192.0.2.0/24,sinkhole,One,a list,2026-11-23\naddress,2001:db8::5,seizure,Two,a list,2026-11-23\nnameserver,taken.example,seizure,Two,a list,2026-11-23\n", seizure, sinkhole)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"taken.example": seizure, "ns1.taken.example": seizure, "untaken.example": "", "example": "", "": ""} {
		if got := s.zone(name); got != want {
			t.Errorf("zone of %q: %q, want %q", name, got, want)
		}
	}
	for address, want := range map[string]string{"192.0.2.77": sinkhole, "::ffff:192.0.2.77": sinkhole, "2001:db8::5": seizure, "2001:db8::6": "", "198.51.100.1": ""} {
		if got := s.address(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	if got := s.address(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}

func TestMalformedServersAreRefused(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		"address,192.0.2.1/24,sinkhole,One,a list,2026-11-23":        "neither an address nor a prefix",
		"address,taken.example,sinkhole,One,a list,2026-11-23":       "neither an address nor a prefix",
		"nameserver,Taken.example,sinkhole,One,a list,2026-11-23":    "lower case",
		"nameserver,.taken.example,sinkhole,One,a list,2026-11-23":   "lower case",
		"nameserver,taken.example,parking,One,a list,2026-11-23":     "neither seizure nor sinkhole",
		"network,taken.example,sinkhole,One,a list,2026-11-23":       "neither address nor nameserver",
		"nameserver,taken.example,sinkhole,One,a list,November 2026": "is no date",
		"nameserver,taken.example,sinkhole":                          "wrong number of fields",
	} {
		if err := newServers().read("kind,value,what,operator,source,date\n"+row+"\n", seizure, sinkhole); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", row, err, want)
		}
	}
}
