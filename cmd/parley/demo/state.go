package demo

import (
	"net/http"
	"time"

	"parley/bot/slack/slackfake"
)

// maxMessages is the number of messages the page shows of a channel. It shows the latest.
const maxMessages = 200

// state is everything the demo's page shows at one moment. The page shows Slack, Teams, a mailbox and a phone side by
// side. It requests GET /state after each change, with the people and channels that the visitor has selected.
type state struct {
	Phase string     `json:"phase"` // what the demo is waiting for; "" if everything runs
	Round int        `json:"round"` // how often the demo has been restarted
	Plugs plugState  `json:"plugs"` // which connections are cut, and whether Parley runs
	Now   time.Time  `json:"now"`   // on the company's clock, which visitors can move forward
	Ahead int64      `json:"ahead"` // by how many seconds the company's clock is ahead of the machine's
	Home  string     `json:"home"`  // the chat in which conversations open: slack or teams
	Slack slackState `json:"slack"`
	Teams teamsState `json:"teams"`
	Mail  mailState  `json:"mail"`
	Phone phoneState `json:"phone"`
	Tour  []tourStep `json:"tour"`
}

// slackState is what one user sees in Slack.
type slackState struct {
	Users      []slackfake.User         `json:"users"`
	Bot        string                   `json:"bot"`
	Channels   []channelRow             `json:"channels"`
	Followed   []threadRow              `json:"followed"`
	Messages   []*slackfake.Message     `json:"messages"` // those of the open channel
	Thread     []*slackfake.Message     `json:"thread"`   // those of the open thread
	Ephemerals []slackfake.Ephemeral    `json:"ephemerals"`
	Views      []*slackfake.View        `json:"views"`
	Home       *slackfake.View          `json:"home"`    // nil before the user opens it
	Notices    []slackfake.Notification `json:"notices"` // the latest ones
	Noticed    int                      `json:"noticed"` // the total number of notifications
}

// channelRow is a channel in Slack's sidebar.
type channelRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	IM       bool   `json:"im"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// threadRow is a thread in Slack's Threads view.
type threadRow struct {
	Channel  string             `json:"channel"`
	Root     *slackfake.Message `json:"root"`
	Last     *slackfake.Message `json:"last"`
	Unread   int                `json:"unread"`
	Mentions int                `json:"mentions"`
}

// showState handles GET /state. The query selects, for each pane, whose view it shows and what is open in it, for
// example as=U0ANNLEE001&channel=C0SUPPORT01.
func (p *Page) showState(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get
	plugged := p.plugs.readState()
	tour, err := p.readTour(r.Context())
	s := state{
		Phase: p.plugs.phaseNow(plugged),
		Round: p.plugs.currentRound(),
		Plugs: plugged,
		Now:   p.options.Clock.Now(),
		Ahead: int64(p.options.Clock.Ahead().Seconds()),
		Home:  p.company.Home(),
		Slack: p.slack.readState(q("as"), q("channel"), q("thread")),
		Teams: p.teams.readState(q("teams_as"), q("teams_channel"), q("teams_thread")),
		Mail:  p.mail.readState(q("customer")),
		Phone: p.phones.readState(q("customer"), q("chat")),
		Tour:  tour,
	}
	if err != nil && r.Context().Err() == nil {
		p.options.Log.Warn("tour", "error", err)
	}
	writeJSON(w, s)
}
