package messenger

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// The app's callback, and what the Page tells the app, are found and set to this Parley, also where another program
// has them. A token without the right says so.
//
func TestSetHook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.FormValue("hub.challenge"))) }))
	defer other.Close()
	if err := r.meta.Subscribe(t.Context(), testPage, other.URL+"/hooks/x", "x", "messages"); err != nil {
		t.Fatal(err)
	}
	if got := broken(r.Check(t.Context())); got != "Webhook fields" {
		t.Errorf("doctor finds %q", got)
	}
	before, err := r.FindHook(t.Context())
	if err != nil || before.Ours() || before.Values[0].Now != other.URL+"/hooks/x" || before.Values[0].Wanted != r.url || before.Values[2].Now != "messages" {
		t.Fatalf("%+v, %v", before, err)
	}
	r.meta.AllowTokenFor(testToken, graphfake.TokenOptions{IDs: []string{testPage}, Scopes: []string{"pages_messaging"}, Page: true})
	if err := r.SetHook(t.Context()); channels.ClassOf(err) != channels.AuthBroken {
		t.Errorf("without pages_manage_metadata: %v", err)
	}
	if got := r.Check(t.Context()); broken(got) != "Permissions, Webhook fields" {
		t.Errorf("doctor finds %+v", got)
	}
	r.meta.AllowToken(testToken, testPage)
	if err := r.SetHook(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := r.FindHook(t.Context())
	if err != nil || !after.Ours() || after.Values[0].Now != r.url || !strings.Contains(after.Values[2].Now, "message_edits") {
		t.Errorf("%+v, %v", after, err)
	}
	r.customer.Text("Hello")
	if got := r.take(t); len(got) != 1 {
		t.Errorf("%d facts arrived", len(got))
	}
	r.hook.VerifyToken = "a word that Facebook isn't told"
	r.meta.ForgetApp()
	r.hook.Secret = []byte("wrong")
	if _, err := r.FindHook(t.Context()); channels.ClassOf(err) != channels.AuthBroken {
		t.Errorf("with a wrong secret: %v", err)
	}
	if got := broken(r.Check(t.Context())); got != "App secret" {
		t.Errorf("doctor finds %q", got)
	}
}
