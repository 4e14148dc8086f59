package fetch

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/netip"
	"testing"
	"time"
)

// rsaCertificate is a self-signed one with an RSA key of the length.
func rsaCertificate(t *testing.T, bits int) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, key)
}

func signed(t *testing.T, key crypto.Signer) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "site-1.example"}, DNSNames: []string{"site-1.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Servers that nobody has cared for in years still show what they show. The library
// refuses some of their certificates unless go.mod says otherwise: see its godebug block.
func TestOldServersAreRead(t *testing.T) {
	t.Parallel()
	negative := rsaCertificate(t, 1024)
	negative.Certificate[0] = bytes.Replace(negative.Certificate[0], []byte{2, 1, 77}, []byte{2, 1, 0xff}, 1)
	sha1 := rsaCertificate(t, 1024)
	sha1.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PKCS1WithSHA1}
	for _, tt := range []struct {
		name string
		c    *tls.Config
	}{
		{"RSA of 512 bits", &tls.Config{Certificates: []tls.Certificate{rsaCertificate(t, 512)}, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}},
		{"RSA of 1024 bits", &tls.Config{Certificates: []tls.Certificate{rsaCertificate(t, 1024)}}},
		{"a negative serial number", &tls.Config{Certificates: []tls.Certificate{negative}}},
		{"signatures over SHA-1", &tls.Config{Certificates: []tls.Certificate{sha1}, MaxVersion: tls.VersionTLS12}},
		{"TLS 1.0 and no forward secrecy", &tls.Config{Certificates: []tls.Certificate{rsaCertificate(t, 1024)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := testFetcher(t, nil).Fetch(t.Context(), Ask{Target: mustTarget(t, "https://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Dial: shaking(t, tt.c)})
			if a.Fault != nil || a.BodyBytes != 3 || a.Hop.TLS == nil || a.Hop.TLS.Problem == "" {
				t.Errorf("%+v, fault %+v", a.Hop, a.Fault)
			}
		})
	}
}
