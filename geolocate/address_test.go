package geolocate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var judged = []struct {
	raw, email string
	problem    addressProblem
}{
	// Plain.
	{raw: "abuse@host.example", email: "abuse@host.example"},
	{raw: "Abuse+desk@net.host.example", email: "Abuse+desk@net.host.example"},
	{raw: "a@b.co", email: "a@b.co"},
	{raw: "abuse@host.test", email: "abuse@host.test"},
	{raw: "o'neil@host.example", email: "o'neil@host.example"},
	{raw: "abuse_desk-1@host-2.example", email: "abuse_desk-1@host-2.example"},
	{raw: "abuse@xn--bcher-kva.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "ABUSE@HOST.EXAMPLE", email: "ABUSE@host.example"},
	{raw: "abuse=64500@host.example", email: "abuse=64500@host.example"},
	{raw: "postmaster@host.example", email: "postmaster@host.example"},
	{raw: "spam@host.example", email: "spam@host.example"},
	{raw: "small.hoster@gmail.com", email: "small.hoster@gmail.com"},
	{raw: "name.abuse@host.example", email: "name.abuse@host.example"},
	{raw: "privacy-team@host.example", email: "privacy-team@host.example"},
	{raw: "contest@host.example", email: "contest@host.example"},
	{raw: "x.y@host.example", email: "x.y@host.example"},
	{raw: "abuse@examples.example", email: "abuse@examples.example"},
	{raw: "abuse@myexample.com", email: "abuse@myexample.com"},
	{raw: strings.Repeat("a", 64) + "@host.example", email: strings.Repeat("a", 64) + "@host.example"},
	{raw: "abuse@" + strings.Repeat("b", 63) + ".example", email: "abuse@" + strings.Repeat("b", 63) + ".example"},
	// What stands around an address.
	{raw: "  abuse@host.example\t", email: "abuse@host.example"},
	{raw: "mailto:abuse@host.example", email: "abuse@host.example"},
	{raw: "MailTo:abuse@host.example?subject=abuse", email: "abuse@host.example"},
	{raw: "mailto:abuse%40host.example", email: "abuse@host.example"},
	{raw: "<mailto:abuse@host.example>", email: "abuse@host.example"},
	{raw: "<abuse@host.example>", email: "abuse@host.example"},
	{raw: "Abuse <abuse@host.example>", email: "abuse@host.example"},
	{raw: `"Desk, Abuse" <abuse@host.example>`, email: "abuse@host.example"},
	{raw: "Abuse Desk <abuse@host.example", email: "abuse@host.example"}, // the end was trimmed
	{raw: "abuse@host.example (Abuse desk)", email: "abuse@host.example"},
	{raw: "abuse@host.example.", email: "abuse@host.example"},
	{raw: "'abuse@host.example'", email: "abuse@host.example"},
	{raw: `"abuse@host.example"`, email: "abuse@host.example"},
	{raw: "abuse@host.example;", email: "abuse@host.example"},
	{raw: "abuse@host.example,", email: "abuse@host.example"},
	{raw: "(abuse@host.example)", email: "abuse@host.example"},
	{raw: "abuse@host.example:", email: "abuse@host.example"},
	// Hidden from robots.
	{raw: "abuse(at)host.example", email: "abuse@host.example"},
	{raw: "abuse [at] host [dot] example", email: "abuse@host.example"},
	{raw: "abuse (AT) host (DOT) example", email: "abuse@host.example"},
	{raw: "abuse{at}host.example", email: "abuse@host.example"},
	{raw: "abuse(a)host.example", email: "abuse@host.example"},
	{raw: "abuse<at>host.example", email: "abuse@host.example"},
	{raw: "abuse[@]host[.]example", email: "abuse@host.example"},
	{raw: "abuse at host dot example", email: "abuse@host.example"},
	{raw: "abuse AT host.example", email: "abuse@host.example"},
	{raw: "noc at net dot host dot example", email: "noc@net.host.example"},
	{raw: "abuse＠host.example", email: "abuse@host.example"},
	{raw: "hosted at provider.example", problem: addressAbsent},
	{raw: "look at our pages", problem: addressAbsent},
	// Internationalised domains.
	{raw: "abuse@bücher.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "abuse@BÜCHER.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "abuse@例え.テスト", email: "abuse@xn--r8jz45g.xn--zckzah"},
	{raw: "abuse@host。example", email: "abuse@host.example"},
	{raw: "abuse@bü_cher.example", problem: addressBroken},
	{raw: "abusé@host.example", problem: addressBroken}, // needs RFC 6531 on the whole way
	// No addresses.
	{raw: "", problem: addressEmpty},
	{raw: " \t ", problem: addressEmpty},
	{raw: "abuse", problem: addressAbsent},
	{raw: "see the website", problem: addressAbsent},
	{raw: "+31 20 555 0100", problem: addressAbsent},
	{raw: "@", problem: addressBroken},
	{raw: "@host.example", problem: addressBroken},
	{raw: "abuse@", problem: addressBroken},
	{raw: "abuse@host", problem: addressBroken},
	{raw: "abuse@@host.example", problem: addressBroken},
	{raw: "a b@host.example", problem: addressBroken},
	{raw: "abuse@host..example", problem: addressBroken},
	{raw: "abuse@.host.example", problem: addressBroken},
	{raw: ".a@host.example", problem: addressBroken},
	{raw: "a.@host.example", problem: addressBroken},
	{raw: "a..b@host.example", problem: addressBroken},
	{raw: "abuse@-host.example", problem: addressBroken},
	{raw: "abuse@host-.example", problem: addressBroken},
	{raw: "abuse@ho_st.example", problem: addressBroken},
	{raw: "abuse@host.example\r\nBcc: x@y.example", problem: addressBroken},
	{raw: "abuse@host.example\x00", problem: addressBroken},
	{raw: "abuse@host.\xff", problem: addressBroken},
	{raw: "abuse\\@host.example", problem: addressBroken},
	{raw: "abuse@host.example/form", problem: addressBroken},
	{raw: "abuse@192.0.2.1", problem: addressLiteral},
	{raw: "abuse@[192.0.2.1]", problem: addressLiteral},
	{raw: "abuse@[IPv6:2001:db8::1]", problem: addressLiteral},
	{raw: `"abuse desk"@host.example`, problem: addressQuoted},
	{raw: `abuse desk"@host.example`, problem: addressQuoted}, // the first quote was trimmed
	{raw: `"a@b"@host.example`, problem: addressQuoted},
	{raw: strings.Repeat("a", 65) + "@host.example", problem: addressTooLong},
	{raw: "a@" + strings.Repeat("b", 64) + ".example", problem: addressTooLong},
	{raw: "a@" + strings.Repeat("b.", 126) + "example", problem: addressTooLong},
	{raw: strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 94) + "example", problem: addressTooLong},
	{raw: strings.Repeat("a", 2000), problem: addressTooLong},
	{raw: "a@host.example, b@host.example", problem: addressSeveral},
	{raw: "a@host.example b@host.example", problem: addressSeveral},
	{raw: "a@host.example/b@host.example", problem: addressSeveral},
	{raw: "https://host.example/abuse", problem: addressForm},
	{raw: "HTTP://host.example/", problem: addressForm},
	{raw: "<https://host.example/abuse?to=abuse@host.example>", problem: addressForm},
	// Filler and mailboxes that nobody reads.
	{raw: "abuse@example.com", problem: addressPlaceholder},
	{raw: "user@example.net", problem: addressPlaceholder},
	{raw: "abuse@mail.example.org", problem: addressPlaceholder},
	{raw: "name@domain.com", problem: addressPlaceholder},
	{raw: "your@email.com", problem: addressPlaceholder},
	{raw: "test@test.com", problem: addressPlaceholder},
	{raw: "you@yourdomain.com", problem: addressPlaceholder},
	{raw: "abuse@yourdomain.com", problem: addressPlaceholder},
	{raw: "abuse@domain.tld", problem: addressPlaceholder},
	{raw: "none@none.invalid", problem: addressPlaceholder},
	{raw: "abuse@host.invalid", problem: addressPlaceholder},
	{raw: "abuse@server.local", problem: addressPlaceholder},
	{raw: "root@server.localhost", problem: addressPlaceholder},
	{raw: "abuse@server.internal", problem: addressPlaceholder},
	{raw: "abuse@hidden.onion", problem: addressPlaceholder},
	{raw: "xxx@xxx", problem: addressPlaceholder},
	{raw: "XXXX@host.example", problem: addressPlaceholder},
	{raw: "---@host.example", problem: addressPlaceholder},
	{raw: "No-Reply@host.example", problem: addressPlaceholder},
	{raw: "noreply@host.example", problem: addressPlaceholder},
	{raw: "do_not_reply@host.example", problem: addressPlaceholder},
	{raw: "abuse-noreply@host.example", problem: addressPlaceholder},
	{raw: "no-email@host.example", problem: addressPlaceholder},
	{raw: "nomail@host.example", problem: addressPlaceholder},
	{raw: "anonymous@host.example", problem: addressPlaceholder},
	{raw: "nobody@host.example", problem: addressPlaceholder},
	{raw: "dev/null@host.example", problem: addressPlaceholder},
	{raw: "n/a@host.example", problem: addressPlaceholder},
	{raw: "not.disclosed@host.example", problem: addressPlaceholder},
	{raw: "gdpr-masked@host.example", problem: addressPlaceholder},
	{raw: "unread@ripe.net", problem: addressPlaceholder},
	{raw: "bitbucket@ripe.net", problem: addressPlaceholder},
	{raw: "firstname.lastname@host.example", problem: addressPlaceholder},
	{raw: "unmonitored-mailbox@host.example", problem: addressPlaceholder},
	// Redacted.
	{raw: "REDACTED FOR PRIVACY", problem: addressRedacted},
	{raw: "redacted@host.example", problem: addressRedacted},
	{raw: "abuse@redacted.example", problem: addressRedacted},
	{raw: "Please query the RDDS service of the Registrar of Record identified in this output", problem: addressRedacted},
	{raw: "Select Contact Domain Holder link at https://registrar.example/whois?domain=site-1.example", problem: addressRedacted},
	{raw: "https://registrar.example/select-contact-domain-holder-link", problem: addressRedacted},
	{raw: "https://tieredaccess.com/contact/12", problem: addressRedacted},
	{raw: "Not Disclosed", problem: addressRedacted},
	{raw: "<data not disclosed>", problem: addressRedacted},
	{raw: "Non-Public Data", problem: addressRedacted},
	{raw: "GDPR Masked", problem: addressRedacted},
	{raw: "***@***", problem: addressRedacted},
	{raw: "a****@host.example", problem: addressRedacted},
	{raw: "abuse@h***.example", problem: addressRedacted},
	// Privacy services and registries.
	{raw: "site-1.example@domainsbyproxy.com", problem: addressPrivacy},
	{raw: "0a1b2c.protect@whoisguard.com", problem: addressPrivacy},
	{raw: "0a1b2c.protect@withheldforprivacy.com", problem: addressPrivacy},
	{raw: "site-1.example@contactprivacy.com", problem: addressPrivacy},
	{raw: "0a1b@u.o-w-o.info", problem: addressPrivacy},
	{raw: "pw-0a1b@privacyguardian.org", problem: addressPrivacy},
	{raw: "contact@privacyprotect.org", problem: addressPrivacy},
	{raw: "hostmaster@ripe.net", problem: addressRegistry},
	{raw: "abuse@ripe.net", problem: addressRegistry},
	{raw: "search-apnic-not-arin@apnic.net", problem: addressRegistry},
	{raw: "irt@nic.or.kr", problem: addressRegistry},
	{raw: "hostmaster@nic.ad.jp", problem: addressRegistry},
	{raw: "ipas@cnnic.cn", problem: addressRegistry},
	{raw: "hm-changed@vnnic.vn", problem: addressRegistry},
}

