package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	twilioclient "github.com/twilio/twilio-go/client"

	"parley/channels/channelstest"
)

// Twilio's own Go library accepts our signatures, and refuses one of another token.
func TestSignatureAgainstTwilio(t *testing.T) {
	t.Parallel()
	blank := inboundForm()
	blank.Set("Body", "  ")
	blank.Set("Empty", "")
	tests := []struct {
		name    string
		address string
		form    url.Values
	}{
		{name: "address alone", address: "https://parley.test/hooks/sms", form: inboundForm()},
		{name: "address with a query", address: "https://parley.test/hooks/sms?o=1.0e.ab&x=", form: inboundForm()},
		{name: "address with the standard port", address: "https://parley.test:443/hooks/sms", form: inboundForm()},
		{name: "address with another port", address: "https://parley.test:8443/h", form: inboundForm()},
		{name: "address with an apostrophe", address: "https://parley.test/h?a=it's", form: inboundForm()},
		{name: "blank and empty parameters", address: "http://parley.test/h", form: blank},
	}
	validator := twilioclient.NewRequestValidator(testToken)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.form.Encode())
			if !validator.ValidateBody(tt.address, body, computeSignature(testToken, tt.address, tt.form)) {
				t.Error("Twilio's library refuses our signature")
			}
			if validator.ValidateBody(tt.address, body, computeSignature("other", tt.address, tt.form)) {
				t.Error("Twilio's library accepts the signature of another token")
			}
		})
	}
}

// Twilio's own Go library accepts the signatures of the emulator's callbacks.
func TestEmulatorSignsLikeTwilio(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	validator := twilioclient.NewRequestValidator(testToken)
	accepted := make(chan bool, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		address := "http://" + r.Host + r.URL.String()
		accepted <- validator.ValidateBody(address, []byte(r.PostForm.Encode()), r.Header.Get("X-Twilio-Signature"))
		rw.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)

	w.fake.SetWebhook(w.number, srv.URL+"/hook?a=1"+retryOverrides)
	w.annWrites(strings.Repeat("Grüße & <b> ", 3))
	if !channelstest.Receive(t, accepted, "the emulator calls back") {
		t.Error("Twilio's library refuses a callback of the emulator")
	}
}
