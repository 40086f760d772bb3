package meta

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// startOtherProgram starts another program that takes webhooks, and returns its address.
func startOtherProgram(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.FormValue("hub.challenge")))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/hooks/other"
}

// hookValue is what FindHook found at Meta, and what SetHook would set instead: the same where nothing is to be changed.
type hookValue struct {
	now, wanted string
}

// isRight makes a value that SetHook doesn't change.
func isRight(now string) hookValue { return hookValue{now: now, wanted: now} }

// Names of values whose text differs from test to test, or is long.
const (
	ourHook      = "OUR HOOK"
	otherHook    = "OTHER HOOK"
	neededOnly   = "FIELDS THAT WE NEED"
	neededOrMore = "FIELDS THAT WE AND ANOTHER PROGRAM NEED"
)

// emulatorFields are the fields to which the emulator's app is subscribed: those that we need, and some for another program.
const emulatorFields = "account_alerts, account_review_update, account_update, message_template_components_update, " +
	"message_template_quality_update, message_template_status_update, messages, phone_number_name_update, " +
	"phone_number_quality_update, security, smb_message_echoes, template_category_update, user_preferences"

// findHook returns what FindHook finds, under the names of values, and checks that it says what a person may do instead.
func (w *world) findHook(other string) []hookValue {
	w.t.Helper()
	state, err := w.channel.FindHook(testContext(w.t))
	noError(w.t, err)
	if state.ByHand == "" {
		w.t.Errorf("%+v doesn't say what a person may do", state)
	}

	names := strings.NewReplacer(w.hook, ourHook, other, otherHook, listFields(neededFields()), neededOnly, emulatorFields, neededOrMore)
	values := []hookValue{}
	for _, v := range state.Values {
		values = append(values, hookValue{now: names.Replace(v.Now), wanted: names.Replace(v.Wanted)})
	}
	needsChange := slices.ContainsFunc(values, func(v hookValue) bool { return v.now != v.wanted })
	wantEqual(w.t, "everything is ours", state.CallsUs(), !needsChange)
	return values
}

// postToGraph makes a call of Graph as another program would.
func (w *world) postToGraph(path string, body object) {
	w.t.Helper()
	noError(w.t, w.channel.graph.Call(testContext(w.t), http.MethodPost, path, nil, body, nil))
}

// SetHook sets the callback of the business account to this Parley, and that of the number if it has one, even if another
// program has them. The callback of the app is left to another program that has it.
// Requirement R-008: Meta's Cloud API, with its templates.
func TestSetHook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(w *world, other string)
		// Callbacks of the business account, of the number if it has one, and of the app. Then the fields.
		wantBefore []hookValue
		wantAfter  []hookValue
	}{
		{
			name:       "ours",
			setUp:      func(*world, string) {},
			wantBefore: []hookValue{isRight(ourHook), isRight(ourHook), isRight(neededOrMore)},
			wantAfter:  []hookValue{isRight(ourHook), isRight(ourHook), isRight(neededOrMore)},
		},
		{
			name: "app without a callback",
			setUp: func(w *world, _ string) {
				w.Unsubscribe(wabaID)
				w.ForgetApp()
			},
			wantBefore: []hookValue{{"", ourHook}, {"", ourHook}, {"", neededOnly}},
			wantAfter:  []hookValue{isRight(ourHook), isRight(ourHook), isRight(neededOnly)},
		},
		{
			name: "app of another program",
			setUp: func(w *world, other string) {
				w.Unsubscribe(wabaID)
				w.AppCallback(other, "x")
			},
			wantBefore: []hookValue{{"", ourHook}, isRight(otherHook), isRight(neededOrMore)},
			wantAfter:  []hookValue{isRight(ourHook), isRight(otherHook), isRight(neededOrMore)},
		},
		{
			name: "business account with a callback of another program",
			setUp: func(w *world, other string) {
				w.postToGraph(wabaID+"/subscribed_apps", object{"override_callback_uri": other, "verify_token": "x"})
			},
			wantBefore: []hookValue{{otherHook, ourHook}, isRight(ourHook), isRight(neededOrMore)},
			wantAfter:  []hookValue{isRight(ourHook), isRight(ourHook), isRight(neededOrMore)},
		},
		{
			name: "number with a callback of another program",
			setUp: func(w *world, other string) {
				w.postToGraph(phoneID, object{"webhook_configuration": object{"override_callback_uri": other, "verify_token": "x"}})
			},
			wantBefore: []hookValue{isRight(ourHook), {otherHook, ourHook}, isRight(ourHook), isRight(neededOrMore)},
			wantAfter:  []hookValue{isRight(ourHook), isRight(ourHook), isRight(ourHook), isRight(neededOrMore)},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := startOtherProgram(t)
			tt.setUp(w, other)
			if got := w.findHook(other); !slices.Equal(got, tt.wantBefore) {
				t.Errorf("before SetHook: got %q, want %q", got, tt.wantBefore)
			}
			noError(t, w.channel.SetHook(testContext(t)))
			if got := w.findHook(other); !slices.Equal(got, tt.wantAfter) {
				t.Errorf("after SetHook: got %q, want %q", got, tt.wantAfter)
			}

			w.ann.Text("hello")
			wantEqual(t, "number of facts that arrive for a message", len(w.takeFacts()), 1)
			wantEqual(t, "found wrong by Check", wrongFindings(w.channel.Check(testContext(t))), "")
		})
	}
}

