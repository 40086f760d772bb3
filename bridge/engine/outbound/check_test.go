package outbound

import (
	"errors"
	"testing"
	"time"

	"parley/channels"
)

// A reply whose chat can't be read is tried again soon, then each minute, or when the chat says: a fault that is over
// in a moment must not hold it for a minute, and a long one not for hours.
func TestWaitsForTheChat(t *testing.T) {
	t.Parallel()
	tryIn := func(wait time.Duration) error { return &channels.SendError{Class: channels.Retry, Wait: wait} }
	for name, c := range map[string]struct {
		err     error
		attempt int
		want    time.Duration
	}{
		"the first fault":                    {err: errors.New("reset"), attempt: 1, want: time.Second},
		"the fourth":                         {err: errors.New("reset"), attempt: 4, want: 8 * time.Second},
		"a long outage":                      {err: errors.New("reset"), attempt: 7, want: time.Minute},
		"a very long one":                    {err: errors.New("reset"), attempt: 5000, want: time.Minute},
		"a chat that says when":              {err: tryIn(3 * time.Second), attempt: 1, want: 3 * time.Second},
		"one that wants more time":           {err: tryIn(5 * time.Minute), attempt: 1, want: 5 * time.Minute},
		"one that says to try, but not when": {err: tryIn(0), attempt: 2, want: 2 * time.Second},
	} {
		err := waitForChat(c.err, c.attempt)
		got, ok := errors.AsType[*channels.SendError](err)
		if !ok {
			t.Errorf("%s: got %v, want an error of sending", name, err)
			continue
		}
		if got.Wait != c.want {
			t.Errorf("%s: it is tried again in %s, want %s", name, got.Wait, c.want)
		}
		if !IsWaitingForChat(got.Text) {
			t.Errorf("%s: the text %q is not one of a reply that waits for its chat", name, got.Text)
		}
	}
}

// Admins hear of an account from which nothing leaves for an hour, and not of a moment's pause, nor of one for one customer. They
// don't hear which customer a message was for.
func TestAdminsHearOfALongPause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure  channels.SendError
		wantTold bool
	}{
		"a wrong password":   {failure: channels.SendError{Class: channels.AuthBroken}, wantTold: true},
		"a day's quota":      {failure: channels.SendError{Class: channels.Throttled, Wait: time.Hour, Text: "Ann.", AccountText: "Full."}, wantTold: true},
		"no relay":           {failure: channels.SendError{Class: channels.AccountBlocked, Text: "Not to Ann.", AccountText: "No relay."}, wantTold: true},
		"a moment":           {failure: channels.SendError{Class: channels.Throttled, Wait: time.Minute}},
		"one customer waits": {failure: channels.SendError{Class: channels.Throttled, Wait: time.Hour, Pair: true}},
		"a slow retry":       {failure: channels.SendError{Class: channels.Retry, Wait: 12 * time.Hour}},
	} {
		got := BrokenBy(&c.failure)
		if (got != nil) != c.wantTold {
			t.Errorf("%s: admins hear of %+v, want them told: %v", name, got, c.wantTold)
		}
		if got == nil {
			continue
		}
		if got.Text != c.failure.AccountText {
			t.Errorf("%s: admins are told %q, want %q", name, got.Text, c.failure.AccountText)
		}
		// It outlasts a pause, so that the first message that leaves after it shows that it is over.
		if pause := c.failure.Wait; pause > 0 && got.Lasts <= pause {
			t.Errorf("%s lasts for %s, want longer than the pause of %s", name, got.Lasts, pause)
		} else if pause == 0 && got.Lasts != 0 {
			t.Errorf("%s lasts for %s, want no end", name, got.Lasts)
		}
	}
}
