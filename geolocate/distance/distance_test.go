package distance

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestBetweenKnownPairs holds the table against maps and pencil. The bounds are of the
// true distance in km: the table may be at most 100 km (margin), 0.6% (sphere) and 33 km
// (sampling, rounding) below the lower one, and never above the upper one.
func TestBetweenKnownPairs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b     string
		from, to int
		why      string
	}{
		{"NL", "DE", 0, 0, "a land border"},
		{"NL", "BE", 0, 0, "a land border"},
		{"US", "CA", 0, 0, "a straight land border with few points"},
		{"US", "RU", 0, 10, "the Diomede Islands, 4 km apart"},
		{"US", "CU", 0, 0, "Guantanamo"},
		{"ZA", "LS", 0, 0, "one lies inside the other"},
		{"IT", "VA", 0, 0, "one lies inside the other"},
		{"BR", "FR", 0, 0, "French Guiana borders Brazil, and is France"},
		{"NL", "FR", 0, 0, "Saint Martin is half Dutch, half French"},
		{"ES", "MA", 0, 0, "Ceuta and Melilla"},
		{"XK", "RS", 0, 0, "a border, and the same land for some"},
		{"CN", "TW", 0, 0, "the same country for some"},
		{"GB", "FR", 0, 40, "the Strait of Dover is 33 km wide"},
		{"DK", "CA", 0, 0, "Greenland, 30 km from Ellesmere Island"},
		{"FI", "EE", 0, 55, "the Gulf of Finland is 50 km wide off Porkkala"},
		{"SE", "PL", 120, 170, "Ystad to Rozewie and the coast near Kolobrzeg, some 150 km"},
		{"DE", "PT", 1000, 1250, "Alsace's corner at 7.5 E 47.6 N to Braganca at 6.5 W 41.9 N: 14 degrees of longitude at 44 N, 1,120 km, and 5.7 of latitude, 630 km"},
		{"IE", "US", 3900, 4120, "Dingle (10.5 W 52.1 N) to Quoddy Head (67 W 44.8 N) is 4,140 km, to the north of Maine less"},
		{"NL", "GB", 0, 170, "Walcheren to the North Foreland, some 150 km; Saba to Anguilla, less"},
		{"JP", "DE", 7600, 8700, "Rebun (141 E 45.4 N) to Ruegen is 7,800 km; Tokyo to Berlin 8,900 km"},
		{"JP", "US", 500, 3000, "Minamitorishima to the Northern Marianas; the Aleutians are 1,500 km from the Kuril end of Hokkaido"},
		{"AU", "NZ", 550, 1500, "Norfolk Island to Three Kings, some 740 km; Macquarie Island to the Auckland Islands, some 620 km"},
		{"CL", "NZ", 4500, 7500, "Easter Island (109 W 27 S) to the Cook Islands (158 W 21 S): 49 degrees of longitude at 24 S, 5,000 km"},
		{"ZA", "BR", 4500, 5800, "Trindade (29 W 20.5 S) to the Cape (18 E 33 S): 4,800 km"},
		{"GR", "EG", 250, 380, "Crete (35 N) to Marsa Matruh (31.4 N): 3.6 degrees are 400 km; Gavdos is 40 km nearer"},
		{"NL", "RO", 1000, 1250, "7.1 E 52.2 N to 20.3 E 46.1 N: 13.2 degrees at 49 N are 960 km, and 6.1 are 680 km"},
		{"DE", "BG", 750, 950, "Passau (13.8 E 48.7 N) to Vidin (22.4 E 44 N): 8.6 degrees at 46 N are 660 km, and 4.7 are 520 km"},
		{"NL", "HK", 8900, 9300, "Amsterdam to Hong Kong is 9,280 km; from the border at 7.2 E 53.2 N some 130 km less"},
		{"NL", "RU", 750, 900, "7.2 E to Kaliningrad's spit at 19.7 E, both near 54 N: 12.5 degrees are 820 km"},
		{"KE", "SC", 850, 1500, "Lamu (41.5 E 2 S) to Aldabra (46.2 E 9.4 S): 4.7 and 7.4 degrees, 970 km"},
		{"AR", "ZA", 6000, 7000, "Misiones (54 W 26 S) to the Cape (17 E 29 S): 71 degrees at 28 S, 6,900 km as the great circle goes"},
		{"IS", "IE", 1000, 1250, "Iceland's south east (16 W 64.2 N) to Donegal (8 W 55.3 N): 8 and 8.9 degrees, 1,080 km"},
		{"SG", "JP", 2500, 4300, "Singapore to Yonaguni (123 E 24.4 N): 19 and 23 degrees, 3,300 km"},
	} {
		got, known := Between(tt.a, tt.b)
		lowest := int(float64(tt.from)*0.994) - 133
		if !known || got > tt.to || got < lowest {
			t.Errorf("%s-%s: %d km, known %v; want %d to %d: %s", tt.a, tt.b, got, known, lowest, tt.to, tt.why)
		}
	}
}

