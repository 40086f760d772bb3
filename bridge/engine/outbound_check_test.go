package engine

import (
	"errors"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// claimed returns a delivery that was claimed for an attempt. The first attempt is 1. errorText tells why the attempt
// before failed.
func claimed(attempt int, errorText string) store.ClaimedDelivery {
	return store.ClaimedDelivery{Delivery: store.Delivery{Attempt: attempt, ErrorText: errorText}}
}

// If Parley can't read a reply again in the chat, it tries again after a second, then less and less often up to once a
// minute, or when the chat says. So neither a short fault nor a long one holds the reply longer than needed.
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
		err := waitForChat(c.err, claimed(c.attempt, ""))
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

// A change that was found in the chat stays known while the reply waits for its chat, for whatever reason it waits.
func TestFoundChangeStaysKnown(t *testing.T) {
	t.Parallel()
	for _, why := range []string{waitsForGap, chatNotRead} {
		c := claimed(1, "retry: "+why)
		if c.ErrorText = keepFound(why, c); wasChangeFound(c) {
			t.Errorf("%q tells of a change, though none was found", c.ErrorText)
		}
		c.ErrorText = changeIsRead
		for range 2 {
			c.ErrorText = keepFound(why, c)
			if !wasChangeFound(c) || !IsWaitingForChat(c.ErrorText) {
				t.Errorf("%q doesn't tell that a change was found, or not that the reply waits for its chat", c.ErrorText)
			}
		}
	}
}

// Admins are told of an account that can't send for an hour, but not of a moment's pause or of a pause for one customer.
// They aren't told for which customer a message was.
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
		// The trouble lasts longer than a pause, so that the first message after the pause ends it.
		if pause := c.failure.Wait; pause > 0 && got.Lasts <= pause {
			t.Errorf("%s lasts for %s, want longer than the pause of %s", name, got.Lasts, pause)
		} else if pause == 0 && got.Lasts != 0 {
			t.Errorf("%s lasts for %s, want no end", name, got.Lasts)
		}
	}
}

