package messenger

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// subscribeElsewhere makes another program the callback of the app, for messages alone, and returns its address.
func (r *rig) subscribeElsewhere(t *testing.T) string {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.FormValue("hub.challenge"))) }))
	t.Cleanup(other.Close)
	noError(t, r.meta.Subscribe(t.Context(), testPage, other.URL+"/hooks/x", "x", "messages"))
	return other.URL + "/hooks/x"
}

// The app's callback, and what the Page tells the app, are found and set to this Parley, also where another program
// has them.
//
func TestSetHook(t *testing.T) {
	t.Parallel()
	const callback, pageFields = 0, 2 // among HookState.Values
	r := newRig(t)
	elsewhere := r.subscribeElsewhere(t)
	wantEqual(t, "findings of Check before", brokenFindings(r.Check(t.Context())), "Webhook fields")
	before, err := r.FindHook(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "everything is ours before", before.Ours(), false)
	wantEqual(t, "callback before", before.Values[callback].Now, elsewhere)
	wantEqual(t, "callback wanted", before.Values[callback].Wanted, r.url)
	wantEqual(t, "fields of the Page before", before.Values[pageFields].Now, "messages")

	noError(t, r.SetHook(t.Context()))
	after, err := r.FindHook(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "everything is ours", after.Ours(), true)
	wantEqual(t, "callback", after.Values[callback].Now, r.url)
	if fields := after.Values[pageFields].Now; !strings.Contains(fields, "message_edits") {
		t.Errorf("the Page tells %q, want message_edits among them", fields)
	}
	r.customer.Text("Hello")
	wantEqual(t, "facts that arrive for a message", len(r.takeFacts(t)), 1)
}

// A token without the right to set webhooks says so. Given the right, it sets them.
//
func TestSetHookNeedsTheRight(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.subscribeElsewhere(t)
	r.meta.AllowTokenFor(testToken, graphfake.TokenOptions{IDs: []string{testPage}, Scopes: []string{"pages_messaging"}, Page: true})
	wantClass(t, "setting without pages_manage_metadata", r.SetHook(t.Context()), channels.AuthBroken)
	wantEqual(t, "findings of Check", brokenFindings(r.Check(t.Context())), "Permissions, Webhook fields")
	r.meta.AllowToken(testToken, testPage)
	if err := r.SetHook(t.Context()); err != nil {
		t.Errorf("setting with the right: %v", err)
	}
}

// A wrong secret is told as such, not as a fault of the webhooks.
//
func TestFindHookWithAWrongSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook.VerifyToken = "a word that Facebook isn't told"
	r.meta.ForgetApp()
	r.hook.Secret = []byte("wrong")
	_, err := r.FindHook(t.Context())
	wantClass(t, "finding with a wrong secret", err, channels.AuthBroken)
	wantEqual(t, "findings of Check", brokenFindings(r.Check(t.Context())), "App secret")
}
