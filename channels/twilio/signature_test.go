package twilio

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/budget"
)

// The vectors are of Twilio's own libraries.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"}, "From": {"+12349013030"}, "To": {"+18005551212"}}
	wantEqual(t, "signature", computeSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
}

// hookChannel is a channel whose callbacks come to hook.
func hookChannel(t *testing.T, hook string) *Channel {
	t.Helper()
	c := newWorld(t, viaSMS).base
	c.callbacks.address = hook
	return c
}

// inboundForm is a customer's SMS.
func inboundForm() url.Values {
	return url.Values{"MessageSid": {"SM1"}, "AccountSid": {testAccount}, "From": {annPhone}, "To": {smsNumber}, "Body": {"Hi "}, "NumMedia": {"0"},
		"SmsStatus": {"received"}, "FromCity": {""}}
}

// postHook posts a callback and gives the status of its answer. The answer must be empty: a body would go to the customer.
func postHook(t *testing.T, c *Channel, target, body, contentType, signature string) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if signature != "" {
		r.Header.Set("X-Twilio-Signature", signature)
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, r)
	wantEqual(t, "body of the answer", rec.Body.String(), "")
	return rec.Code
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8"

// Edge case 26: repeated, empty and blank parameters, an apostrophe in the query, a proxy's
// port; whatever does not fit is refused.
func TestEdge26Signatures(t *testing.T) {
	t.Parallel()
	const hook = "https://parley.test/hooks/sms"
	repeated := inboundForm()
	repeated["X"] = []string{"b", "a", "b", ""}
	blank := inboundForm()
	blank.Set("Body", "  \t ")
	const hook443, hook8443 = "https://parley.test:443/hooks/sms", "https://parley.test:8443/hooks/sms"
	for name, c := range map[string]struct {
		hook, query, signed string // our address, the query of the call, and the address that Twilio signs
		form                url.Values
		want                int
	}{
		"plain":                        {hook: hook, signed: hook, want: 204},
		"with standard port":           {hook: hook, signed: hook443, want: 204},
		"configured with it, without":  {hook: hook443, signed: hook, want: 204},
		"proxy port, without":          {hook: hook8443, signed: hook, want: 204},
		"proxy port":                   {hook: hook8443, signed: hook8443, want: 204},
		"http port":                    {hook: "http://parley.test/hooks/sms", signed: "http://parley.test:80/hooks/sms", want: 204},
		"IPv6":                         {hook: "http://[::1]:8080/h", signed: "http://[::1]/h", want: 204},
		"repeated":                     {hook: hook, signed: hook, form: repeated, want: 204},
		"blank":                        {hook: hook, signed: hook, form: blank, want: 204},
		"query":                        {hook: hook, query: "?a=1&b=", signed: hook + "?a=1&b=", want: 204},
		"configured query":             {hook: hook + "?a=1", query: "?a=1", signed: hook + "?a=1", want: 204},
		"apostrophe":                   {hook: hook, query: "?a=it's", signed: hook + "?a=it's", want: 204},
		"apostrophe, encoded on wire":  {hook: hook, query: "?a=it%27s", signed: hook + "?a=it's", want: 204},
		"apostrophe, encoded in sign":  {hook: hook, query: "?a=it's", signed: hook + "?a=it%27s", want: 204},
		"another host":                 {hook: hook, signed: "https://evil.test/hooks/sms", want: 403},
		"another path":                 {hook: hook, signed: hook + "/", want: 403},
		"query not signed":             {hook: hook, query: "?a=1", signed: hook, want: 403},
		"another port":                 {hook: hook, signed: hook8443, want: 403},
		"address unknown: fail closed": {hook: "", signed: "", want: 403},
	} {
		if c.form == nil {
			c.form = inboundForm()
		}
		target := "http://10.0.0.1:8080/hooks/sms" + c.query // what the proxy calls
		got := postHook(t, hookChannel(t, c.hook), target, c.form.Encode(), formType, computeSignature(testToken, c.signed, c.form))
		wantEqual(t, name, got, c.want)
	}
}

