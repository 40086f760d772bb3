package twilio

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// A text leaves from our number as one message with WhatsApp's formatting and an address for its statuses.
// Requirement R-007: WhatsApp by Meta or by Twilio.
// Requirement R-009: WhatsApp by Twilio.
func TestSendText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(9, "**Hello** [site](https://acme.test)")
	o.Signature.Text = "*Acme*"
	o.LastIn = w.clock.now().Add(-23 * time.Hour)
	o.From = waPrefix + "+15550199" // the account's number until it got another one
	r := w.mustSend(o)

	f := w.lastForm()
	wantEqual(t, "Body", f.Get("Body"), "*Hello* site: https://acme.test\n\n_Acme_")
	wantEqual(t, "From", f.Get("From"), waPrefix+waNumber)
	wantEqual(t, "To", f.Get("To"), waPrefix+annPhone)
	wantText(t, "StatusCallback", f.Get("StatusCallback"), "?o=9.0e.")
	wantEqual(t, "number of parts, which only SMS have", r.Parts, 0)
}

// An SMS has no formatting and lists its buttons. If there is a messaging service, it leaves by that.
func TestSendSMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS, func(_ *twiliofake.Options, c channels.Config) { c[fieldService] = testService })
	o := w.outbound(2, "**Which?**")
	o.LastIn = w.clock.now().Add(-48 * time.Hour) // SMS knows no reply window
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "This"}, {Title: "That"}}}

	w.mustSend(o)
	wantEqual(t, "Body", w.lastForm().Get("Body"), "Which?\n\n1. This\n2. That")
	wantEqual(t, "MessagingServiceSid", w.lastForm().Get("MessagingServiceSid"), testService)
}

// Twilio's count of an SMS's parts is returned, and agrees with ours.
func TestPartsOfSMS(t *testing.T) {
	t.Parallel()
	onePart, shorter := gsmText(gsmAlone), gsmText(gsmAlone-5)
	tests := []struct {
		name      string
		text      string
		signature string
		wantBody  string
	}{
		{name: "a long text", text: "**" + onePart + "€**", wantBody: onePart + "€"},
		{name: "a text made long by a signature", text: shorter, signature: "Yours, Acme", wantBody: shorter + "\n\nYours, Acme"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, viaSMS)
			o := w.outbound(1, tt.text)
			o.Signature.Text = tt.signature
			wantEqual(t, "parts that Twilio counts", w.mustSend(o).Parts, 2)
			wantEqual(t, "parts that we count", w.channel.(channels.Counter).Count(tt.text, tt.signature).Parts, 2)
			wantEqual(t, "Body", w.lastForm().Get("Body"), tt.wantBody)
		})
	}
}

// A message that can't be sent is refused before Twilio is asked.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	ann := channels.Party{Key: annPhone}
	tests := []struct {
		name   string
		change func(*channels.Outbound)
		want   channels.Class
	}{
		{name: "to nobody", change: func(o *channels.Outbound) { o.To = nil }, want: channels.BadRecipient},
		{name: "to two", change: func(o *channels.Outbound) { o.To = []channels.Party{ann, ann} }, want: channels.BadRecipient},
		{name: "nothing", change: func(o *channels.Outbound) { o.Text = "" }, want: channels.BadContent},
		{name: "a signature alone", change: func(o *channels.Outbound) { o.Text, o.Signature.Text = "", "Acme" }, want: channels.BadContent},
		{name: "a part that is no more", change: func(o *channels.Outbound) { o.Attempt.Part = 1 }, want: channels.BadContent},
	}
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		for _, tt := range tests {
			t.Run(tt.name+" by "+by.String(), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, by)
				o := w.outbound(1, "x")
				tt.change(&o)
				w.wantSendFails(tt.name, o, tt.want)
				wantEqual(t, "number of requests", len(w.fake.Requests()), 0)
			})
		}
	}
}

// A customer is written to at the phone number if it is known, else by WhatsApp's id of the person.
func TestAddressOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number ownNumber
		to     channels.Party
		want   string // "" if the customer can't be reached
	}{
		{to: channels.Party{Key: annPhone}, want: annPhone},
		{to: channels.Party{Key: "72345"}, want: "72345"},
		{to: channels.Party{Key: annUserID}, want: ""},
		{to: channels.Party{}, want: ""},
		{number: ownNumber{whatsapp: true}, to: channels.Party{Key: annUserID, Also: []string{annPhone}}, want: waPrefix + annPhone},
		{number: ownNumber{whatsapp: true}, to: channels.Party{Key: annUserID}, want: waPrefix + annUserID},
		{number: ownNumber{whatsapp: true}, to: channels.Party{Key: "72345"}, want: ""},
	}
	for _, tt := range tests {
		got, err := tt.number.addressOf(tt.to)
		wantEqual(t, fmt.Sprintf("address of %+v", tt.to), got, tt.want)
		if tt.want == "" {
			_ = wantClass(t, fmt.Sprintf("address of %+v", tt.to), err, channels.BadRecipient)
		}
	}
}

