package teams

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/manifest"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

// forbidPosts has Teams say that the app may not post in a channel, or in any if it is "".
func (w *world) forbidPosts(method, channel string) {
	w.fake.Inject(teamsfake.Fault{
		Method: method, Channel: channel, Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeNotInRoster,
	})
}

// newForbiddenWorld makes a world with the channels Customers and Billing, whose names are known and in which the app
// may not post.
func newForbiddenWorld(t *testing.T) (w *world, billing string) {
	t.Helper()
	w = newThreadWorld(t)
	billing = w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Billing"}).ID
	w.desk.Open(billing)
	w.typeAsAnn("which doesn't say how the channel is called")
	noError(t, w.catchUp())
	w.forbidPosts("activities.send", "")
	w.forbidPosts("conversations.create", "")
	return w, billing
}

// People are told that a channel is closed (that the app may not post there) in the words of the failed post. The
// engine reports the same words, so nothing is told twice in other words.
func TestClosedChannelIsToldInTheWordsOfThePost(t *testing.T) {
	t.Parallel()
	w, billing := newForbiddenWorld(t)
	for _, tt := range []struct {
		channelName string
		post        bridge.Post
	}{
		{channelName: "“Customers”", post: w.newSaid(w.root, "x")},
		{channelName: "“Billing”", post: w.newRoot("y", billing)},
	} {
		se := w.mustFail(tt.post)
		got, _ := w.desk.lastReport()
		wantEqual(t, "what is told of "+tt.channelName, got, channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
		wantWords(t, se.Text, tt.channelName)
	}
}

func TestClosedChannelIsToldOnce(t *testing.T) {
	t.Parallel()
	w, _ := newForbiddenWorld(t)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	_, told := w.desk.lastReport()
	_ = w.mustFail(w.newSaid(w.root, "again"))
	w.wantReports(told)
}

// If a channel is closed, a whisper (a message for one person) goes to that person's chat. Its success doesn't show
// that the channel is open.
func TestWhisperBesideAClosedChannel(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.forbidPosts("activities.send", w.channel)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	w.advance(time.Minute)
	w.mustSend(w.newWhisper(ann))
	w.wantReport(channels.Broken)
}

// The removal of the app from a team is reported even if a channel of the team is already known to be closed.
func TestRemovedAppIsToldAfterAClosedChannel(t *testing.T) {
	t.Parallel()
	w, _ := newForbiddenWorld(t)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	noError(t, w.fake.Admin.Uninstall(w.ctx(), w.team))
	w.waitDelivered()
	w.wantReport(channels.Broken, "removed from the team “Support”")
}

// In a closed channel one post a minute is tried.
func TestClosedChannelIsTriedOnceAMinute(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.forbidPosts("activities.send", w.channel)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	before := len(w.fake.Calls("activities.send"))
	for minute := 1; minute <= 3; minute++ {
		w.advance(time.Minute)
		for range 5 {
			_ = w.mustFail(w.newSaid(w.root, "x"))
		}
		wantEqual(t, fmt.Sprintf("attempts in %d minutes", minute), len(w.fake.Calls("activities.send"))-before, minute)
	}
}

// The post that is tried once a minute shows that the channel is open again, even if no event says so.
func TestClosedChannelThatOpensIsFound(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.forbidPosts("activities.send", w.channel)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	w.fake.ClearFaults()
	w.advance(time.Minute)
	w.mustSend(w.newSaid(w.root, "x"))
	w.wantReport(channels.Active)
}

// If an event has reported that the app was removed, the post that is tried a minute later doesn't report it again in
// other words. Teams still offers the message box there, so somebody who uses it doesn't show that the app is back.
func TestRemovedAppIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		remove func(*world)
		words  string // of the report
	}{
		{
			name:   "from the team",
			remove: func(w *world) { noError(w.t, w.fake.Admin.Uninstall(w.ctx(), w.team)) },
			words:  "removed from the team",
		},
		{
			name: "from the channel",
			remove: func(w *world) {
				event := w.channelEvent("channelMemberRemoved", w.team, "private")
				event["membersRemoved"] = []object{{"id": w.surface.org.Me}}
				w.sendActivity(w.channel, event)
				w.forbidPosts("activities.send", w.channel)
			},
			words: "removed from the channel",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newClockedWorld(t)
			w.typeAsAnn("which tells to what team the channel belongs")
			tt.remove(w)
			w.waitDelivered()
			w.wantReport(channels.Broken, tt.words)

			first, told := w.desk.lastReport()
			for range 3 {
				w.advance(time.Minute)
				_, err := w.ann.Search(w.ctx(), w.channel, "", manifest.CommandFind, "")
				noError(t, err)
				_, err = w.surface.Resolve(w.ctx(), "#support") // Teams lists all channels of the team, also the one without the app
				noError(t, err)

				calls := len(w.fake.Calls("activities.send"))
				se := w.wantClosed(w.newSaid(w.root, "x"))
				wantEqual(t, "the post was tried", len(w.fake.Calls("activities.send")) > calls, true)
				wantEqual(t, "text of the failure", se.Text, first.Text)
				wantEqual(t, "hint of the failure", se.Hint, first.Hint)
			}
			w.wantReports(told)
		})
	}
}

