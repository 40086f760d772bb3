package twilio

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// without an address from which Twilio can fetch them files are not offered, and the reason is told.
func TestNoFilesWithoutAPublicAddress(t *testing.T) {
	t.Parallel()
	for _, whatsapp := range []bool{true, false} {
		w := newWorld(t, whatsapp, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = "true" })
		if caps := w.base.Capabilities(); caps.Files.PerMessage == 0 || caps.Files.Unavailable != "" {
			t.Errorf("with an address: %d files, %q", caps.Files.PerMessage, caps.Files.Unavailable)
		}
		w.base.callbacks.address = ""
		if caps := w.base.Capabilities(); caps.Files.PerMessage != 0 || !strings.Contains(caps.Files.Unavailable, "PARLEY_PUBLIC_URL") {
			t.Errorf("without one: %d files, %q", caps.Files.PerMessage, caps.Files.Unavailable)
		}
	}
}

// What customers wrote between the set-up of an account and its first look is brought.
func TestFirstLookReachesBackToTheSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.fake.SetLost(true)
	for _, text := range []string{"before", "after"} {
		w.clock.move(time.Hour)
		w.base.beginsAt = w.clock.now() // the last time counts
		w.clock.move(time.Minute)
		if _, err := w.ann.Send(twiliofake.Message{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.move(5 * time.Hour)
	m, err := w.base.loadMemory(t.Context())
	if err == nil {
		_, err = w.base.pollOnce(t.Context(), &m)
	}
	if in := w.decoded(channels.InboundMessage); err != nil || len(in) != 1 || in[0].Text != "after" {
		t.Errorf("%v, brought %+v, want the message after the set-up alone", err, in)
	}
}