// A last check before a reply leaves looks at all that may have changed while the reply waited.
func TestLastChecks(t *testing.T) {
	t.Parallel()
	now := time.Now()
	const ann, bob = "ann@customer.test", "bob@customer.test"
	for name, c := range map[string]struct {
		change func(*outgoingReply)
		want   channels.Class // "" if it may leave
		hint   string         // "" if any may be given
	}{
		"nothing has changed":                    {change: func(*outgoingReply) {}},
		"its author is gone":                     {change: func(r *outgoingReply) { r.author = nil }, want: channels.BadContent},
		"its author was taken out":               {change: func(r *outgoingReply) { r.author = &store.Agent{} }, want: channels.BadContent},
		"taken out, and another one has sent it": {change: func(r *outgoingReply) { r.author, r.message.Reason = &store.Agent{}, bridge.ReasonClicked }},
		"gone, and another one has revived it":   {change: func(r *outgoingReply) { r.author, r.message.Reason = nil, bridge.ReasonRevived }},
		"the account only watches": {change: func(r *outgoingReply) {
			r.account.Mode = store.ModeWatch
		}, want: channels.BadContent},
		"an automatic reply": {change: func(r *outgoingReply) {
			r.author, r.message.Automatic, r.message.Direction, r.message.CreatedAt = nil, store.AutomaticReply, store.DirectionOut, now
		}},
		"an automatic reply that waited too long": {change: func(r *outgoingReply) {
			r.message.Automatic, r.message.Direction, r.message.CreatedAt = store.AutomaticReply, store.DirectionOut, now.Add(-16*time.Minute)
		}, want: channels.BadContent},
		"nobody is left": {change: func(r *outgoingReply) {
			r.out.To, r.payload.Meant = nil, nil
		}, want: channels.BadRecipient},
		"it was meant for Bob": {change: func(r *outgoingReply) {
			r.payload.Meant = []string{ann, bob}
		}, want: channels.BadRecipient},
		"meant for Bob, who gets a copy": {change: func(r *outgoingReply) {
			r.payload.Meant, r.out.Cc = []string{bob}, []channels.Party{{Key: bob}}
		}},
		"meant for Bob alone, who gets a copy of what goes to Ann": {change: func(r *outgoingReply) {
			r.payload.Meant, r.out.Cc, r.customerKeys = []string{bob}, []channels.Party{{Key: bob}}, nil
		}, want: channels.BadRecipient},
		"meant for Bob, with a copy for Ann": {change: func(r *outgoingReply) {
			r.payload.Meant, r.payload.Copied, r.out.Cc, r.customerKeys = []string{bob}, []string{ann}, []channels.Party{{Key: bob}}, nil
		}},
		"a mail gave Bob a copy":   {change: func(r *outgoingReply) { r.out.Cc = []channels.Party{{Key: bob}} }, want: channels.BadRecipient},
		"an agent gave Bob a copy": {change: func(r *outgoingReply) { r.out.Cc, r.chosenKeys = []channels.Party{{Key: bob}}, []string{bob} }},
		"a click sends it to whoever is there": {change: func(r *outgoingReply) {
			r.payload.Meant, r.out.Cc = nil, []channels.Party{{Key: bob}}
		}},
		"meant for another key of Ann's": {change: func(r *outgoingReply) {
			r.payload.Meant, r.customerKeys = []string{bob}, []string{ann, bob}
		}},
		"meant for Ann's other key, but Carl gets it": {change: func(r *outgoingReply) {
			r.payload.Meant, r.customerKeys, r.out.To = []string{bob}, []string{ann, bob}, []channels.Party{{Key: "carl@x.test"}}
		}, want: channels.BadRecipient},
		"she wants nothing":        {change: func(r *outgoingReply) { r.optedOut = store.OptedOutAll }, want: channels.OptedOut, hint: OptedOutHint},
		"she wants no advertising": {change: func(r *outgoingReply) { r.optedOut = store.OptedOutMarketing }},
		"she wants none, and it is some": {change: func(r *outgoingReply) {
			r.optedOut, r.message.Promotional = store.OptedOutMarketing, true
		}, want: channels.OptedOut, hint: AdvertisingHint},
		"the window has closed": {change: func(r *outgoingReply) {
			r.window = Window{Limited: true, HumanUntil: now}
		}, want: channels.WindowClosed},
		"the window has closed for all but a template": {change: func(r *outgoingReply) {
			r.window, r.out.Template = Window{Limited: true}, &channels.TemplateUse{}
		}},
		"it is open for people": {change: func(r *outgoingReply) {
			r.window = Window{Limited: true, HumanUntil: now.Add(time.Second)}
		}},
		"open for people, but it is promotional": {change: func(r *outgoingReply) {
			r.window, r.message.Promotional = Window{Limited: true, HumanUntil: now.Add(time.Second)}, true
		}, want: channels.BadContent},
		"the account is on trial":       {change: func(r *outgoingReply) { r.account.Mode = store.ModeTrial }, want: channels.BadRecipient},
		"on trial with her on the list": {change: func(r *outgoingReply) { r.account.Mode, r.account.TrialTo = store.ModeTrial, []string{ann} }},
		"on trial with another key of hers": {change: func(r *outgoingReply) {
			r.account.Mode, r.account.TrialTo, r.out.To[0].Also = store.ModeTrial, []string{bob}, []string{bob}
		}},
		"on trial without whoever gets a copy": {change: func(r *outgoingReply) {
			r.account.Mode, r.account.TrialTo = store.ModeTrial, []string{ann}
			r.payload.Copied, r.out.Cc = []string{bob}, []channels.Party{{Key: bob}}
		}, want: channels.BadRecipient},
	} {
		agent := store.AgentID(1)
		r := &outgoingReply{account: &store.Account{Mode: store.ModeLive}, author: &store.Agent{ID: agent, Active: true},
			message: store.Message{MessageAuthor: store.MessageAuthor{AgentID: &agent}}, customerKeys: []string{ann},
			now: now, out: channels.Outbound{To: []channels.Party{{Key: ann}}}}
		r.payload.Meant, r.payload.Copied = []string{ann}, []string{}
		c.change(r)
		var got channels.Class
		var hint string
		if se, ok := errors.AsType[*channels.SendError](checkReply(r)); ok {
			got, hint = se.Class, se.Hint
		}
		if got != c.want {
			t.Errorf("%s: the reply is refused as %q, want %q", name, got, c.want)
		}
		if c.hint != "" && hint != c.hint {
			t.Errorf("%s: the hint is %q, want %q", name, hint, c.hint)
		}
	}
}

// A reply in a chat goes to a key that its customer still has. It never goes to a former key, which may be somebody
// else's now.
func TestKeyInUse(t *testing.T) {
	t.Parallel()
	const former = FormerPrefix + "7:"
	for name, c := range map[string]struct {
		keys      []string // the oldest first
		key, want string
	}{
		"a mail's conversation names its recipients": {key: "kim@x.test", want: "kim@x.test"},
		"the customer's own":                         {keys: []string{"+491", "+492"}, key: "+491", want: "+491"},
		"one that was never the customer's":          {keys: []string{"+491"}, key: "+499", want: "+499"},
		"a former one":                               {keys: []string{former + "+491", "+492", "+493"}, key: "+491", want: "+493"},
		"a former one, and the newest was given up":  {keys: []string{former + "+491", "+492", former + "+493"}, key: "+491", want: "+492"},
		"the last one was given up":                  {keys: []string{former + "+491"}, key: "+491", want: ""},
	} {
		if got := keyInUse(c.keys, c.key); got != c.want {
			t.Errorf("%s: of %q the reply goes to %q, want %q", name, c.keys, got, c.want)
		}
	}
}
