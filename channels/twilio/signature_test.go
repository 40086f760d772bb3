package twilio

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parley/channels"
)

// Signatures that Twilio's own library accepts are right: that of an example in its documentation, and two that were
// recorded.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"},
		"Caller":  {"+12349013030"},
		"Digits":  {"1234"},
		"From":    {"+12349013030"},
		"To":      {"+18005551212"},
	}
	got := computeSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form)
	wantEqual(t, "signature", got, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")

	form = url.Values{"Body": {" Grüße & <b>\n"}, "Empty": {""}, "From": {"whatsapp:+4915112345678"}}
	got = computeSignature("12345", "https://parley.example/hooks/sms?a=it's&x=", form)
	wantEqual(t, "signature of text in UTF-8", got, "dyYNSKD0CV/l6pow7yhL2H7hNoI=")
	got = computeSignature("12345", "https://parley.example:8443/h", url.Values{"Body": {"  "}, "From": {"+12349013030"}})
	wantEqual(t, "signature of blanks", got, "MNL3jn64BbyRe4fcvgNOsuiTtlk=")
}

// inboundForm is a customer's SMS.
func inboundForm() url.Values {
	return url.Values{
		"MessageSid": {"SM1"},
		"AccountSid": {testAccount},
		"From":       {annPhone},
		"To":         {smsNumber},
		"Body":       {"Hi "},
		"NumMedia":   {"0"},
		"SmsStatus":  {"received"},
		"FromCity":   {""},
	}
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8"

// callback is a request as Twilio sends it.
type callback struct {
	target      string // the address that is called
	body        string
	contentType string // formType if it is ""
	signature   string
}

// postCallback posts a callback, and returns the status of the answer. It checks that the answer has no body, which would
// go to the customer.
func postCallback(t *testing.T, c *Channel, cb callback) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, cb.target, strings.NewReader(cb.body))
	r.Header.Set("Content-Type", formType)
	if cb.contentType != "" {
		r.Header.Set("Content-Type", cb.contentType)
	}
	if cb.signature != "" {
		r.Header.Set("X-Twilio-Signature", cb.signature)
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, r)
	wantEqual(t, "body of the answer", rec.Body.String(), "")
	return rec.Code
}

// signedForm is a callback with a form and the right signature for the channel of a world.
func (w *world) signedForm(form url.Values) callback {
	return callback{
		target:    "/hooks/acme",
		body:      form.Encode(),
		signature: computeSignature(testToken, w.base.callbacks.address, form),
	}
}

// newHookChannel makes a channel whose webhook has this address.
func newHookChannel(t *testing.T, address string) *Channel {
	t.Helper()
	c := newWorld(t, viaSMS).base
	c.callbacks.address = address
	return c
}

