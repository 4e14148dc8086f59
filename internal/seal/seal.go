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
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

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

// keyFile is the form of the key file: two tink keysets in JSON, in the clear.
// Whoever can read the file can read the database; that is why Load insists on
// its permissions.
type keyFile struct {
	Version int             `json:"vigil_key_file"`
	Sealing json.RawMessage `json:"sealing"`
	Digest  json.RawMessage `json:"digest"`
}

const (
	keyFileVersion = 1
	maxKeyFile     = 256 << 10 // bytes; a keyset of a hundred keys is about 30 kB
)

// Create makes new keys and writes them to path, which must not exist, with
// permissions 0600. Its folder must exist. Back the file up apart from the
// database: without it no stored URL can be read again.
func Create(path string) (*Keys, error) {
	k, err := Ephemeral()
	if err != nil {
		return nil, err
	}
	data, err := k.encode()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key file %s: it exists already, and is not overwritten: a database may depend on it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	if err := write(f, data); err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("create key file %s: %w", path, err)
	}
	return k, nil
}

// Load reads the keys at path. The errors say what is wrong and what to do:
// missing (fs.ErrNotExist), readable by others, or not a key file.
func Load(path string) (*Keys, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key file %s is missing: put the key file of this database there, or, for a new database, "+
			"let vigil create one: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("key file %s can be read by others (permissions %04o): run chmod 600 on it", path, mode)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	k, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s is broken: %w; restore it from the backup", path, err)
	}
	return k, nil
}

// Rotate adds a sealing key to the file at path and makes it the one that seals
// from now on. Values sealed before stay readable. A running process keeps the
// keys it loaded until it is restarted, and cannot read what the new key sealed:
// stop all processes first.
func Rotate(path string) (*Keys, error) {
	old, err := Load(path)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManagerFromHandle(old.aeadSet)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return nil, fmt.Errorf("make sealing key: %w", err)
	}
	sealing, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("use new sealing key: %w", err)
	}
	k, err := newKeys(sealing, old.digestSet)
	if err != nil {
		return nil, err
	}
	data, err := k.encode()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".vigil-key-*") // 0600 by contract
	if err != nil {
		return nil, fmt.Errorf("rotate key file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when the rename worked
	if err := write(f, data); err != nil {
		return nil, fmt.Errorf("rotate key file %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, fmt.Errorf("rotate key file: %w", err)
	}
	return k, nil
}

// write writes data durably and closes f.
func write(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func (k *Keys) encode() ([]byte, error) {
	var sealing, digest bytes.Buffer
	err := errors.Join(insecurecleartextkeyset.Write(k.aeadSet, keyset.NewJSONWriter(&sealing)),
		insecurecleartextkeyset.Write(k.digestSet, keyset.NewJSONWriter(&digest)))
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	data, err := json.MarshalIndent(keyFile{Version: keyFileVersion, Sealing: sealing.Bytes(), Digest: digest.Bytes()}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return append(data, '\n'), nil
}

// decode never wraps what a parser says: it could quote the file.
func decode(data []byte) (*Keys, error) {
	var file keyFile
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxKeyFile)
	}
	if json.Unmarshal(data, &file) != nil || file.Version == 0 {
		return nil, errors.New("it is not a Vigil key file")
	}
	if file.Version != keyFileVersion {
		return nil, fmt.Errorf("it has version %d, and this Vigil knows version %d only", file.Version, keyFileVersion)
	}
	one := func(raw json.RawMessage) (*keyset.Handle, error) {
		return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	}
	sealing, err := one(file.Sealing)
	if err != nil {
		return nil, errors.New("its sealing key cannot be read")
	}
	digest, err := one(file.Digest)
	if err != nil {
		return nil, errors.New("its digest key cannot be read")
	}
	k, err := newKeys(sealing, digest)
	if err != nil {
		return nil, errors.New("its keys are of another kind")
	}
	return k, nil
}
