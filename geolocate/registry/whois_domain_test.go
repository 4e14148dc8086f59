package registry

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDomainQuestion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ server, name, want string }{
		{"whois.iana.org:43", "site-1.example", "example"},
		{"whois.iana.org:43", "192.0.2.7", "192.0.2.7"},
		{"whois.iana.org:43", "2001:db8::7", "2001:db8::7"},
		{"whois.verisign-grs.com:43", "site-1.example", "domain site-1.example"},
		{"whois.denic.de:43", "xn--bcher-kva.example", "-T dn,ace xn--bcher-kva.example"},
		{"whois.jprs.jp:43", "site-1.example", "site-1.example/e"},
		{"whois.registry.example:43", "site-1.example", "site-1.example"},
		{"192.0.2.53:4343", "site-1.example", "site-1.example"},
	} {
		if got := domainQuestion(test.server, test.name); got != test.want {
			t.Errorf("%s is asked %q, want %q", test.server, got, test.want)
		}
	}
}

func TestReadDate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		order dayOrder
		want  string // RFC 3339, or empty when the day is not clear
	}{
		{"2026-02-03T04:05:06Z", "", "2026-02-03T04:05:06Z"},
		{"2026-02-03T04:05:06.789+01:00", "", "2026-02-03T03:05:06Z"},
		{"2026-02-03T00:00:00-0700", "", "2026-02-03T07:00:00Z"},
		{"2026-02-03T04:05:06", "", "2026-02-03T04:05:06Z"},
		{"2026-02-03 04:05:06+03", "", "2026-02-03T01:05:06Z"},
		{"2026-02-03 04:05:06 +02:00", "", "2026-02-03T02:05:06Z"},
		{"2026-02-03 08:00:00 (UTC+8)", "", "2026-02-03T00:00:00Z"},
		{"2026-02-03 04:05:06 (GMT+0:00)", "", "2026-02-03T04:05:06Z"},
		{"2026/02/03 09:05:06 (JST)", "", "2026-02-03T00:05:06Z"},
		{"2026-02-03 00:05:06 CLST", "", "2026-02-03T03:05:06Z"},
		{"2026. 02. 03.", "", "2026-02-03T00:00:00Z"},
		{"2026.02.03 04:05:06", "", "2026-02-03T04:05:06Z"},
		{"20260203 #175298", "", "2026-02-03T00:00:00Z"},
		{"20260203 04:05:06", "", "2026-02-03T04:05:06Z"},
		{"registrar AT registry.example 20260203 (Changed)", "", "2026-02-03T00:00:00Z"},
		{"03-Feb-2026", "", "2026-02-03T00:00:00Z"},
		{"03-FEB-2026 04:05:06 UTC", "", "2026-02-03T04:05:06Z"},
		{"3 February 2026", "", "2026-02-03T00:00:00Z"},
		{"3rd February 2026 at 04:05:06.000", "", "2026-02-03T00:00:00Z"},
		{"February  3 2026", "", "2026-02-03T00:00:00Z"},
		{"2026-Feb-03.", "", "2026-02-03T00:00:00Z"},
		{"Tue Feb 3 2026", "", "2026-02-03T00:00:00Z"},
		{"Tue Feb 03 04:05:06 GMT 2026", "", "2026-02-03T04:05:06Z"},
		{"3.2.2026 4:05:06", "", "2026-02-03T04:05:06Z"},
		{"03/02/2026", dayFirst, "2026-02-03T00:00:00Z"},
		{"02/03/2026", monthFirst, "2026-02-03T00:00:00Z"},
		{"02/03/2026", "", ""},
		{"23/02/2026", "", "2026-02-23T00:00:00Z"},
		{"02/23/2026", "", "2026-02-23T00:00:00Z"},
		{"02/23/2026", dayFirst, ""},
		{"05-05-2026", "", "2026-05-05T00:00:00Z"},
		{"3 Feb 2026 1:05:06 PM", "", "2026-02-03T13:05:06Z"},
		{"3 Feb 2026 12:05 AM", "", "2026-02-03T00:05:00Z"},
		{"before Aug-1996", "", ""},
		{"before 1 January 1996", "", ""},
		{"31.02.2026", "", ""},
		{"0000-00-00", "", ""},
		{"2026-02-03 25:61:00", "", "2026-02-03T00:00:00Z"},
		{"never", "", ""}, {"", "", ""}, {"1 year", "", ""}, {"03/02/26", dayFirst, ""}, {"9999-12-31", "", ""},
	} {
		got := ""
		if at, ok := readDate(test.text, test.order); ok {
			got = at.Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%q (%s) is %q, want %q", test.text, test.order, got, test.want)
		}
	}
}

// TestOnlyHoldsAreHolds: words that sound like a hold, of registries that mean something
// else by them, are none: a false hold is a false "gone".
func TestOnlyHoldsAreHolds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tld, value string
		hold       string
	}{
		{"ru", "REGISTERED, NOT DELEGATED, VERIFIED", ""},
		{"it", "inactive / dnsHold", ""},
		{"it", "inactive / clientHold", "clientHold"},
		{"eu", "ON HOLD", ""},
		{"eu", "WITHDRAWN", ""},
		{"eu", "SERVER HOLD", "serverHold"},
		{"br", "on-hold", ""},
		{"fr", "FROZEN", ""},
		{"fr", "BLOCKED", "serverHold"},
		{"nl", "inactive", ""},
		{"nl", "in quarantine", ""},
		{"de", "failed", ""},
		{"pl", "BLOCKED", ""},
		{"dk", "Deactivated", ""},
		{"se", "deactivated", ""},
		{"jp", "Suspended", ""},
		{"uk", "Suspended", "serverHold"},
		{"cz", "Domain is administratively kept out of zone", "serverHold"},
		{"cz", "Domain is administratively kept in zone", ""},
		{"example", "on hold", ""},
		{"example", "hold", ""},
		{"example", "registry-hold", ""},
		{"example", "suspended", ""},
		{"example", "locked", ""},
		{"example", "clientHold", "clientHold"},
		{"example", "client hold", "clientHold"},
		{"example", "server_hold", "serverHold"},
		{"example", "serverHold https://icann.org/epp#serverHold", "serverHold"},
		{"example", "https://icann.org/epp#serverHold", ""},
		{"example", "ok (not clientHold)", ""},
	} {
		g := registration{name: "site." + test.tld, rule: tldOf("site." + test.tld)}
		g.state(test.value)
		holds := slices.DeleteFunc(statuses(g.states), func(s string) bool { return s != "clientHold" && s != "serverHold" })
		if got := strings.Join(holds, " "); got != test.hold {
			t.Errorf(".%s: %q is the hold %q, want %q", test.tld, test.value, got, test.hold)
		}
	}
}