// Edge case 6: a callback without the right signature of just this body is refused.
func TestEdge6WrongSignature(t *testing.T) {
	t.Parallel()
	const hook = "https://parley.test/hooks/sms"
	body, good := inboundForm().Encode(), computeSignature(testToken, hook, inboundForm())
	for name, c := range map[string]struct{ body, signature string }{
		"no signature":                 {body: body},
		"signature of another token":   {body: body, signature: computeSignature("other", hook, inboundForm())},
		"garbage as signature":         {body: body, signature: "x"},
		"body changed after signature": {body: body + "&Body=more", signature: good},
	} {
		wantEqual(t, name, postHook(t, hookChannel(t, hook), hook, c.body, formType, c.signature), http.StatusForbidden)
	}
}

// A JSON body is vouched for by its hash in the signed address.
func TestSignatureOfJSON(t *testing.T) {
	t.Parallel()
	const hook, body = "https://parley.test/hooks/sms", `{"event":"x"}`
	sum := sha256.Sum256([]byte(body))
	hashed := hook + "?bodySHA256=" + hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		address, body string
		want          int
	}{
		"the body of the hash": {address: hashed, body: body, want: http.StatusNoContent},
		"a changed body":       {address: hashed, body: body + " ", want: http.StatusForbidden},
		"no hash":              {address: hook, body: body, want: http.StatusForbidden},
	} {
		signature := computeSignature(testToken, c.address, nil)
		wantEqual(t, name, postHook(t, hookChannel(t, hook), c.address, c.body, "application/json", signature), c.want)
	}
}

// A webhook that can't be checked is said to be so.
func TestNoAddressIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.base.callbacks.address = ""
	signature := computeSignature(testToken, "/hooks/sms", inboundForm())
	wantEqual(t, "status", postHook(t, w.base, "/hooks/sms", inboundForm().Encode(), formType, signature), http.StatusForbidden)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conditions) != 1 {
		t.Fatalf("told %d conditions, want 1: %+v", len(w.conditions), w.conditions)
	}
	wantEqual(t, "condition", w.conditions[0].Status, channels.Broken)
	wantText(t, "hint", w.conditions[0].Hint, "PARLEY_PUBLIC_URL")
}

// What is signed but not ours is kept and shown, not used.
func TestStrangeCallbacks(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(url.Values){
		"another account":   func(f url.Values) { f.Set("AccountSid", "AC9") },
		"another number":    func(f url.Values) { f.Set("To", "+15559999") },
		"another medium":    func(f url.Values) { f.Set("To", waPrefix+smsNumber) },
		"no message":        func(f url.Values) { f.Del("MessageSid") },
		"nobody":            func(f url.Values) { f.Del("From") },
		"id that is no id":  func(f url.Values) { f.Set("MessageSid", "SM1\n2") },
		"status of another": func(f url.Values) { f.Set("MessageStatus", "sent") }, // From is the customer
	} {
		w := newWorld(t, viaSMS)
		form := inboundForm()
		change(form)
		signature := computeSignature(testToken, w.base.callbacks.address, form)
		wantEqual(t, name, postHook(t, w.base, "/hooks/acme", form.Encode(), formType, signature), http.StatusNoContent)
		if facts := w.accepted(); len(facts) != 1 || facts[0].Quarantine == "" {
			t.Errorf("%s: accepted %+v, want one fact in quarantine", name, facts)
		}
	}
}

// Only what is stored is acknowledged; all answers are empty.
func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	form := inboundForm()
	good := computeSignature(testToken, w.base.callbacks.address, form)
	for want, err := range map[int]error{204: nil, 503: channels.ErrOverloaded, 500: http.ErrBodyNotAllowed} {
		w.mu.Lock()
		w.refuse = err
		w.mu.Unlock()
		wantEqual(t, fmt.Sprint("storing gives ", err), postHook(t, w.base, "/hooks/acme", form.Encode(), formType, good), want)
	}
	large := strings.Repeat("x", maxHook+1)
	wantEqual(t, "too large", postHook(t, w.base, "/hooks/acme", large, formType, good), http.StatusRequestEntityTooLarge)
	rec := httptest.NewRecorder()
	w.base.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/hooks/acme", nil))
	wantEqual(t, "GET", rec.Code, http.StatusMethodNotAllowed)
	wantEqual(t, "body of the answer to GET", rec.Body.String(), "")
}

