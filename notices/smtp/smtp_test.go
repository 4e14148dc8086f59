package smtp

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

const longURL = "https://site-1.example/"

func notice() casefile.Notice {
	return casefile.Notice{
		ID: 7, CaseID: 42, Key: "00112233445566778899aabbccddeeff", Kind: casefile.NoticeRemoval,
		Contact: casefile.Contact{Party: casefile.PartyHost, Email: "abuse@provider.test"},
		Subject: "[Vigil V-42] Notice of illegal content: request to remove",
		Body:    "Exact URL\n\n" + longURL + strings.Repeat("x=é&", 1500) + "\n\n.\n..dots\nend \n",
	}
}

func sender(t *testing.T, o Options) *Sender {
	t.Helper()
	if o.Address == "" {
		o.Address = "relay.test:25"
	}
	if o.From == "" {
		o.From = "Hotline Désk <desk@hotline.test>"
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		answers   map[string]string
		state     casefile.NoticeState // empty when the relay takes the message
		phase     Phase
		code      int
		proof     string
		delivered int // messages that reached the relay whole
		within    time.Duration
	}{
		{name: "taken", proof: "250 2.0.0 Ok: queued as 4F2A", delivered: 1},
		{name: "taken, and no goodbye", answers: map[string]string{"QUIT": drop}, proof: "250 2.0.0 Ok: queued as 4F2A", delivered: 1},
		{name: "taken, and the goodbye hangs", answers: map[string]string{"QUIT": hang}, proof: "250 2.0.0 Ok: queued as 4F2A", delivered: 1, within: 5 * time.Second},
		{name: "taken with another 2yz", answers: map[string]string{"end": "251 ok"}, proof: "251 ok", delivered: 1},
		{name: "only HELO is known", answers: map[string]string{"EHLO": "502 5.5.1 unknown"}, proof: "250 2.0.0 Ok: queued as 4F2A", delivered: 1},

		{name: "no such mailbox", answers: map[string]string{"RCPT": "550 5.1.1 no such user"}, state: casefile.NoticeRefused, phase: PhaseRcpt, code: 550, proof: "rcpt: 550 5.1.1 no such user"},
		{name: "mailbox full", answers: map[string]string{"RCPT": "552 5.2.2 mailbox full"}, state: casefile.NoticeRefused, phase: PhaseRcpt, code: 552, proof: "rcpt: 552 5.2.2 mailbox full"},
		{name: "sender refused", answers: map[string]string{"MAIL": "553 5.1.8 bad sender"}, state: casefile.NoticeRefused, phase: PhaseMail, code: 553, proof: "mail: 553 5.1.8 bad sender"},
		{name: "content refused", answers: map[string]string{"end": "554 5.7.1 no"}, state: casefile.NoticeRefused, phase: PhaseReply, code: 554, proof: "reply: 554 5.7.1 no", delivered: 1},

		{name: "greylisted", answers: map[string]string{"RCPT": "451 4.7.1 later"}, state: casefile.NoticeQueued, phase: PhaseRcpt, code: 451, proof: "rcpt: 451 4.7.1 later"},
		{name: "put off after the message", answers: map[string]string{"end": "451 4.3.0 later"}, state: casefile.NoticeQueued, phase: PhaseReply, code: 451, proof: "reply: 451 4.3.0 later", delivered: 1},
		{name: "login asked for", answers: map[string]string{"MAIL": "530 5.7.0 login first"}, state: casefile.NoticeQueued, phase: PhaseMail, code: 530, proof: "mail: 530 5.7.0 login first"},
		{name: "greeting refused", answers: map[string]string{"greeting": "554 5.3.2 no service"}, state: casefile.NoticeQueued, phase: PhaseGreeting, code: 554, proof: "greeting: 554 5.3.2 no service"},
		{name: "greeting puts off", answers: map[string]string{"greeting": "421 4.3.2 busy"}, state: casefile.NoticeQueued, phase: PhaseGreeting, code: 421, proof: "greeting: 421 4.3.2 busy"},
		{name: "another protocol", answers: map[string]string{"greeting": "HTTP/1.1 400 Bad Request"}, state: casefile.NoticeQueued, phase: PhaseGreeting, proof: "greeting: no answer"},
		{name: "greeting hangs", answers: map[string]string{"greeting": hang}, state: casefile.NoticeQueued, phase: PhaseGreeting, proof: "greeting: no answer in time", within: 30 * time.Second},
		{name: "connection lost at hello", answers: map[string]string{"EHLO": drop}, state: casefile.NoticeQueued, phase: PhaseHello, proof: "hello: no answer"},
		{name: "connection lost before the message", answers: map[string]string{"DATA": drop}, state: casefile.NoticeQueued, phase: PhaseData, proof: "data: no answer"},
		{name: "connection lost in the message", answers: map[string]string{"content": drop}, state: casefile.NoticeQueued, phase: PhaseContent, proof: "content: no answer"},
		{name: "recipient hangs", answers: map[string]string{"RCPT": hang}, state: casefile.NoticeQueued, phase: PhaseRcpt, proof: "rcpt: no answer in time", within: 30 * time.Second},

		{name: "connection lost after the message", answers: map[string]string{"end": drop}, state: casefile.NoticeUncertain, phase: PhaseReply, proof: "reply: no answer", delivered: 1},
		{name: "no answer after the message", answers: map[string]string{"end": hang}, state: casefile.NoticeUncertain, phase: PhaseReply, proof: "reply: no answer in time", delivered: 1, within: 2 * time.Minute},
		{name: "nonsense after the message", answers: map[string]string{"end": "354 go on"}, state: casefile.NoticeUncertain, phase: PhaseReply, code: 354, proof: "reply: 354 go on", delivered: 1},
		{name: "no reply at all after the message", answers: map[string]string{"end": "fine"}, state: casefile.NoticeUncertain, phase: PhaseReply, proof: "reply: no answer", delivered: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &relay{answers: test.answers}
				start := time.Now()
				proof, err := sender(t, Options{Dial: r.dial}).Send(t.Context(), notice())
				r.done.Wait()
				if took := time.Since(start); took != test.within {
					t.Errorf("took %v, want %v", took, test.within)
				}
				if proof != test.proof {
					t.Errorf("proof %q, want %q", proof, test.proof)
				}
				if len(r.messages) != test.delivered {
					t.Errorf("%d messages reached the relay, want %d", len(r.messages), test.delivered)
				}
				if test.state == "" {
					if err != nil {
						t.Fatalf("got %v", err)
					}
					return
				}
				want := &Failure{State: test.state, Phase: test.phase, Code: test.code}
				var got *Failure
				if !errors.As(err, &got) || *got != *want {
					t.Fatalf("got %+v, want %+v", err, want)
				}
				if test.delivered > 0 && test.code == 0 && got.Outcome() != casefile.NoticeUncertain {
					t.Error("a message that was handed over without an answer is not uncertain")
				}
			})
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	s := sender(t, Options{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errDial }})
	proof, err := s.Send(t.Context(), notice())
	var got *Failure
	if !errors.As(err, &got) || got.State != casefile.NoticeQueued || got.Phase != PhaseConnect || proof != "connect: no answer" {
		t.Fatalf("got %q, %v", proof, err)
	}
	if strings.Contains(err.Error(), "nobody") {
		t.Error("the error carries the dialler's words")
	}
}

