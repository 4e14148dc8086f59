package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vigil/internal/seal"
)

// overhead is how many bytes Seal adds: tink's prefix (5), the nonce (12) and the tag (16).
const overhead = 5 + 12 + 16

func ephemeral(t testing.TB) *seal.Keys {
	t.Helper()
	k, err := seal.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedOpensAtItsPlaceOnly(t *testing.T) {
	t.Parallel()
	k := ephemeral(t)
	for _, plain := range [][]byte{nil, []byte("x"), []byte("https://site-1.example/a"), bytes.Repeat([]byte{0, 255}, 5000)} {
		sealed, err := k.Seal(plain, []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len(plain)+overhead {
			t.Errorf("%d bytes became %d", len(plain), len(sealed))
		}
		opened, err := k.Open(sealed, []byte("here"))
		if err != nil || !bytes.Equal(opened, plain) {
			t.Errorf("opened %q, %v", opened, err)
		}
		if _, err := k.Open(sealed, []byte("there")); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("opened elsewhere: %v", err)
		}
		for _, i := range []int{0, 5, len(sealed) - 1} {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := k.Open(changed, []byte("here")); !errors.Is(err, seal.ErrWrongKey) {
				t.Errorf("opened with byte %d changed: %v", i, err)
			}
		}
		if _, err := ephemeral(t).Open(sealed, []byte("here")); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("opened with other keys: %v", err)
		}
		if again, err := k.Seal(plain, []byte("here")); err != nil || bytes.Equal(again, sealed) {
			t.Error("sealed twice, the same bytes came out")
		}
	}
}

func TestDigests(t *testing.T) {
	t.Parallel()
	k := ephemeral(t)
	d := k.Digest("host", []byte("site-1.example"))
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(d) {
		t.Errorf("digest %q", d)
	}
	if k.Digest("host", []byte("site-1.example")) != d {
		t.Error("the same value has two digests")
	}
	for name, other := range map[string]string{
		"another value":  k.Digest("host", []byte("site-2.example")),
		"another domain": k.Digest("target", []byte("site-1.example")),
		"another split":  k.Digest("hosts", []byte("ite-1.example")),
		"other keys":     ephemeral(t).Digest("host", []byte("site-1.example")),
	} {
		if other == d {
			t.Errorf("%s has the same digest", name)
		}
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vigil.key")
	k, err := seal.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v (%v)", info.Mode(), err)
	}
	sealed, err := k.Seal([]byte("text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := loaded.Open(sealed, nil); err != nil || string(opened) != "text" || loaded.Digest("a", nil) != k.Digest("a", nil) {
		t.Errorf("the loaded keys are others: %q, %v", opened, err)
	}
	if _, err := seal.Create(path); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("created twice: %v", err)
	}
	if _, err := seal.Create(filepath.Join(t.TempDir(), "none", "vigil.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("created in a folder that is not there: %v", err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vigil.key")
	old, err := seal.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := old.Seal([]byte("before"), nil)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := seal.Rotate(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*seal.Keys{"rotated": rotated, "loaded": loaded} {
		if opened, err := k.Open(before, nil); err != nil || string(opened) != "before" {
			t.Errorf("%s keys cannot open what was sealed before: %v", name, err)
		}
		after, err := k.Seal([]byte("after"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.Open(after, nil); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("%s keys still seal with the old key", name)
		}
		if k.Digest("host", []byte("x")) != old.Digest("host", []byte("x")) {
			t.Errorf("%s keys digest otherwise: nothing stored would be found", name)
		}
		if k.Generations() != 2 {
			t.Errorf("%s keys have %d generations", name, k.Generations())
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions after rotation: %v (%v)", info.Mode(), err)
	}
	if _, err := seal.Rotate(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rotated a missing file: %v", err)
	}
}

func TestLoadErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := filepath.Join(dir, "good")
	if _, err := seal.Create(good); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, advice string }{
		"missing":           {filepath.Join(dir, "none"), "is missing"},
		"a folder":          {dir, "is not a regular file"},
		"readable by group": {file("group", string(data), 0o640), "chmod 600"},
		"readable by all":   {file("all", string(data), 0o604), "chmod 600"},
		"empty":             {file("empty", "", 0o600), "not a Vigil key file"},
		"text":              {file("text", "secret: hunter2", 0o600), "not a Vigil key file"},
		"other JSON":        {file("json", `{"a":1}`, 0o600), "not a Vigil key file"},
		"newer version":     {file("newer", `{"vigil_key_file":9}`, 0o600), "version 9"},
		"cut off":           {file("cut", string(data[:len(data)/2]), 0o600), "restore it from the backup"},
		"no keys":           {file("bare", `{"vigil_key_file":1,"sealing":{},"digest":{}}`, 0o600), "sealing key cannot be read"},
		"keys swapped":      {file("swapped", swap(string(data)), 0o600), "of another kind"},
		"huge":              {file("huge", strings.Repeat("x", 300<<10), 0o600), "larger than"},
	} {
		_, err := seal.Load(test.path)
		if err == nil || !strings.Contains(err.Error(), test.advice) {
			t.Errorf("%s: got %v, want %q", name, err, test.advice)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error quotes the file", name)
		}
	}
}

// swap puts each keyset in the other's place.
func swap(data string) string {
	return strings.NewReplacer(`"sealing"`, `"digest"`, `"digest"`, `"sealing"`).Replace(data)
}

func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	k := ephemeral(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, k); got != "[keys]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"vigil_key_file":1,"sealing":{},"digest":{}}`))
	f.Add([]byte(`{"vigil_key_file":1,"sealing":{"primaryKeyId":1,"key":[{"keyData":{"typeUrl":"x","value":"AA==","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":1,"outputPrefixType":"TINK"}]},"digest":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "k")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if k, err := seal.Load(path); (k == nil) == (err == nil) {
			t.Errorf("keys %v with error %v", k != nil, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k := ephemeral(b)
	plain := []byte(strings.Repeat("x", 400))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Seal(plain, []byte("trail:42")); err != nil {
			b.Fatal(err)
		}
	}
}
