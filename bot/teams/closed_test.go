package teams

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

// shutOut is how Teams says that the app may not post.
func shutOut(method, channel string) teamsfake.Fault {
	return teamsfake.Fault{Method: method, Channel: channel, Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeNotInRoster}
}

// lastReport returns what was told last, and how much was told.
func (d *desk) lastReport() (last channels.Condition, told int) {
	all := d.Reports()
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	return last, len(all)
}

// TestClosedIsTold: what is told of a closed channel are the words of the failed post, so
// that the engine, which tells those, tells nothing new.
func TestClosedIsTold(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Billing"})
	d.Open(other.ID)
	typed(t, w, d, p, root, "which doesn't say how the channel is called")
	must(t, w.s.history.catchUp(within(t)))
	w.fake.Inject(shutOut("activities.send", ""))
	w.fake.Inject(shutOut("conversations.create", ""))
	for channel, post := range map[string]bridge.Post{
		"“Customers”": saidPost(w, root, "x"),
		"“Billing”":   {Kind: bridge.PostRoot, Token: "y", Attempt: 1, Place: bridge.Place{Channel: other.ID}, Facts: sampleFacts()},
	} {
		se := w.refused(post)
		if got, _ := d.lastReport(); got != (channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint}) || !strings.Contains(se.Text, channel) {
			t.Errorf("%s: told %+v, the post says %q, %q", channel, got, se.Text, se.Hint)
		}
	}
	_, told := d.lastReport()
	_ = w.refused(saidPost(w, root, "again"))
	if _, now := d.lastReport(); now != told {
		t.Errorf("told %d times more", now-told)
	}
	must(t, w.fake.Admin.Uninstall(within(t), w.team))
	w.settled()
	if got, _ := d.lastReport(); !strings.Contains(got.Text, "removed from the team “Support”") { // which is told last, too
		t.Errorf("told %+v", got)
	}
}

// TestProbe: a place that Teams keeps us from is tried once a minute, whoever heard that it
// is open again.
func TestProbe(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	d := newDesk()
	w := newWorld(t, d, func(o *Options, _ *teamsfake.Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	}).connect()
	root := w.thread(d)
	w.fake.Inject(shutOut("activities.send", w.channel))
	_ = w.refused(saidPost(w, root, "x"))
	calls := len(w.fake.Calls("activities.send"))
	for minute := range 3 {
		mu.Lock()
		now = now.Add(time.Minute)
		mu.Unlock()
		for range 5 {
			_ = w.refused(saidPost(w, root, "x"))
		}
		if n := len(w.fake.Calls("activities.send")) - calls; n != minute+1 {
			t.Errorf("%d calls in %d minutes", n, minute+1)
		}
	}
	w.fake.ClearFaults() // no event tells it
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	if _, err := w.s.Send(within(t), saidPost(w, root, "x")); err != nil {
		t.Error(err)
	}
	if got, _ := d.lastReport(); got.Status != channels.Active {
		t.Errorf("told %+v", got)
	}
}

// TestRemovedIsToldOnce: what an event said of a team or channel is not said a second time, in
// other words, when a post is tried there a minute later.
func TestRemovedIsToldOnce(t *testing.T) {
	t.Parallel()
	for kind, remove := range map[string]func(*world){
		"team": func(w *world) { must(t, w.fake.Admin.Uninstall(within(t), w.team)) },
		"channel": func(w *world) {
			w.raw(map[string]any{"type": connector.TypeConversationUpdate, "id": "f:removed", "membersRemoved": []any{map[string]any{"id": w.s.org.Me}},
				"channelData": map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": "channelMemberRemoved",
					"team": map[string]any{"id": w.team}, "channel": map[string]any{"id": w.channel, "name": "Customers", "type": "private"}}}, w.channel)
			w.fake.Inject(shutOut("activities.send", w.channel))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w, d, root, ann, later := talkLater(t)
			typed(t, w, d, ann, root, "which tells of what team the channel is")
			remove(w)
			w.settled()
			before, told := d.lastReport()
			if !strings.Contains(before.Text, "removed from the "+kind) {
				t.Fatalf("told %+v", before)
			}
			for range 3 {
				later(time.Minute)
				calls := len(w.fake.Calls("activities.send"))
				se := w.refused(saidPost(w, root, "x"))
				if len(w.fake.Calls("activities.send")) == calls {
					t.Error("the post was not tried")
				}
				if !errors.Is(se, bridge.ErrChannelClosed) || se.Text != before.Text || se.Hint != before.Hint {
					t.Errorf("the post says %q, %q; told was %q, %q", se.Text, se.Hint, before.Text, before.Hint)
				}
			}
			if last, n := d.lastReport(); n != told {
				t.Errorf("told %d times more: %+v", n-told, last)
			}
		})
	}
}

// TestOtherLimits: too many questions about members, or messages to a person, keep nobody else from posting.
func TestOtherLimits(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	whisper := bridge.Post{Kind: bridge.PostEphemeral, Token: "w", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root}, To: ben, Facts: sampleFacts(),
		Line: &bridge.Line{Content: &bridge.RefusedLine{Reason: "There is a reason."}, Verb: bridge.VerbTake}}
	alone := whisper
	alone.Place, alone.To = bridge.Place{}, ann // of Ben, Teams is asked but once
	for method, post := range map[string]bridge.Post{"members.get": whisper, "conversations.create": alone, "activities.send": alone} {
		w.fake.Inject(teamsfake.Fault{Method: method, Kind: teamsfake.FaultRateLimit, Retry: 7, Times: 1})
		if se := w.refused(post); se.Class != channels.Retry || se.Wait != 7*time.Second {
			t.Errorf("%s: class %s, wait %v", method, se.Class, se.Wait)
		}
	}
}

