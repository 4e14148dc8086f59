package remote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// KeysFor is how long the keys of MakeKeys are good.
const KeysFor = 2 * 365 * 24 * time.Hour

// Files that MakeKeys writes.
const (
	FileCA         = "ca.pem"
	FileVantage    = "eye.pem"
	FileVantageKey = "eye-key.pem"
	FileOwner      = "owner.pem"
	FileOwnerKey   = "owner-key.pem"
)

// MakeKeys makes what one remote vantage and its owner need into dir: an authority, and a pair
// of certificate and key for each side, ECDSA P-256, good from now for valid. The
// files are for their owner only (0600), and none that is there is overwritten.
//
// The authority's own key is dropped: nobody can make a third pair, and renewing
// means making all of them anew. A remote vantage with an authority of its own cannot stand in
// for another.
func MakeKeys(dir string, now time.Time, valid time.Duration) error {
	files := []string{FileCA, FileVantage, FileVantageKey, FileOwner, FileOwnerKey}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for keys: %w", err)
	}
	for _, name := range files {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists already: name another folder, or move the old keys away first", filepath.Join(dir, name))
		}
	}
	authority, key, err := newPair("Vigil vantage authority", now, valid)
	if err != nil {
		return err
	}
	authority.IsCA, authority.BasicConstraintsValid, authority.MaxPathLenZero = true, true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make the authority: %w", err)
	}
	out := map[string][]byte{FileCA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})}
	sides := []struct {
		name, cert, key string
		use             x509.ExtKeyUsage
		hosts           []string
	}{
		{"Vigil remote eye", FileVantage, FileVantageKey, x509.ExtKeyUsageServerAuth, []string{ServerName}},
		{"Vigil owner", FileOwner, FileOwnerKey, x509.ExtKeyUsageClientAuth, nil},
	}
	for _, s := range sides {
		leaf, own, err := newPair(s.name, now, valid)
		if err != nil {
			return err
		}
		leaf.KeyUsage, leaf.ExtKeyUsage, leaf.DNSNames = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{s.use}, s.hosts
		der, err := x509.CreateCertificate(rand.Reader, leaf, authority, own.Public(), key)
		if err != nil {
			return fmt.Errorf("make a certificate: %w", err)
		}
		secret, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			return fmt.Errorf("write a key: %w", err)
		}
		out[s.cert] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		out[s.key] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	}
	for _, name := range files {
		if err := writeNew(filepath.Join(dir, name), out[name]); err != nil {
			return err
		}
	}
	return nil
}

// newPair makes a key and the frame of its certificate. Clocks may differ by an hour.
func newPair(name string, now time.Time, valid time.Duration) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, fmt.Errorf("make a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour).UTC(), NotAfter: now.Add(valid).UTC(),
	}, key, nil
}

func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}