func TestJudgeAddress(t *testing.T) {
	t.Parallel()
	if len(judged) < 120 {
		t.Errorf("only %d cases", len(judged))
	}
	for _, test := range judged {
		t.Run(test.raw, func(t *testing.T) {
			t.Parallel()
			email, problem := judgeAddress(test.raw)
			if email != test.email || problem != test.problem {
				t.Errorf("%q, problem %q; want %q, problem %q", email, problem, test.email, test.problem)
			}
			if problem != "" && (problem.words() == string(problem) || problem.words() == "nothing") {
				t.Errorf("problem %q has no words", problem)
			}
			if usable(test.raw) != (problem == "" && strings.EqualFold(email, test.raw)) {
				t.Errorf("usable: %v", usable(test.raw))
			}
		})
	}
}

func TestSplitAddresses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		"abuse@host.example":                               {"abuse@host.example"},
		"a@host.example, b@host.example;c@host.example":    {"a@host.example", "b@host.example", "c@host.example"},
		"a@host.example b@host.example":                    {"a@host.example", "b@host.example"},
		"a@host.example or b@host.example":                 {"a@host.example", "b@host.example"},
		"a@host.example/b@host.example":                    {"a@host.example", "b@host.example"},
		"a@host.example\nb@host.example":                   {"a@host.example", "b@host.example"},
		`"Desk, Abuse" <abuse@host.example>`:               {`Abuse" <abuse@host.example>`},
		"abuse at host dot example, noc (at) host.example": {"abuse at host dot example", "noc (at) host.example"},
		"https://host.example/a/b":                         {"https://host.example/a/b"},
		"https://host.example/abuse or abuse@host.example": {"https://host.example/abuse", "abuse@host.example"},
		"REDACTED, FOR PRIVACY":                            {"REDACTED, FOR PRIVACY"},
		"john smith@host.example":                          {"john smith@host.example"},
		"a@@host.example":                                  {"a@@host.example"},
		"":                                                 {""},
		strings.Repeat("a@host.example,", 20):              {"a@host.example", "a@host.example", "a@host.example", "a@host.example", "a@host.example"},
	} {
		if diff := cmp.Diff(want, splitAddresses(raw)); diff != "" {
			t.Errorf("%q: %s", raw, diff)
		}
	}
	if got := splitAddresses(strings.Repeat("a@host.example,", 100)); len(got) != 1 {
		t.Errorf("a field over its bound was split into %d", len(got))
	}
}

