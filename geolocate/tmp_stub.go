package geolocate

func nameserverOperators(s []string) []string                              { return nil }
