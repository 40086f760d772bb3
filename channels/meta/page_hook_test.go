package meta

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels"
)

// subscribeElsewhere makes another program the callback of the app, for messages only, and returns its address.
func (r *rig) subscribeElsewhere(t *testing.T) string {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.FormValue("hub.challenge")))
	}))
	t.Cleanup(other.Close)
	noError(t, r.meta.Subscribe(t.Context(), testPage, other.URL+"/hooks/x", "x", "messages"))
	return other.URL + "/hooks/x"
}

// callbackValue and pageFieldsValue are indices in the values that FindHook finds.
const (
	callbackValue   = 0 // the app's callback
	pageFieldsValue = 2 // the fields of the Page to which the app is subscribed
)

// findHook returns the state of the webhooks at Facebook.
func (r *rig) findHook(t *testing.T) channels.HookState {
	t.Helper()
	state, err := r.FindHook(t.Context())
	noError(t, err)
	if len(state.Values) <= pageFieldsValue {
		t.Fatalf("got the values %+v, want at least %d", state.Values, pageFieldsValue+1)
	}
	return state
}

// SetHook makes this Parley the callback and subscribes the Page. Messages of customers arrive from then on.
// Requirement R-011: A Messenger account is one page.
func TestPageSetHook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.subscribeElsewhere(t)
	noError(t, r.SetHook(t.Context()))
	state := r.findHook(t)
	wantEqual(t, "everything is ours", state.CallsUs(), true)
	wantEqual(t, "callback", state.Values[callbackValue].Now, r.url)
	if fields := state.Values[pageFieldsValue].Now; !strings.Contains(fields, "message_edits") {
		t.Errorf("the Page tells %q, want message_edits among them", fields)
	}
	r.customer.Text("Hello")
	wantEqual(t, "number of facts that arrive for a message", len(r.takeFacts(t)), 1)
}

// Two Pages of an app share its callback, and each account has a verify token of its own. Where fields are missing, SetHook
// of one sets its own callback, since that of the other would not confirm its token.
func TestPageSetHookBesideAnotherAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	first, own := server.URL+"/hooks/page", server.URL+"/hooks/page-2"
	settings := config()
	settings[fieldVerify] = "another word"
	second, err := newPage(channels.Account{Config: settings},
		channels.Env{APIURL: r.meta.URL(), HookURL: own, Accounts: []string{"page", "page-2"}})
	noError(t, err)
	mux.Handle("/hooks/page", r.Page)
	mux.Handle("/hooks/page-2", second)

	facts, err := second.findHook(t.Context())
	noError(t, err)
	noError(t, facts.app.Subscribe(t.Context(), pageObject, first, testVerify, []string{"messages"}))
	noError(t, second.SetHook(t.Context()))
	facts, err = second.findHook(t.Context())
	noError(t, err)
	wantEqual(t, "callback", facts.sub.Callback, own)
	wantEqual(t, "all fields are subscribed", facts.sub.HasFields(neededPageFields()...), true)
}
