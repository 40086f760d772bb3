package messenger

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
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
			wantClass(t, "asking for the tag", err, channels.WindowClosed)
			if text := sendError(t, err).Text; !strings.Contains(text, tt.want) {
				t.Errorf("got the words %q, want %q in them", text, tt.want)
			}
			if sendError(t, err).Hint == "" {
				t.Errorf("the error %v has no hint", err)
			}
		})
	}
}

// newSixthDayRig makes a rig whose customer wrote six days ago, and a message of a person to the customer.
func newSixthDayRig(t *testing.T) (*rig, channels.Outbound) {
	t.Helper()
	r := newRig(t)
	o := r.outbound(1, "Hi")
	r.clock.move(6 * day)
	return r, o
}

// wantTags checks with which tags the customer got messages.
func (r *rig) wantTags(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, m := range r.customer.Inbox() {
		got = append(got, m.Tag)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the customer got messages with the tags %q, want %q", got, want)
	}
}

// An automatic message on the sixth day is refused without asking Facebook.
func TestMachineOnTheSixthDay(t *testing.T) {
	t.Parallel()
	r, o := newSixthDayRig(t)
	o.Automatic = true
	_ = r.wantSendFails(t, o, channels.WindowClosed)
	wantEqual(t, "number of requests to send", len(r.meta.RequestsTo("messenger.messages")), 0)
}

// A person's message on the sixth day is sent with its tag.
func TestPersonOnTheSixthDay(t *testing.T) {
	t.Parallel()
	r, o := newSixthDayRig(t)
	r.mustSend(t, o)
	var sent outRequest
	noError(t, json.Unmarshal(r.meta.RequestsTo("messenger.messages")[0].Body, &sent))
	wantEqual(t, "type", sent.Type, "MESSAGE_TAG")
	wantEqual(t, "tag", sent.Tag, humanAgentTag)
	r.wantTags(t, humanAgentTag)
}

// A failure that has nothing to do with the tag keeps its class, for example one to try again.
func TestOtherFailuresOnTheSixthDay(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]channels.Class{
		codeService:      channels.Retry,
		codeTokenInvalid: channels.AuthBroken,
		codePermission:   channels.WindowClosed, // the app may not use the tag
		codePermissions:  channels.WindowClosed,
	} {
		r, o := newSixthDayRig(t)
		r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: code, Status: 400})
		_ = r.wantSendFails(t, o, want)
	}
}

// If the app lacks the feature Human Agent, the hint says so instead of only that the window is closed.
func TestPersonWithoutTheFeature(t *testing.T) {
	t.Parallel()
	r, o := newSixthDayRig(t)
	r.page.SetHumanAgent(false)
	if se := r.wantSendFails(t, o, channels.WindowClosed); se.Hint == windowHint {
		t.Errorf("the hint %q doesn't say that the feature is missing", se.Hint)
	}
}

// After a reaction of the customer, a message needs no tag again.
func TestReactionOpensTheWindow(t *testing.T) {
	t.Parallel()
	r, o := newSixthDayRig(t)
	r.mustSend(t, o)
	r.page.SetHumanAgent(false)
	r.customer.React(r.takeInbox(t, 1)[0].ID, "👍")
	r.mustSend(t, r.outbound(2, "Hi"))
	r.wantTags(t, humanAgentTag, "")
}

// A message may be too late by Facebook's clock only. A person's message is then sent again with the tag, and an automatic
// one or an advertisement is refused.
func TestWindowByFacebooksClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		automatic   bool
		promotional bool
	}{
		{name: "machine", automatic: true},
		{name: "advertisement", promotional: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, o := newSixthDayRig(t)
			o.LastIn = r.clock.now().Add(-23 * time.Hour) // by our clock the window is open
			o.Automatic, o.Promotional = tt.automatic, tt.promotional
			_ = r.wantSendFails(t, o, channels.WindowClosed)
			r.takeInbox(t, 0)
		})
	}
	t.Run("person", func(t *testing.T) {
		t.Parallel()
		r, o := newSixthDayRig(t)
		o.LastIn = r.clock.now().Add(-23 * time.Hour)
		r.mustSend(t, o)
		r.wantTags(t, humanAgentTag)
	})
}
