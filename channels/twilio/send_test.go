package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// lastForm is the form of the last message that Twilio was asked to send.
func (w *world) lastForm() url.Values {
	w.t.Helper()
	var form url.Values
	for _, r := range w.fake.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/Messages.json") {
			var err error
			if form, err = url.ParseQuery(string(r.Body)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return form
}

// publicFile is a file with an address that Twilio can fetch.
func publicFile(t *testing.T, name, kind, content string) channels.File {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(srv.Close)
	return channels.File{Name: name, ContentType: kind, SizeBytes: int64(len(content)), Link: func() (string, error) { return srv.URL + "/" + name, nil }}
}

// A text becomes one message with WhatsApp's marks, our number, and an address for its fate.
//
func TestSendText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	o := w.outbound(9, "**Hello** [site](https://acme.test)")
	o.Signature.Text = "*Acme*"
	r := w.sent(o)
	f := w.lastForm()
	if f.Get("Body") != "*Hello* site: https://acme.test\n\n_Acme_" || f.Get("From") != waPrefix+waNumber || f.Get("To") != waPrefix+annPhone ||
		!strings.Contains(f.Get("StatusCallback"), "?o=9.0e.") || r.Parts != 0 {
		t.Errorf("%v, %+v", f, r)
	}
	w.settled()
	w.wait("the callbacks came", func() bool { return len(w.decoded(channels.InboundStatus)) == 2 })
	for _, in := range w.decoded(channels.InboundStatus) {
		if in.Status.MessageID != 9 || in.Status.External[0] != r.ExternalID || in.From.Key != annPhone {
			t.Errorf("%+v", in.Status)
		}
	}
	w.ann.Read()
	w.wait("it was read", func() bool {
		s := w.decoded(channels.InboundStatus)
		return s[len(s)-1].Status.State == channels.StateRead
	})
	w.quiet()
}

// SMS are plain, and Twilio's count of parts comes back.
func TestSendSMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, func(_ *twiliofake.Options, c channels.Config) { c[fieldService] = "MG00000000000000000000000000000001" })
	text := strings.Repeat("a", 160) + "€"
	r := w.sent(w.outbound(1, "**"+text+"**"))
	if f := w.lastForm(); f.Get("Body") != text || f.Get("MessagingServiceSid") == "" {
		t.Errorf("%v", f)
	}
	if count := w.channel.(channels.Counter).Count("**"+text+"**", ""); r.Parts != 2 || count.Parts != 2 {
		t.Errorf("parts %d, counted %+v", r.Parts, count)
	}
	signed := w.outbound(3, strings.Repeat("a", 155))
	signed.Signature.Text = "Yours, Acme"
	if r, count := w.sent(signed), w.channel.(channels.Counter).Count(signed.Text, signed.Signature.Text); r.Parts != 2 || count.Parts != 2 {
		t.Errorf("with a signature %d parts, counted %+v", r.Parts, count)
	}
	o := w.outbound(2, "Which?")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "This"}, {Title: "That"}}}
	if w.sent(o); w.lastForm().Get("Body") != "Which?\n\n1. This\n2. That" {
		t.Errorf("%v", w.lastForm())
	}
}

// a text number takes no files unless MMS is on.
func TestSendFiles(t *testing.T) {
	t.Parallel()
	picture := publicFile(t, "a.png", "image/png", "png")
	plain := newWorld(t, false)
	o := plain.outbound(1, "look")
	o.Files = []channels.File{picture}
	if _, err := plain.send(o); classOf(t, err).Class != channels.BadContent || plain.channel.Capabilities().Files.PerMessage != 0 {
		t.Error(err)
	}
	mms := newWorld(t, false, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = "true" })
	o.Files = []channels.File{picture, picture}
	mms.sent(o)
	mms.settled()
	if got := mms.ann.Inbox(); len(got) != 1 || got[0].Text != "look" || len(got[0].Media) != 2 || string(got[0].Media[1].Content) != "png" {
		t.Errorf("%+v", got)
	}
	w := newWorld(t, true)
	w.write("hi")
	o.Files = []channels.File{picture}
	if r := w.sent(o); r.More {
		t.Error("a picture takes its text with it")
	}
	o.DeliveryID, o.Files = 2, []channels.File{publicFile(t, "a.pdf", "application/pdf", "pdf")}
	r := w.sent(o)
	if !r.More || w.lastForm().Get("Body") != "look" || !strings.Contains(w.lastForm().Get("StatusCallback"), ".0m.") {
		t.Errorf("%+v %v", r, w.lastForm())
	}
	o.Attempt.Part = 1
	if r = w.sent(o); r.More || w.lastForm().Get("Body") != "" || w.lastForm().Get("MediaUrl") == "" || !strings.Contains(w.lastForm().Get("StatusCallback"), ".1e.") {
		t.Errorf("%+v %v", r, w.lastForm())
	}
	w.settled()
	if got := w.ann.Inbox(); len(got) != 3 || string(got[2].Media[0].Content) != "pdf" {
		t.Errorf("%+v", got)
	}
	o.Attempt.Part, o.Files[0].Link = 0, nil
	if _, err := w.send(o); !strings.Contains(classOf(t, err).Hint, "PARLEY_PUBLIC_URL") {
		t.Error(err)
	}
	o.Files[0].SizeBytes = 17 << 20
	if _, err := w.send(o); classOf(t, err).Class != channels.BadContent {
		t.Error(err)
	}
}

