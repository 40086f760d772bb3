package teams

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

// forbidden is how Teams says that the app may not post in a channel, or in any if it is "".
func forbidden(method, channel string) teamsfake.Fault {
	return teamsfake.Fault{Method: method, Channel: channel, Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeNotInRoster}
}

// lastReport returns what was told last of the surface's condition, and how often something was told.
func (d *desk) lastReport() (last channels.Condition, told int) {
	all := d.Reports()
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	return last, len(all)
}

// wantReport checks which condition was told last, and with which words.
func (w *world) wantReport(want channels.ConditionStatus, words ...string) {
	w.t.Helper()
	got, _ := w.desk.lastReport()
	wantEqual(w.t, "status that was told last", got.Status, want)
	wantWords(w.t, got.Text, words...)
}

// wantReports checks how often a condition was told so far.
func (w *world) wantReports(want int) {
	w.t.Helper()
	if last, got := w.desk.lastReport(); got != want {
		w.t.Errorf("conditions were told %d times, want %d; the last is %+v", got, want, last)
	}
}

// wantClosed checks that a post fails because its channel is closed, and returns the failure.
func (w *world) wantClosed(p bridge.Post) *channels.SendError {
	w.t.Helper()
	se := w.mustFail(p)
	if !errors.Is(se, bridge.ErrChannelClosed) {
		w.t.Errorf("the post %s fails with %v, want that its channel is closed", p.Token, se)
	}
	return se
}

// What is told of a closed channel are the words of the failed post. So the engine, which tells those, tells nothing new.
func TestClosedIsTold(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Billing"})
	w.desk.Open(other.ID)
	w.annTypes("which doesn't say how the channel is called")
	must(t, w.surface.history.catchUp(w.ctx()))
	w.fake.Inject(forbidden("activities.send", ""))
	w.fake.Inject(forbidden("conversations.create", ""))
	for channel, post := range map[string]bridge.Post{
		"“Customers”": w.saidPost(w.root, "x"),
		"“Billing”":   w.newRoot("y", other.ID),
	} {
		se := w.mustFail(post)
		got, _ := w.desk.lastReport()
		wantEqual(t, "what is told of "+channel, got, channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
		wantWords(t, se.Text, channel)
	}
	_, told := w.desk.lastReport()
	_ = w.mustFail(w.saidPost(w.root, "again"))
	w.wantReports(told)

	// That the app is removed is told last, too.
	must(t, w.fake.Admin.Uninstall(w.ctx(), w.team))
	w.waitDelivered()
	w.wantReport(channels.Broken, "removed from the team “Support”")
}

// Once a minute one post is tried in a channel that Teams keeps us from. So it is found when it is open again, also if no event
// tells it.
func TestProbe(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	w.fake.Inject(forbidden("activities.send", w.channel))
	_ = w.mustFail(w.saidPost(w.root, "x"))
	before := len(w.fake.Calls("activities.send"))
	for minute := 1; minute <= 3; minute++ {
		w.later(time.Minute)
		for range 5 {
			_ = w.mustFail(w.saidPost(w.root, "x"))
		}
		wantEqual(t, fmt.Sprintf("attempts in %d minutes", minute), len(w.fake.Calls("activities.send"))-before, minute)
	}
	w.fake.ClearFaults()
	w.later(time.Minute)
	w.mustSend(w.saidPost(w.root, "x"))
	w.wantReport(channels.Active)
}

// What an event said of a team or a channel isn't said a second time, in other words, when a post is tried there a minute later.
func TestRemovedIsToldOnce(t *testing.T) {
	t.Parallel()
	for kind, remove := range map[string]func(*world){
		"team": func(w *world) { must(t, w.fake.Admin.Uninstall(w.ctx(), w.team)) },
		"channel": func(w *world) {
			w.sendActivity(map[string]any{"type": connector.TypeConversationUpdate, "id": "f:removed", "membersRemoved": []any{map[string]any{"id": w.surface.org.Me}},
				"channelData": map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": "channelMemberRemoved",
					"team": map[string]any{"id": w.team}, "channel": map[string]any{"id": w.channel, "name": "Customers", "type": "private"}}}, w.channel)
			w.fake.Inject(forbidden("activities.send", w.channel))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newClockedTalk(t)
			w.annTypes("which tells of what team the channel is")
			remove(w)
			w.waitDelivered()
			w.wantReport(channels.Broken, "removed from the "+kind)
			first, told := w.desk.lastReport()
			for range 3 {
				w.later(time.Minute)
				calls := len(w.fake.Calls("activities.send"))
				se := w.wantClosed(w.saidPost(w.root, "x"))
				wantEqual(t, "the post was tried", len(w.fake.Calls("activities.send")) > calls, true)
				wantEqual(t, "text of the failure", se.Text, first.Text)
				wantEqual(t, "hint of the failure", se.Hint, first.Hint)
			}
			w.wantReports(told)
		})
	}
}

