package registry

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// disk is a Cache in memory that can fail.
type disk struct {
	mu     sync.Mutex
	values map[string][]byte
	ends   map[string]time.Time
	broken bool
	reads  int
}

func (d *disk) Cached(_ context.Context, key string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return nil, false, errors.New("disk is broken")
	}
	d.reads++
	v, ok := d.values[key]
	if end, bounded := d.ends[key]; bounded && !time.Now().Before(end) {
		return nil, false, nil
	}
	return v, ok, nil
}

func (d *disk) SaveCached(_ context.Context, key string, value []byte, expires time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errors.New("disk is broken")
	}
	if !expires.After(time.Now()) {
		return errors.New("already expired")
	}
	if len(value) > 64<<10 {
		return errors.New("larger than the store takes")
	}
	d.values[key] = value
	if d.ends == nil {
		d.ends = map[string]time.Time{}
	}
	d.ends[key] = expires
	return nil
}

func TestAnswersOutliveTheProcess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/ip/192.0.2.7", network("192.0.2.0", "192.0.2.127"))
	l.answer("/rdap/domain/site-1.example", domainJSON)
	cache := &disk{values: map[string][]byte{}}
	digest := func(string) string { return "0badcafe" }
	for range 2 {
		r := l.open(func(o *Options) { o.Cache, o.Digest, o.NoWHOIS = cache, digest, true })
		if n := r.Network(t.Context(), addr7); n.Organisation != "Example Hosting" || n.Prefix.String() != "192.0.2.0/25" {
			t.Errorf("%+v", n)
		}
		if d := r.Domain(t.Context(), "site-1.example"); d.Registrar != "Registrar of Tests" {
			t.Errorf("%+v", d)
		}
	}
	for _, path := range []string{"/rdap/ip/192.0.2.7", "/rdap/domain/site-1.example", "/boot/ipv4.json", "/boot/dns.json"} {
		if n := l.count(path); n != 1 {
			t.Errorf("%s asked %d times, want once", path, n)
		}
	}
	// The bootstrap files are used again too, for what nobody asked yet.
	r := l.open(func(o *Options) { o.Cache, o.NoWHOIS = cache, true })
	r.Network(t.Context(), netip.MustParseAddr("192.0.2.200"))
	if l.count("/boot/ipv4.json") != 1 || l.count("/rdap/ip/192.0.2.200") != 1 {
		t.Error("bootstrap file not used again")
	}
	for key, value := range cache.values {
		if strings.Contains(strings.ToLower(key+string(value)), "site-1") {
			t.Errorf("the name of a domain is in the cache under %s", key)
		}
	}
	cache.broken = true
	r = l.open(func(o *Options) { o.Cache, o.NoWHOIS = cache, true })
	if n := r.Network(t.Context(), addr7); n.Source != SourceRDAP {
		t.Errorf("a broken cache lost the answer: %+v", n)
	}
}
