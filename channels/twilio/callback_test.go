package twilio

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/golden"
)

// A callback that is signed but isn't about our number, or can't be read, is stored and kept in quarantine.
func TestForeignCallback(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
	}{
		{name: "another account", change: func(f url.Values) { f.Set("AccountSid", "AC9") }},
		{name: "another number", change: func(f url.Values) { f.Set("To", "+15559999") }},
		{name: "another medium", change: func(f url.Values) { f.Set("To", waPrefix+smsNumber) }},
		{name: "no id of a message", change: func(f url.Values) { f.Del("MessageSid") }},
		{name: "no sender", change: func(f url.Values) { f.Del("From") }},
		{name: "id that isn't one of Twilio's", change: func(f url.Values) { f.Set("MessageSid", "SM1\n2") }},
		{name: "status of a message from another number", change: func(f url.Values) { f.Set("MessageStatus", "sent") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, viaSMS)
			form := inboundForm()
			tt.change(form)
			wantEqual(t, "status", postCallback(t, w.base, w.signedForm(form)), http.StatusNoContent)
			facts := w.accepted()
			if len(facts) != 1 {
				t.Fatalf("accepted %+v, want one fact", facts)
			}
			if facts[0].Quarantine == "" {
				t.Errorf("the fact %+v isn't in quarantine", facts[0])
			}
		})
	}
}

// A callback is acknowledged only if it was stored.
func TestCallbackIsAcknowledgedWhenStored(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		storeErr error
		want     int
	}{
		{name: "stored", storeErr: nil, want: http.StatusNoContent},
		{name: "overloaded", storeErr: channels.ErrOverloaded, want: http.StatusServiceUnavailable},
		{name: "another error", storeErr: http.ErrBodyNotAllowed, want: http.StatusInternalServerError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, viaSMS)
			w.refuse = tt.storeErr
			wantEqual(t, "status", postCallback(t, w.base, w.signedForm(inboundForm())), tt.want)
		})
	}
}

// secondPart is the token of the second part of a message that has more parts after it.
func secondPart() token { return token{message: 42, part: 1, more: true} }

// statusQuery returns the query and the fragment of the address to which Twilio reports the statuses of a part.
func statusQuery(t *testing.T, c *callbacks, part token) (query, fragment string) {
	t.Helper()
	u, err := url.Parse(c.statusURL(part))
	noError(t, err)
	return u.RawQuery, u.Fragment
}

// A token is read if it was signed with one of our keys.
func TestReadToken(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).base.callbacks
	query, _ := statusQuery(t, c, secondPart())
	tests := []struct {
		name  string
		query string
	}{
		{name: "signed with the key of now", query: query},
		{name: "signed with an older key", query: tokenParam + "=" + c.sign([]byte("key two"), secondPart())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := c.readToken(tt.query)
			if !ok {
				t.Fatalf("%s: read no token", tt.query)
			}
			wantEqual(t, "token", got, secondPart())
		})
	}
}

// A token counts for one account, one message and one part only, and only in the form in which Parley writes it.
func TestReadForeignToken(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).base.callbacks
	query, _ := statusQuery(t, c, secondPart())
	otherAccount := newHookChannel(t, "https://x.test").callbacks
	otherAccount.account = 8
	tests := []struct {
		name  string
		query string
	}{
		{name: "changed to another message", query: strings.Replace(query, "o=42.", "o=43.", 1)},
		{name: "changed to the last part", query: strings.Replace(query, ".1m.", ".1e.", 1)},
		{name: "signed with another key", query: tokenParam + "=" + c.sign([]byte("no key"), secondPart())},
		{name: "signed for another account", query: tokenParam + "=" + otherAccount.sign([]byte("key one"), secondPart())},
		{name: "number with a leading zero", query: strings.Replace(query, "o=42", "o=042", 1)},
		{name: "no query", query: ""},
		{name: "one part instead of three", query: "o=1"},
		{name: "letters instead of a number", query: "o=a.b.c"},
		{name: "empty parts", query: "o=.."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := c.readToken(tt.query); ok {
				t.Errorf("readToken(%q) = %+v, want no token", tt.query, got)
			}
		})
	}
}

// A body that isn't signed is refused and one that is signed is accepted, whatever its content. The fact that becomes of
// it can be stored.
func FuzzWebhook(f *testing.F) {
	f.Add("a=1", inboundForm().Encode(), formType)
	f.Add("o=1.0e.x", "%zz&&=;", formType)
	f.Add("bodySHA256=x", "{}", "application/json")
	c, err := newChannel(channels.Account{Config: channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}},
		channels.Env{HookURL: "https://parley.test/h", Keys: [][]byte{[]byte("k")}, Now: time.Now}, Options{}, false)
	noError(f, err)
	for _, s := range append(golden.Seeds(), "a=b&", "&", "%ff=", "o=") {
		f.Add(s, "Body="+s, formType)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, query, body, contentType string) {
		golden.CheckRepeated(t, m, body, func(s string) {
			form, _ := readForm(contentType, []byte(s))
			c.callbacks.isSigned("x", query, form, []byte(s))
			c.hook.factOf(form, query, []byte(s))
		})
		golden.CheckRepeated(t, m, query, func(s string) { c.callbacks.readToken(s) })

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
			checkFact(t, c, c.hook.factOf(form, query, []byte(body)))
		}
		c.callbacks.readToken(query)
	})
}

// maxKeyBytes is the length that the database allows for the id of a fact.
const maxKeyBytes = 500

// checkFact checks that the database takes a fact, and that it can be decoded if it isn't in quarantine.
func checkFact(t *testing.T, c *Channel, f channels.Fact) {
	t.Helper()
	if n := len(f.ExternalID); n == 0 || n > maxKeyBytes {
		t.Errorf("got an id of %d bytes, want 1 to %d: %+v", n, maxKeyBytes, f)
	}
	if f.OrderKey == "" {
		t.Errorf("the fact %+v has no order key", f)
	}
	if _, err := c.Decode(f.Payload); err != nil && f.Quarantine == "" {
		t.Errorf("decoding %q: %v", f.Payload, err)
	}
}