// Buttons, lists and places arrive as such, and an answer to them comes back.
func TestSendRich(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	send := func(text string, r channels.Rich) error {
		o := w.outbound(1, text)
		o.Rich = &r
		for {
			rc, err := w.send(o)
			if err != nil || !rc.More {
				return err
			}
			o.Attempt.Part++
		}
	}
	list := channels.List{Button: "Choose", Sections: []channels.ListSection{{Title: "S", Rows: []channels.ListRow{{ID: "r1", Title: "One"}, {ID: "r2", Title: "Two", Description: "d"}}}}}
	for _, err := range []error{
		send("Well?", channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}, {ID: "n", Title: "No"}}}),
		send("See", channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}),
		send("Pick", channels.Rich{List: &list}),
		send("Here:", channels.Rich{Location: &channels.Location{Latitude: 52.5, Longitude: 13.4, Name: "Shop|1"}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.settled()
	got := w.ann.Inbox()
	if len(got) != 5 || got[0].Buttons[1].ID != "n" || got[1].Buttons[0].URL == "" || got[2].List != "Choose" || got[2].Buttons[1].ID != "r2" ||
		got[3].Text != "Here:" || got[4].Location != "52.5,13.4|Shop 1" {
		t.Fatalf("%+v", got)
	}
	if _, err := w.ann.Tap(got[0].SID, got[0].Buttons[0]); err != nil {
		t.Fatal(err)
	}
	in := w.decoded(channels.InboundMessage)
	if last := in[len(in)-1]; last.Text != "Yes" || last.Answers.External != got[0].SID {
		t.Errorf("%+v", last)
	}
	for name, r := range map[string]channels.Rich{"four": {Buttons: make([]channels.Button, 4)}, "untitled": {Buttons: []channels.Button{{}}},
		"no rows": {List: &channels.List{Button: "x"}}} {
		if err := send("x", r); classOf(t, err).Class != channels.BadContent {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, r := range map[string]channels.Rich{"x\n\nKim\n+15550100": {Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}}},
		"x\n\n1. a\n2. b – https://acme.test": {Buttons: []channels.Button{{Title: "a"}, {Title: "b", URL: "https://acme.test"}}}} {
		if err := send("x", r); err != nil || w.lastForm().Get("Body") != want {
			t.Errorf("%v: %q, want %q", err, w.lastForm().Get("Body"), want)
		}
	}
	w.fake.AddFault(twiliofake.Fault{Route: "POST /v1/Content", Kind: twiliofake.FaultErrorAfter})
	if err := send("x", channels.Rich{List: &list}); classOf(t, err).Class != channels.Retry {
		t.Errorf("a content that is not certain sends nothing: %v", err)
	}
}

// Edge case 9: the window closes while a message waits; also at Twilio, which tells it late.
func TestEdge9WindowCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	o := w.outbound(1, "late")
	o.LastIn = w.clock.now()
	w.clock.move(25 * time.Hour)
	if _, err := w.send(o); classOf(t, err).Class != channels.WindowClosed || len(w.fake.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(w.fake.Messages()))
	}
	o.LastIn = time.Time{} // we don't know: Twilio does
	w.sent(o)
	w.wait("it failed", func() bool {
		s := w.decoded(channels.InboundStatus)
		return len(s) == 1 && s[0].Status.State == channels.StateFailed && s[0].Status.Class == channels.WindowClosed && s[0].Status.MessageID == 1
	})
	if len(w.ann.Inbox()) != 0 {
		t.Error("the customer got it")
	}
}

