package phone

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/channels/emulator"
)

// The variables name Twilio's WhatsApp sender, and an address at which a program can write as a customer. The
// customer's message comes to the webhook of the account twa.
func TestTwilioWhatsApp(t *testing.T) {
	t.Parallel()
	called := make(chan string, 1)
	serve := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called <- r.URL.Path + " " + r.FormValue("To")
	}))
	t.Cleanup(serve.Close)

	p, err := New(t.Context(), Options{Public: serve.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })

	vars := map[string]string{}
	for _, line := range p.Env() {
		name, value, _ := strings.Cut(line, "=")
		vars[name] = value
	}

	at := vars["FAKE_TWILIO_CONTROL"] + "/person/whatsapp:+15550123/say"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(`{"text":"Hello"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := emulator.NewClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %d, want 200", at, resp.StatusCode)
	}
	want := "/hooks/twa whatsapp:" + vars["FAKE_TWILIO_WHATSAPP_NUMBER"]
	select {
	case got := <-called:
		if got != want {
			t.Errorf("the webhook was called at %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Errorf("the webhook wasn't called, want it called at %q", want)
	}
}
