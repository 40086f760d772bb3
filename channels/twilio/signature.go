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

// Twilio signs each request to our webhook with the account's auth token. This file checks these signatures, so that
// nobody else can make up messages of customers.

// computeSignature returns the X-Twilio-Signature of a form: HMAC-SHA1 of the address and all names and values,
// sorted by name. Of a repeated name each different value is used once, sorted, as in Twilio's node library.
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

// isSigned reports whether Twilio has signed a request to our webhook. given is the header X-Twilio-Signature and
// query the raw query. form is nil if body isn't a form. It tries several spellings of our address, because Twilio is
// inconsistent about ports and about ' in the query. The host is always the configured one, never the request's.
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
	return form != nil || hasSignedBody(query, body) // a form is part of the signature
}

// hasSignedBody reports whether a body that isn't a form matches its hash, bodySHA256, in the signed query.
func hasSignedBody(query string, body []byte) bool {
	values, err := url.ParseQuery(query)
	sum := sha256.Sum256(body)
	return err == nil && hmac.Equal([]byte(strings.ToLower(values.Get("bodySHA256"))), []byte(hex.EncodeToString(sum[:])))
}

// listAddressForms returns the forms in which Twilio may write the called address: with and without the port, and
// with ' in the query as it is or escaped.
func listAddressForms(hook, query string) []string {
	base, _, _ := strings.Cut(hook, "?")
	var all []string
	for _, b := range listPortForms(base) {
		for _, q := range []string{query, strings.ReplaceAll(query, "'", "%27"), strings.ReplaceAll(query, "%27", "'")} {
			if q != "" {
				q = "?" + q
			}
			if !slices.Contains(all, b+q) {
				all = append(all, b+q)
			}
		}
	}
	return all
}

// listPortForms returns an address with and without its port. An address without one gets the standard port of its
// scheme. The rest stays byte for byte as it is configured, because it is signed.
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
