package registry

import (
	_ "embed"
	"net/netip"
	"sync"

	"github.com/gaissmai/bart"

	"vigil/internal/operatorcsv"
)

//go:embed reserved.csv
var reservedCSV string

var reserved = sync.OnceValue(func() *bart.Table[string] {
	t := &bart.Table[string]{}
	mustTable(reservedCSV, 2, func(row []string) { t.Insert(netip.MustParsePrefix(row[0]), row[1]) })
	return t
})

// mustTable reads an embedded table. One that cannot be read is a fault of the program,
// found by every test of the package.
func mustTable(text string, fields int, each func(row []string)) {
	if err := operatorcsv.Table(text, fields, func(row []string) error { each(row); return nil }); err != nil {
		panic("registry: read an embedded table: " + err.Error())
	}
}

// Reserved says what a special-purpose address is for; empty for an address that a
// provider can hold.
func Reserved(addr netip.Addr) string {
	why, _ := reserved().Lookup(addr)
	return why
}