// A token is one account's, one message's, and one key's.
func TestTokens(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).base.callbacks
	want := token{message: 42, part: 1, more: true}
	address := c.statusURL(want)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "repetitions that the address asks for", u.Fragment, "rc=5&rp=all")
	for name, query := range map[string]string{
		"of the first key": u.RawQuery,
		"of an older key":  tokenParam + "=" + c.sign([]byte("key two"), want),
	} {
		if got, ok := c.readToken(query); !ok || got != want {
			t.Errorf("a token %s: got %+v, %v, want %+v", name, got, ok, want)
		}
	}
	other := hookChannel(t, "https://x.test").callbacks
	other.account = 8
	for name, query := range map[string]string{
		"another message": strings.Replace(u.RawQuery, "o=42.", "o=43.", 1),
		"last part":       strings.Replace(u.RawQuery, ".1m.", ".1e.", 1),
		"another key":     tokenParam + "=" + c.sign([]byte("no key"), want),
		"another account": tokenParam + "=" + other.sign([]byte("key one"), want),
		"nothing":         "",
		"short":           "o=1",
		"letters":         "o=a.b.c",
		"empty":           "o=..",
		"zeros":           strings.Replace(u.RawQuery, "o=42", "o=042", 1),
	} {
		if got, ok := c.readToken(query); ok {
			t.Errorf("%s: read %+v, want no token", name, got)
		}
	}
	wantText(t, "address of an empty token", c.statusURL(token{}), "?o=")
	c.address = "https://x.test/h?a=1"
	wantText(t, "address that has a query already", c.statusURL(want), "https://x.test/h?a=1&o=42.1m.")
}

// FuzzWebhook: whatever comes, unsigned bodies are refused, and nothing panics.
func FuzzWebhook(f *testing.F) {
	f.Add("a=1", inboundForm().Encode(), formType)
	f.Add("o=1.0e.x", "%zz&&=;", formType)
	f.Add("bodySHA256=x", "{}", "application/json")
	c, err := newChannel(channels.Account{Config: channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}},
		channels.Env{HookURL: "https://parley.test/h", Keys: [][]byte{[]byte("k")}, Now: time.Now}, Options{}, false)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range append(budget.Seeds(), "a=b&", "&", "%ff=", "o=") {
		f.Add(s, "Body="+s, formType)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, query, body, contentType string) {
		budget.CheckRepeated(t, m, body, func(s string) {
			form, _ := readForm(contentType, []byte(s))
			c.callbacks.isSigned("x", query, form, []byte(s))
			c.hook.factOf(form, query, []byte(s))
		})
		budget.CheckRepeated(t, m, query, func(s string) { c.callbacks.readToken(s) })
		form, isForm := readForm(contentType, []byte(body))
		if c.callbacks.isSigned("x", query, form, []byte(body)) {
			t.Error("a forged signature fits")
		}
		if isForm {
			address := "https://parley.test/h"
			if query != "" {
				address += "?" + query
			}
			if !c.callbacks.isSigned(computeSignature(testToken, address, form), query, form, []byte(body)) {
				t.Error("the right signature does not fit")
			}
			fact := c.hook.factOf(form, query, []byte(body))
			if fact.ExternalID == "" || len(fact.ExternalID) > 500 || fact.OrderKey == "" {
				t.Errorf("a fact without a usable id or order key: %+v", fact)
			}
			if _, err := c.Decode(fact.Payload); err != nil && fact.Quarantine == "" {
				t.Error(err)
			}
		}
		c.callbacks.readToken(query)
	})
}