// The message must arrive exactly, whatever its URL, and its headers must be ours alone.
func TestMessage(t *testing.T) {
	t.Parallel()
	r := &relay{extensions: []string{"8BITMIME", "SMTPUTF8"}}
	n := notice()
	s := sender(t, Options{Dial: r.dial, Hello: "mail.hotline.test"})
	if _, err := s.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	r.done.Wait()
	want := []string{"EHLO mail.hotline.test", "MAIL FROM:<desk@hotline.test> BODY=8BITMIME", "RCPT TO:<abuse@provider.test>", "DATA", "QUIT"}
	if diff := cmp.Diff(want, r.commands); diff != "" {
		t.Error(diff)
	}
	for l := range strings.SplitSeq(r.messages[0], "\r\n") {
		if len(l) > 78 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(r.messages[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); strings.TrimRight(got, "\n") != strings.TrimRight(n.Body, "\n") {
		t.Errorf("the body changed on the way: %q", got)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != n.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil || from.Name != "Hotline Désk" || from.Address != "desk@hotline.test" {
		t.Errorf("from %v, %v", from, err)
	}
	if date, err := m.Header.Date(); err != nil || time.Since(date) > time.Minute {
		t.Errorf("date %v, %v", date, err)
	}
	fixed := map[string]string{
		"To": "<abuse@provider.test>", "Reply-To": "=?utf-8?q?Hotline_D=C3=A9sk?= <desk@hotline.test>", "Message-Id": "<" + n.Key + "@hotline.test>",
		"Auto-Submitted": "auto-generated", "Mime-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "quoted-printable",
	}
	for name, value := range fixed {
		if got := m.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for name := range m.Header {
		if _, known := fixed[name]; !known && name != "Subject" && name != "From" && name != "Date" {
			t.Errorf("an extra header %s", name)
		}
	}
}

func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*casefile.Notice){
		"line break in subject":     func(n *casefile.Notice) { n.Subject = "a\r\nBcc: other@site.test" },
		"bare line feed in subject": func(n *casefile.Notice) { n.Subject = "a\nb" },
		"empty subject":             func(n *casefile.Notice) { n.Subject = "" },
		"command in recipient":      func(n *casefile.Notice) { n.Contact.Email = "a@provider.test>\r\nRCPT TO:<other@site.test" },
		"two recipients":            func(n *casefile.Notice) { n.Contact.Email = "a@provider.test,b@provider.test" },
		"named recipient":           func(n *casefile.Notice) { n.Contact.Email = "A<a@provider.test>" },
		"parameter in recipient":    func(n *casefile.Notice) { n.Contact.Email = "a@provider.test> NOTIFY=NEVER" },
		"no recipient":              func(n *casefile.Notice) { n.Contact.Email = "" },
		"line break in key":         func(n *casefile.Notice) { n.Key = "00\r\nX: y" },
		"no key":                    func(n *casefile.Notice) { n.Key = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sender(t, Options{Dial: func(context.Context, string, string) (net.Conn, error) {
				t.Error("a connection was opened")
				return nil, errDial
			}})
			n := notice()
			spoil(&n)
			_, err := s.Send(t.Context(), n)
			var got *Failure
			if !errors.As(err, &got) || got.State != casefile.NoticeRefused || got.Phase != PhaseCompose {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, trusted := certificate(t, "relay.test")
	offered := []string{"STARTTLS", "AUTH PLAIN LOGIN"}
	for _, test := range []struct {
		name    string
		options Options
		relay   *relay
		state   casefile.NoticeState
		phase   Phase
		secure  bool
	}{
		{"offered and taken", Options{}, &relay{extensions: offered, certificate: certificate}, "", "", true},
		{"not offered", Options{}, &relay{}, "", "", false},
		{"offered, not wanted", Options{TLS: TLSNone}, &relay{extensions: offered, certificate: certificate}, "", "", false},
		{"required and trusted", Options{TLS: TLSRequired, RootCAs: trusted}, &relay{extensions: offered, certificate: certificate}, "", "", true},
		{"required with a login", Options{TLS: TLSRequired, RootCAs: trusted, Username: "desk", Password: "a word"}, &relay{extensions: offered, certificate: certificate}, "", "", true},
		{"required and not trusted", Options{TLS: TLSRequired}, &relay{extensions: offered, certificate: certificate}, casefile.NoticeQueued, PhaseStartTLS, false},
		{"required for another name", Options{TLS: TLSRequired, RootCAs: trusted, Address: "other.test:25"}, &relay{extensions: offered, certificate: certificate}, casefile.NoticeQueued, PhaseStartTLS, false},
		{"required and not offered", Options{TLS: TLSRequired}, &relay{}, casefile.NoticeQueued, PhaseStartTLS, false},
		{"offered and broken", Options{}, &relay{extensions: offered, answers: map[string]string{"STARTTLS": drop}}, casefile.NoticeQueued, PhaseStartTLS, false},
		{"offered and refused", Options{}, &relay{extensions: offered, answers: map[string]string{"STARTTLS": "454 4.7.0 not now"}}, casefile.NoticeQueued, PhaseStartTLS, false},
		{"login refused", Options{TLS: TLSRequired, RootCAs: trusted, Username: "desk", Password: "a word"},
			&relay{extensions: offered, certificate: certificate, answers: map[string]string{"AUTH": "535 5.7.8 no"}}, casefile.NoticeQueued, PhaseAuth, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.options.Dial = test.relay.dialSocket
			proof, err := sender(t, test.options).Send(t.Context(), notice())
			test.relay.done.Wait()
			if test.state == "" {
				if err != nil || len(test.relay.messages) != 1 || test.relay.secure != test.secure {
					t.Fatalf("got %v, %q, %d messages, secure %v", err, proof, len(test.relay.messages), test.relay.secure)
				}
				if login := strings.Contains(strings.Join(test.relay.commands, "\n"), "AUTH PLAIN "); login != (test.options.Username != "") {
					t.Errorf("login %v", login)
				}
				return
			}
			var got *Failure
			if !errors.As(err, &got) || got.State != test.state || got.Phase != test.phase {
				t.Fatalf("got %v", err)
			}
			if len(test.relay.messages) != 0 {
				t.Error("a message was handed over all the same")
			}
			if strings.Contains(proof, "a word") || strings.Contains(err.Error(), "a word") {
				t.Error("the password is told")
			}
		})
	}
}

func TestLoginByLOGIN(t *testing.T) {
	t.Parallel()
	r := &relay{extensions: []string{"AUTH LOGIN"}}
	s := sender(t, Options{Dial: r.dial, Address: "127.0.0.1:25", Username: "desk", Password: "a word"})
	if _, err := s.Send(t.Context(), notice()); err != nil {
		t.Fatal(err)
	}
	r.done.Wait()
	if !strings.HasPrefix(r.commands[1], "AUTH LOGIN") {
		t.Errorf("got %q", r.commands[1])
	}
}

func TestCancelledInTheMiddle(t *testing.T) {
	t.Parallel()
	for verb, want := range map[string]casefile.NoticeState{"RCPT": casefile.NoticeQueued, "end": casefile.NoticeUncertain} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &relay{answers: map[string]string{verb: hang}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := sender(t, Options{Dial: r.dial}).Send(ctx, notice())
				r.done.Wait()
				var got *Failure
				if !errors.As(err, &got) || got.State != want {
					t.Fatalf("got %v, want %s", err, want)
				}
			})
		})
	}
}