// places are cities and capes with their own coordinates (degrees, rounded to a tenth),
// not from the atlas. No two countries are farther apart than two places in them.
var places = []struct {
	code     string
	lat, lon float64
}{
	{"NL", 52.4, 4.9}, {"NL", 12.1, -68.3}, {"BQ", 12.1, -68.3}, {"DE", 50.1, 8.7}, {"FR", 48.9, 2.4}, {"FR", 4.9, -52.3}, {"GF", 4.9, -52.3}, {"RE", -20.9, 55.5},
	{"GB", 51.5, -0.1}, {"GB", 49.9, -6.3}, {"IE", 53.3, -6.3}, {"ES", 28.1, -15.4}, {"ES", 40.4, -3.7}, {"PT", 37.7, -25.7}, {"PT", 38.7, -9.1}, {"IT", 36.8, 15.1},
	{"MT", 35.9, 14.5}, {"GR", 35.3, 25.1}, {"CY", 34.7, 33.0}, {"TR", 41.0, 29.0}, {"UA", 44.6, 33.5}, {"UA", 50.5, 30.5}, {"RU", 55.8, 37.6}, {"RU", 54.7, 20.5},
	{"RU", 43.1, 131.9}, {"RO", 44.4, 26.1}, {"BG", 42.7, 23.3}, {"MD", 47.0, 28.9}, {"PL", 52.2, 21.0}, {"CZ", 50.1, 14.4}, {"FI", 60.2, 24.9}, {"EE", 59.4, 24.8},
	{"LV", 56.9, 24.1}, {"LT", 54.7, 25.3}, {"SE", 59.3, 18.1}, {"NO", 59.9, 10.8}, {"NO", 78.2, 15.6}, {"SJ", 78.2, 15.6}, {"DK", 55.7, 12.6}, {"IS", 64.1, -21.9},
	{"GL", 64.2, -51.7}, {"US", 40.7, -74.0}, {"US", 21.3, -157.9}, {"US", 61.2, -149.9}, {"US", 13.5, 144.8}, {"GU", 13.5, 144.8}, {"PR", 18.5, -66.1}, {"CA", 43.7, -79.4},
	{"CA", 47.6, -52.7}, {"MX", 19.4, -99.1}, {"PA", 9.0, -79.5}, {"BR", -8.1, -34.9}, {"BR", -23.5, -46.6}, {"AR", -34.6, -58.4}, {"CL", -33.5, -70.7}, {"CL", -27.1, -109.4},
	{"EC", -0.7, -90.3}, {"ZA", -33.9, 18.4}, {"KE", -1.3, 36.8}, {"SC", -4.6, 55.5}, {"MU", -20.2, 57.5}, {"EG", 30.0, 31.2}, {"IL", 32.1, 34.8}, {"AE", 25.2, 55.3},
	{"IN", 19.1, 72.9}, {"IN", 11.7, 92.7}, {"LK", 6.9, 79.9}, {"SG", 1.4, 103.8}, {"MY", 3.1, 101.7}, {"ID", -6.2, 106.8}, {"HK", 22.3, 114.2}, {"TW", 25.0, 121.6},
	{"CN", 39.9, 116.4}, {"CN", 47.4, 87.6}, {"JP", 35.7, 139.7}, {"JP", 24.3, 124.2}, {"KR", 37.6, 127.0}, {"PH", 14.6, 121.0}, {"VN", 21.0, 105.9}, {"AU", -33.9, 151.2},
	{"AU", -32.0, 115.9}, {"CX", -10.4, 105.7}, {"NZ", -36.8, 174.8}, {"NZ", -44.0, -176.5}, {"FJ", -18.1, 178.4}, {"TV", -8.5, 179.2}, {"KI", 1.9, -157.4}, {"XK", 42.7, 21.2},
}