// If we ask for too many members, or write too often to one person, nobody else has to wait for that.
func TestOtherLimits(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	inChannel, alone := w.newWhisper(ben), w.newWhisper(ann)
	alone.Place = bridge.Place{} // and to another person, as Teams is asked for Ben only once
	for method, post := range map[string]bridge.Post{"members.get": inChannel, "conversations.create": alone, "activities.send": alone} {
		w.fake.Inject(teamsfake.Fault{Method: method, Kind: teamsfake.FaultRateLimit, Retry: 7, Times: 1})
		se := w.mustFail(post)
		wantEqual(t, method+": class", se.Class, channels.Retry)
		wantEqual(t, method+": wait", se.Wait, 7*time.Second)
	}
}

// A chat with a person that isn't there is no missing channel.
func TestNoChat(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for _, at := range []bridge.Place{{}, {Channel: "a:chat"}} {
		for _, method := range []string{"conversations.create", "activities.send"} {
			w.fake.Inject(teamsfake.Fault{Method: method, Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "ConversationNotFound", Times: 1})
			post := w.newWhisper(ben)
			post.Place = at
			se := w.mustFail(post)
			what := fmt.Sprintf("%s in %q: ", method, at.Channel)
			wantEqual(t, what+"class", se.Class, channels.BadRecipient)
			wantWords(t, se.Text, "person")
			wantEqual(t, what+"a channel is said to be closed", strings.Contains(se.Error(), bridge.ErrChannelClosed.Error()), false)
			w.fake.ClearFaults()
		}
	}
	if last, _ := w.desk.lastReport(); last.Status == channels.Broken {
		t.Errorf("got the report %+v, want none that something is broken", last)
	}
}

// What is posted to the threads of an archived team waits until the team takes posts again.
func TestArchivedTeam(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.fake.Admin.ArchiveTeam(w.team, true))
	p := w.newPost(bridge.PostLine, "line")
	p.Line = &bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}
	se := w.wantClosed(p)
	wantWords(t, se.Text, connector.CodeWritesBlocked)
	wantWords(t, se.Hint, "Unarchive")
}

// A channel belongs to the team that owns it, whomever it is shared with.
func TestSharedChannel(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.annTypes("heard in its own team")
	for _, event := range []string{"channelShared", "channelMemberAdded", "channelUnshared"} {
		status, _ := w.sendActivity(map[string]any{"type": connector.TypeConversationUpdate, "id": "f:" + event, "channelData": map[string]any{
			"tenant": map[string]any{"id": w.fake.TenantID()}, "eventType": event,
			"team": map[string]any{"id": "19:guests@thread.tacv2"}, "channel": map[string]any{"id": w.channel, "name": "Customers", "type": "shared"}}}, w.root)
		wantEqual(t, event+": status", status, http.StatusOK)
		note, _ := w.surface.org.Notes.Channel(w.channel)
		wantEqual(t, "team after "+event, note.Team, w.team)
	}
	wantEqual(t, "links into the channel are lost", w.surface.org.Notes.Groups()[w.channel] == "", false)
}

// If the app is taken out of a private channel, it is still in the team and the team's other channels.
func TestChannelWithoutApp(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.annTypes("in the team's channel")
	private := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true})
	post := w.newRoot("p", private.ID)
	must(t, w.fake.Admin.AddApp(private.ID, false))
	w.waitDelivered()
	_, told := w.desk.lastReport()

	// If Teams also tells it as an installation, it names the channel as the place. That changes nothing.
	status, _ := w.sendActivity(map[string]any{"type": connector.TypeInstallationUpdate, "id": "f:gone", "action": "remove",
		"conversation": map[string]any{"id": private.ID, "conversationType": "channel", "tenantId": w.fake.TenantID()},
		"channelData":  map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "team": map[string]any{"id": w.team}}}, w.root)
	if status != http.StatusOK {
		t.Fatalf("the installation is answered with %d, want 200", status)
	}
	w.wantReport(channels.Broken)
	w.wantReports(told)

	// Posts fail in that channel only.
	wantWords(t, w.wantClosed(post).Text, "removed from the channel “Private”")
	w.mustSend(w.saidPost(w.root, "in the team"))
	w.wantReport(channels.Broken)
	wantEqual(t, "teams that the app is in", len(w.surface.org.Notes.Teams()), 1)

	// When the app is in the channel again, they don't.
	must(t, w.fake.Admin.AddApp(private.ID, true))
	w.waitDelivered()
	w.mustSend(post)
	w.wantReport(channels.Active)
}

// If Teams isn't at the address that is known, a setting is wrong. Posts wait, and admins are told which setting it is.
func TestWrongHost(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*world){
		"Teams says so": func(w *world) {
			w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeWrongHost})
		},
		"it is not allowed": func(w *world) {
			must(t, w.surface.org.Notes.Keep(w.ctx(), organisation.NoteTeam+w.team, organisation.TeamNote{Service: "https://elsewhere.test/"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTalk(t)
			spoil(w)
			se := w.mustFail(w.saidPost(w.root, "x"))
			wantEqual(t, "class", se.Class, channels.AuthBroken)
			wantWords(t, se.Hint, "TEAMS_SERVICE_URLS")
			w.wantReport(channels.Broken)
			last, _ := w.desk.lastReport()
			wantWords(t, last.Hint, "TEAMS_SERVICE_URLS")
		})
	}
}
