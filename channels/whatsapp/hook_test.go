package whatsapp

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/graphfake"
)

// elsewhere is another program that takes webhooks.
func elsewhere(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.FormValue("hub.challenge"))) }))
	t.Cleanup(s.Close)
	return s.URL + "/hooks/other"
}

// stands tells what FindHook finds, as "now" or "now > wanted".
func (w *world) stands() []string {
	w.t.Helper()
	state, err := w.channel.FindHook(within(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, v := range state.Values {
		if out = append(out, v.Now); v.Now != v.Wanted {
			out[len(out)-1] += " > " + v.Wanted
		}
	}
	if state.Ours() == strings.Contains(strings.Join(out, ""), ">") || state.ByHand == "" {
		w.t.Errorf("%+v", state)
	}
	return out
}

// The webhook of a business account is found, and set to this Parley: also where another program has it, or the number
// has one of its own. What another program has of the app stays with it.
//
func TestSetHook(t *testing.T) {
	t.Parallel()
	all := graph.ListFields(neededFields())
	for name, c := range map[string]struct {
		before func(w *world, other string)
		now    []string // OTHER, OURS and ALL stand for what they say
		after  []string
	}{
		"ours": {func(*world, string) {}, []string{"OURS", "OURS", "MORE"}, []string{"OURS", "OURS", "MORE"}},
		"an app without a callback": {func(w *world, _ string) { w.Unsubscribe(wabaID); w.ForgetApp() },
			[]string{" > OURS", " > OURS", " > ALL"}, []string{"OURS", "OURS", "ALL"}},
		"another program's app": {func(w *world, other string) {
			w.Unsubscribe(wabaID)
			w.AppCallback(other, "x")
		}, []string{" > OURS", "OTHER", "MORE"}, []string{"OURS", "OTHER", "MORE"}},
		"an override": {func(w *world, other string) {
			w.call(http.MethodPost, wabaID+"/subscribed_apps", object{"override_callback_uri": other, "verify_token": "x"})
		}, []string{"OTHER > OURS", "OURS", "MORE"}, []string{"OURS", "OURS", "MORE"}},
		"the number's own": {func(w *world, other string) {
			w.call(http.MethodPost, phoneID, object{"webhook_configuration": object{"override_callback_uri": other, "verify_token": "x"}})
		}, []string{"OURS", "OTHER > OURS", "OURS", "MORE"}, []string{"OURS", "OURS", "OURS", "MORE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := elsewhere(t)
			words := strings.NewReplacer(other, "OTHER", w.hook, "OURS", all, "ALL",
				"account_alerts, account_review_update, account_update, message_template_components_update, message_template_quality_update, "+
					"message_template_status_update, messages, phone_number_name_update, phone_number_quality_update, security, smb_message_echoes, "+
					"template_category_update, user_preferences", "MORE")
			c.before(w, other)
			tell := func() (out []string) {
				for _, s := range w.stands() {
					out = append(out, words.Replace(s))
				}
				return out
			}
			if got := tell(); !slices.Equal(got, c.now) {
				t.Errorf("before: %q, want %q", got, c.now)
			}
			if err := w.channel.SetHook(within(t)); err != nil {
				t.Fatal(err)
			}
			if got := tell(); !slices.Equal(got, c.after) {
				t.Errorf("after: %q, want %q", got, c.after)
			}
			w.ann.Text("hello")
			if got := len(w.settle()); got != 1 {
				t.Errorf("%d facts arrived", got)
			}
			if got := faultsOf(w.channel.Check(within(t))); got != "" {
				t.Errorf("found wrong: %s", got)
			}
		})
	}
}

// A callback that names another account of the same Parley is ours, as long as there is that account.
func TestSharedCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.HookURL, w.env.Accounts = strings.TrimSuffix(w.hook, "wa")+"wa-2", []string{"wa", "wa-2"}
	state, err := w.open().FindHook(within(t))
	if err != nil || !state.Ours() {
		t.Errorf("%+v, %v", state, err)
	}
	w.env.Accounts = []string{"wa-2"}
	if state, err = w.open().FindHook(within(t)); err != nil || state.Ours() || state.Values[0].Wanted != w.env.HookURL {
		t.Errorf("the account is gone: %+v, %v", state, err)
	}
}

// What keeps a webhook from being set is told, and nothing is changed.
func TestSetHookRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
	if err := w.channel.SetHook(within(t)); channels.ClassOf(err) != channels.AuthBroken || !strings.Contains(asSendError(t, err).Hint, "whatsapp_business_management") {
		t.Errorf("without the permission: %v", err)
	}
	w.AllowToken(ourToken, phoneID, wabaID)
	w.config[fieldVerify] = "a word that the hook doesn't know"
	if err := w.open().SetHook(within(t)); channels.ClassOf(err) != channels.Retry || !strings.Contains(asSendError(t, err).Text, "called this Parley") {
		t.Errorf("a callback that doesn't answer: %v", err)
	}
	w.config[fieldSecret] = "wrong"
	if _, err := w.open().FindHook(within(t)); channels.ClassOf(err) != channels.AuthBroken || strings.Contains(err.Error(), ourToken) {
		t.Errorf("with a wrong secret: %v", err)
	}
	w.env.HookURL = ""
	if err := w.open().SetHook(within(t)); !strings.Contains(asSendError(t, err).Hint, "PARLEY_PUBLIC_URL") {
		t.Errorf("without an address: %v", err)
	}
	if got := w.stands(); got[0] != w.hook {
		t.Errorf("after all of it: %q", got)
	}
}

// call makes a call of Graph as somebody else would.
func (w *world) call(method, path string, body object) {
	w.t.Helper()
	if err := w.channel.graph.Call(within(w.t), method, path, nil, body, nil); err != nil {
		w.t.Fatal(err)
	}
}
