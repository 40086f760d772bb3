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

// startOtherProgram starts another program that takes webhooks, and returns its address.
func startOtherProgram(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.FormValue("hub.challenge"))) }))
	t.Cleanup(s.Close)
	return s.URL + "/hooks/other"
}

// hookValues returns what FindHook finds: each value as "now", or as "now > wanted" if it isn't ours.
func (w *world) hookValues() []string {
	w.t.Helper()
	state, err := w.channel.FindHook(testContext(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, v := range state.Values {
		if out = append(out, v.Now); v.Now != v.Wanted {
			out[len(out)-1] += " > " + v.Wanted
		}
	}
	wantEqual(w.t, "everything is ours", state.Ours(), !strings.Contains(strings.Join(out, ""), ">"))
	if state.ByHand == "" {
		w.t.Errorf("%+v doesn't say what a person may do", state)
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
		setUp func(w *world, other string)
		// What hookValues returns: OURS and OTHER are callbacks, ALL the fields that we need, and MORE these with those that another
		// program asked for.
		before, after []string
	}{
		"ours": {
			setUp:  func(*world, string) {},
			before: []string{"OURS", "OURS", "MORE"},
			after:  []string{"OURS", "OURS", "MORE"},
		},
		"an app without a callback": {
			setUp:  func(w *world, _ string) { w.Unsubscribe(wabaID); w.ForgetApp() },
			before: []string{" > OURS", " > OURS", " > ALL"},
			after:  []string{"OURS", "OURS", "ALL"},
		},
		"another program's app": {
			setUp:  func(w *world, other string) { w.Unsubscribe(wabaID); w.AppCallback(other, "x") },
			before: []string{" > OURS", "OTHER", "MORE"},
			after:  []string{"OURS", "OTHER", "MORE"},
		},
		"an override": {
			setUp: func(w *world, other string) {
				w.call(http.MethodPost, wabaID+"/subscribed_apps", object{"override_callback_uri": other, "verify_token": "x"})
			},
			before: []string{"OTHER > OURS", "OURS", "MORE"},
			after:  []string{"OURS", "OURS", "MORE"},
		},
		"the number's own": {
			setUp: func(w *world, other string) {
				w.call(http.MethodPost, phoneID, object{"webhook_configuration": object{"override_callback_uri": other, "verify_token": "x"}})
			},
			before: []string{"OURS", "OTHER > OURS", "OURS", "MORE"},
			after:  []string{"OURS", "OURS", "OURS", "MORE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := startOtherProgram(t)
			words := strings.NewReplacer(other, "OTHER", w.hook, "OURS", all, "ALL",
				"account_alerts, account_review_update, account_update, message_template_components_update, message_template_quality_update, "+
					"message_template_status_update, messages, phone_number_name_update, phone_number_quality_update, security, smb_message_echoes, "+
					"template_category_update, user_preferences", "MORE")
			c.setUp(w, other)
			wantValues := func(when string, want []string) {
				t.Helper()
				var got []string
				for _, value := range w.hookValues() {
					got = append(got, words.Replace(value))
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s SetHook: got %q, want %q", when, got, want)
				}
			}
			wantValues("before", c.before)
			noError(t, w.channel.SetHook(testContext(t)))
			wantValues("after", c.after)
			w.ann.Text("hello")
			wantEqual(t, "facts that arrive for a message", len(w.takeFacts()), 1)
			wantEqual(t, "found wrong by Check", wrongFindings(w.channel.Check(testContext(t))), "")
		})
	}
}

// A callback that names another account of the same Parley is ours, as long as there is that account.
func TestSharedCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.HookURL, w.env.Accounts = strings.TrimSuffix(w.hook, "wa")+"wa-2", []string{"wa", "wa-2"}
	shared, err := w.newChannel().FindHook(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "everything is ours", shared.Ours(), true)
	w.env.Accounts = []string{"wa-2"}
	alone, err := w.newChannel().FindHook(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "everything is ours without that account", alone.Ours(), false)
	wantEqual(t, "callback wanted without that account", alone.Values[0].Wanted, w.env.HookURL)
}

// What keeps a webhook from being set is told, and nothing is changed.
func TestSetHookRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
	wantRefused := func(because string, err error, class channels.Class, words string) {
		t.Helper()
		if se := wantClass(t, because, err, class); !strings.Contains(se.Text+se.Hint, words) {
			t.Errorf("%s: got the error %+v, want %q in it", because, se, words)
		}
	}
	wantRefused("without the permission", w.channel.SetHook(testContext(t)), channels.AuthBroken, "whatsapp_business_management")
	w.AllowToken(ourToken, phoneID, wabaID)
	w.config[fieldVerify] = "a word that the hook doesn't know"
	wantRefused("a callback that doesn't answer", w.newChannel().SetHook(testContext(t)), channels.Retry, "called this Parley")
	w.config[fieldSecret] = "wrong"
	_, err := w.newChannel().FindHook(testContext(t))
	_ = wantClass(t, "with a wrong secret", err, channels.AuthBroken)
	if strings.Contains(err.Error(), ourToken) {
		t.Errorf("the error shows the token: %v", err)
	}
	w.env.HookURL = ""
	wantRefused("without an address", w.newChannel().SetHook(testContext(t)), channels.BadContent, "PARLEY_PUBLIC_URL")
	wantEqual(t, "callback after all of it", w.hookValues()[0], w.hook)
}

// call makes a call of Graph as somebody else would.
func (w *world) call(method, path string, body object) {
	w.t.Helper()
	if err := w.channel.graph.Call(testContext(w.t), method, path, nil, body, nil); err != nil {
		w.t.Fatal(err)
	}
}
