package meta

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
)

const (
	day = 24 * time.Hour

	humanAgentTag = "HUMAN_AGENT" // of messages that only people may send
)

// Anybody may write within a day of the customer's last message. After that only people may, with a tag, until seven days
// have passed.
func TestTagNeeded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		age         time.Duration // since the customer wrote
		automatic   bool
		promotional bool
		want        string
	}{
		{name: "person after a minute", age: time.Minute, want: ""},
		{name: "machine after a minute", age: time.Minute, automatic: true, want: ""},
		{name: "machine just within a day", age: day - time.Second, automatic: true, want: ""},
		{name: "advertisement just within a day", age: day - time.Second, promotional: true, want: ""},
		{name: "person, by a clock that is a minute behind", age: -time.Minute, want: ""},
		{name: "person after a day", age: day, want: humanAgentTag},
		{name: "person on the sixth day", age: 6 * day, want: humanAgentTag},
		{name: "person just within seven days", age: 7*day - time.Second, want: humanAgentTag},
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tag, err := tagNeeded(now, channels.Outbound{LastIn: now.Add(-tt.age), Automatic: tt.automatic, Promotional: tt.promotional})
			noError(t, err)
			wantEqual(t, "tag", tag, tt.want)
		})
	}
}

// A message that may no longer be sent is refused with a reason and a hint.
func TestClosedWindow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		age         time.Duration // since the customer wrote
		automatic   bool
		promotional bool
		want        string // part of the reason
	}{
		{name: "machine after a day", age: day, automatic: true, want: "no automatic message"},
		{name: "machine on the sixth day", age: 6 * day, automatic: true, want: "no automatic message"},
		{name: "advertisement after a day", age: day, promotional: true, want: "no advertising"},
		{name: "person after seven days", age: 7 * day, want: "more than seven days ago"},
		{name: "machine after seven days", age: 7 * day, automatic: true, want: "more than seven days ago"},
		{name: "advertisement after seven days", age: 7 * day, promotional: true, want: "more than seven days ago"},
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tag, err := tagNeeded(now, channels.Outbound{LastIn: now.Add(-tt.age), Automatic: tt.automatic, Promotional: tt.promotional})
			wantEqual(t, "tag", tag, "")
			_ = wantClass(t, "asking for the tag", err, channels.WindowClosed)
			if text := sendError(t, err).Text; !strings.Contains(text, tt.want) {
				t.Errorf("got the words %q, want %q in them", text, tt.want)
			}
			if sendError(t, err).Hint == "" {
				t.Errorf("the error %v has no hint", err)
			}
		})
	}
}
