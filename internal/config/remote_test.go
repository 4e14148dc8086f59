package config

import (
	"strings"
	"testing"
)

func TestRemoteVantages(t *testing.T) {
	t.Parallel()
	const files = "ca: a.pem, cert: b.pem, key: c.pem"
	for _, test := range []struct {
		name, file, fault string
		want              Remote
	}{
		{name: "a remote vantage", file: "crawler: {vantages: [{name: far, eye: {address: '192.0.2.7:8443', " + files + "}}]}", want: Remote{Address: "192.0.2.7:8443", CA: "a.pem", Cert: "b.pem", Key: "c.pem"}},
		{name: "no remote vantage", file: "crawler: {vantages: [{name: far}]}"},
		{name: "an empty one", file: "crawler: {vantages: [{name: far, eye: {address: '', ca: '', cert: '', key: ''}}]}"},
		{name: "no port", file: "crawler: {vantages: [{name: far, eye: {address: '192.0.2.7', " + files + "}}]}", fault: "vantages[0].eye.address"},
		{name: "no files", file: "crawler: {vantages: [{name: far, eye: {address: '192.0.2.7:8443'}}]}", fault: "vigil vantage keys"},
		{name: "files without an address", file: "crawler: {vantages: [{name: far, eye: {" + files + "}}]}", fault: "vantages[0].eye.address"},
		{name: "a remote vantage behind a proxy", file: "crawler: {vantages: [{name: far, proxy: 'socks5://192.0.2.1:1080', eye: {address: '192.0.2.7:8443', " + files + "}}]}", fault: "does not go together with proxy"},
		{name: "an unknown key", file: "crawler: {vantages: [{name: far, eye: {addr: '192.0.2.7:8443'}}]}", fault: "vantages[0].eye.addr is no key of Vigil; did you mean eye.address?"},
		{name: "to be one", file: "vantage: {listen: '0.0.0.0:8443', name: far, country: SE, " + files + "}\ncrawler: {vantages: [{name: far}]}"},
		{name: "to be one without a name", file: "vantage: {listen: '0.0.0.0:8443', " + files + "}", fault: "vantage.name"},
		{name: "to be one without keys", file: "vantage: {listen: '0.0.0.0:8443', name: far}", fault: "vigil vantage keys"},
		{name: "to listen nowhere", file: "vantage: {listen: '8443', name: far, " + files + "}", fault: "vantage.listen"},
		{name: "a country in words", file: "vantage: {country: Sweden}", fault: "vantage.country"},
	} {
		got, err := Parse([]byte(test.file), nil)
		switch {
		case test.fault == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.fault == "" && got.Crawler.Vantages[0].Remote != test.want:
			t.Errorf("%s: %+v", test.name, got.Crawler.Vantages[0].Remote)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)):
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
