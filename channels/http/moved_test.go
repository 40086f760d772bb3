package http_test

import (
	"testing"
	"time"

	"parley/channels"
	parleyhttp "parley/channels/http"
)

// An event was accepted, and an admin moves the callback elsewhere before it is applied. The event can still be read.
// Only its file is missing, since it may not be fetched any more.
func TestAcceptedBeforeTheSettingsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.base + "/files/bill.pdf"
	m := message("m1", "My bill")
	m["attachments"] = []any{map[string]any{"url": ref}}
	facts := w.post(t, m)

	moved := channels.Account{
		ID:     7,
		Name:   "shop",
		Config: channels.Config{"secret": secret, "callback_url": "https://shop.test/parley", "allow_private": "false"},
	}
	later, err := parleyhttp.Spec().New(moved, channels.Env{Now: time.Now})
	noError(t, err)

	got := decodeOne(t, later, facts[0].Payload)
	wantEqual(t, "text", got.Text, "My bill")
	if len(got.Attachments) != 1 || got.Attachments[0].Ref != ref {
		t.Errorf("it has the files %+v, want the one at %s", got.Attachments, ref)
	}
	_, err = later.(channels.Fetcher).Fetch(t.Context(), ref)
	wantEqual(t, "class of the error of fetching the file", channels.ClassOf(err), channels.BadContent)
}
