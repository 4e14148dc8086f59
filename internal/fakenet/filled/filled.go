// Package filled makes values of which every field is set, each to something of its
// own, for tests that send a value through a stored or a wire form and want all of it
// back: a field that is added and forgotten in the form fails them. For tests only.
package filled

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"vigil/casefile"
)

// Of is a T with every exported field set, at every depth; slices and maps have two
// elements. Texts and numbers are no valid codes, digests or the like: whoever needs
// those sets them afterwards, and may ask Zeros again.
func Of[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time: // whole seconds, as the header Date has them
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 0, 0, *n, 0, time.UTC)))
		return
	case time.Duration: // whole milliseconds, as most forms keep them
		v.Set(reflect.ValueOf(time.Duration(*n) * time.Millisecond))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(*n)})))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(*n), 0, 0}), 16)))
		return
	case casefile.Target:
		t, err := casefile.NewTarget(fmt.Sprintf("https://site-%d.example/page?a=b&c=<d>", *n))
		if err != nil {
			panic(err)
		}
		v.Set(reflect.ValueOf(t))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString("text " + strconv.Itoa(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 1000)
	default:
		panic(fmt.Sprintf("filled: no value for a %v", v.Type()))
	}
}

// Zeros are the ways to the fields of v that are not set, those behind pointers and in slices too.
func Zeros(v any) []string { return zeros(reflect.ValueOf(v), reflect.TypeOf(v).Name()) }

func zeros(v reflect.Value, way string) (list []string) {
	switch v.Interface().(type) {
	case time.Time, netip.Addr, netip.Prefix, casefile.Target:
		if v.IsZero() {
			return []string{way}
		}
		return nil
	}
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			list = append(list, zeros(v.Field(i), way+"."+v.Type().Field(i).Name)...)
		}
	case v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0:
		return []string{way}
	case v.Kind() == reflect.Pointer:
		return zeros(v.Elem(), way)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			list = append(list, zeros(v.Index(i), fmt.Sprintf("%s[%d]", way, i))...)
		}
	}
	return list
}
