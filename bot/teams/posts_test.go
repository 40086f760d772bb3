package teams

import (
	"errors"
	"fmt"
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

// A rate limit says how long to wait, or we choose.
func TestThrottled(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for _, tt := range []struct {
		fault teamsfake.Fault
		class channels.Class
		least time.Duration
		most  time.Duration
	}{
		{
			fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7},
			class: channels.Throttled, least: 7 * time.Second, most: 7 * time.Second,
		},
		{
			fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit},
			class: channels.Throttled, least: defaultThrottleWait, most: 2 * defaultThrottleWait,
		},
		{
			fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
			class: channels.Retry, least: defaultBusyWait, most: 2 * defaultBusyWait,
		},
	} {
		tt.fault.Method, tt.fault.Times = "activities.send", 1
		w.fake.Inject(tt.fault)
		se := w.mustFail(w.saidPost(w.root, "x"))
		wantEqual(t, fmt.Sprintf("%s: class", tt.fault.Kind), se.Class, tt.class)
		if se.Wait < tt.least || se.Wait > tt.most {
			t.Errorf("%s: got wait %v, want %v to %v", tt.fault.Kind, se.Wait, tt.least, tt.most)
		}
	}
	wantEqual(t, "messages in the thread", len(w.fake.Thread(w.channel, w.root)), 1) // its root
}

// A post that Teams stored before it answered 502 is found. The same words of the customer's again are another post.
func TestStoredBeforeAnError(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	p := w.saidPost(w.root, "once")
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Times: 1})
	wantEqual(t, "class", w.mustFail(p).Class, channels.Ambiguous)
	sent := w.wantReconciled(p, channels.Landed)
	wantEqual(t, "the message is known", sent.Message != "", true)
	w.desk.Own(w.channel, sent.Message)
	p.Token = "again"
	w.wantReconciled(p, channels.Absent)
}

// While the app is out of the team, nothing is tried there. When it is in again, what was said meanwhile is found.
func TestRemovedAndAdded(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.fake.Admin.Uninstall(w.ctx(), w.team))
	w.desk.Wait(t, "that the app is out is told", func() bool { return w.desk.Status() == channels.Broken })
	wantWords(t, w.wantClosed(w.saidPost(w.root, "out")).Hint, "Add the app")
	calls := len(w.fake.Calls("activities.send"))
	_ = w.mustFail(w.saidPost(w.root, "out again"))
	wantEqual(t, "attempts while it is known that we are out", len(w.fake.Calls("activities.send"))-calls, 0)
	_, err := w.ann.Reply(w.channel, w.root, "said meanwhile")
	must(t, err)
	must(t, w.fake.Admin.Install(w.ctx(), w.team))
	w.desk.Wait(t, "that it is in again is told", func() bool { return w.desk.Status() == channels.Active })
	w.mustSend(w.saidPost(w.root, "in again"))
	w.run()
	w.waitStored("said meanwhile")
}

// wantResolved checks which channel a name leads to.
func (w *world) wantResolved(name, want string) {
	w.t.Helper()
	id, err := w.surface.Resolve(w.ctx(), name)
	must(w.t, err)
	wantEqual(w.t, "channel "+name, id, want)
}

// A renamed channel has its new name only.
func TestRenamedChannel(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.fake.Admin.RenameChannel(w.channel, "Clients"))
	w.waitDelivered()
	w.wantResolved("#clients", w.channel)
	w.wantResolved("#customers", "")
}

// A channel that was deleted a moment ago, which nobody has told yet, has lost none of its threads and messages.
func TestDeletedChannelNobodyTold(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.withoutEvents(func() error { return w.fake.Admin.DeleteChannel(w.channel) })
	card := w.saidPost(w.root, "untold")
	card.Kind, card.Place.Message = bridge.PostCard, w.root
	for _, post := range []bridge.Post{w.saidPost(w.root, "untold"), card} {
		if se := w.wantClosed(post); errors.Is(se, bridge.ErrThreadLost) || errors.Is(se, bridge.ErrMessageGone) {
			t.Errorf("%s: got error %v, want none that something is lost", post.Kind, se)
		}
	}
}

