#!/usr/bin/env bash
# Tests the reader of geo databases on a real one: brings the country database of the npm package
# @ip-location-db/geo-whois-asn-country-mmdb into .cache/geodata, looks at its licence, and asks it
# about addresses whose country is known. For tests only: the publisher renews it no more on npm
# (its README of June 2026), and nothing of it is passed on. Where it cannot be brought, that is said
# and the test is skipped; on a build machine (CI=true) that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

package=@ip-location-db/geo-whois-asn-country-mmdb
version=2.3.2026061719
file=geo-whois-asn-country.mmdb
sha256=c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652
cache=.cache/geodata

skip() {
  echo "make test-geodata: skipped: $1"
  [ "${CI:-}" != true ] || exit 1
  exit 0
}
fail() { echo "make test-geodata: $1" >&2; exit 1; }
sound() { [ -f "$cache/$file" ] && echo "$sha256  $cache/$file" | sha256sum --check --status; }

mkdir -p "$cache"
if ! sound; then
  command -v npm >/dev/null || skip "there is no npm to bring $package with; install Debian's package npm"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  npm pack --silent --pack-destination "$work" "$package@$version" >"$work/npm.log" 2>&1 || skip "npm could not bring $package@$version: $(tail -1 "$work/npm.log")"
  tar -xzf "$work"/*.tgz -C "$work" --no-same-owner package
  mv "$work/package/$file" "$work/package/package.json" "$work/package/NRO_LICENSE" "$cache/"
fi
sound || fail "$cache/$file is not the file of $package@$version: remove $cache and try again"

# The package names CC0 for itself; the registries' statistics in it come under CC BY 4.0, by the NRO.
grep -Eq '"license": *"CC0-1.0"' "$cache/package.json" || fail "the licence of $package is no longer CC0-1.0: read it before you use the package"
grep -q 'Creative Commons Attribution 4.0' "$cache/NRO_LICENSE" || fail "the NRO's licence in $package is another: read it before you use the package"
echo "$package $version: CC0 1.0; with statistics of nro.net, CC BY 4.0"

VIGIL_TEST_GEODATA=$PWD/$cache/$file go test -count=1 -run '^TestRealCountries$' -v ./geolocate/mmdb ./geolocate/geodata | grep -v '^=== '
