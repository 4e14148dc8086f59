package judge

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTheListOfSinkholesIsRead(t *testing.T) {
	t.Parallel()
	s, err := readServers(sinkholesCSV)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.zones) < 10 || len(s.prefixes) < 10 {
		t.Errorf("%d zones and %d prefixes", len(s.zones), len(s.prefixes))
	}
}

func TestServersOfAList(t *testing.T) {
	t.Parallel()
	s, err := readServers("kind,value,what,operator,source,date\naddress,192.0.2.0/24,sinkhole,One,a list,2026-11-23\naddress,2001:db8::5,seizure,Two,a list,2026-11-23\nnameserver,taken.example,seizure,Two,a list,2026-11-23\n")
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
		"nameserver,taken.example,parking,One,a list,2026-11-23":     "neither sinkhole nor seizure",
		"network,taken.example,sinkhole,One,a list,2026-11-23":       "neither address nor nameserver",
		"nameserver,taken.example,sinkhole,One,a list,November 2026": "is no date",
		"nameserver,taken.example,sinkhole":                          "wrong number of fields",
	} {
		if _, err := readServers("kind,value,what,operator,source,date\n" + row + "\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", row, err, want)
		}
	}
}
