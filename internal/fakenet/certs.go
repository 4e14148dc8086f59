package fakenet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"sync"
	"time"
)

// authority makes certificates for the net's hosts, on demand. A root is a key
// pair whose certificate signs others. Keys are P-256: a new host costs about a
// tenth of a millisecond, once.
type authority struct {
	start time.Time

	mu     sync.Mutex
	root   *keyPair // what Roots trusts
	rogue  *keyPair // what nobody trusts
	leaf   *ecdsa.PrivateKey
	serial int64
	made   map[string]*tls.Certificate
}

type keyPair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(start time.Time) *authority {
	return &authority{start: start, made: map[string]*tls.Certificate{}}
}

// ready makes the roots at the first use; the caller holds the lock.
func (a *authority) ready() {
	if a.root != nil {
		return
	}
	a.root, a.rogue = a.newRoot("Fakenet Root"), a.newRoot("Rogue Root")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err, "make a key")
	a.leaf = key
}

func (a *authority) newRoot(name string) *keyPair {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err, "make a key")
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err, "sign a root")
	cert, err := x509.ParseCertificate(der)
	must(err, "parse a root")
	return &keyPair{cert: cert, key: key}
}

// template is valid from a year before the start to ten years after it.
func (a *authority) template(name string) *x509.Certificate {
	a.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: a.start.AddDate(-1, 0, 0), NotAfter: a.start.AddDate(10, 0, 0),
	}
}

// certificate is the one of a host and kind, made once.
func (a *authority) certificate(host string, k TLSKind) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.made[string(k)+" "+host]; c != nil {
		return c, nil
	}
	a.ready()
	t := a.template(host)
	t.DNSNames = []string{host}
	if ip := net.ParseIP(host); ip != nil {
		t.DNSNames, t.IPAddresses = nil, []net.IP{ip}
	}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	signer := a.root
	switch k {
	case TLSExpired:
		t.NotAfter = a.start.AddDate(0, 0, -10)
	case TLSNotYet:
		t.NotBefore = a.start.AddDate(9, 0, 0)
	case TLSWrongName:
		t.DNSNames, t.IPAddresses = []string{"another.example"}, nil
	case TLSUnknownCA:
		signer = a.rogue
	case TLSSelfSigned:
		signer = &keyPair{cert: t, key: a.leaf}
	default: // the others are broken elsewhere, or not at all
	}
	der, err := x509.CreateCertificate(rand.Reader, t, signer.cert, &a.leaf.PublicKey, signer.key)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leaf}
	a.made[string(k)+" "+host] = c
	return c, nil
}

var errNoHandshake = errors.New("fakenet: this host breaks off every handshake")

// config is the server side of a handshake of the kind.
func (a *authority) config(k TLSKind) *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if k == TLSAlert {
				return nil, errNoHandshake
			}
			host := hello.ServerName
			if host == "" {
				host, _, _ = net.SplitHostPort(hello.Conn.LocalAddr().String())
			}
			return a.certificate(host, k)
		},
	}
	if k == TLSOld {
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 //nolint:gosec // an old server is what is wanted
	}
	return c
}

// Roots is a pool that trusts the net's own certificates.
func (n *Net) Roots() *x509.CertPool {
	n.certs.mu.Lock()
	defer n.certs.mu.Unlock()
	n.certs.ready()
	pool := x509.NewCertPool()
	pool.AddCert(n.certs.root.cert)
	return pool
}