// Edge case 28: STOP, send, START.
func TestEdge28Stop(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]bool{"by the words": false, "by OptOutType": true} {
		w := newWorld(t, false, func(o *twiliofake.Options, _ channels.Config) { o.OptOutType = service })
		w.write("hello")
		if _, err := w.ann.Stop(); err != nil {
			t.Fatal(err)
		}
		_, err := w.send(w.outbound(1, "please stay"))
		if se := classOf(t, err); se.Class != channels.OptedOut || !strings.Contains(se.Hint, "START") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.ann.Start(); err != nil {
			t.Fatal(err)
		}
		w.sent(w.outbound(2, "welcome back"))
		w.settled()
		if got := w.ann.Texts(); len(got) != 1 || got[0] != "welcome back" {
			t.Errorf("%s: %q", name, got)
		}
		in := w.decoded(channels.InboundMessage)
		if len(in) != 3 || in[0].Consent != nil || in[1].Consent == nil || !in[1].Consent.OptedOut || !in[1].Consent.Silent || in[1].Text != "STOP" ||
			in[2].Consent == nil || in[2].Consent.OptedOut {
			t.Errorf("%s: %+v", name, in)
		}
		w.quiet()
	}
}

// Error classes of the reference, each by its code.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for class, codes := range map[channels.Class][]int{
		channels.Throttled:      {20429, 21611, 30001, 30022, 63018},
		channels.Retry:          {30008, 30410, 63012, 30003},
		channels.BadRecipient:   {21211, 21612, 21614, 30005, 30006, 63003, 63024, 30004},
		channels.OptedOut:       {21610}, // and not 30004, by which a carrier's block would forbid all further answers
		channels.WindowClosed:   {63016},
		channels.BadContent:     {21617, 21620, 21655, 21656, 30007, 63013, 63019, 63021, 63032, 63049, 12345},
		channels.TemplateBad:    {63027, 63028, 63041, 63042},
		channels.AuthBroken:     {20003, 20404},
		channels.AccountBlocked: {21408, 21606, 21659, 30002, 30032, 30034, 63007, 63015, 63038, 63051},
	} {
		for _, code := range codes {
			se := (&apiError{status: 400, code: code, message: "m"}).asSendError()
			if se.Class != class || se.Text == "" || se.Class == channels.Throttled && se.Wait <= 0 {
				t.Errorf("%d: %+v", code, se)
			}
		}
	}
	if f := failureOf(30003); f.wait != time.Hour {
		t.Errorf("30003 is tried again after %s", f.wait)
	}
}

// The trap of 63018: towards a customer who wrote it is the rate, by template the day's limit.
func TestDailyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 63018, Status: 429, Times: 2})
	_, err := w.send(w.outbound(1, "x"))
	if se := classOf(t, err); se.Class != channels.Throttled || se.Wait > time.Minute || se.Pair {
		t.Errorf("%+v", se)
	}
	o := w.outbound(2, "x")
	o.Template = &channels.TemplateUse{Template: channels.Template{ExternalID: "HX1"}}
	_, err = w.send(o)
	if se := classOf(t, err); se.Class != channels.Throttled || se.Wait < time.Hour || !se.Pair { // answers to others leave
		t.Errorf("%+v", se)
	}
}

// A refused connection is certain: nothing left.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.fake.Close()
	if _, err := w.send(w.outbound(1, "x")); classOf(t, err).Class != channels.Retry {
		t.Error(err)
	}
}

// A number is read as people type it, in the country of ours.
//
func TestRecipient(t *testing.T) {
	t.Parallel()
	german := newWorld(t, false, func(o *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+493012345678" })
	for typed, want := range map[string]string{"+49 171 1234567": "+491711234567", "0171/1234567": "+491711234567", "whatsapp:+14155552671": "+14155552671",
		" +1 (415) 555-2671 ": "+14155552671", "": "", "ann": "", "+": "", "1-800-FLOWERS": "", "+999999999999999999": ""} {
		p, err := german.channel.(channels.Starter).Recipient(typed)
		if (err == nil) != (want != "") || p.Key != want || err != nil && classOf(t, err).Class != channels.BadRecipient {
			t.Errorf("%q: %+v, %v", typed, p, err)
		}
	}
}

// Typing is shown and the message marked as read.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	sid := w.write("hi")
	if err := w.channel.(channels.Attendant).Attend(t.Context(), channels.Party{Key: annPhone}, sid); err != nil || len(w.fake.Typing()) != 1 {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.channel.(channels.Attendant).Attend(ctx, channels.Party{}, sid); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = "**Acme** Support, *Monday* to Friday\n\n[acme.test](https://acme.test/a_b)\n\n- one\n- two"
	for _, whatsapp := range []bool{true, false} {
		w, spec := newWorld(t, whatsapp), SMSSpec(Options{})
		if whatsapp {
			spec = WhatsAppSpec(Options{})
		}
		w.write("hi")
		o := w.outbound(9, "Hello")
		o.Signature.Text = signature
		w.sent(o)
		if body, want := w.lastForm().Get("Body"), "Hello\n\n"+spec.Signature(signature); body != want {
			t.Errorf("%s: %q left, %q is shown", spec.Kind, body, want)
		}
	}
}
