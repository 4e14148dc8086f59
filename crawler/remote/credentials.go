package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// ServerName is the name that a remote vantage's certificate must carry. It is not the host of
// its address: a remote vantage may move, and what proves it is the authority. "internal" is
// a top-level name that will never be delegated (ICANN resolution 2024.07.29.06).
const ServerName = "eye.vigil.internal"

// maxPEM bounds a file of certificates, in bytes.
const maxPEM = 256 << 10

// Credentials are three PEM files: the authority whose certificates the other side
// must show, and this side's own certificate with its key.
type Credentials struct{ CA, Cert, Key string }

// credentials are loaded ones.
type credentials struct {
	own    tls.Certificate
	others *x509.CertPool
}

// load reads the files. An expired certificate of our own is an error: the other side would refuse it.
func (c Credentials) load() (credentials, error) {
	if c.CA == "" || c.Cert == "" || c.Key == "" {
		return credentials{}, errors.New("name the files ca, cert and key; `vigil vantage keys DIR` makes them")
	}
	var files [3][]byte
	for i, path := range []string{c.CA, c.Cert, c.Key} {
		var err error
		if files[i], err = readPEM(path); err != nil {
			return credentials{}, err
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(files[0]) {
		return credentials{}, fmt.Errorf("%s holds no certificate in PEM form", c.CA)
	}
	own, err := tls.X509KeyPair(files[1], files[2])
	if err != nil {
		return credentials{}, fmt.Errorf("%s and %s are no certificate with its key: %w", c.Cert, c.Key, err)
	}
	if now := time.Now(); now.After(own.Leaf.NotAfter) || now.Before(own.Leaf.NotBefore) {
		return credentials{}, fmt.Errorf("the certificate in %s is valid from %s to %s only: "+
			"make new ones with `vigil vantage keys`, or set the clock",
			c.Cert, own.Leaf.NotBefore.Format(time.DateOnly), own.Leaf.NotAfter.Format(time.DateOnly))
	}
	return credentials{own: own, others: pool}, nil
}

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(data) > maxPEM {
		err = fmt.Errorf("%s has more than %d bytes: it is no certificate", path, maxPEM)
	}
	return data, err
}

// tls is the TLS of either side: nobody without a certificate of the authority gets a word in.
func (c credentials) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c.own}, NextProtos: []string{"http/1.1"},
		RootCAs: c.others, ServerName: ServerName, // of an owner
		ClientCAs: c.others, ClientAuth: tls.RequireAndVerifyClientCert, // of a remote vantage
		SessionTicketsDisabled: true, // every connection proves itself anew
	}
}
