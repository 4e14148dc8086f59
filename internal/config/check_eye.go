package config

import "net"

// eye checks how a remote eye is reached.
func (f *faultList) eye(key string, v Vantage) {
	if v.Eye == (Eye{}) {
		return
	}
	if _, _, err := net.SplitHostPort(v.Eye.Address); err != nil {
		f.add(key+".address", "%q is no host and port: write for example 192.0.2.7:8443", v.Eye.Address)
	}
	f.credentials(key, v.Eye.CA, v.Eye.Cert, v.Eye.Key)
	if v.Proxy != "" {
		f.add(key, "does not go together with proxy: a remote eye looks over its own line")
	}
}

// eyeServer checks what `vigil vantage` needs, when this is a remote eye.
func (f *faultList) eyeServer(v EyeServer) {
	f.country("vantage.country", v.Country)
	if len(v.Name) > 60 {
		f.add("vantage.name", "must have at most 60 bytes")
	}
	if v.Listen == "" {
		return
	}
	if _, err := net.ResolveTCPAddr("tcp", v.Listen); err != nil {
		f.add("vantage.listen", "%q is no address and port: write for example 0.0.0.0:8443", v.Listen)
	}
	if v.Name == "" {
		f.add("vantage.name", "give the name that the owner's crawler.vantages has for this eye")
	}
	f.credentials("vantage", v.CA, v.Cert, v.Key)
}

func (f *faultList) credentials(key, ca, cert, own string) {
	if ca == "" || cert == "" || own == "" {
		f.add(key, "name the PEM files ca, cert and key: `vigil vantage keys DIR` makes them")
	}
}
