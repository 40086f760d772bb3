package twilio

import (
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// setHook checks that the webhook isn't ours, sets it, and checks that it is ours then.
func (w *world) setHook() {
	w.t.Helper()
	wantEqual(w.t, "the webhook is ours before", w.findHook().CallsUs(), false)
	noError(w.t, w.channel.(channels.Hooked).SetHook(w.t.Context()))
	state := w.findHook()
	wantEqual(w.t, "the webhook is ours afterwards", state.CallsUs(), true)
	wantEqual(w.t, "webhook", state.Values[0].Now, "POST "+w.base.callbacks.address+retryOverrides)
	for _, f := range w.channel.(channels.Checker).Check(w.t.Context()) {
		if !f.OK {
			w.t.Errorf("Check finds wrong: %+v", f)
		}
	}
}

// findHook returns where the webhook stands.
func (w *world) findHook() channels.HookState {
	w.t.Helper()
	state, err := w.channel.(channels.Hooked).FindHook(w.t.Context())
	noError(w.t, err)
	if len(state.Values) == 0 {
		w.t.Fatal("FindHook found no value")
	}
	return state
}

// shownHook is what the settings site shows of the webhook, a value a line.
func (w *world) shownHook() string {
	w.t.Helper()
	var lines strings.Builder
	for _, v := range w.findHook().Values {
		lines.WriteString(v.What + ": " + v.Now + "\n")
	}
	return lines.String()
}

// otherHook is the webhook of another program.
const otherHook = "https://other.test/in"

// withNumber changes our number for SMS at Twilio.
func withNumber(change func(*twiliofake.Number)) worldChange {
	return func(o *twiliofake.Options, _ channels.Config) {
		for i := range o.Numbers {
			if o.Numbers[i].Address == smsNumber {
				change(&o.Numbers[i])
			}
		}
	}
}

// withSender changes our WhatsApp sender at Twilio.
func withSender(change func(*twiliofake.Number)) worldChange {
	return func(o *twiliofake.Options, _ channels.Config) {
		for i := range o.Numbers {
			if o.Numbers[i].Address == waPrefix+waNumber {
				change(&o.Numbers[i])
			}
		}
	}
}

// withService puts our number into a messaging service that has the webhook of another program. If asksNumber, Twilio
// calls the number's own webhook instead of the service's.
func withService(asksNumber bool) worldChange {
	return func(o *twiliofake.Options, c channels.Config) {
		c[fieldService] = "MG1"
		o.Services = []twiliofake.Service{{
			SID: "MG1", Name: "Help", Webhook: otherHook, OnNumber: asksNumber, Numbers: []string{smsNumber},
		}}
	}
}

// SetHook tells Twilio to call this Parley. It sets the webhook of the number, of the messaging service or of the
// WhatsApp sender, whichever Twilio goes by. Messages of customers arrive from then on.
// Requirement R-007: WhatsApp by Meta or by Twilio.
// Requirement R-012: An SMS account is one number.
func TestSetHook(t *testing.T) {
	t.Parallel()
	const asksNumber = true
	tests := []struct {
		name      string
		by        medium
		change    worldChange
		webhook   string // of the number, before
		wantShown string // part of what the settings site shows before
	}{
		{name: "webhook of another program", webhook: otherHook, wantShown: "number " + smsNumber + ": POST https://other.test/in\n"},
		{name: "no webhook", webhook: "", wantShown: "number " + smsNumber + ": \n"},
		{
			name:      "application, which decides before the webhook",
			change:    withNumber(func(n *twiliofake.Number) { n.App = "AP1" }),
			webhook:   otherHook,
			wantShown: "before its address: AP1",
		},
		{
			name:      "webhook that is called by GET",
			change:    withNumber(func(n *twiliofake.Number) { n.Method = "GET" }),
			webhook:   otherHook,
			wantShown: ": GET https://other.test/in",
		},
		{name: "service with a webhook", change: withService(!asksNumber), wantShown: "service Help: POST https://other.test/in"},
		{
			name: "service that asks the number", change: withService(asksNumber), webhook: "https://number.test",
			wantShown: "number " + smsNumber + ": POST https://number.test",
		},
		{
			name: "beside a number that begins with ours, and stands before it in Twilio's list",
			change: func(o *twiliofake.Options, _ channels.Config) {
				o.Numbers = append([]twiliofake.Number{{Address: smsNumber + "9", Webhook: "https://longer.test"}}, o.Numbers...)
			},
			webhook:   otherHook,
			wantShown: "number " + smsNumber + ": POST https://other.test/in",
		},
		{
			name: "WhatsApp sender", by: viaWhatsApp, webhook: otherHook,
			wantShown: "whatsapp:" + waNumber + ": POST https://other.test/in",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.by, tt.change)
			w.fake.SetWebhook(w.number, tt.webhook)
			wantText(t, "shown before", w.shownHook(), tt.wantShown)
			w.setHook()
			w.annWrites("Hello")
			w.wait("Ann's message arrives", func() bool { return len(w.accepted()) == 1 })
		})
	}
}

// If something is wrong with a number or a token, Check reports it at the setting that has to be changed. SetHook fails
// if the token is wrong or Twilio doesn't know the number.
func TestSetHookRefused(t *testing.T) {
	t.Parallel()
	wrongToken := func(_ *twiliofake.Options, c channels.Config) { c[fieldToken] = "wrong" }
	foreignNumber := func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+15557777" }
	tests := []struct {
		name      string
		by        medium
		change    worldChange
		wantClass channels.Class // of the error of SetHook; "" if the test doesn't look at it
		wantField string         // the setting
	}{
		{name: "wrong token", change: wrongToken, wantClass: channels.AuthBroken, wantField: fieldToken},
		{name: "number of another account", change: foreignNumber, wantClass: channels.BadRecipient, wantField: fieldFrom},
		{name: "no such WhatsApp sender", by: viaWhatsApp, change: foreignNumber, wantClass: channels.BadRecipient, wantField: fieldFrom},
		{
			name:      "number for calls only",
			change:    withNumber(func(n *twiliofake.Number) { n.NoSMS = true }),
			wantField: fieldFrom,
		},
		{
			name:      "WhatsApp sender that is offline",
			by:        viaWhatsApp,
			change:    withSender(func(n *twiliofake.Number) { n.Offline = true }),
			wantField: fieldFrom,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.by, tt.change)
			if got := w.wrongFields(); !slices.Equal(got, []string{tt.wantField}) {
				t.Errorf("found wrong: got the settings %q, want %s alone", got, tt.wantField)
			}

			err := w.channel.(channels.Hooked).SetHook(t.Context())
			if tt.wantClass != "" {
				wantEqual(t, "class of SetHook's error", channels.ClassOf(err), tt.wantClass)
			}
		})
	}
}

// wrongFields lists the settings with which Check finds something wrong. It checks that each of these findings has a
// hint, and that a finding without fault names no setting. It leaves out findings about the webhook.
func (w *world) wrongFields() []string {
	w.t.Helper()
	var fields []string
	for _, f := range w.channel.(channels.Checker).Check(w.t.Context()) {
		if f.Field == channels.HookField {
			continue
		}
		if f.OK {
			wantEqual(w.t, f.What+": setting of what is right", f.Field, "")
			continue
		}
		if f.Hint == "" {
			w.t.Errorf("the finding %+v has no hint", f)
		}
		if f.Field != "" {
			fields = append(fields, f.Field)
		}
	}
	return fields
}
