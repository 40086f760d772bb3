package knowledge

import (
	"cmp"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// asciiHost returns the host of an address, with its port, in the form in which hosts are compared: "Müller.example" becomes
// "xn--mller-kva.example".
func asciiHost(u *url.URL) string {
	isForeign := func(r rune) bool { return r >= utf8.RuneSelf }
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil || !strings.ContainsFunc(u.Host, isForeign) {
		return strings.ToLower(u.Host)
	}
	if port := u.Port(); port != "" {
		return name + ":" + port
	}
	return name
}

// normaliseAddress returns an address in the form in which pages are compared: without user and fragment, with the host in
// ASCII and lower case, and with "/" as the path if it is empty.
func normaliseAddress(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	c.User = nil
	c.Host = asciiHost(u)
	c.Path = cmp.Or(c.Path, "/")
	return c.String()
}
