package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Twilio signs each request to our webhook with the account's auth token. This file verifies the signatures, so that nobody else can
// forge customers' messages. Twilio signs the URL that it called, for example https://example.com/hook?a=1, followed by the fields of
// the form: "https://example.com/hook?a=1BodyHelloFrom+15550100".

// computeSignature returns the X-Twilio-Signature of a form: the HMAC-SHA1 of the URL and all names and values, sorted by name. If a
// name is repeated, its distinct values are used in sorted order, as in Twilio's Node library.
// Source: Twilio, "Webhooks security"; the node library's validateRequest.
func computeSignature(authToken, address string, form url.Values) string {
	var text strings.Builder
	text.WriteString(address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			text.WriteString(name)
			text.WriteString(v)
		}
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// isSigned reports whether Twilio signed a request to our webhook. given is the X-Twilio-Signature header, and query is the raw query.
// form is nil if body isn't a form.
//
// It tries several spellings of our URL, because Twilio is inconsistent about the port and about apostrophes in the query. The host is
// always the configured one, never that of the request, which an attacker could choose. All comparisons take constant time.
func (c *callbacks) isSigned(given, query string, form url.Values, body []byte) bool {
	if c.address == "" || given == "" {
		return false
	}
	isAddressSigned := false
	for _, address := range listAddressForms(c.address, query) {
		if hmac.Equal([]byte(given), []byte(computeSignature(c.authToken, address, form))) {
			isAddressSigned = true
		}
	}
	if !isAddressSigned {
		return false
	}
	return form != nil || hasSignedBody(query, body) // the signature covers a form, but no other body
}

// hasSignedBody reports whether a body that isn't a form matches its hash in the query (bodySHA256), which is signed.
func hasSignedBody(query string, body []byte) bool {
	values, err := url.ParseQuery(query)
	sum := sha256.Sum256(body)
	return err == nil && hmac.Equal([]byte(strings.ToLower(values.Get("bodySHA256"))), []byte(hex.EncodeToString(sum[:])))
}

// listAddressForms returns the spellings with which Twilio may sign our URL: with and without the port, and with apostrophes in the
// query literal or escaped.
func listAddressForms(hook, query string) []string {
	base, _, _ := strings.Cut(hook, "?")
	escaped, literal := strings.ReplaceAll(query, "'", "%27"), strings.ReplaceAll(query, "%27", "'")
	var forms []string
	for _, address := range listPortForms(base) {
		for _, q := range []string{query, escaped, literal} {
			form := address
			if q != "" {
				form += "?" + q
			}
			if !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// listPortForms returns a URL with and without its port: https://example.com/hook and https://example.com:443/hook. The rest must stay
// byte for byte as it is configured, because it is signed. That is why the URL isn't parsed and formatted again.
func listPortForms(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []string{address}
	}

	hostAt := strings.Index(address, "://") + len("://")
	hostEnd := len(address)
	if i := strings.IndexByte(address[hostAt:], '/'); i >= 0 {
		hostEnd = hostAt + i
	}

	scheme, path := address[:hostAt], address[hostEnd:]
	host := address[hostAt:hostEnd]
	if port := u.Port(); port != "" {
		return []string{address, scheme + strings.TrimSuffix(host, ":"+port) + path}
	}

	standardPort := ":443"
	if strings.EqualFold(u.Scheme, "http") {
		standardPort = ":80"
	}

	return []string{address, scheme + host + standardPort + path}
}
