package messenger

import (
	"encoding/json"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// Edge case 24: day six is for people only.
func TestWindow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		age       time.Duration
		automatic bool
		promotes  bool
		tag       string
		closed    bool
	}{
		"a minute":            {time.Minute, false, false, "", false},
		"a minute, machine":   {time.Minute, true, false, "", false},
		"just inside":         {24*time.Hour - time.Second, true, false, "", false},
		"just outside":        {24 * time.Hour, false, false, "HUMAN_AGENT", false},
		"outside, machine":    {24 * time.Hour, true, false, "", true},
		"day six":             {6 * 24 * time.Hour, false, false, "HUMAN_AGENT", false},
		"day six, machine":    {6 * 24 * time.Hour, true, false, "", true},
		"last second":         {7*24*time.Hour - time.Second, false, false, "HUMAN_AGENT", false},
		"seven days":          {7 * 24 * time.Hour, false, false, "", true},
		"advertisement":       {24*time.Hour - time.Second, false, true, "", false},
		"advertisement, late": {24 * time.Hour, false, true, "", true},
		"clocks that differ":  {-time.Minute, false, false, "", false},
	} {
		tag, err := tagNeeded(now, channels.Outbound{LastIn: now.Add(-c.age), Automatic: c.automatic, Promotional: c.promotes})
		if tag != c.tag || (err != nil) != c.closed || c.closed && (channels.ClassOf(err) != channels.WindowClosed || sendError(t, err).Hint == "") {
			t.Errorf("%s: tag %q, %v", name, tag, err)
		}
	}
}

// The window at Facebook: what is closed isn't even asked for, what Facebook's clock closes
// first goes to people's window, and who lacks Human Agent is told so.
func TestWindowOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := r.clock.now()
	at := func(id int64, automatic bool) channels.Outbound {
		o := r.out(id, "Hi")
		o.LastIn, o.Automatic = asked, automatic
		return o
	}
	r.clock.move(6 * 24 * time.Hour)
	if _, err := r.Send(t.Context(), at(1, true)); channels.ClassOf(err) != channels.WindowClosed {
		t.Errorf("a machine on day six: %v", err)
	}
	if n := len(r.meta.RequestsTo("messenger.messages")); n != 0 {
		t.Errorf("%d calls for what can't be sent", n)
	}
	if _, err := r.Send(t.Context(), at(2, false)); err != nil {
		t.Fatalf("a person on day six: %v", err)
	}
	var sent outRequest
	if err := json.Unmarshal(r.meta.RequestsTo("messenger.messages")[0].Body, &sent); err != nil || sent.Type != "MESSAGE_TAG" || sent.Tag != "HUMAN_AGENT" {
		t.Errorf("sent as %+v, %v", sent, err)
	}
	late := at(3, false)
	late.LastIn = r.clock.now().Add(-23 * time.Hour) // we think that it is open
	if _, err := r.Send(t.Context(), late); err != nil {
		t.Errorf("a person whom only Facebook's clock finds late: %v", err)
	}
	late.Promotional = true
	if _, err := r.Send(t.Context(), late); channels.ClassOf(err) != channels.WindowClosed {
		t.Errorf("an advertisement that only Facebook's clock finds late: %v", err)
	}
	late.Automatic, late.Promotional = true, false
	if _, err := r.Send(t.Context(), late); channels.ClassOf(err) != channels.WindowClosed {
		t.Errorf("a machine whom only Facebook's clock finds late: %v", err)
	}
	r.page.SetHumanAgent(false)
	if _, err := r.Send(t.Context(), at(4, false)); channels.ClassOf(err) != channels.WindowClosed || sendError(t, err).Hint == windowHint {
		t.Errorf("without the feature Human Agent: %v", err)
	}
	r.customer.React(r.customer.Inbox()[0].ID, "👍") // it opens the window
	o := r.out(5, "Hi")
	if _, err := r.Send(t.Context(), o); err != nil {
		t.Errorf("after a reaction: %v", err)
	}
	if got := r.customer.Inbox(); len(got) != 3 || got[0].Tag != "HUMAN_AGENT" || got[1].Tag != "HUMAN_AGENT" || got[2].Tag != "" {
		t.Errorf("the customer got %+v", got)
	}
}

// Codes of Facebook and what becomes of a message with them.
func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, subcode, status int
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
			r.fault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: c.code, Subcode: c.subcode,
				Status: c.status, Text: "in words", Times: 2}) // a closed window is asked twice
			_, err := r.Send(t.Context(), r.out(1, "Hi"))
			se := sendError(t, err)
			if se.Class != c.class || se.Text == "" || se.Class == channels.Throttled && se.Wait <= 0 {
				t.Errorf("%d/%d is %+v", c.code, c.subcode, se)
			}
			if len(r.customer.Inbox()) > 0 {
				t.Error("it was sent")
			}
		})
	}
}

// A Facebook that can't be reached has got nothing.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.meta.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), r.out(1, "Hi")); channels.ClassOf(err) != channels.Retry {
		t.Error(err)
	}
}
