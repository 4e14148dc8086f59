package geodata

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	temporaryName = ".vigil-*.tmp"
	lockName      = ".vigil-geodata.lock"
	maxKept       = 16 << 10 // bytes of a note
)

// lock keeps other updates out of a folder. The lock goes with the process, however that ends; its file
// stays.
func lock(folder string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, onDisk(folder, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another update is at work in %s: wait until it is done", folder)
		}
		return nil, fmt.Errorf("lock %s: %w", filepath.Join(folder, lockName), err)
	}
	return func() { f.Close() }, nil
}

// sweep removes what killed updates left in a folder.
func sweep(folder string, now time.Time) {
	left, _ := filepath.Glob(filepath.Join(folder, temporaryName)) // the pattern is a good one
	for _, name := range left {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > staleAfter {
			_ = os.Remove(name)
		}
	}
}

// install puts a synced temporary file at path, in one step that survives a crash. Readers of the
// former file keep it. The new one has the mode of the former, or 0644.
func install(temporary, path string) error {
	mode, folder := os.FileMode(0o644), filepath.Dir(path)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	err := os.Chmod(temporary, mode)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		var f *os.File
		if f, err = os.Open(folder); err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
	}
	if err != nil {
		return onDisk(folder, err)
	}
	return nil
}

// kept is the note beside a database (its path and .json): what to ask next time. It
// counts only while the file is the one that was fetched.
type kept struct {
	From         string    `json:"from"`   // the URL, without its query
	Sum          string    `json:"sha256"` // of the database
	Digest       string    `json:"download_sha256"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Fetched      time.Time `json:"fetched"`
}

func (d download) note(s state) kept {
	d.Sum, d.Fetched = s.sum, time.Now().UTC().Truncate(time.Second)
	return d.kept
}

// readKept reads the note of a database; empty when there is none that can be read.
func readKept(path string) kept {
	f, err := os.Open(path + ".json")
	if err != nil {
		return kept{}
	}
	defer f.Close()
	var k kept
	if json.NewDecoder(io.LimitReader(f, maxKept)).Decode(&k) != nil {
		return kept{}
	}
	return k
}

// write keeps the note. Without it the next update only fetches more than it had to.
func (k kept) write(path string) error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("write the note of %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), temporaryName)
	if err != nil {
		return onDisk(filepath.Dir(path), err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after a rename there is nothing to remove
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return onDisk(filepath.Dir(path), err)
	}
	return install(f.Name(), path+".json")
}