// A message that waited until the reply window closed is refused before Twilio is asked.
func TestSendAfterTheWindowClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(1, "late")
	o.LastIn = w.clock.now()
	w.clock.move(25 * time.Hour)

	w.wantSendFails("after a day", o, channels.WindowClosed)
	wantEqual(t, "number of messages at Twilio, Ann's alone", len(w.fake.Messages()), 1)
}

// After STOP nothing is sent until START. Twilio says in OptOutType what a word means, or else Parley decides.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		hasOptOutType bool
	}{
		{name: "without OptOutType", hasOptOutType: false},
		{name: "with OptOutType", hasOptOutType: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS, func(o *twiliofake.Options, _ channels.Config) { o.OptOutType = tt.hasOptOutType })
			w.annWrites("hello")
			if _, err := w.ann.Stop(); err != nil {
				t.Fatal(err)
			}
			refused := w.wantSendFails("after STOP", w.outbound(1, "please stay"), channels.OptedOut)
			wantText(t, "hint", refused.Hint, "START")
			if _, err := w.ann.Start(); err != nil {
				t.Fatal(err)
			}
			w.mustSend(w.outbound(2, "welcome back"))
			w.wantAnnGot("welcome back")

			in := w.takeMessages(3)
			wantEqual(t, "text of the second message", in[1].Text, "STOP")
			for i, want := range []*channels.Consent{nil, stop(), start()} {
				if got := in[i].Consent; !reflect.DeepEqual(got, want) {
					t.Errorf("consent of %q: got %+v, want %+v", in[i].Text, got, want)
				}
			}
			w.wantNoAnswers()
		})
	}
}

// A phone number is read as people type it. Without a country code it belongs to the country of our number.
// Requirement R-228: Begin with a number, step by step.
func TestRecipient(t *testing.T) {
	t.Parallel()
	german := newGermanWorld(t)
	tests := []struct {
		typed string
		want  string
	}{
		{typed: "+49 171 1234567", want: "+491711234567"},
		{typed: "0171/1234567", want: "+491711234567"},
		{typed: "whatsapp:+14155552671", want: "+14155552671"},
		{typed: " +1 (415) 555-2671 ", want: "+14155552671"},
	}
	for _, tt := range tests {
		p, err := german.channel.(channels.Starter).Recipient(tt.typed)
		if err != nil {
			t.Errorf("Recipient(%q): %v", tt.typed, err)
			continue
		}
		if p.Key != tt.want {
			t.Errorf("Recipient(%q) = %q, want %q", tt.typed, p.Key, tt.want)
		}
	}
}

// newGermanWorld makes a world whose number is German.
func newGermanWorld(t *testing.T) *world {
	return newWorld(t, viaSMS, func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+493012345678" })
}

// Attending to a message shows the customer that it was read and that somebody is typing.
// Requirement R-240: The customer sees that somebody reads.
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	sid := w.annWrites("hi")
	if err := w.channel.(channels.Attendant).Attend(t.Context(), channels.Party{Key: annPhone}, sid); err != nil {
		t.Error(err)
	}
	wantEqual(t, "number of calls that show typing", len(w.fake.Typing()), 1)
}

// A signature leaves as the settings site shows it.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = `**Acme** Support, *Monday* to Friday

[acme.test](https://acme.test/a_b)

- one
- two`
	tests := []struct {
		by   medium
		spec channels.Spec
	}{
		{by: viaSMS, spec: SMSSpec(Options{})},
		{by: viaWhatsApp, spec: WhatsAppSpec(Options{})},
	}
	for _, tt := range tests {
		t.Run(tt.by.String(), func(t *testing.T) {
			w := newWorld(t, tt.by)
			w.annWrites("hi")
			o := w.outbound(9, "Hello")
			o.Signature.Text = signature
			w.mustSend(o)
			wantEqual(t, "Body", w.lastForm().Get("Body"), "Hello\n\n"+tt.spec.Signature(signature))
		})
	}
}
