package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

// Faults are all that is wrong with a configuration, a sentence each.
type Faults []string

// Error lists the faults, one a line.
func (f Faults) Error() string {
	if len(f) == 1 {
		return "configuration: " + f[0]
	}
	return fmt.Sprintf("configuration has %d faults:\n  - %s", len(f), strings.Join(f, "\n  - "))
}

// Load reads the file at path and the environment (os.Environ form) over it.
// A missing file is an error when must is set, else the defaults hold.
func Load(path string, must bool, environ []string) (Config, error) {
	info, err := os.Stat(path)
	var data []byte
	switch {
	case errors.Is(err, fs.ErrNotExist) && !must:
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("configuration file %s does not exist: "+
			"give another with --config, or write one (see config.yaml in the repository)", path)
	case err == nil && info.IsDir():
		err = fmt.Errorf("%s is a folder", path)
	case err == nil && info.Size() > maxFile:
		err = fmt.Errorf("%s has %d bytes, more than %d: it is no configuration", path, info.Size(), maxFile)
	case err == nil:
		data, err = os.ReadFile(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("read configuration file: %w", err)
	}
	return Parse(data, environ)
}

// Parse reads YAML and the environment over it. The error is of type Faults
// when the content is at fault.
func Parse(data []byte, environ []string) (Config, error) {
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(data), yaml.Parser()); err != nil {
		return Config{}, Faults{"the file is not YAML: " + err.Error()}
	}
	known := keys("", reflect.TypeFor[Config]())
	faults := unknownKeys("", "", k.Raw(), reflect.TypeFor[Config](), known)
	over, envFaults := fromEnvironment(environ, known)
	faults = append(faults, envFaults...)
	if err := k.Load(confmap.Provider(over, "."), nil); err != nil {
		return Config{}, fmt.Errorf("apply environment to configuration: %w", err)
	}
	c := Defaults()
	err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: &c, TagName: "koanf", WeaklyTypedInput: true, ZeroFields: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(), mapstructure.TextUnmarshallerHookFunc(), wholeList),
	}})
	faults = append(faults, decodeFaults(err)...)
	faults = append(faults, c.check()...) // a value that did not decode still has its default
	if len(faults) > 0 {
		slices.Sort(faults)
		return Config{}, Faults(faults)
	}
	return c, nil
}

// decodeFaults takes a decoding error apart, one fault a value.
func decodeFaults(err error) []string {
	var many interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &many):
		return []string{err.Error()}
	}
	var out []string
	for _, e := range many.Unwrap() {
		out = append(out, decodeFaults(e)...)
	}
	return out
}

// wholeList refuses a bare value where a list stands, which mapstructure would wrap silently.
func wholeList(from, to reflect.Type, value any) (any, error) {
	if to.Kind() == reflect.Slice && from.Kind() != reflect.Slice && value != nil {
		return nil, fmt.Errorf("is a single value: write a list, for example [%v]", value)
	}
	return value, nil
}

// keys lists the leaf keys of a configuration type; a list counts as one leaf.
func keys(prefix string, t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct && !f.Type.Implements(reflect.TypeFor[fmt.Stringer]()) {
			maps.Copy(out, keys(name+".", f.Type))
			continue
		}
		out[name] = f.Type
	}
	return out
}

// unknownKeys names every key of the file that no part of its type reads. at is where an entry of a list
// stands, and section where the values are in it; known are the keys of the entry, or of the file.
func unknownKeys(at, section string, values any, t reflect.Type, known map[string]reflect.Type) (faults []string) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		list, _ := values.([]any)
		for i, entry := range list {
			here := fmt.Sprintf("%s%s[%d].", at, section, i)
			faults = append(faults, unknownKeys(here, "", entry, t.Elem(), keys("", t.Elem()))...)
		}
	}
	m, _ := values.(map[string]any)
	if t.Kind() != reflect.Struct {
		return faults
	}
	for name, inner := range m {
		key := strings.TrimPrefix(section+"."+name, ".")
		fields := reflect.VisibleFields(t)
		if i := slices.IndexFunc(fields, func(f reflect.StructField) bool { return f.Tag.Get("koanf") == name }); i >= 0 {
			faults = append(faults, unknownKeys(at, key, inner, fields[i].Type, known)...)
		} else {
			faults = append(faults, fmt.Sprintf("%s%s is no key of Vigil%s", at, key, nearest(key, known)))
		}
	}
	return faults
}

// nearest proposes the known key or section that differs least, when one is near.
func nearest(key string, known map[string]reflect.Type) string {
	best, least := "", 4
	for k := range known {
		section, _, _ := strings.Cut(k, ".")
		for _, name := range []string{k, section} {
			if d := distance(key, name); d < least || d == least && name < best {
				best, least = name, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost++
			}
			corner = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// fromEnvironment reads VIGIL_SECTION_KEY variables. A value is written as in
// the file: lists and entries in YAML's flow style. Variables that begin with
// VIGIL_TEST_ belong to Vigil's own tests.
func fromEnvironment(environ []string, known map[string]reflect.Type) (map[string]any, []string) {
	byName := map[string]string{}
	for k := range known {
		byName["VIGIL_"+strings.ToUpper(strings.ReplaceAll(k, ".", "_"))] = k
	}
	over := map[string]any{}
	var faults []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "VIGIL_") || strings.HasPrefix(name, "VIGIL_TEST_") {
			continue
		}
		key, ok := byName[name]
		if !ok {
			faults = append(faults, fmt.Sprintf("environment variable %s names no key of Vigil", name))
			continue
		}
		if t := known[key]; t.Kind() != reflect.Slice {
			over[key] = value
			continue
		}
		parsed, err := yaml.Parser().Unmarshal([]byte("list: " + value))
		if err != nil {
			faults = append(faults, fmt.Sprintf("environment variable %s is no list: write it as [a, b]", name))
			continue
		}
		over[key] = parsed["list"]
	}
	return over, faults
}

// Size is a number of bytes, written as 2MiB, 512KiB or 1048576.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	word := strings.TrimSpace(string(text))
	for _, u := range units {
		number, ok := strings.CutSuffix(word, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/u.bytes {
			break
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%.40q is no size: write a whole number and B, KiB, MiB or GiB, for example 2MiB", word)
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range units {
		if u.bytes > 1 && s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
