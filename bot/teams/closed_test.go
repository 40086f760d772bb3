package teams

import (
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// forbidPosts has Teams say that the app may not post in a channel, or in any if it is "".
func (w *world) forbidPosts(method, channel string) {
	w.fake.Inject(teamsfake.Fault{
		Method: method, Channel: channel, Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: CodeNotInRoster,
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

func TestClosedChannelIsToldOnce(t *testing.T) {
	t.Parallel()
	w, _ := newForbiddenWorld(t)
	_ = w.mustFail(w.newSaid(w.root, "x"))
	_, told := w.desk.lastReport()
	_ = w.mustFail(w.newSaid(w.root, "again"))
	w.wantReports(told)
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
					Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: CodeWrongHost,
				})
			},
		},
		{
			name: "it is not allowed",
			spoil: func(w *world) {
				note := TeamNote{Service: "https://elsewhere.test/"}
				noError(w.t, w.surface.org.Notes.Keep(w.ctx(), NoteTeam+w.team, note))
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
