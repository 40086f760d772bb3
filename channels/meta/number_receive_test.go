package meta

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/emulator"
	"parley/channels/graphfake"
)

// hookStatuses lists with which statuses the webhooks were answered.
func (w *world) hookStatuses() []int {
	var statuses []int
	for _, d := range w.Deliveries() {
		statuses = append(statuses, d.Status)
	}
	return statuses
}

// The signature must be that of the bytes as they came. The same JSON without its \u escapes is another body.
func TestSignatureOfReencodedBody(t *testing.T) {
	t.Parallel()
	const (
		signedBody = `{"object":"whatsapp_business_account","x":"\u00fc"}`
		sentBody   = `{"object":"whatsapp_business_account","x":"ü"}`
	)
	w := newWorld(t)
	r, err := http.NewRequestWithContext(testContext(t), http.MethodPost, w.hook, strings.NewReader(sentBody))
	noError(t, err)
	r.Header.Set("X-Hub-Signature-256", signBody([]byte(w.AppSecret()), []byte(signedBody)))
	resp, err := emulator.NewClient().Do(r)
	noError(t, err)
	resp.Body.Close()
	wantEqual(t, "status", resp.StatusCode, http.StatusForbidden)
	wantEqual(t, "number of accepted facts", len(w.journal.list()), 0)
}

// A webhook that was refused for its signature is sent again by Meta, and then taken.
func TestWebhookWithBadSignatureComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(graphfake.Fault{Route: "hook.message", Action: graphfake.ActionBadSignature})
	w.ann.Text("Grüße 👋")
	wantEqual(t, "text", w.takeOne().Text, "Grüße 👋")
	if got, want := w.hookStatuses(), []int{http.StatusForbidden, http.StatusOK}; !slices.Equal(got, want) {
		t.Errorf("the webhook was answered with %v, want %v", got, want)
	}
}

// A webhook that couldn't be stored is answered with an error, so that Meta sends it again.
func TestWebhookThatIsNotStoredComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refuse = []error{channels.ErrOverloaded, errors.New("no database")}
	w.ann.Text("Hello")
	wantEqual(t, "text", w.takeOne().Text, "Hello")
	wantEqual(t, "number of tries", len(w.Deliveries()), 3)
}