// TestNoChat: a chat with a person that isn't there is no missing channel.
func TestNoChat(t *testing.T) {
	t.Parallel()
	w, d, _, _ := talk(t)
	line := bridge.Line{Content: &bridge.RefusedLine{Reason: "There is a reason."}, Verb: bridge.VerbTake}
	for _, at := range []bridge.Place{{}, {Channel: "a:chat"}} {
		for _, method := range []string{"conversations.create", "activities.send"} {
			w.fake.Inject(teamsfake.Fault{Method: method, Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "ConversationNotFound", Times: 1})
			se := w.refused(bridge.Post{Kind: bridge.PostEphemeral, Token: "w", Attempt: 1, Place: at, To: ben, Facts: sampleFacts(), Line: &line})
			if se.Class != channels.BadRecipient || !strings.Contains(se.Text, "person") || strings.Contains(se.Error(), bridge.ErrChannelClosed.Error()) {
				t.Errorf("%s in %q: %v", method, at.Channel, se)
			}
			w.fake.ClearFaults()
		}
	}
	if last, told := d.lastReport(); told > 0 && last.Status == channels.Broken {
		t.Errorf("told %+v", last)
	}
}

// TestArchivedTeam: what is posted to the threads of an archived team waits until it takes posts again.
func TestArchivedTeam(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	must(t, w.fake.Admin.ArchiveTeam(w.team, true))
	line := bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}
	reply := bridge.Post{Kind: bridge.PostLine, Token: "line", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(), Line: &line}
	if se := w.refused(reply); !errors.Is(se, bridge.ErrChannelClosed) || !strings.Contains(se.Text, connector.CodeWritesBlocked) || !strings.Contains(se.Hint, "Unarchive") {
		t.Errorf("%v, %s", se, se.Hint)
	}
}

// TestSharedChannel: a channel belongs to the team that owns it, whomever it is shared with.
func TestSharedChannel(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	typed(t, w, d, p, root, "heard in its own team")
	data := func(event string) map[string]any {
		return map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": event,
			"team": map[string]any{"id": "19:guests@thread.tacv2"}, "channel": map[string]any{"id": w.channel, "name": "Customers", "type": "shared"}}
	}
	for _, event := range []string{"channelShared", "channelMemberAdded", "channelUnshared"} {
		status, answer := w.raw(map[string]any{"type": connector.TypeConversationUpdate, "id": "f:" + event, "channelData": data(event)}, root)
		if now, _ := w.s.org.Notes.Channel(w.channel); status != http.StatusOK || now.Team != w.team {
			t.Errorf("%s is answered %d %s; the channel's note is %+v", event, status, answer, now)
		}
	}
	if group := w.s.org.Notes.Groups()[w.channel]; group == "" {
		t.Error("links into the channel are lost")
	}
}

// TestChannelWithoutApp: an app that is taken out of a shared or private channel is still in
// the team and its other channels.
func TestChannelWithoutApp(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	typed(t, w, d, p, root, "in the team's channel")
	private := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true})
	post := bridge.Post{Kind: bridge.PostRoot, Token: "p", Attempt: 1, Place: bridge.Place{Channel: private.ID}, Facts: sampleFacts()}
	must(t, w.fake.Admin.AddApp(private.ID, false))
	w.settled()
	_, told := d.lastReport()
	// Where Teams also tells it as an installation, it names the channel as the place.
	status, answer := w.raw(map[string]any{"type": connector.TypeInstallationUpdate, "id": "f:gone", "action": "remove",
		"conversation": map[string]any{"id": private.ID, "conversationType": "channel", "tenantId": w.fake.TenantID()},
		"channelData":  map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "team": map[string]any{"id": w.team}}}, root)
	if status != http.StatusOK {
		t.Fatalf("answered %d %s", status, answer)
	}
	if last, now := d.lastReport(); last.Status != channels.Broken || now != told { // before a post closes it again
		t.Errorf("told %+v after %d and %d reports", last, told, now)
	}
	if se := w.refused(post); !errors.Is(se, bridge.ErrChannelClosed) || !strings.Contains(se.Text, "removed from the channel “Private”") {
		t.Errorf("%v", se)
	}
	if _, err := w.s.Send(within(t), saidPost(w, root, "in the team")); err != nil {
		t.Errorf("in another channel of the team: %v", err)
	}
	if last, _ := d.lastReport(); last.Status != channels.Broken || len(w.s.org.Notes.Teams()) != 1 {
		t.Errorf("told %+v; the app is in %v", last, w.s.org.Notes.Teams())
	}
	must(t, w.fake.Admin.AddApp(private.ID, true))
	w.settled()
	if _, err := w.s.Send(within(t), post); err != nil {
		t.Errorf("in it again: %v", err)
	}
	if last, _ := d.lastReport(); last.Status != channels.Active {
		t.Errorf("told %+v", last)
	}
}

// TestWrongHost: where Teams is not at the address that is known, a setting is wrong: posts
// wait, and admins are told which.
func TestWrongHost(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*world){
		"Teams says so": func(w *world) {
			w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeWrongHost})
		},
		"it is not allowed": func(w *world) {
			must(t, w.s.org.Notes.Keep(within(t), organisation.NoteService, "https://elsewhere.test/"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d, root, _ := talk(t)
			spoil(w)
			if se := w.refused(saidPost(w, root, "x")); se.Class != channels.AuthBroken || !strings.Contains(se.Hint, "TEAMS_SERVICE_URLS") {
				t.Errorf("class %s, hint %q", se.Class, se.Hint)
			}
			if last, _ := d.lastReport(); last.Status != channels.Broken || !strings.Contains(last.Hint, "TEAMS_SERVICE_URLS") {
				t.Errorf("told %+v", last)
			}
		})
	}
}
