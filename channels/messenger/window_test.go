package messenger

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// Edge case 24: for a day anybody may write, until the end of the seventh day people alone, and then nobody.
func TestWindow(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		age         time.Duration // since the customer wrote
		automatic   bool
		promotional bool
		tag         string
		closed      bool
	}{
		"a person after a minute":                      {age: time.Minute},
		"a machine after a minute":                     {age: time.Minute, automatic: true},
		"a machine just within a day":                  {age: day - time.Second, automatic: true},
		"a person after a day":                         {age: day, tag: "HUMAN_AGENT"},
		"a machine after a day":                        {age: day, automatic: true, closed: true},
		"a person on the sixth day":                    {age: 6 * day, tag: "HUMAN_AGENT"},
		"a machine on the sixth day":                   {age: 6 * day, automatic: true, closed: true},
		"a person just within seven days":              {age: 7*day - time.Second, tag: "HUMAN_AGENT"},
		"a person after seven days":                    {age: 7 * day, closed: true},
		"an advertisement just within a day":           {age: day - time.Second, promotional: true},
		"an advertisement after a day":                 {age: day, promotional: true, closed: true},
		"a person, by a clock that is a minute behind": {age: -time.Minute},
	} {
		tag, err := tagNeeded(now, channels.Outbound{LastIn: now.Add(-c.age), Automatic: c.automatic, Promotional: c.promotional})
		wantEqual(t, name+": tag", tag, c.tag)
		if !c.closed {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantClass(t, name, err, channels.WindowClosed)
		if sendError(t, err).Hint == "" {
			t.Errorf("%s: the error has no hint: %v", name, err)
		}
	}
}

// On the sixth day a person's message leaves with its tag, and nobody asks Facebook for a machine's.
func TestSixthDayOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "Hi")
	r.clock.move(6 * 24 * time.Hour)

	o.Automatic = true
	_, err := r.Send(t.Context(), o)
	wantClass(t, "a machine on the sixth day", err, channels.WindowClosed)
	wantEqual(t, "calls for what can't be sent", len(r.meta.RequestsTo("messenger.messages")), 0)

	o.Automatic = false
	if _, err := r.Send(t.Context(), o); err != nil {
		t.Fatalf("a person on the sixth day: %v", err)
	}
	var sent outRequest
	noError(t, json.Unmarshal(r.meta.RequestsTo("messenger.messages")[0].Body, &sent))
	wantEqual(t, "type", sent.Type, "MESSAGE_TAG")
	wantEqual(t, "tag", sent.Tag, "HUMAN_AGENT")
	r.wantTags(t, "HUMAN_AGENT")

	r.page.SetHumanAgent(false)
	_, err = r.Send(t.Context(), o)
	wantClass(t, "without the feature Human Agent", err, channels.WindowClosed)
	if sendError(t, err).Hint == windowHint {
		t.Errorf("the hint %q doesn't say that the feature is missing", windowHint)
	}

	r.customer.React(r.customer.Inbox()[0].ID, "👍") // it opens the window
	if _, err := r.Send(t.Context(), r.outbound(2, "Hi")); err != nil {
		t.Errorf("after a reaction: %v", err)
	}
	r.wantTags(t, "HUMAN_AGENT", "")
}

// What only Facebook's clock finds late is sent again in people's window, if a person wrote it and it is no advertisement.
func TestWindowByFacebooksClock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.clock.move(6 * 24 * time.Hour)
	o := r.outbound(1, "Hi")
	o.LastIn = r.clock.now().Add(-23 * time.Hour) // by our clock the window is open

	if _, err := r.Send(t.Context(), o); err != nil {
		t.Errorf("a person: %v", err)
	}
	o.Promotional = true
	_, err := r.Send(t.Context(), o)
	wantClass(t, "an advertisement", err, channels.WindowClosed)
	o.Automatic, o.Promotional = true, false
	_, err = r.Send(t.Context(), o)
	wantClass(t, "a machine", err, channels.WindowClosed)
	r.wantTags(t, "HUMAN_AGENT")
}

// wantTags checks with which tags the customer got her messages.
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

// Codes of Facebook and what becomes of a message with them.
func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, subcode, status int // of HTTP
		class                 channels.Class
	}{
		"window":              {10, 2018278, 400, channels.WindowClosed},
		"window, older":       {10, 2018065, 400, channels.WindowClosed},
		"unavailable":         {551, 1545041, 400, channels.BadRecipient},
		"unavailable, code":   {551, 0, 400, channels.BadRecipient},
		"blocked":             {10, 2018108, 400, channels.BadRecipient},
		"unavailable, old":    {200, 1545041, 403, channels.BadRecipient},
		"no such person":      {100, 2018001, 400, channels.BadRecipient},
		"app's budget":        {4, 0, 400, channels.Throttled},
		"page's budget":       {32, 0, 400, channels.Throttled},
		"custom budget":       {613, 0, 400, channels.Throttled},
		"messenger's budget":  {80006, 0, 400, channels.Throttled},
		"unknown at Facebook": {1, 0, 500, channels.Retry},
		"perhaps it is sent":  {1, 1357046, 500, channels.Ambiguous},
		"temporary":           {2, 0, 503, channels.Retry},
		"temporary send":      {1200, 0, 500, channels.Retry},
		"token":               {190, 463, 401, channels.AuthBroken},
		"permission":          {10, 0, 403, channels.AuthBroken},
		"no access":           {100, 33, 400, channels.AuthBroken},
		"permission, 200":     {200, 0, 403, channels.AuthBroken},
		"permission, 230":     {230, 0, 403, channels.AuthBroken},
		"blocked for abuse":   {368, 0, 400, channels.AccountBlocked},
		"restricted":          {10, 1893063, 400, channels.AccountBlocked},
		"another app holds":   {10, 2018300, 400, channels.BadContent},
		"bad parameter":       {100, 0, 400, channels.BadContent},
		"bad file":            {100, 2018047, 400, channels.BadContent},
		"a code of tomorrow":  {987654, 0, 400, channels.BadContent},
		"tomorrow's trouble":  {987654, 0, 500, channels.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: c.code, Subcode: c.subcode,
				Status: c.status, Text: "in words", Times: 2}) // a closed window is asked twice
			_, err := r.Send(t.Context(), r.outbound(1, "Hi"))
			wantClass(t, fmt.Sprintf("code %d/%d", c.code, c.subcode), err, c.class)
			se := sendError(t, err)
			if se.Text == "" {
				t.Errorf("the error %+v has no words for people", se)
			}
			if se.Class == channels.Throttled && se.Wait <= 0 {
				t.Errorf("got a wait of %s, want some time", se.Wait)
			}
			wantEqual(t, "messages that the customer got", len(r.customer.Inbox()), 0)
		})
	}
}

// A Facebook that can't be reached has got nothing.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	noError(t, r.meta.Close())
	_, err := r.Send(t.Context(), r.outbound(1, "Hi"))
	wantClass(t, "sending to nobody", err, channels.Retry)
}
