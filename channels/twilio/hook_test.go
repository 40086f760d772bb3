package twilio

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// setHook sets the webhook, and checks that it is ours afterwards. It gives where it stood before, as the page shows it.
func (w *world) setHook() (before string) {
	w.t.Helper()
	h := w.channel.(channels.Hooked)
	state, err := h.FindHook(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, v := range state.Values {
		before += v.What + ": " + v.Now + "\n"
	}
	wantEqual(w.t, "the webhook is ours before", state.Ours(), false)
	if err := h.SetHook(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if state, err = h.FindHook(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	wantEqual(w.t, "the webhook is ours afterwards", state.Ours(), true)
	wantEqual(w.t, "webhook", state.Values[0].Now, "POST "+w.base.callbacks.address+retryOverrides)
	for _, f := range w.channel.(channels.Checker).Check(w.t.Context()) {
		if !f.OK {
			w.t.Errorf("doctor finds %+v", f)
		}
	}
	return before
}

// Twilio is told to call this Parley: at the number, at the messaging service, or at the WhatsApp sender, whichever
// decides. What customers write arrives from then on.
//
func TestSetHook(t *testing.T) {
	t.Parallel()
	number := func(o *twiliofake.Options) *twiliofake.Number { return &o.Numbers[1] }
	service := func(own bool) func(*twiliofake.Options, channels.Config) {
		return func(o *twiliofake.Options, c channels.Config) {
			c[fieldService] = "MG1"
			o.Services = []twiliofake.Service{{SID: "MG1", Name: "Help", Webhook: "https://other.test/in", OnNumber: own, Numbers: []string{smsNumber}}}
		}
	}
	for name, c := range map[string]struct {
		by              medium
		change          func(*twiliofake.Options, channels.Config)
		webhook, before string // where it stands, and what the page shows of that
	}{
		"another address": {webhook: "https://other.test/in", before: "number " + smsNumber + ": POST https://other.test/in\n"},
		"nothing yet":     {before: "number " + smsNumber + ": \n"},
		"an application": {webhook: "https://other.test/in", before: "before its address: AP1",
			change: func(o *twiliofake.Options, _ channels.Config) { number(o).App = "AP1" }},
		"by GET": {webhook: "https://other.test/in", before: ": GET https://other.test/in",
			change: func(o *twiliofake.Options, _ channels.Config) { number(o).Method = "GET" }},
		"a service":                      {change: service(false), before: "service Help: POST https://other.test/in"},
		"a service that asks the number": {change: service(true), webhook: "https://number.test", before: "number " + smsNumber + ": POST https://number.test"},
		"beside a number of which ours is a part": {webhook: "https://other.test/in", before: "number " + smsNumber + ": POST https://other.test/in",
			change: func(o *twiliofake.Options, _ channels.Config) {
				o.Numbers = append([]twiliofake.Number{{Address: smsNumber + "9", Webhook: "https://longer.test"}}, o.Numbers...)
			}},
		"WhatsApp": {by: viaWhatsApp, webhook: "https://other.test/in", before: "whatsapp:" + waNumber + ": POST https://other.test/in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.by, c.change)
			w.fake.SetWebhook(w.number, c.webhook)
			wantText(t, "where it stood before", w.setHook(), c.before)
			w.annWrites("Hello")
			w.wait("her message", func() bool { return len(w.accepted()) == 1 })
		})
	}
}

// A messaging service calls one account for all of its numbers: the other accounts' checks find nothing wrong with that, unless it is
// the address of an account that was taken out. A number of its own calls its own account.
func TestHookOfAnotherAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account  string // whose address Twilio calls
		onNumber bool   // each number has an address of its own
		ok       bool
	}{
		"a service that calls another account":      {account: "second", ok: true},
		"a service that calls an account taken out": {account: "former", ok: false},
		"a number of its own calls another account": {account: "second", onNumber: true, ok: false},
	} {
		w := newWorld(t, viaSMS, func(o *twiliofake.Options, config channels.Config) {
			config[fieldService] = "MG1"
			o.Services = []twiliofake.Service{{SID: "MG1", Name: "Help", OnNumber: c.onNumber, Numbers: []string{smsNumber}}}
		})
		w.base.env.Accounts = []string{"acme", "second"}
		beside := strings.TrimSuffix(w.base.callbacks.address, "acme") + c.account
		w.fake.SetWebhook(smsNumber, beside+retryOverrides)
		if !c.onNumber {
			p, err := w.base.newFinder().findHook(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := w.base.api.call(t.Context(), p.form(beside+retryOverrides), nil); err != nil {
				t.Fatal(err)
			}
		}
		f := w.base.checkHook(t.Context())
		wantEqual(t, name+": the webhook is right", f.OK, c.ok)
		wantText(t, name+": finding", f.Text, beside)
	}
}

// The same for a short code, beside a longer one that Twilio's list brings along.
func TestSetHookOfAShortCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS, func(o *twiliofake.Options, c channels.Config) {
		c[fieldFrom] = "72345"
		o.Numbers = []twiliofake.Number{{Address: "172345", Webhook: "https://longer.test"}, {Address: "72345", Webhook: "https://other.test/in"}}
	})
	wantText(t, "where it stood before", w.setHook(), "number 72345: POST https://other.test/in")
}

