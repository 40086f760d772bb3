package teams

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

func saidPost(w *world, root, token string) bridge.Post {
	return bridge.Post{Kind: bridge.PostSaid, Token: token, Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(),
		Said: &bridge.Said{MessageID: 1, From: sampleFacts().Contact, Text: "Help " + token}}
}

// refused makes a post that fails, and gives how.
func (w *world) refused(p bridge.Post) *channels.SendError {
	w.t.Helper()
	_, err := w.s.Send(within(w.t), p)
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		w.t.Fatalf("error %v", err)
	}
	return se
}

func edgeThrottled(t *testing.T) {
	w, _, root, _ := talk(t)
	for _, c := range []struct {
		fault teamsfake.Fault
		class channels.Class
		least time.Duration
		most  time.Duration
	}{
		{teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, channels.Throttled, 7 * time.Second, 7 * time.Second},
		{teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, channels.Throttled, defaultThrottleWait, 2 * defaultThrottleWait},
		{teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"}, channels.Retry, defaultBusyWait, 2 * defaultBusyWait},
	} {
		c.fault.Method, c.fault.Times = "activities.send", 1
		w.fake.Inject(c.fault)
		if se := w.refused(saidPost(w, root, "x")); se.Class != c.class || se.Wait < c.least || se.Wait > c.most {
			t.Errorf("%s: class %s, wait %v", c.fault.Kind, se.Class, se.Wait)
		}
	}
	if n := len(w.fake.Thread(w.channel, root)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func edgeStored(t *testing.T) {
	w, d, root, _ := talk(t)
	p := saidPost(w, root, "once")
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Times: 1})
	if se := w.refused(p); se.Class != channels.Ambiguous {
		t.Fatalf("class %s", se.Class)
	}
	outcome, sent, err := w.s.Reconcile(within(t), p)
	if outcome != channels.Landed || sent.Message == "" || err != nil {
		t.Fatalf("reconciled %v %+v, %v", outcome, sent, err)
	}
	d.Own(w.channel, sent.Message)
	// The same words of the customer's again are another post.
	p.Token = "again"
	if outcome, _, err = w.s.Reconcile(within(t), p); outcome != channels.Absent || err != nil {
		t.Errorf("the same words again: %v, %v", outcome, err)
	}
}

func edgeRemoved(t *testing.T) {
	w, d, root, p := talk(t)
	must(t, w.fake.Admin.Uninstall(within(t), w.team))
	d.Wait(t, "that the app is out is told", func() bool { return d.Status() == channels.Broken })
	if se := w.refused(saidPost(w, root, "out")); !errors.Is(se, bridge.ErrChannelClosed) || !strings.Contains(se.Hint, "Add the app") {
		t.Errorf("%v, hint %q", se, se.Hint)
	}
	calls := len(w.fake.Calls("activities.send"))
	_ = w.refused(saidPost(w, root, "out again"))
	if more := len(w.fake.Calls("activities.send")) - calls; more != 0 {
		t.Errorf("%d calls while it is known that we are out", more)
	}
	_, err := p.Reply(w.channel, root, "said meanwhile")
	must(t, err)
	must(t, w.fake.Admin.Install(within(t), w.team))
	d.Wait(t, "that it is in again is told", func() bool { return d.Status() == channels.Active })
	_, err = w.s.Send(within(t), saidPost(w, root, "in again"))
	must(t, err)
	w.run()
	d.Wait(t, "what was said meanwhile is found", func() bool {
		for _, f := range d.Accepted() {
			if strings.HasPrefix(f.ExternalID, "m:") && strings.Contains(string(f.Payload), "said meanwhile") {
				return true
			}
		}
		return false
	})
}

func edgeChannels(t *testing.T) {
	w, d, root, p := talk(t)
	must(t, w.fake.Admin.RenameChannel(w.channel, "Clients"))
	w.settled()
	if id, err := w.s.Resolve(within(t), "#clients"); id != w.channel || err != nil {
		t.Errorf("the renamed channel is %q, %v", id, err)
	}
	if id, err := w.s.Resolve(within(t), "#customers"); id != "" || err != nil {
		t.Errorf("its old name is %q, %v", id, err)
	}
	// A channel that was deleted a moment ago, so that nobody has told it yet, has lost none of its threads.
	w.unheard(func() error { return w.fake.Admin.DeleteChannel(w.channel) })
	card := saidPost(w, root, "untold")
	card.Kind, card.Place.Message = bridge.PostCard, root
	for _, post := range []bridge.Post{saidPost(w, root, "untold"), card} {
		if se := w.refused(post); !errors.Is(se, bridge.ErrChannelClosed) || errors.Is(se, bridge.ErrThreadLost) || errors.Is(se, bridge.ErrMessageGone) {
			t.Errorf("%s in a channel that was deleted: %v", post.Kind, se)
		}
	}
	must(t, w.fake.Admin.RestoreChannel(w.channel))
	must(t, w.fake.Admin.DeleteChannel(w.channel))
	w.settled()
	for _, thread := range []string{"", root} {
		post := saidPost(w, thread, "gone")
		if thread == "" {
			post.Kind = bridge.PostRoot
		}
		if se := w.refused(post); !errors.Is(se, bridge.ErrChannelClosed) {
			t.Errorf("in a deleted channel: %v", se)
		}
	}
	must(t, w.fake.Admin.RestoreChannel(w.channel))
	w.settled()
	_, err := w.s.Send(within(t), saidPost(w, root, "back"))
	must(t, err)
	if a := typed(t, w, d, p, root, "still there"); a.Text != "still there" {
		t.Errorf("%+v", a)
	}
	must(t, w.fake.Admin.Forget(w.channel, root))
	if se := w.refused(saidPost(w, root, "lost")); !errors.Is(se, bridge.ErrThreadLost) {
		t.Errorf("in a thread whose root is gone: %v", se)
	}
}

func edgeService(t *testing.T) {
	w, d, root, p := talk(t)
	w.fake.Admin.SetRegion("amer")
	typed(t, w, d, p, root, "from elsewhere")
	_, err := w.s.Send(within(t), saidPost(w, root, "there"))
	must(t, err)
	calls := w.fake.Calls("activities.send")
	if last := calls[len(calls)-1]; !strings.Contains(last.Path, "/amer/") {
		t.Errorf("posted at %s", last.Path)
	}
	good, err := w.s.org.Notes.Service(within(t))
	must(t, err)
	before := len(d.IDs())
	for _, address := range []string{"https://smba.trafficmanager.net:8443/emea/", "https://evil@smba.trafficmanager.net/emea/", "https://x.trafficmanager.net/emea/",
		"http://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net.evil.test/", "//evil.test/", ""} {
		if status, _ := w.raw(map[string]any{"type": "message", "id": "1700000000777", "text": "hi", "serviceUrl": address}, root); status != http.StatusUnauthorized {
			t.Errorf("%q is answered %d", address, status)
		}
	}
	if now, _ := w.s.org.Notes.Service(within(t)); now != good || len(d.IDs()) != before {
		t.Errorf("the service is now at %s; facts %v", now, d.IDs()[before:])
	}
}

// edgeKeys: the rest is in bot/teams/auth (TestRotation, TestFlood, TestKeyServerDown).
func edgeKeys(t *testing.T) {
	w, d, root, p := talk(t)
	typed(t, w, d, p, root, "signed with the first key")
	must(t, w.fake.Entra.RotateKeys(true))
	for _, kind := range []entra.Token{entra.TokenUnknownKid, entra.TokenExpired, entra.TokenNone} {
		if answers := w.fake.Forger.Flood(within(t), kind, 20); answers[http.StatusUnauthorized] != 20 {
			t.Errorf("%s: %v", kind, answers)
		}
	}
	if n := len(w.fake.Calls("keys")); n > 3 {
		t.Errorf("a flood made us ask for keys %d times", n)
	}
}

func edgePrivate(t *testing.T) {
	w, d, root, p := talk(t)
	typed(t, w, d, w.fake.As(ben), root, "known from elsewhere")
	private := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true})
	d.Open(private.ID)
	sent, err := w.s.Send(within(t), bridge.Post{Kind: bridge.PostRoot, Token: "private", Attempt: 1, Place: bridge.Place{Channel: private.ID}, Facts: sampleFacts()})
	must(t, err)
	d.Own(private.ID, sent.Message)
	id, err := p.Reply(private.ID, sent.Message, "in private")
	must(t, err)
	if a := w.accepted(d, fact.MessageID(private.ID, id)); a.Actor.Kind != bridge.ActorPerson || a.Place.Channel != private.ID || !a.OwnThread {
		t.Errorf("%+v", a)
	}
	// Ben isn't in it: he is named, and told in his own chat.
	line := bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann Lee"}, Mentions: []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}}}
	_, err = w.s.Send(within(t), bridge.Post{Kind: bridge.PostLine, Token: "assigned", Attempt: 1, Place: bridge.Place{Channel: private.ID, Thread: sent.Message}, Facts: sampleFacts(), Line: &line})
	must(t, err)
	must(t, w.fake.WaitFor(within(t), func() bool { return len(w.fake.Personal(ben)) > 0 }))
	w.s.org.Work.Wait()
	if m := w.fake.Personal(ben)[0]; !strings.Contains(m.HTML, "teams.microsoft.com") {
		t.Errorf("Ben is told %q", m.HTML)
	}
	w.noProblems()
}

