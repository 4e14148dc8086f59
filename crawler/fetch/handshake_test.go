package fetch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler/guard"
	"vigil/internal/fakenet/testrun"
)

// certificate is a self-signed one with size bytes of ballast beside it in the chain.
func certificate(t testing.TB, size int) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "site-1.example"}, DNSNames: []string{"site-1.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	for have := len(der); have < size; have += len(der) {
		c.Certificate = append(c.Certificate, der)
	}
	return c
}

// shaking is a dialer to a TLS server on a real socket that answers one request
// after the handshake.
func shaking(t *testing.T, c *tls.Config) guard.Dial {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		var serving sync.WaitGroup
		t.Cleanup(serving.Wait)
		serving.Go(func() {
			theirs, err := l.Accept()
			_ = l.Close()
			if err != nil {
				return
			}
			secured := tls.Server(theirs, c)
			defer secured.Close()
			if secured.Handshake() != nil {
				_, _ = io.Copy(io.Discard, theirs) // no RST before the client has read the alert
				return
			}
			if _, err := secured.Read(make([]byte, 4<<10)); err == nil {
				_, _ = io.WriteString(secured, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
			}
		})
		return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// raw is a dialer to a server that answers the client's hello with bytes.
func raw(answer string) guard.Dial { return answering(answer, true, nil) }

// What handshakes say when they fail; the library's words are matched, so they are
// tried here against the library itself.
func TestHandshakesThatFail(t *testing.T) {
	t.Parallel()
	plain := certificate(t, 0)
	for _, tt := range []struct {
		name  string
		dial  guard.Dial
		phase casefile.Phase
		kind  casefile.FaultKind
		want  string
	}{
		{"no certificate for the name", shaking(t, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}), casefile.PhaseTLS, casefile.FaultTLS, "TLS alert: unrecognised name"},
		{"no common cipher", shaking(t, &tls.Config{Certificates: []tls.Certificate{plain}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}), casefile.PhaseTLS, casefile.FaultTLS, "TLS alert: handshake failure"},
		{"a client certificate is wanted, TLS 1.2", shaking(t, &tls.Config{Certificates: []tls.Certificate{plain}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), casefile.PhaseTLS, casefile.FaultTLS, "TLS alert: handshake failure"},
		{"a client certificate is wanted, TLS 1.3", shaking(t, &tls.Config{Certificates: []tls.Certificate{plain}, ClientAuth: tls.RequireAnyClientCert}), casefile.PhaseRequest, casefile.FaultTLS, "TLS alert: certificate required"},
		{"a chain of a megabyte", shaking(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, 1<<20)}}), casefile.PhaseTLS, casefile.FaultTLS, detailBigChain},
		{"a chain of a megabyte, TLS 1.2", shaking(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, 1<<20)}, MaxVersion: tls.VersionTLS12}), casefile.PhaseTLS, casefile.FaultTLS, detailBigChain},
		{"a certificate of noise", shaking(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{[]byte("noise")}, PrivateKey: plain.PrivateKey}}}), casefile.PhaseTLS, casefile.FaultTLS, detailCertificate},
		{"SSL 3.0", raw("\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00" + string(make([]byte, 32)) + "\x00\x00\x05\x00"), casefile.PhaseTLS, casefile.FaultTLS, detailVersion},
		{"only SSL 2.0 and 3.0, said in an alert", raw("\x15\x03\x00\x00\x02\x02\x46"), casefile.PhaseTLS, casefile.FaultTLS, "TLS alert: protocol version"},
		{"an alert that nobody knows", raw("\x15\x03\x01\x00\x02\x02\xc8"), casefile.PhaseTLS, casefile.FaultTLS, detailOtherAlert},
		{"HTTP says that it wants HTTP", raw("HTTP/1.1 400 Bad Request\r\n\r\n"), casefile.PhaseTLS, casefile.FaultTLS, detailSpeaksHTTP},
		{"SSH", raw("SSH-2.0-Secret\r\n"), casefile.PhaseTLS, casefile.FaultTLS, "the server speaks SSH"},
		{"mail", raw("220 mail.example ESMTP\r\n"), casefile.PhaseTLS, casefile.FaultTLS, detailMailOrFTP},
		{"noise", raw("this is no handshake\r\n"), casefile.PhaseTLS, casefile.FaultTLS, detailNotTLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := testFetcher(t, func(o *Options) { o.Timeout = testrun.Patience })
			a := f.Fetch(t.Context(), Ask{Target: mustTarget(t, "https://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Dial: tt.dial})
			want := casefile.Fault{Kind: tt.kind, Phase: tt.phase, Detail: tt.want}
			if a.Fault == nil || *a.Fault != want {
				t.Errorf("fault %+v, want %+v", a.Fault, want)
			}
		})
	}
}

// A certificate that no browser would take does not hide what the server shows.
func TestLongChainsAreRead(t *testing.T) {
	t.Parallel()
	f := testFetcher(t, nil)
	a := f.Fetch(t.Context(), Ask{Target: mustTarget(t, "https://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Dial: shaking(t, &tls.Config{Certificates: []tls.Certificate{certificate(t, 200<<10)}})})
	if a.Fault != nil || a.BodyBytes != 3 || a.Hop.TLS == nil || a.Hop.TLS.Problem != problemAuthority {
		t.Errorf("%+v, fault %+v", a.Hop, a.Fault)
	}
}