// TestTables: each row has a source, EPP names that exist, and a date order that is one.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOf(t, "whois_statuses.csv", 4) {
		if row[3] == "" {
			t.Errorf("%v has no source", row)
		}
		for _, epp := range strings.Fields(row[2]) {
			if epp != "-" && epp != stateFree && eppStatus[strings.ToLower(epp)] != epp {
				t.Errorf("%v: %s is no EPP name", row, epp)
			}
		}
		if rule := tldRules()[row[0]]; rule.alias != "" {
			t.Errorf("%v: words of %s are those of %s", row, row[0], rule.alias)
		}
	}
	for _, row := range rowsOf(t, "whois_tlds.csv", 4) {
		if order := dayOrder(row[2]); row[3] == "" || order != "" && order != dayFirst && order != monthFirst {
			t.Errorf("%v: no source, or no order of day and month", row)
		}
	}
	fields := map[string]bool{}
	for _, row := range rowsOf(t, "whois_labels.csv", 2) {
		fields[row[0]] = true
		if got := labelFields()[foldLabel(row[1])]; got != row[0] {
			t.Errorf("label %q means %s and %s", row[1], row[0], got)
		}
	}
	for _, field := range []string{"name", "echo", "registrar", "registrar handle", "iana", "abuse", "status", "hold", "created", "updated", "expires", "nameserver"} {
		if !fields[field] {
			t.Errorf("no label means %s", field)
		}
		delete(fields, field)
	}
	for field := range fields {
		t.Errorf("nothing reads the field %s", field)
	}
}

func rowsOf(t *testing.T, file string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment, r.FieldsPerRecord, r.LazyQuotes = '#', columns, true
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", file, len(rows), err)
	}
	return rows
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Problem{
		"Requests of this client are not permitted.\n":            ProblemServer,
		"The WHOIS query quota for 192.0.2.9 has been exceeded\n": ProblemRateLimited,
		"% Excessive querying, grace period of 30 seconds\n":      ProblemRateLimited,
		"Your connection limit exceeded. Please slow down.\n":     ProblemRateLimited,
		"hello\n": ProblemBroken,
		"quota exceeded\n" + strings.Repeat("too much is said\n", 200):     ProblemBroken,
		"Domain Name: SITE-2.EXAMPLE\nRegistrar: Example Registrar BV\n":   ProblemOtherObject,
		"site-1.example is available for registration\n":                   ProblemNotFound,
		"site-2.example is available for registration\n":                   ProblemBroken,
		"The data of names that are available is free.\nNothing follows\n": ProblemBroken,
	} {
		if d, got := parseDomain(text, "site-1.example"); got != want {
			t.Errorf("%.60q: problem %q, want %q (%+v)", text, got, want, d)
		}
	}
}

// TestNobodyHoldsIt: the words of registries for a free or reserved name.
func TestNobodyHoldsIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"NOT FOUND\n>>> Last update <<<\n", "No Data Found\n", "DOMAIN NOT FOUND\n", "Domain not found.\n", "NO OBJECT FOUND!\n", "No Found\n", "Object does not exist\n",
		"The queried object does not exist: no matching objects found\n", "% No entries found for the selected source(s).\n", "%ERROR:101: no entries found\n", "%ERROR:103: Domain is not registered\n",
		"% No entries found for query \"site-1.example\".\n", "% nothing found\n", "*** Nothing found for this query.\n", "% No match\n", "No match!!\n", "No match found for \"site-1.example\"\n",
		"No_Se_Encontro_El_Objeto/Object_Not_Found\n", "query:        site-1.example\n\nNo data was found to match the request criteria.\n", "El dominio no se encuentra registrado\n",
		"Domain Name [site-1.example] does not exist in database.\n", "Domain name site-1.example does not exist in database!\n", "site-1.example - No Match\n", "site-1.example no match\n", "Not found: site-1.example\n",
		"site-1.example is free\n", ">>> Domain site-1.example is available for registration\n", "domain \"site-1.example\" not found.\n", "This domain name has not been registered.\n", "The domain name is not registered.\n",
		"% No such domain\n", "No information was found matching that query.\n", "Domain: site-1.example\nStatus: free\n", "Domain:\tsite-1.example\nStatus:\tAVAILABLE\n",
		"Reserved by registry\n", "Not available for registration.\nSecond level domain name is reserved.\n", "상기 도메인이름은 등록되어 있지 않습니다.\n",
		"% This query returned 0 objects.\n%\n% but this server does not have any data for it\n",
	} {
		if d, got := parseDomain(text, "site-1.example"); got != ProblemNotFound {
			t.Errorf("%q: problem %q, want not_found (%+v)", text, got, d)
		}
	}
}