func edgeTargeted(t *testing.T) {
	w, d, root, p := talk(t)
	id, err := p.Slash(w.channel, root, "snooze 2h")
	must(t, err)
	if a := w.accepted(d, fact.MessageID(w.channel, id)); a.Verb != bridge.VerbSnooze || a.Args.Until != "2h" || a.Origin != bridge.OriginSlash || a.Place.Thread != root || a.Place.Message != "" {
		t.Errorf("a command: %+v", a)
	}
	for _, text := range []string{"Dear customer, hello", "reply: hello"} {
		id, err := p.Private(w.channel, root, text)
		must(t, err)
		if a := w.accepted(d, fact.MessageID(w.channel, id)); a.Verb != bridge.VerbUnknown || a.Origin != bridge.OriginSlash || a.Explicit {
			t.Errorf("%q in private: %+v", text, a)
		}
	}
	post := bridge.Post{Kind: bridge.PostEphemeral, Token: "whisper", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root}, To: ann, Facts: sampleFacts(),
		Line: &bridge.Line{Content: &bridge.RefusedLine{Reason: "There is a reason."}, Verb: bridge.VerbTake}}
	_, err = w.s.Send(within(t), post)
	must(t, err)
	if got := w.fake.Targeted(ann); len(got) != 1 || !strings.Contains(got[0].Text, "There is a reason.") || len(w.fake.Personal(ann)) != 0 {
		t.Errorf("whispered %+v", got)
	}
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusBadRequest, Code: "BadArgument", Times: 1})
	_, err = w.s.Send(within(t), post)
	must(t, err)
	if got := w.fake.Personal(ann); len(got) != 1 || !strings.Contains(got[0].Text, "There is a reason.") {
		t.Errorf("where Teams doesn't whisper, Ann's chat has %+v", got)
	}
}

