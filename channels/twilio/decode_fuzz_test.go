package twilio

import (
	"reflect"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/golden"
)

// Decoding any stored payload ends the same way each time, and costs no more than its length allows.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + inboundForm().Encode()))
	hostile := fields{"NumMedia": "9999999", "MediaUrl1": "x", "Latitude": "1e400", "Longitude": "1"}
	f.Add([]byte("hook\t2026-11-20T09:00:00Z\t\n" + waForm(hostile).Encode()))
	f.Add([]byte(`list` + "\n" + `{"message":{"sid":"SM1","direction":"inbound","body":"x","num_media":"x"},"media":[{"url":"/a"}]}`))
	f.Add([]byte("template\n{}"))
	var all []*Channel // one for each medium
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		c, err := newChannel(channels.Account{Config: channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}},
			channels.Env{Keys: [][]byte{[]byte("k")}, Now: time.Now}, Options{}, by == viaWhatsApp)
		noError(f, err)
		all = append(all, c)
	}

	payloadOf := func(text string) []byte {
		form := inboundForm()
		form.Set("Body", text)
		return []byte("hook\t2026-11-20T09:00:00Z\to=1.0e.00\n" + form.Encode())
	}
	for _, s := range golden.Seeds() {
		f.Add(payloadOf(s))
		f.Add([]byte(s))
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, c := range all {
			m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
			if long, ok := golden.Repeated(string(raw)); ok {
				payload := payloadOf(long)
				m.Check(t, len(payload), func() { _, _ = c.Decode(payload) })
			}

			list, err := c.Decode(raw)
			again, errAgain := c.Decode(raw)
			if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(list, again) {
				t.Errorf("decoded as %+v, %v, then as %+v, %v", list, err, again, errAgain)
			}
			for _, in := range list {
				checkInbound(t, in)
			}
		}
	})
}

// checkInbound checks what is true of anything that was decoded.
func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.Kind == "" {
		t.Errorf("%+v has no kind", in)
	}
	if in.Kind == channels.InboundStatus && in.Status == nil {
		t.Errorf("%+v has no status", in)
	}
	if len(in.Attachments) > maxMedia {
		t.Errorf("got %d files, want at most %d", len(in.Attachments), maxMedia)
	}
}
