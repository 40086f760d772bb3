package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	twilioclient "github.com/twilio/twilio-go/client"
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
		"plain":           {address: "https://parley.test/hooks/sms", form: inboundForm()},
		"query":           {address: "https://parley.test/hooks/sms?o=1.0e.ab&x=", form: inboundForm()},
		"port":            {address: "https://parley.test:443/hooks/sms", form: inboundForm()},
		"other port":      {address: "https://parley.test:8443/h", form: inboundForm()},
		"blank and empty": {address: "http://parley.test/h", form: blank},
		"apostrophe":      {address: "https://parley.test/h?a=it's", form: inboundForm()},
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
	w := newWorld(t, viaWhatsApp)
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
	w.annWrites(strings.Repeat("Grüße & <b> ", 3))
	if !<-seen {
		t.Error("a callback's signature is wrong")
	}
}
