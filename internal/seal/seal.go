// Package seal keeps the URLs that Vigil holds unreadable to whoever takes the
// database without the key file.
//
// Bytes come in and sealed bytes go out (AES-256-GCM), or a keyed digest
// (HMAC-SHA-256) by which a value can be found again without being known. The
// two jobs have two keys. The sealing key can be rotated: old values stay
// readable. The digest key cannot, because every stored digest would be lost; it
// lives as long as the database.
//
// The package must never put a key or a plain value in an error, a log or a
// string. It is safe for concurrent use.
package seal

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Overhead is how many bytes Seal adds: tink's prefix (5), the nonce (12) and
// the tag (16).
const Overhead = 5 + 12 + 16

// digestSize is the size of a digest in bytes, before it is written in hex.
const digestSize = 32

// ErrWrongKey says that a value was sealed with a key that is not in the key
// file, or that it was changed, or that it was moved from another place.
var ErrWrongKey = errors.New("this was sealed with another key, or was changed since")

// Keys are the two keys of a database. Make them with Create, Load or Ephemeral.
type Keys struct {
	aeadSet, digestSet *keyset.Handle

	aead tink.AEAD
	prf  *prf.Set
}

// Ephemeral makes keys that die with the process: for a look without a database,
// and for tests.
func Ephemeral() (*Keys, error) {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make sealing key: %w", err)
	}
	digest, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make digest key: %w", err)
	}
	return newKeys(sealing, digest)
}

func newKeys(sealing, digest *keyset.Handle) (*Keys, error) {
	a, err := aead.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("use sealing key: %w", err)
	}
	p, err := prf.NewPRFSet(digest)
	if err != nil {
		return nil, fmt.Errorf("use digest key: %w", err)
	}
	return &Keys{aeadSet: sealing, digestSet: digest, aead: a, prf: p}, nil
}

// Seal encrypts plain under the newest sealing key. associated is not secret; the
// same bytes must be given to Open. It says where the value belongs, so that a
// sealed value cannot be moved to another row or column unseen.
func (k *Keys) Seal(plain, associated []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, associated)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made under this or an older sealing key. Its only error
// is ErrWrongKey.
func (k *Keys) Open(sealed, associated []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, associated)
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}

// Digest is the keyed digest of value in lower-case hex, 64 characters. Digests
// of different domains have nothing to do with each other.
func (k *Keys) Digest(domain string, value []byte) string {
	input := make([]byte, 0, len(domain)+1+len(value))
	input = append(input, domain...)
	input = append(input, 0) // a domain is a name of ours and holds no zero byte
	input = append(input, value...)
	sum, err := k.prf.ComputePrimaryPRF(input, digestSize)
	if err != nil { // HMAC-SHA-256 gives 32 bytes of any input
		panic(fmt.Sprintf("seal: digest: %v", err))
	}
	return hex.EncodeToString(sum)
}

// Generations is how many sealing keys there are; it grows by one with each rotation.
func (k *Keys) Generations() int { return k.aeadSet.Len() }

// String keeps keys out of prints.
func (*Keys) String() string { return "[keys]" }

// GoString keeps keys out of %#v.
func (*Keys) GoString() string { return "[keys]" }