func TestRelayThatTalksWithoutEnd(t *testing.T) {
	t.Parallel()
	s := sender(t, Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			chunk := []byte("220-" + strings.Repeat("x", 4096) + "\r\n")
			for {
				if _, err := theirs.Write(chunk); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}})
	proof, err := s.Send(t.Context(), notice())
	if err == nil || proof != "greeting: the relay said too much" {
		t.Fatalf("got %q, %v", proof, err)
	}
}

func TestRelayByName(t *testing.T) {
	t.Parallel()
	r := &relay{}
	s := sender(t, Options{Address: "relay.test:2525", LookupHost: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != "relay.test" {
			t.Errorf("asked for %q", host)
		}
		return []netip.Addr{netip.MustParseAddr("2001:db8::25"), netip.MustParseAddr("192.0.2.25")}, nil
	}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "[2001:db8::25]:2525" {
			return nil, errDial
		}
		return r.dial(ctx, network, address)
	}})
	if _, err := s.Send(t.Context(), notice()); err != nil {
		t.Fatal(err)
	}
	if r.dialled != "192.0.2.25:2525" {
		t.Errorf("dialled %q", r.dialled)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"nothing":                    {},
		"no port":                    {Address: "relay.test", From: "desk@hotline.test"},
		"no mailbox":                 {Address: "relay.test:25", From: "desk"},
		"two mailboxes":              {Address: "relay.test:25", From: "a@hotline.test, b@hotline.test"},
		"line break in from":         {Address: "relay.test:25", From: "desk@hotline.test\r\nBcc: x@site.test"},
		"bad hello":                  {Address: "relay.test:25", From: "desk@hotline.test", Hello: "a b"},
		"unknown tls":                {Address: "relay.test:25", From: "desk@hotline.test", TLS: "maybe"},
		"name without password":      {Address: "relay.test:25", From: "desk@hotline.test", TLS: TLSRequired, Username: "desk"},
		"password in the clear":      {Address: "relay.test:25", From: "desk@hotline.test", TLS: TLSNone, Username: "desk", Password: "a word"},
		"password to an unknown one": {Address: "relay.test:25", From: "desk@hotline.test", Username: "desk", Password: "a word"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(o)
			if err == nil {
				t.Fatal("taken")
			}
			if strings.Contains(err.Error(), "a word") {
				t.Error("the password is told")
			}
		})
	}
	if s := sender(t, Options{Address: "127.0.0.1:25", Username: "desk", Password: "a word"}); s.o.Hello != "hotline.test" || s.o.TLS != TLSOpportunistic {
		t.Errorf("defaults: %q, %q", s.o.Hello, s.o.TLS)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	if got := line("250 ok\r\nmore\x1b[31m \u202ehere\xff"); got != "250 ok more [31m here" {
		t.Errorf("got %q", got)
	}
	if got := line(strings.Repeat("word ", 500) + "site-1.example"); len(got) > maxAnswer || strings.HasSuffix(got, "wo") {
		t.Errorf("got %d bytes, end %q", len(got), got[len(got)-6:])
	}
	if got := line(strings.Repeat("x", 5000)); got != "" {
		t.Errorf("got %d bytes of one word", len(got))
	}
}
