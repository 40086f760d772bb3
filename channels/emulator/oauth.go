package emulator

import (
	"net/http"
	"net/url"
)

// OAuthClient returns the id and the secret that a program sends to a token endpoint: as form fields, or by HTTP Basic
// authentication, whose values are form-encoded. Both are empty if the encoding is invalid.
// Source: RFC 6749 section 2.3.1.
func OAuthClient(r *http.Request) (id, secret string) {
	escapedID, escapedSecret, isBasic := r.BasicAuth()
	if !isBasic {
		return r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}

	id, idErr := url.QueryUnescape(escapedID)
	secret, secretErr := url.QueryUnescape(escapedSecret)
	if idErr != nil || secretErr != nil {
		return "", ""
	}

	return id, secret
}