func TestFormIn(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://host.example/abuse":                       "https://host.example/abuse",
		"<http://host.example/a?b=c>":                      "http://host.example/a?b=c",
		"https://":                                         "",
		"https://user@host.example/":                       "",
		"ftp://host.example/":                              "",
		"javascript:alert(1)":                              "",
		"https://host.example/a b":                         "",
		"https://host.example/\r\nx":                       "",
		"abuse@host.example":                               "",
		"https://host.example/" + strings.Repeat("a", 500): "",
		"https://:80/":                                     "",
	} {
		if got := formIn(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// The embedded list reads, holds each value once, folded as it is compared, with its source.
func TestAddressList(t *testing.T) {
	t.Parallel()
	list, err := parseAddressList(addressesCSV)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.locals) < 50 || len(list.domains) < 80 || len(list.mailboxes) < 60 || len(list.phrases) < 10 || len(list.parts) < 5 {
		t.Errorf("the list is short: %d, %d, %d, %d, %d", len(list.locals), len(list.domains), len(list.mailboxes), len(list.phrases), len(list.parts))
	}
	seen := map[string]bool{}
	for line := range strings.Lines(addressesCSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), ",")
		value, source, _ := strings.Cut(rest, ",")
		if key := kind + value; seen[key] || source == "" || value != strings.ToLower(value) || (kind == "local" || kind == "part") && strings.ContainsAny(value, ".-_+") {
			t.Errorf("line %q", line)
		}
		seen[kind+value] = true
		if kind == "mailbox" && registrable(value) != value {
			t.Errorf("mailbox %q is no registrable domain", value)
		}
	}
	for _, broken := range []string{"local,none\n", "what,none,source\n", "local,\"none,source\n"} {
		if _, err := parseAddressList(broken); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
}

// Whatever stands in a field: what comes out is one plain address that is judged the
// same again, or nothing and a known problem.
func FuzzJudgeAddress(f *testing.F) {
	for _, test := range judged {
		f.Add(test.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		email, problem := judgeAddress(raw)
		if (email == "") == (problem == "") {
			t.Fatalf("%q: %q and problem %q", raw, email, problem)
		}
		if problem != "" && problem.words() == string(problem) {
			t.Errorf("%q: problem %q is not of the set", raw, problem)
		}
		if problem == "" {
			again, p := judgeAddress(email)
			if again != email || p != "" {
				t.Errorf("%q became %q, which became %q (%s)", raw, email, again, p)
			}
			if len(email) > maxMailbox || strings.Count(email, "@") != 1 || strings.ContainsFunc(email, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\"(),:;<>[]\\*", c) }) {
				t.Errorf("%q became %q", raw, email)
			}
		}
		parts := splitAddresses(raw)
		if len(parts) == 0 || len(parts) > maxInField {
			t.Errorf("%q became %d parts", raw, len(parts))
		}
		if form := formIn(raw); len(form) > maxForm || strings.ContainsAny(form, " \r\n\x00") {
			t.Errorf("%q became the form %q", raw, form)
		}
	})
}
