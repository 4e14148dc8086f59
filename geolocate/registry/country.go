package registry

import "strings"

// countryCode folds a two-letter code; empty when it is none. It is not checked
// against ISO 3166 here.
func countryCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	s, _, _ = strings.Cut(s, " ") // RPSL comments: "EU # country is really world wide"
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return ""
	}
	return s
}

// countryNames are English names as ARIN prints them in postal addresses, for the
// countries that hold most of the space it registers. ARIN's RDAP networks have no
// country member, so that the name in the registrant's address is all there is.
var countryNames = map[string]string{
	"united states": "US", "united states of america": "US", "canada": "CA", "puerto rico": "PR", "jamaica": "JM", "bahamas": "BS", "barbados": "BB",
	"bermuda": "BM", "cayman islands": "KY", "virgin islands, british": "VG", "united kingdom": "GB", "ireland": "IE", "germany": "DE", "netherlands": "NL",
	"france": "FR", "spain": "ES", "italy": "IT", "portugal": "PT", "switzerland": "CH", "austria": "AT", "belgium": "BE", "luxembourg": "LU", "sweden": "SE",
	"norway": "NO", "denmark": "DK", "finland": "FI", "poland": "PL", "czech republic": "CZ", "czechia": "CZ", "romania": "RO", "bulgaria": "BG", "estonia": "EE",
	"latvia": "LV", "lithuania": "LT", "ukraine": "UA", "cyprus": "CY", "israel": "IL", "turkey": "TR", "united arab emirates": "AE", "india": "IN", "japan": "JP",
	"hong kong": "HK", "singapore": "SG", "china": "CN", "australia": "AU", "new zealand": "NZ", "brazil": "BR", "mexico": "MX", "panama": "PA", "belize": "BZ",
	"seychelles": "SC", "south africa": "ZA",
}

// countryNamed reads a code or one of countryNames.
func countryNamed(s string) string {
	if code := countryCode(s); code != "" && len(strings.TrimSpace(s)) == 2 {
		return code
	}
	return countryNames[strings.ToLower(strings.TrimSpace(s))]
}
