package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	twilioclient "github.com/twilio/twilio-go/client"

	"parley/channels/twilio/twiliofake"
)

// What we sign is what Twilio's own Go library accepts, and the other way round.
func TestSignatureAgainstTwilio(t *testing.T) {
	t.Parallel()
	theirs := twilioclient.NewRequestValidator(testToken)
	blank := inboundForm()
	blank.Set("Body", "  ")
	blank.Set("Empty", "")
	for name, c := range map[string]struct {
		address string
		form    url.Values
	}{
		"plain": {"https://parley.test/hooks/sms", inboundForm()}, "query": {"https://parley.test/hooks/sms?o=1.0e.ab&x=", inboundForm()},
		"port": {"https://parley.test:443/hooks/sms", inboundForm()}, "other port": {"https://parley.test:8443/h", inboundForm()},
		"blank and empty": {"http://parley.test/h", blank}, "apostrophe": {"https://parley.test/h?a=it's", inboundForm()},
	} {
		ours := computeSignature(testToken, c.address, c.form)
		if !theirs.ValidateBody(c.address, []byte(c.form.Encode()), ours) {
			t.Errorf("%s: Twilio's library refuses our signature", name)
		}
		if theirs.ValidateBody(c.address, []byte(c.form.Encode()), computeSignature("other", c.address, c.form)) {
			t.Errorf("%s: Twilio's library accepts anything", name)
		}
	}
}

// The emulator's callbacks are what Twilio's own Go library accepts.
func TestEmulatorSignsLikeTwilio(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	theirs := twilioclient.NewRequestValidator(testToken)
	seen := make(chan bool, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		seen <- theirs.ValidateBody("http://"+r.Host+r.URL.String(), []byte(r.PostForm.Encode()), r.Header.Get("X-Twilio-Signature"))
		rw.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	w.fake.SetWebhook(w.number, srv.URL+"/hook?a=1"+retryOverrides)
	if _, err := w.ann.Send(twiliofake.Message{Text: strings.Repeat("Grüße & <b> ", 3)}); err != nil {
		t.Fatal(err)
	}
	if !<-seen {
		t.Error("a callback's signature is wrong")
	}
}
