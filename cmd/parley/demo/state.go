package demo

import (
	"net/http"
	"time"

	"parley/bot/slack/slackfake"
)

// maxMessages is how many of a channel's messages the page shows.
const maxMessages = 200

// state is what a page shows at a moment, for one choice of people and places.
type state struct {
	Phase string     `json:"phase"` // what is waited for; "" means all runs
	Round int        `json:"round"` // how often the demo started over
	Plugs plugState  `json:"plugs"`
	Now   time.Time  `json:"now"`   // by the company's clock
	Ahead int64      `json:"ahead"` // of the machine's clock, in seconds
	Home  string     `json:"home"`  // the surface in which conversations open
	Slack slackState `json:"slack"`
	Teams teamsState `json:"teams"`
	Mail  mailState  `json:"mail"`
	Phone phoneState `json:"phone"`
	Tour  []tourStep `json:"tour"`
}

// slackState is what one person sees in Slack.
type slackState struct {
	Users      []slackfake.User         `json:"users"`
	Bot        string                   `json:"bot"`
	Channels   []channelRow             `json:"channels"`
	Followed   []threadRow              `json:"followed"`
	Messages   []*slackfake.Message     `json:"messages"` // of the open channel
	Thread     []*slackfake.Message     `json:"thread"`   // the open one
	Ephemerals []slackfake.Ephemeral    `json:"ephemerals"`
	Views      []*slackfake.View        `json:"views"`
	Notices    []slackfake.Notification `json:"notices"` // the latest
	Noticed    int                      `json:"noticed"` // how many there were
}

// channelRow is an entry of the side bar.
type channelRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	IM       bool   `json:"im"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// threadRow is an entry of the Threads view.
type threadRow struct {
	Channel  string             `json:"channel"`
	Root     *slackfake.Message `json:"root"`
	Last     *slackfake.Message `json:"last"`
	Unread   int                `json:"unread"`
	Mentions int                `json:"mentions"`
}

// showState is GET /state. Its query says as whom people look, and what they have open.
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