// If Teams says that we asked for too many members, or wrote too often to one person, only that post waits, not the
// whole channel.
func TestLimitThatConcernsOnePost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method string
		place  func(*world) bridge.Place // of a whisper to Ben
	}{
		{method: "members.get", place: func(w *world) bridge.Place { return bridge.Place{Channel: w.channel, Thread: w.root} }},
		{method: "conversations.create", place: func(*world) bridge.Place { return bridge.Place{} }}, // a chat with him
		{method: "activities.send", place: func(*world) bridge.Place { return bridge.Place{} }},
	} {
		t.Run(tt.method, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.fake.Inject(teamsfake.Fault{Method: tt.method, Kind: teamsfake.FaultRateLimit, Retry: 7, Times: 1})
			post := w.newWhisper(ben)
			post.Place = tt.place(w)

			se := w.mustFail(post)
			wantEqual(t, "class", se.Class, channels.Retry)
			wantEqual(t, "time to wait", se.Wait, 7*time.Second)
		})
	}
}

// If the chat with a person isn't found, no channel counts as closed.
func TestMissingChatIsNoClosedChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		place  bridge.Place // of a whisper to Ben
		method string       // that doesn't find the chat
	}{
		{name: "a chat that is begun", place: bridge.Place{}, method: "conversations.create"},
		{name: "a chat that was just begun", place: bridge.Place{}, method: "activities.send"},
		{name: "a known chat, begun anew", place: bridge.Place{Channel: "a:chat"}, method: "conversations.create"},
		{name: "a known chat", place: bridge.Place{Channel: "a:chat"}, method: "activities.send"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.fake.Inject(teamsfake.Fault{
				Method: tt.method, Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "ConversationNotFound", Times: 1,
			})

			post := w.newWhisper(ben)
			post.Place = tt.place
			se := w.mustFail(post)

			wantEqual(t, "class", se.Class, channels.BadRecipient)
			wantWords(t, se.Text, "person")
			wantNoWords(t, se.Error(), bridge.ErrChannelClosed.Error())
			if last, _ := w.desk.lastReport(); last.Status == channels.Broken {
				t.Errorf("got the report %+v, want none that something is broken", last)
			}
		})
	}
}

// Posts to the threads of an archived team wait until the team takes posts again.
func TestArchivedTeam(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.fake.Admin.ArchiveTeam(w.team, true))
	p := w.newPost(bridge.PostLine, "line")
	p.Line = &bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}
	se := w.wantClosed(p)
	wantWords(t, se.Text, connector.CodeWritesBlocked)
	wantWords(t, se.Hint, "Unarchive")
}

// If a team takes posts again, its channels are open at once, and Parley looks for what was typed meanwhile.
func TestTeamThatTakesPostsAgain(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t).run()
	w.desk.Connected(t, 1)
	w.typeAsAnn("which tells to what team the channel belongs")
	w.forbidPosts("activities.send", w.channel)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	w.replyUnheard("typed meanwhile")

	w.fake.ClearFaults()
	w.sendActivity(w.root, w.channelEvent("teamUnarchived", w.team, "standard"))
	w.waitStored("typed meanwhile")
	w.mustSend(w.newSaid(w.root, "x"))
	w.wantReport(channels.Active)
}

