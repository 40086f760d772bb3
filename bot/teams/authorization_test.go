package teams

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
)

// These tests are about a token's signature and about its place in the request's header.

// withoutSignature returns a token with an empty signature.
func withoutSignature(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// changeLastBit changes a padding bit of the signature's last letter, which doesn't change the signature's bytes.
func changeLastBit(token string) string {
	const order = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(order, token[len(token)-1])
	return token[:len(token)-1] + order[last^1:last^1+1]
}

// signedWithPublicKey signs with HMAC and the public key, as if that were a secret.
func signedWithPublicKey(s signer) string {
	der, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	if err != nil {
		panic(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	text := encode(`{"alg":"HS256","kid":"one"}`) + "." +
		encode(`{"aud":"`+app+`","iss":"`+publicIssuer+`","serviceurl":"`+service+`","exp":9999999999}`)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// unsigned sends the token without its signature.
func unsigned(token string) []string { return []string{"Bearer " + withoutSignature(token)} }

// withHeader sends one value of Authorization, made from the token.
func withHeader(format func(token string) string) func(string) []string {
	return func(token string) []string { return []string{format(token)} }
}

func TestKey(t *testing.T) {
	t.Parallel()
	one, unknown := signers()
	forged := unknown
	forged.id = one.id
	wantAllRefused(t,
		request{name: "no kid", header: func(h map[string]any) { delete(h, "kid") }},
		request{name: "kid empty", header: func(h map[string]any) { h["kid"] = "" }},
		request{name: "kid a number", header: func(h map[string]any) { h["kid"] = 1 }},
		request{name: "unknown", signer: &unknown},
		request{name: "another one under a known name", signer: &forged},
	)
}

// Only tokens with RS256 are accepted, whichever algorithm the token names.
func TestAlgorithm(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	wantAllRefused(t,
		request{name: "critical extension", header: func(h map[string]any) { h["crit"] = []string{"b64"}; h["b64"] = false }},
		request{name: "RS512", header: func(h map[string]any) { h["alg"] = "RS512" }},
		request{name: "no algorithm", header: func(h map[string]any) { delete(h, "alg") }},
		request{name: "none, signed", header: func(h map[string]any) { h["alg"] = "none" }},
		request{name: "none, unsigned", header: func(h map[string]any) { h["alg"] = "none" }, authorization: unsigned},
		request{
			name:          "HS256 with the public key",
			authorization: withHeader(func(string) string { return "Bearer " + signedWithPublicKey(one) }),
		},
	)
}

func TestSignature(t *testing.T) {
	t.Parallel()
	wantAllRefused(t,
		request{name: "cut off", authorization: unsigned},
		request{name: "of other text", authorization: withHeader(func(token string) string {
			parts := strings.Split(token, ".")
			return "Bearer " + parts[0] + "." + encode(`{"aud":"`+app+`"}`) + "." + parts[2]
		})},
		request{
			name:          "changed in its last bits",
			authorization: withHeader(func(token string) string { return "Bearer " + changeLastBit(token) }),
		},
	)
}

// A request has exactly one header with one token.
func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	wantAllRefused(t,
		request{name: "none", authorization: func(string) []string { return nil }},
		request{name: "empty", authorization: withHeader(func(string) string { return "" })},
		request{name: "two", authorization: func(token string) []string { return []string{"Bearer " + token, "Bearer " + token} }},

		// The scheme is Bearer, followed by one blank.
		request{name: "no scheme", authorization: withHeader(func(token string) string { return token })},
		request{name: "scheme in lower case", authorization: withHeader(func(token string) string { return "bearer " + token })},
		request{name: "scheme in capitals", authorization: withHeader(func(token string) string { return "BEARER " + token })},
		request{name: "scheme Basic", authorization: withHeader(func(token string) string { return "Basic " + token })},
		request{name: "scheme alone", authorization: withHeader(func(string) string { return "Bearer " })},
		request{name: "two blanks", authorization: withHeader(func(token string) string { return "Bearer  " + token })},
		request{name: "a tab", authorization: withHeader(func(token string) string { return "Bearer\t" + token })},
		request{name: "a blank before", authorization: withHeader(func(token string) string { return " Bearer " + token })},

		// The header ends after the token.
		request{name: "garbage after a blank", authorization: withHeader(func(token string) string { return "Bearer " + token + " x" })},
		request{name: "garbage after the signature", authorization: withHeader(func(token string) string { return "Bearer " + token + "A" })},
		request{name: "a fourth part", authorization: withHeader(func(token string) string { return "Bearer " + token + ".e30" })},
		request{name: "padding", authorization: withHeader(func(token string) string { return "Bearer " + token + "==" })},
		request{name: "a line break", authorization: withHeader(func(token string) string { return "Bearer " + token + "\n" })},
		request{name: "very long", authorization: withHeader(func(token string) string {
			return "Bearer " + token + strings.Repeat("A", maxToken)
		})},
		request{name: "no JSON inside", authorization: withHeader(func(string) string { return "Bearer e30.e30x.e30" })},
	)
}