// Twilio signs the address that it calls, and a proxy may call another one here. So the signature must fit the address in
// the settings with the query of the call. A port or an apostrophe may be written in several ways.
func TestSignedAddress(t *testing.T) {
	t.Parallel()
	const (
		hook     = "https://parley.test/hooks/sms"
		hook443  = "https://parley.test:443/hooks/sms"
		hook8443 = "https://parley.test:8443/hooks/sms"
	)
	tests := []struct {
		name   string
		hook   string // in our settings
		query  string // of the call
		signed string // the address that Twilio signs
		want   int
	}{
		{name: "same address", hook: hook, signed: hook, want: 204},
		{name: "another host", hook: hook, signed: "https://evil.test/hooks/sms", want: 403},
		{name: "another path", hook: hook, signed: hook + "/", want: 403},
		{name: "no address in the settings", hook: "", signed: "", want: 403},

		{name: "standard port signed", hook: hook, signed: hook443, want: 204},
		{name: "standard port in the settings", hook: hook443, signed: hook, want: 204},
		{name: "standard port of http signed", hook: "http://parley.test/hooks/sms", signed: "http://parley.test:80/hooks/sms", want: 204},
		{name: "other port in both", hook: hook8443, signed: hook8443, want: 204},
		{name: "other port in the settings", hook: hook8443, signed: hook, want: 204}, // a proxy's
		{name: "other port of IPv6 in the settings", hook: "http://[::1]:8080/h", signed: "http://[::1]/h", want: 204},
		{name: "other port signed", hook: hook, signed: hook8443, want: 403},

		{name: "query", hook: hook, query: "?a=1&b=", signed: hook + "?a=1&b=", want: 204},
		{name: "query in the settings", hook: hook + "?a=1", query: "?a=1", signed: hook + "?a=1", want: 204},
		{name: "query that isn't signed", hook: hook, query: "?a=1", signed: hook, want: 403},
		{name: "apostrophe", hook: hook, query: "?a=it's", signed: hook + "?a=it's", want: 204},
		{name: "apostrophe encoded in the call", hook: hook, query: "?a=it%27s", signed: hook + "?a=it's", want: 204},
		{name: "apostrophe encoded in what is signed", hook: hook, query: "?a=it's", signed: hook + "?a=it%27s", want: 204},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := postCallback(t, newHookChannel(t, tt.hook), callback{
				target:    "http://10.0.0.1:8080/hooks/sms" + tt.query, // the address that the proxy calls
				body:      inboundForm().Encode(),
				signature: computeSignature(testToken, tt.signed, inboundForm()),
			})
			wantEqual(t, "status", got, tt.want)
		})
	}
}

// A callback is refused if its signature is missing or isn't that of just this body.
func TestWrongSignature(t *testing.T) {
	t.Parallel()
	const hook = "https://parley.test/hooks/sms"
	body := inboundForm().Encode()
	tests := []struct {
		name      string
		body      string
		signature string
	}{
		{name: "no signature", body: body, signature: ""},
		{name: "signature of another token", body: body, signature: computeSignature("other", hook, inboundForm())},
		{name: "something else", body: body, signature: "x"},
		{name: "body changed afterwards", body: body + "&Body=more", signature: computeSignature(testToken, hook, inboundForm())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, viaSMS)
			w.base.callbacks.address = hook
			got := postCallback(t, w.base, callback{target: hook, body: tt.body, signature: tt.signature})
			wantEqual(t, "status", got, http.StatusForbidden)
			wantEqual(t, "conditions that anybody could cause", len(w.reported()), 0)
		})
	}
}

// A JSON body isn't signed itself. Its hash is in the address, which is signed.
func TestSignatureOfJSON(t *testing.T) {
	t.Parallel()
	const hook, body = "https://parley.test/hooks/sms", `{"event":"x"}`
	sum := sha256.Sum256([]byte(body))
	withHash := hook + "?bodySHA256=" + hex.EncodeToString(sum[:])
	tests := []struct {
		name    string
		address string
		body    string
		want    int
	}{
		{name: "the body of the hash", address: withHash, body: body, want: http.StatusNoContent},
		{name: "a changed body", address: withHash, body: body + " ", want: http.StatusForbidden},
		{name: "no hash", address: hook, body: body, want: http.StatusForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := postCallback(t, newHookChannel(t, hook), callback{
				target:      tt.address,
				body:        tt.body,
				contentType: "application/json",
				signature:   computeSignature(testToken, tt.address, nil),
			})
			wantEqual(t, "status", got, tt.want)
		})
	}
}

// If the settings have no address, no callback can be checked, and that is reported.
func TestCallbackWithoutAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.base.callbacks.address = ""
	got := postCallback(t, w.base, callback{
		target:    "/hooks/sms",
		body:      inboundForm().Encode(),
		signature: computeSignature(testToken, "/hooks/sms", inboundForm()),
	})
	wantEqual(t, "status", got, http.StatusForbidden)
	reported := w.reported()
	if len(reported) != 1 {
		t.Fatalf("reported %+v, want one condition", reported)
	}
	wantEqual(t, "condition", reported[0].Status, channels.Broken)
	wantText(t, "hint", reported[0].Hint, "PARLEY_PUBLIC_URL")
}
