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
	says := func(wait time.Duration) error { return &channels.SendError{Class: channels.Retry, Wait: wait} }
	for name, c := range map[string]struct {
		err     error
		attempt int
		want    time.Duration
	}{
		"the first fault":                  {errors.New("reset"), 1, time.Second},
		"the fourth":                       {errors.New("reset"), 4, 8 * time.Second},
		"a long outage":                    {errors.New("reset"), 7, time.Minute},
		"a very long one":                  {errors.New("reset"), 5000, time.Minute},
		"a chat that says when":            {says(3 * time.Second), 1, 3 * time.Second},
		"one that wants more time":         {says(5 * time.Minute), 1, 5 * time.Minute},
		"one that says nothing about that": {says(0), 2, 2 * time.Second},
	} {
		var got *channels.SendError
		if err := waitForChat(c.err, c.attempt); !errors.As(err, &got) || got.Wait != c.want || !IsWaitingForChat(got.Text) {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// Admins hear of an account from which nothing leaves for an hour, and not of a moment's pause, nor of one for one customer. They
// don't hear which customer a message was for.
func TestAdminsHearOfALongPause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure channels.SendError
		told    bool
	}{
		"a wrong password":   {channels.SendError{Class: channels.AuthBroken}, true},
		"a day's quota":      {channels.SendError{Class: channels.Throttled, Wait: time.Hour, Text: "Ann.", AccountText: "Full."}, true},
		"no relay":           {channels.SendError{Class: channels.AccountBlocked, Text: "Not to Ann.", AccountText: "No relay."}, true},
		"a moment":           {channels.SendError{Class: channels.Throttled, Wait: time.Minute}, false},
		"one customer waits": {channels.SendError{Class: channels.Throttled, Wait: time.Hour, Pair: true}, false},
		"a slow retry":       {channels.SendError{Class: channels.Retry, Wait: 12 * time.Hour}, false},
	} {
		got := BrokenBy(&c.failure)
		if (got != nil) != c.told {
			t.Errorf("%s: %+v", name, got)
		}
		if got != nil && got.Text != c.failure.AccountText {
			t.Errorf("%s: admins are told %q", name, got.Text)
		}
		if got != nil && (got.Lasts > c.failure.Wait) != (c.failure.Wait > 0) {
			t.Errorf("%s lasts for %s: the first message that leaves after a pause doesn't show that it is over", name, got.Lasts)
		}
	}
}