func edgeUnexpected(t *testing.T) {
	w, d, root, _ := talk(t)
	before := len(d.IDs())
	for _, c := range []struct {
		activity map[string]any
		status   int
	}{
		{map[string]any{"type": "trace", "id": "1"}, http.StatusOK},
		{map[string]any{"type": "event", "id": "1", "name": "application/vnd.microsoft.meetingStart"}, http.StatusOK},
		{map[string]any{"type": "conversationUpdate", "id": "1", "channelData": map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": "teamSung"}}, http.StatusOK},
		{map[string]any{"type": "invoke", "id": "1", "name": "signin/verifyState", "value": map[string]any{}}, http.StatusNotImplemented},
		{map[string]any{"type": "invoke", "id": "1", "name": fact.InvokeFetch, "value": "riddle"}, http.StatusOK},
		{map[string]any{"type": "invoke", "id": "1", "name": fact.InvokeConsent, "value": nil}, http.StatusOK},
		{map[string]any{"type": "messageReaction", "id": "1", "reactionsAdded": nil, "replyToId": root}, http.StatusOK},
	} {
		if status, answer := w.raw(c.activity, root); status != c.status {
			t.Errorf("%v is answered %d %s", c.activity, status, answer)
		}
	}
	for body, want := range map[string]int{"null": http.StatusBadRequest, "": http.StatusBadRequest, `{"type":"message"} x`: http.StatusBadRequest, "[]": http.StatusBadRequest,
		`{"type":"message","text":"` + strings.Repeat("x", 2<<20) + `"}`: http.StatusRequestEntityTooLarge} {
		status, _, err := w.fake.Forger.SendRaw(within(t), entra.TokenGood, []byte(body))
		if err != nil || status != want {
			t.Errorf("%.40q is answered %d, %v; want %d", body, status, err, want)
		}
	}
	d.Refuse(errDown)
	if status, _ := w.raw(map[string]any{"type": "message", "id": "1700000000888", "text": "hi"}, root); status != http.StatusInternalServerError {
		t.Errorf("what could not be stored is answered %d", status)
	}
	d.Refuse(channels.ErrOverloaded)
	if status, _ := w.raw(map[string]any{"type": "message", "id": "1700000000888", "text": "hi"}, root); status != http.StatusServiceUnavailable {
		t.Errorf("an overload is answered %d", status)
	}
	if more := d.IDs()[before:]; len(more) > 0 {
		t.Errorf("facts of nothing: %v", more)
	}
}