// What is wrong with a number is told beside its setting, and why a webhook can't be set.
func TestSetHookRefused(t *testing.T) {
	t.Parallel()
	withToken := func(_ *twiliofake.Options, c channels.Config) { c[fieldToken] = "wrong" }
	isOffline := func(o *twiliofake.Options, _ channels.Config) { o.Numbers[0].Offline = true }
	fromAnother := func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+15557777" }
	for name, c := range map[string]struct {
		by     medium
		change func(*twiliofake.Options, channels.Config)
		class  channels.Class // of setting the webhook; "" if that may work
		field  string
	}{
		"a wrong token":    {change: withToken, class: channels.AuthBroken, field: fieldToken},
		"another's number": {change: fromAnother, class: channels.BadRecipient, field: fieldFrom},
		"no such sender":   {by: viaWhatsApp, change: fromAnother, class: channels.BadRecipient, field: fieldFrom},
		"calls only":       {change: func(o *twiliofake.Options, _ channels.Config) { o.Numbers[1].NoSMS = true }, field: fieldFrom},
		"a sender offline": {by: viaWhatsApp, change: isOffline, field: fieldFrom},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.by, c.change)
			fields := ""
			for _, f := range w.channel.(channels.Checker).Check(t.Context()) {
				if f.Field == channels.HookField {
					continue
				}
				fields += f.Field
				if f.OK {
					wantEqual(t, f.What+": field of what is right", f.Field, "")
				} else {
					wantEqual(t, f.What+": it has a hint", f.Hint != "", true)
				}
			}
			wantEqual(t, "field of the fault", fields, c.field)
			if err := w.channel.(channels.Hooked).SetHook(t.Context()); c.class != "" {
				wantEqual(t, "class of the error of setting the webhook", channels.ClassOf(err), c.class)
			}
		})
	}
}

// Whoever types a number that is no WhatsApp sender reads which numbers are, and in which state. Why a sender is offline is
// said in Twilio's own words.
//
func TestSendersToChoose(t *testing.T) {
	t.Parallel()
	find := func(change func(*twiliofake.Options, channels.Config)) (said string) {
		w := newWorld(t, viaWhatsApp, change)
		for _, f := range w.channel.(channels.Checker).Check(t.Context()) {
			if !f.OK && f.Field == fieldFrom {
				said += f.Text + " " + f.Hint
			}
		}
		return said
	}
	other := twiliofake.Number{Address: "whatsapp:+15559999", Offline: true}
	for name, c := range map[string]struct {
		change func(*twiliofake.Options, channels.Config)
		want   []string
	}{
		"none of the senders": {
			change: func(o *twiliofake.Options, c channels.Config) {
				c[fieldFrom], o.Numbers = "+15557777", append(o.Numbers, other)
			},
			want: []string{"no WhatsApp sender +15557777", waNumber + " (online), +15559999 (offline)", "Register the number"},
		},
		"no sender at all": {
			change: func(o *twiliofake.Options, _ channels.Config) { o.Numbers = o.Numbers[1:] },
			want:   []string{"no other sender", "Register the number"},
		},
		"offline": {
			change: func(o *twiliofake.Options, _ channels.Config) { o.Numbers[0].Offline = true },
			want:   []string{"The sender is offline.", "already registered to a WhatsApp account. (410)"},
		},
	} {
		got := find(c.change)
		for _, want := range c.want {
			wantText(t, name, got, want)
		}
	}
}
