package smtp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answers of a relay that are no replies.
const (
	hang = "hang" // says nothing more, and keeps the connection open
	drop = "drop" // closes the connection
)

// relay is a mail server that follows a script, on in-memory lines.
type relay struct {
	// answers by command verb: greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, end (of the message).
	// What is not in it gets the usual answer.
	answers     map[string]string
	extensions  []string
	certificate *tls.Certificate

	mu       sync.Mutex
	commands []string
	messages []string // what came between DATA and the dot; also of lines that broke after it
	secure   bool     // the last message came over TLS
	dialled  string
	done     sync.WaitGroup
}

var usual = map[string]string{
	"greeting": "220 relay.test ready", "HELO": "250 relay.test", "STARTTLS": "220 go on", "AUTH": "235 welcome",
	"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on", "end": "250 2.0.0 Ok: queued as 4F2A", "QUIT": "221 bye", "RSET": "250 ok",
}

func (r *relay) dial(_ context.Context, _, address string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	r.mu.Lock()
	r.dialled = address
	r.mu.Unlock()
	r.done.Go(func() {
		defer func() { _ = theirs.Close() }()
		r.serve(theirs)
	})
	return ours, nil
}

// dialSocket is dial over a loopback socket: a TLS handshake that fails half-way
// needs a connection with buffers, which net.Pipe has not.
func (r *relay) dialSocket(ctx context.Context, network, _ string) (net.Conn, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, network, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.done.Go(func() {
		defer func() { _ = listener.Close() }()
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		r.serve(conn)
	})
	return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
}

// answer speaks; it says whether the conversation goes on.
func (r *relay) answer(conn net.Conn, verb string) bool {
	text, scripted := r.answers[verb]
	if !scripted {
		text = usual[verb]
	}
	switch text {
	case hang:
		_, _ = conn.Read(make([]byte, 1)) // until the client gives up
		return false
	case drop:
		return false
	case "":
		text = "502 5.5.1 unknown"
	}
	_, err := fmt.Fprintf(conn, "%s\r\n", text)
	return err == nil
}

func (r *relay) serve(conn net.Conn) {
	if !r.answer(conn, "greeting") {
		return
	}
	secure, in := false, bufio.NewReader(conn)
	for {
		command, err := in.ReadString('\n')
		if err != nil {
			return
		}
		command = strings.TrimSpace(command)
		r.mu.Lock()
		r.commands = append(r.commands, command)
		r.mu.Unlock()
		verb := strings.ToUpper(strings.Fields(command + " ?")[0])
		if verb == "EHLO" {
			if _, scripted := r.answers[verb]; !scripted {
				lines := append([]string{"relay.test"}, r.extensions...)
				for i, l := range lines {
					mark := map[bool]string{true: " ", false: "-"}[i == len(lines)-1]
					if _, err := fmt.Fprintf(conn, "250%s%s\r\n", mark, l); err != nil {
						return
					}
				}
				continue
			}
		}
		if !r.answer(conn, verb) || verb == "QUIT" {
			return
		}
		switch {
		case verb == "STARTTLS" && r.certificate != nil:
			server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*r.certificate}})
			if server.Handshake() != nil {
				return
			}
			conn, in, secure = server, bufio.NewReader(server), true
		case verb == "DATA" && r.answers["DATA"] == "":
			if !r.message(in, secure) || !r.answer(conn, "end") {
				return
			}
		}
	}
}

func (r *relay) message(in *bufio.Reader, secure bool) bool {
	if r.answers["content"] == drop {
		_, _ = in.ReadString('\n')
		return false
	}
	var b strings.Builder
	for {
		l, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if l == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(l, "."))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages, r.secure = append(r.messages, b.String()), secure
	return true
}

// certificate makes a self-signed certificate for a name, and the pool that trusts it.
func certificate(t *testing.T, name string) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

var errDial = errors.New("nobody there")