// A deleted channel takes no posts until it is restored. A thread whose root is gone is lost.
func TestDeletedChannel(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.fake.Admin.DeleteChannel(w.channel))
	w.waitDelivered()
	w.wantClosed(w.newRoot("gone", w.channel))
	w.wantClosed(w.saidPost(w.root, "gone"))
	must(t, w.fake.Admin.RestoreChannel(w.channel))
	w.waitDelivered()
	w.mustSend(w.saidPost(w.root, "back"))
	wantEqual(t, "what is heard there", w.annTypes("still there").Text, "still there")
	must(t, w.fake.Admin.Forget(w.channel, w.root))
	if se := w.mustFail(w.saidPost(w.root, "lost")); !errors.Is(se, bridge.ErrThreadLost) {
		t.Errorf("got error %v, want that the thread is lost", se)
	}
}

// When Teams moves to another region, posts go where its last message came from.
func TestServiceMoves(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Admin.SetRegion("amer")
	w.annTypes("from elsewhere")
	w.mustSend(w.saidPost(w.root, "there"))
	calls := w.fake.Calls("activities.send")
	wantWords(t, calls[len(calls)-1].Path, "/amer/")
}

// What comes from an address that isn't one of Teams' is refused, and the known address stays.
func TestForgedService(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.annTypes("from where Teams is")
	good, err := w.surface.org.Notes.Service(w.ctx())
	must(t, err)
	before := w.desk.IDs()
	for _, address := range []string{
		"https://smba.trafficmanager.net:8443/emea/", "https://evil@smba.trafficmanager.net/emea/", "https://x.trafficmanager.net/emea/",
		"http://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net.evil.test/", "//evil.test/", "",
	} {
		status, _ := w.sendActivity(map[string]any{"type": "message", "id": "1700000000777", "text": "hi", "serviceUrl": address}, w.root)
		wantEqual(t, fmt.Sprintf("status of %q", address), status, http.StatusUnauthorized)
	}
	now, err := w.surface.org.Notes.Service(w.ctx())
	must(t, err)
	wantEqual(t, "address of Teams", now, good)
	wantList(t, "stored facts", w.desk.IDs(), before)
}

// A flood of forged tokens is refused, and makes us ask for keys only a few times. The rest of keys is tested in bot/teams/inbound
// (TestRotationAndFlood, TestKeyServerDown) and bot/teams/auth.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	const flood = 20
	w := newTalk(t)
	w.annTypes("signed with the first key")
	must(t, w.fake.Entra.RotateKeys(true))
	for _, kind := range []entra.Token{entra.TokenUnknownKid, entra.TokenExpired, entra.TokenNone} {
		wantEqual(t, fmt.Sprintf("%s: refusals", kind), w.fake.Forger.Flood(w.ctx(), kind, flood)[http.StatusUnauthorized], flood)
	}
	if n := len(w.fake.Calls("keys")); n > 3 {
		t.Errorf("we asked for keys %d times, want at most 3", n)
	}
}

// In a private channel replies of its members are heard. Who is named there without being a member is told in a chat of their own.
func TestPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.types(w.fake.As(ben), w.root, "known from elsewhere")
	private := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true})
	w.desk.Open(private.ID)
	sent := w.mustSend(w.newRoot("private", private.ID))
	w.desk.Own(private.ID, sent.Message)
	id, err := w.ann.Reply(private.ID, sent.Message, "in private")
	must(t, err)
	a := w.waitAction(fact.MessageID(private.ID, id))
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
	wantEqual(t, "channel", a.Place.Channel, private.ID)
	wantEqual(t, "it is our thread", a.OwnThread, true)

	p := w.newPost(bridge.PostLine, "assigned")
	p.Place = bridge.Place{Channel: private.ID, Thread: sent.Message}
	p.Line = &bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann Lee"}, Mentions: []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}}}
	w.mustSend(p)
	must(t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Personal(ben)) > 0 }))
	w.surface.org.Work.Wait()
	wantWords(t, w.fake.Personal(ben)[0].HTML, "teams.microsoft.com") // a link to the thread
	w.wantNoProblems()
}