// startSecond starts a second account of the business account, wa-2, which has a verify token of its own, and tells Meta the
// address of the first one. It returns the second account and that address. accounts are those that Parley has.
func (w *world) startSecond(accounts ...string) (second *Number, first string) {
	w.t.Helper()
	w.config[fieldVerify] = "another word"
	second = w.newChannel()
	mux := http.NewServeMux()
	mux.Handle("/hooks/wa", w.channel)
	mux.Handle("/hooks/wa-2", second)
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	first = server.URL + "/hooks/wa"
	second.env.HookURL, second.env.Accounts = first+"-2", accounts
	w.AppCallback(first, verifyToken)
	w.postToGraph(wabaID+"/subscribed_apps", object{"override_callback_uri": first, "verify_token": verifyToken})
	return second, first
}

// wantCallbacks checks the callbacks of the business account and of the app after SetHook.
func (w *world) wantCallbacks(of *Number, waba, app string) hookFacts {
	w.t.Helper()
	noError(w.t, of.SetHook(testContext(w.t)))
	facts, err := of.findHook(testContext(w.t))
	noError(w.t, err)
	wantEqual(w.t, "callback of the business account", facts.override, waba)
	wantEqual(w.t, "callback of the app", facts.sub.Callback, app)
	return facts
}

// Two accounts of a business account share a callback, and each has a verify token of its own. SetHook of the second one
// leaves the callback of the first, which would not confirm the second one's token, and sets its own where something is
// missing.
func TestSetHookBesideAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second, first := w.startSecond("wa", "wa-2")
	facts := w.wantCallbacks(second, first, first)

	noError(t, facts.app.Subscribe(testContext(t), businessObject, first, verifyToken, []string{"messages"}))
	facts = w.wantCallbacks(second, first, second.env.HookURL)
	wantEqual(t, "all fields are subscribed", facts.sub.HasFields(neededFields()...), true)
}

// If the webhook can't be set, the error says why, and nothing is changed at Meta.
func TestSetHookRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		setUp     func(w *world)
		wantClass channels.Class
		wantText  string // part of the error's text or hint
	}{
		{
			name: "token without the permission",
			setUp: func(w *world) {
				w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
			},
			wantClass: channels.AuthBroken,
			wantText:  "whatsapp_business_management",
		},
		{
			name:      "verify token that the hook doesn't know",
			setUp:     func(w *world) { w.config[fieldVerify] = "unknown" },
			wantClass: channels.Retry,
			wantText:  "called this Parley",
		},
		{
			name:      "no public address",
			setUp:     func(w *world) { w.env.HookURL = "" },
			wantClass: channels.BadContent,
			wantText:  "PARLEY_PUBLIC_URL",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := startOtherProgram(t)
			before := w.findHook(other)
			tt.setUp(w)
			err := w.newChannel().SetHook(testContext(t))
			se := wantClass(t, "SetHook", err, tt.wantClass)
			if !strings.Contains(se.Text+se.Hint, tt.wantText) {
				t.Errorf("got the error %+v, want %q in it", se, tt.wantText)
			}

			w.AllowToken(ourToken, phoneID, wabaID) // so that what stands at Meta can be read
			if after := w.findHook(other); !slices.Equal(after, before) {
				t.Errorf("after the refusal: got %q, want %q as before", after, before)
			}
		})
	}
}
