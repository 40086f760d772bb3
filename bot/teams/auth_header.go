package teams

import (
	"errors"
	"net/http"
	"strings"
)

// maxToken bounds a token, in bytes. Teams' tokens have about 1 kB.
const maxToken = 16 << 10

// bearerToken returns the token in the Authorization header of a request, which must occur once. The scheme must be
// exactly "Bearer", as Teams sends it, although HTTP ignores the case of schemes.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", errors.New("not one Authorization header")
	}

	token, ok := strings.CutPrefix(values[0], "Bearer ")
	if !ok {
		return "", errors.New("the scheme isn't Bearer")
	}
	if len(token) > maxToken {
		return "", errors.New("the token is too long")
	}
	if !hasSignedForm(token) {
		return "", errors.New("the token has not the form of a signed one")
	}

	return token, nil
}

// hasSignedForm reports whether a token has three non-empty parts in base64url.
// Source: RFC 7515 section 7.1.
func hasSignedForm(token string) bool {
	const partCount = 3 // header, claims and signature
	isIllegal := func(r rune) bool { return !strings.ContainsRune(base64URLAlphabet, r) }
	parts := strings.Split(token, ".")
	for _, p := range parts {
		if p == "" || strings.ContainsFunc(p, isIllegal) {
			return false
		}
	}
	return len(parts) == partCount
}

const base64URLAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