// haversine is the great circle on the mean sphere, at most 0.56% off the ellipsoid.
func haversine(aLat, aLon, bLat, bLon float64) float64 {
	const rad = math.Pi / 180
	h := math.Pow(math.Sin((bLat-aLat)*rad/2), 2) + math.Cos(aLat*rad)*math.Cos(bLat*rad)*math.Pow(math.Sin((bLon-aLon)*rad/2), 2)
	return 2 * 6371.0088 * math.Asin(math.Min(1, math.Sqrt(h)))
}

func TestNoTwoPlacesAreNearerThanTheirCountries(t *testing.T) {
	t.Parallel()
	for _, a := range places {
		for _, b := range places {
			truth := haversine(a.lat, a.lon, b.lat, b.lon) * 0.9944 // the shortest that it can be on the ellipsoid
			for name, get := range map[string]func(string, string) (int, bool){"between": Between, "from": From} {
				if name == "from" && (a.code == "NL" && a.lat < 50 || a.code == "FR" && a.lat < 40 || a.code == "US" && a.lon > 0 || a.code == "NO" && a.lat > 72) {
					continue // such a vantage has a code of its own
				}
				if got, known := get(a.code, b.code); !known || float64(got) > truth {
					t.Errorf("%s %s-%s: %d km, known %v, but two places are %.0f km apart", name, a.code, b.code, got, known, truth)
				}
			}
		}
	}
}

// codes are all codes of the table.
func codes() []string {
	var out []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string(a) + string(b); number(code) != 0 {
				out = append(out, code)
			}
		}
	}
	return out
}

func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	if len(distances) != end {
		t.Fatalf("%d bytes, want %d", len(distances), end)
	}
	for _, line := range []string{"vigil distances 1\n", "\ndate 20", "\ncountries 250\n", "\nunit 10 km\n", "\nmargin 100 km\n", "Natural Earth"} {
		if !strings.Contains(distances[:letters], line) {
			t.Errorf("the header lacks %q", line)
		}
	}
	if got := len(codes()); got != countries {
		t.Errorf("%d codes, want %d", got, countries)
	}
	for i := range countries {
		if int(distances[families+i*members]) != i+1 {
			t.Errorf("the family of number %d does not begin with itself", i+1)
		}
		for k := range members {
			if m := distances[families+i*members+k]; m > countries {
				t.Errorf("number %d has a family of %d", i+1, m)
			}
		}
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	all := codes()
	for _, a := range all {
		for _, b := range all {
			ab, known := Between(a, b)
			ba, back := Between(b, a)
			from, placed := From(a, b)
			switch {
			case !known || !back || !placed:
				t.Fatalf("%s-%s is not known", a, b)
			case ab != ba:
				t.Errorf("%s-%s is %d there and %d back", a, b, ab, ba)
			case a == b && (ab != 0 || from != 0):
				t.Errorf("%s is %d km from itself", a, ab)
			case ab < 0 || from > everywhere || ab%unit != 0 || ab > from:
				t.Errorf("%s-%s: between %d, from %d", a, b, ab, from)
			}
		}
	}
}