// What Ann types to us alone in a channel is a command, and never a reply to the customer.
func TestTypedInPrivate(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Slash(w.channel, w.root, "snooze 2h")
	must(t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantEqual(t, "thread", a.Place.Thread, w.root)
	wantEqual(t, "message", a.Place.Message, "")
	for _, text := range []string{"Dear customer, hello", "reply: hello"} {
		id, err := w.ann.Private(w.channel, w.root, text)
		must(t, err)
		a := w.waitAction(fact.MessageID(w.channel, id))
		wantEqual(t, text+": verb", a.Verb, bridge.VerbUnknown)
		wantEqual(t, text+": origin", a.Origin, bridge.OriginSlash)
		wantEqual(t, text+": it is explicit", a.Explicit, false)
	}
}

// What is for one person is whispered in the channel. If Teams doesn't whisper, it comes into that person's chat.
func TestWhisper(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.mustSend(w.newWhisper(ann))
	got := w.fake.Targeted(ann)
	if len(got) != 1 {
		t.Fatalf("Ann was whispered %+v, want one message", got)
	}
	wantWords(t, got[0].Text, "There is a reason.")
	wantEqual(t, "messages in Ann's chat", len(w.fake.Personal(ann)), 0)

	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusBadRequest, Code: "BadArgument", Times: 1})
	w.mustSend(w.newWhisper(ann))
	if got = w.fake.Personal(ann); len(got) != 1 {
		t.Fatalf("Ann's chat has %+v, want one message", got)
	}
	wantWords(t, got[0].Text, "There is a reason.")
}

// Activities that nobody expects are answered, and nothing is stored of them.
func TestUnexpectedActivities(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	before := w.desk.IDs()
	for _, tt := range []struct {
		activity map[string]any
		want     int
	}{
		{activity: map[string]any{"type": "trace"}, want: http.StatusOK},
		{activity: map[string]any{"type": "event", "name": "application/vnd.microsoft.meetingStart"}, want: http.StatusOK},
		{
			activity: map[string]any{"type": "conversationUpdate", "channelData": map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": "teamSung"}},
			want:     http.StatusOK,
		},
		{activity: map[string]any{"type": "invoke", "name": "signin/verifyState", "value": map[string]any{}}, want: http.StatusNotImplemented},
		{activity: map[string]any{"type": "invoke", "name": fact.InvokeFetch, "value": "riddle"}, want: http.StatusOK},
		{activity: map[string]any{"type": "invoke", "name": fact.InvokeConsent, "value": nil}, want: http.StatusOK},
		{activity: map[string]any{"type": "messageReaction", "reactionsAdded": nil, "replyToId": w.root}, want: http.StatusOK},
	} {
		tt.activity["id"] = "1"
		status, _ := w.sendActivity(tt.activity, w.root)
		wantEqual(t, fmt.Sprintf("status of %v", tt.activity), status, tt.want)
	}
	for body, want := range map[string]int{
		"":                     http.StatusBadRequest,
		"null":                 http.StatusBadRequest,
		"[]":                   http.StatusBadRequest,
		`{"type":"message"} x`: http.StatusBadRequest,
		`{"type":"message","text":"` + strings.Repeat("x", 2<<20) + `"}`: http.StatusRequestEntityTooLarge,
	} {
		status, _, err := w.fake.Forger.SendRaw(w.ctx(), entra.TokenGood, []byte(body))
		must(t, err)
		wantEqual(t, fmt.Sprintf("status of %.40q", body), status, want)
	}
	wantList(t, "stored facts", w.desk.IDs(), before)
}

// Teams is told of what could not be stored, so that it brings it again.
func TestAnswerWithoutStore(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	before := w.desk.IDs()
	for _, tt := range []struct {
		err  error
		want int
	}{
		{err: errDown, want: http.StatusInternalServerError},
		{err: channels.ErrOverloaded, want: http.StatusServiceUnavailable},
	} {
		w.desk.Refuse(tt.err)
		status, _ := w.sendActivity(map[string]any{"type": "message", "id": "1700000000888", "text": "hi"}, w.root)
		wantEqual(t, fmt.Sprintf("status after %q", tt.err), status, tt.want)
	}
	wantList(t, "stored facts", w.desk.IDs(), before)
}