// A channel belongs to the team that owns it, also when Teams reports that it was shared with others.
func TestSharedChannelBelongsToItsTeam(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"channelShared", "channelMemberAdded", "channelUnshared"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.typeAsAnn("heard in its own team")
			status, _ := w.sendActivity(w.root, w.channelEvent(event, "19:guests@thread.tacv2", "shared"))
			wantEqual(t, "status", status, http.StatusOK)
			note, _ := w.surface.org.Notes.Channel(w.channel)
			wantEqual(t, "team of the channel", note.Team, w.team)
			if w.surface.org.Notes.Groups()[w.channel] == "" {
				t.Error("the channel's group is forgotten, without which there are no links into it")
			}
		})
	}
}

// newWorldWithPrivateChannel makes a world in which the app is also in a private channel, of which it was taken out a
// moment ago. post is one for that channel.
func newWorldWithPrivateChannel(t *testing.T) (w *world, private string, post bridge.Post) {
	t.Helper()
	w = newThreadWorld(t)
	w.typeAsAnn("in the team's channel")
	private = w.fake.Admin.AddChannel(teamsfake.Channel{
		Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true,
	}).ID
	post = w.newRoot("p", private)
	noError(t, w.fake.Admin.AddApp(private, false))
	w.waitDelivered()
	return w, private, post
}

// If the app is taken out of a private channel, it is still in the team and in the team's other channels.
func TestAppOutOfAPrivateChannelIsStillInTheTeam(t *testing.T) {
	t.Parallel()
	w, _, post := newWorldWithPrivateChannel(t)
	wantWords(t, w.wantClosed(post).Text, "removed from the channel “Private”")
	w.mustSend(w.newSaid(w.root, "in the team"))
	w.wantReport(channels.Broken)
	wantEqual(t, "teams that the app is in", len(w.surface.org.Notes.Teams()), 1)
}

// When the app is taken out of a private channel, Teams may also report that an installation was removed, with that
// channel as its place. The app is still in the team then.
func TestInstallationThatNamesAPrivateChannel(t *testing.T) {
	t.Parallel()
	w, private, _ := newWorldWithPrivateChannel(t)
	_, told := w.desk.lastReport()
	status, _ := w.sendActivity(w.root, object{
		"type": connector.TypeInstallationUpdate, "id": "f:gone", "action": "remove",
		"conversation": object{"id": private, "conversationType": "channel", "tenantId": w.fake.TenantID()},
		"channelData":  object{"tenant": object{"id": w.fake.TenantID()}, "team": object{"id": w.team}},
	})

	wantEqual(t, "status", status, http.StatusOK)
	w.wantReport(channels.Broken)
	w.wantReports(told)
	wantEqual(t, "teams that the app is in", len(w.surface.org.Notes.Teams()), 1)
	w.mustSend(w.newSaid(w.root, "in the team"))
}

func TestAppInAPrivateChannelAgain(t *testing.T) {
	t.Parallel()
	w, private, post := newWorldWithPrivateChannel(t)
	_ = w.wantClosed(post)
	noError(t, w.fake.Admin.AddApp(private, true))
	w.waitDelivered()
	w.mustSend(post)
	w.wantReport(channels.Active)
}

// If Teams isn't at the known address, a setting is wrong. Posts wait, and admins are told which setting it is.
func TestWrongAddressOfTeams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*world)
	}{
		{
			name: "Teams says so",
			spoil: func(w *world) {
				w.fake.Inject(teamsfake.Fault{
					Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: connector.CodeWrongHost,
				})
			},
		},
		{
			name: "it is not allowed",
			spoil: func(w *world) {
				note := organisation.TeamNote{Service: "https://elsewhere.test/"}
				noError(w.t, w.surface.org.Notes.Keep(w.ctx(), organisation.NoteTeam+w.team, note))
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			tt.spoil(w)

			se := w.mustFail(w.newSaid(w.root, "x"))
			wantEqual(t, "class", se.Class, channels.AuthBroken)
			wantWords(t, se.Hint, "TEAMS_SERVICE_URLS")
			w.wantReport(channels.Broken)
			last, _ := w.desk.lastReport()
			wantWords(t, last.Hint, "TEAMS_SERVICE_URLS")
		})
	}
}