func TestAVantageStandsInItsOwnTerritory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		vantage, country string
		least, most      int
	}{
		{"NL", "US", 4700, 5300}, // Texel to the north of Maine, some 5,000 km
		{"BQ", "US", 0, 160},     // Saba to Saint Croix, some 150 km
		{"BQ", "NL", 0, 0},
		{"FR", "BR", 4000, 7000}, // Brittany to Amapa
		{"GF", "BR", 0, 0},
		{"BR", "FR", 0, 0}, // but what a database calls FR may be in Cayenne
		{"US", "NL", 500, 1500},
		{"DE", "US", 4800, 5400},
		{"TW", "CN", 0, 0},
	} {
		if got, known := From(tt.vantage, tt.country); !known || got < tt.least || got > tt.most {
			t.Errorf("%s to %s: %d km, known %v, want %d to %d", tt.vantage, tt.country, got, known, tt.least, tt.most)
		}
	}
}

func TestWhatIsNotKnownVetoesNothing(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "N", "nl", "NLD", "ZZ", "EU", "AP", "UK", "\xff\xff", "N\x00", "A1", "@A", "[A"} {
		for _, get := range []func(string, string) (int, bool){Between, From} {
			if km, known := get(code, "NL"); known || km != 0 {
				t.Errorf("%q-NL: %d, %v", code, km, known)
			}
			if km, known := get("NL", code); known || km != 0 {
				t.Errorf("NL-%q: %d, %v", code, km, known)
			}
		}
		if Excludes("NL", code, time.Millisecond) || Excludes(code, "JP", time.Millisecond) {
			t.Errorf("%q is excluded", code)
		}
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rtt   time.Duration
		km    int
		known bool
	}{
		{0, 0, false}, {-time.Second, 0, false}, {math.MinInt64, 0, false},
		{1, 1, true}, {10 * time.Microsecond, 1, true}, {10*time.Microsecond + 1, 2, true},
		{time.Millisecond, 100, true}, {1500 * time.Microsecond, 150, true}, {48 * time.Millisecond, 4800, true},
		{200 * time.Millisecond, 20_000, true}, {201 * time.Millisecond, 20_040, true}, {time.Hour, 20_040, true}, {math.MaxInt64, 20_040, true},
	} {
		if km, known := Reach(tt.rtt); km != tt.km || known != tt.known {
			t.Errorf("%v: %d, %v; want %d, %v", tt.rtt, km, known, tt.km, tt.known)
		}
	}
}

func TestExcludes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		vantage, country string
		rtt              time.Duration
		want             bool
	}{
		{"an answer in 2 ms from Amsterdam is not from the US", "NL", "US", 2 * time.Millisecond, true},
		{"in 48 ms neither", "NL", "US", 48 * time.Millisecond, true},
		{"in 49 ms it may be", "NL", "US", 49 * time.Millisecond, false},
		{"a neighbour is never excluded", "NL", "DE", time.Nanosecond, false},
		{"nor is the own country", "NL", "NL", time.Nanosecond, false},
		{"Hong Kong in 30 ms", "DE", "HK", 30 * time.Millisecond, true},
		{"Hong Kong in 180 ms", "DE", "HK", 180 * time.Millisecond, false},
		{"nothing was measured", "NL", "JP", 0, false},
		{"the vantage has no country", "", "JP", time.Millisecond, false},
	} {
		if got := Excludes(tt.vantage, tt.country, tt.rtt); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		Between("GB", "FR")
		From("NL", "US")
		Excludes("NL", "US", time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBetween(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Between("NL", "US")
	}
}

func BenchmarkBetweenLargestFamily(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Between("GB", "FR")
	}
}

func BenchmarkExcludes(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Excludes("NL", "US", time.Millisecond)
	}
}

// Between is as From, with the families of both: the table holds the families of all.
func Between(a, b string) (km int, known bool) {
	i, j := number(a), number(b)
	if i == 0 || j == 0 {
		return 0, false
	}
	km = at(i, j)
	family := families + (i-1)*members
	for k := family + 1; k < family+members && distances[k] != 0; k++ {
		km = min(km, at(int(distances[k]), j))
	}
	return km, true
}

// Excludes is the veto that geolocate makes of From and Reach.
func Excludes(vantage, country string, rtt time.Duration) bool {
	km, placed := From(vantage, country)
	reach, measured := Reach(rtt)
	return placed && measured && km > reach
}
