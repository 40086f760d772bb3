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

// signature returns the X-Twilio-Signature of a form: HMAC-SHA1 of the address and all names and values, sorted
// by name. Of a repeated name each different value is used once, sorted, as in Twilio's node library.
// Source: Twilio, "Webhooks security"; the node library's validateRequest.
func signature(authToken, address string, form url.Values) string {
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

// signed verifies the signature of a callback. given is the signature's header, query the raw query; form is nil
// if body isn't a form. Twilio is inconsistent about ports and about ' in the query, so all forms of the
// address are tried. The host is always the configured one, never the request's.
func (c *callbacks) signed(given, query string, form url.Values, body []byte) bool {
	if c.address == "" || given == "" {
		return false
	}
	ok := false
	for _, address := range addresses(c.address, query) {
		if hmac.Equal([]byte(given), []byte(signature(c.authToken, address, form))) {
			ok = true
		}
	}
	return ok && (form != nil || bodyMatches(query, body))
}

// bodyMatches checks a body that isn't a form against its hash in the signed query.
func bodyMatches(query string, body []byte) bool {
	values, err := url.ParseQuery(query)
	sum := sha256.Sum256(body)
	return err == nil && hmac.Equal([]byte(strings.ToLower(values.Get("bodySHA256"))), []byte(hex.EncodeToString(sum[:])))
}

// addresses returns the forms in which Twilio may write the called address.
func addresses(hook, query string) []string {
	base, _, _ := strings.Cut(hook, "?")
	bases := []string{base}
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		at := strings.Index(base, "://") + len("://")
		end := len(base)
		if i := strings.IndexByte(base[at:], '/'); i >= 0 {
			end = at + i
		}
		host, standard := base[at:end], ":443"
		if strings.EqualFold(u.Scheme, "http") {
			standard = ":80"
		}
		if port := u.Port(); port != "" {
			bases = append(bases, base[:at]+strings.TrimSuffix(host, ":"+port)+base[end:])
		} else {
			bases = append(bases, base[:end]+standard+base[end:])
		}
	}
	queries := []string{query, strings.ReplaceAll(query, "'", "%27"), strings.ReplaceAll(query, "%27", "'")}
	var all []string
	for _, b := range bases {
		for _, q := range queries {
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
