package http_test

import (
	"testing"
	"time"

	"parley/channels"
	parleyhttp "parley/channels/http"
)

// What was accepted stays readable when an admin moves the callback elsewhere before it is applied: only the file, which may
// not be fetched any more, is missing then.
func TestAcceptedBeforeTheSettingsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.base + "/files/bill.pdf"
	facts := w.post(t, rawMessage(`{"type":"message","id":"m1","from":{"id":"kim"},"text":"My bill","attachments":[{"url":"`+ref+`"}]}`))
	moved := channels.Account{ID: 7, Name: "shop", Config: channels.Config{"secret": secret, "callback_url": "https://shop.test/parley", "allow_private": "false"}}
	later, err := parleyhttp.Spec().New(moved, channels.Env{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	got, err := later.Decode(facts[0].Payload)
	if err != nil || len(got) != 1 || got[0].Text != "My bill" || len(got[0].Attachments) != 1 || got[0].Attachments[0].Ref != ref {
		t.Errorf("it became %+v, %v", got, err)
	}
	if _, err := later.(channels.Fetcher).Fetch(t.Context(), ref); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("the file is fetched from where it may not be any more: %v", err)
	}
}
