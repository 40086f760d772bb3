package twilio

import (
	"crypto/sha256"
	"encoding/hex"
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
	if got := computeSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form); got != "0/KCTR6DLpKmkAf8muzZqo1nDgQ=" {
		t.Errorf("signature %s", got)
	}
}

// hookChannel is a channel that is reached at hook.
func hookChannel(t *testing.T, hook string, got *[]channels.Fact) *Channel {
	t.Helper()
	w := newWorld(t, false)
	w.base.callbacks.address = hook
	t.Cleanup(func() {
		if got != nil {
			*got = w.accepted()
		}
	})
	return w.base
}

// inboundForm is a customer's SMS.
func inboundForm() url.Values {
	return url.Values{"MessageSid": {"SM1"}, "AccountSid": {testAccount}, "From": {annPhone}, "To": {smsNumber}, "Body": {"Hi "}, "NumMedia": {"0"},
		"SmsStatus": {"received"}, "FromCity": {""}}
}

func post(c *Channel, target, body, contentType, signature string) int {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if signature != "" {
		r.Header.Set("X-Twilio-Signature", signature)
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, r)
	if rec.Body.Len() > 0 {
		return -rec.Code // a body would go to the customer
	}
	return rec.Code
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8"

// Edge case 26: repeated, empty and blank parameters, an apostrophe in the query, a proxy's
// port; whatever does not fit is refused (edge case 6).
func TestEdge26Signatures(t *testing.T) {
	t.Parallel()
	const hook = "https://parley.test/hooks/sms"
	sign := func(address string, form url.Values) string { return computeSignature(testToken, address, form) }
	repeated := inboundForm()
	repeated["X"] = []string{"b", "a", "b", ""}
	blank := inboundForm()
	blank.Set("Body", "  \t ")
	for name, c := range map[string]struct {
		hook, query, signed string // signed: the address Twilio signs
		form                url.Values
		want                int
	}{
		"plain":                        {hook, "", hook, inboundForm(), 204},
		"with standard port":           {hook, "", "https://parley.test:443/hooks/sms", inboundForm(), 204},
		"configured with it, without":  {"https://parley.test:443/hooks/sms", "", hook, inboundForm(), 204},
		"proxy port, without":          {"https://parley.test:8443/hooks/sms", "", hook, inboundForm(), 204},
		"proxy port":                   {"https://parley.test:8443/hooks/sms", "", "https://parley.test:8443/hooks/sms", inboundForm(), 204},
		"http port":                    {"http://parley.test/hooks/sms", "", "http://parley.test:80/hooks/sms", inboundForm(), 204},
		"IPv6":                         {"http://[::1]:8080/h", "", "http://[::1]/h", inboundForm(), 204},
		"repeated":                     {hook, "", hook, repeated, 204},
		"blank":                        {hook, "", hook, blank, 204},
		"query":                        {hook, "a=1&b=", hook + "?a=1&b=", inboundForm(), 204},
		"configured query":             {hook + "?a=1", "a=1", hook + "?a=1", inboundForm(), 204},
		"apostrophe":                   {hook, "a=it's", hook + "?a=it's", inboundForm(), 204},
		"apostrophe, encoded on wire":  {hook, "a=it%27s", hook + "?a=it's", inboundForm(), 204},
		"apostrophe, encoded in sign":  {hook, "a=it's", hook + "?a=it%27s", inboundForm(), 204},
		"another host":                 {hook, "", "https://evil.test/hooks/sms", inboundForm(), 403},
		"another path":                 {hook, "", hook + "/", inboundForm(), 403},
		"query not signed":             {hook, "a=1", hook, inboundForm(), 403},
		"another port":                 {hook, "", "https://parley.test:8443/hooks/sms", inboundForm(), 403},
		"address unknown: fail closed": {"", "", "", inboundForm(), 403},
	} {
		ch := hookChannel(t, c.hook, nil)
		target := "http://10.0.0.1:8080/hooks/sms" // what the proxy calls
		if c.query != "" {
			target += "?" + c.query
		}
		if got := post(ch, target, c.form.Encode(), formType, sign(c.signed, c.form)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	ch := hookChannel(t, hook, nil)
	body := inboundForm().Encode()
	for name, signature := range map[string]string{"none": "", "of another token": computeSignature("other", hook, inboundForm()), "garbage": "x"} {
		if got := post(ch, hook, body, formType, signature); got != 403 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := post(ch, hook, body+"&Body=more", formType, sign(hook, inboundForm())); got != 403 {
		t.Errorf("a changed body: %d", got)
	}
}

// A JSON body is vouched for by its hash in the signed address.
func TestSignatureOfJSON(t *testing.T) {
	t.Parallel()
	const hook = "https://parley.test/hooks/sms"
	ch := hookChannel(t, hook, nil)
	body := `{"event":"x"}`
	sum := sha256.Sum256([]byte(body))
	query := "bodySHA256=" + hex.EncodeToString(sum[:])
	good := computeSignature(testToken, hook+"?"+query, nil)
	if got := post(ch, hook+"?"+query, body, "application/json", good); got != 204 {
		t.Errorf("a good one: %d", got)
	}
	if got := post(ch, hook+"?"+query, body+" ", "application/json", good); got != 403 {
		t.Errorf("a changed one: %d", got)
	}
	if got := post(ch, hook, body, "application/json", computeSignature(testToken, hook, nil)); got != 403 {
		t.Errorf("one without hash: %d", got)
	}
}

// A webhook that can't be checked is said to be so.
func TestNoAddressIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.base.callbacks.address = ""
	if got := post(w.base, "/hooks/sms", inboundForm().Encode(), formType, computeSignature(testToken, "/hooks/sms", inboundForm())); got != 403 {
		t.Errorf("%d", got)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conditions) != 1 || w.conditions[0].Status != channels.Broken || !strings.Contains(w.conditions[0].Hint, "PARLEY_PUBLIC_URL") {
		t.Errorf("conditions %+v", w.conditions)
	}
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
		w := newWorld(t, false)
		form := inboundForm()
		change(form)
		if got := post(w.base, "/hooks/acme", form.Encode(), formType, computeSignature(testToken, w.base.callbacks.address, form)); got != 204 {
			t.Errorf("%s: %d", name, got)
		}
		if facts := w.accepted(); len(facts) != 1 || facts[0].Quarantine == "" {
			t.Errorf("%s: %+v", name, facts)
		}
	}
}

// Only what is stored is acknowledged; all answers are empty.
func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	form := inboundForm()
	good := computeSignature(testToken, w.base.callbacks.address, form)
	for want, err := range map[int]error{204: nil, 503: channels.ErrOverloaded, 500: http.ErrBodyNotAllowed} {
		w.mu.Lock()
		w.refuse = err
		w.mu.Unlock()
		if got := post(w.base, "/hooks/acme", form.Encode(), formType, good); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/hooks/acme", nil)
	rec := httptest.NewRecorder()
	w.base.ServeHTTP(rec, r)
	if rec.Code != http.StatusMethodNotAllowed || rec.Body.Len() > 0 {
		t.Errorf("GET: %d %q", rec.Code, rec.Body)
	}
	if got := post(w.base, "/hooks/acme", strings.Repeat("x", maxHook+1), formType, good); got != 413 {
		t.Errorf("too large: %d", got)
	}
}

// A token is one account's, one message's, and one key's.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	c := w.base.callbacks
	want := token{message: 42, part: 1, more: true}
	address := c.statusURL(want)
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "rc=5&rp=all" {
		t.Fatalf("%s: %v", address, err)
	}
	if got, ok := c.readToken(u.RawQuery); !ok || got != want {
		t.Errorf("%+v %v", got, ok)
	}
	if got, ok := c.readToken(tokenParam + "=" + c.sign([]byte("key two"), want)); !ok || got != want {
		t.Errorf("an older key: %+v %v", got, ok)
	}
	other := hookChannel(t, "https://x.test", nil).callbacks
	other.account = 8
	for name, query := range map[string]string{
		"another message": strings.Replace(u.RawQuery, "o=42.", "o=43.", 1), "last part": strings.Replace(u.RawQuery, ".1m.", ".1e.", 1),
		"another key": tokenParam + "=" + c.sign([]byte("no key"), want), "another account": tokenParam + "=" + other.sign([]byte("key one"), want),
		"nothing": "", "short": "o=1", "letters": "o=a.b.c", "empty": "o=..", "zeros": strings.Replace(u.RawQuery, "o=42", "o=042", 1),
	} {
		if got, ok := c.readToken(query); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.statusURL(token{}); !strings.Contains(got, "?o=") {
		t.Error(got)
	}
	c.address = "https://x.test/h?a=1"
	if got := c.statusURL(want); !strings.HasPrefix(got, "https://x.test/h?a=1&o=42.1m.") {
		t.Error(got)
	}
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
				t.Errorf("%+v", fact)
			}
			if _, err := c.Decode(fact.Payload); err != nil && fact.Quarantine == "" {
				t.Error(err)
			}
		}
		c.callbacks.readToken(query)
	})
}
