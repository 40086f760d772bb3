package demo

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
)

// shownMessages is how many of a channel's messages the page shows.
const shownMessages = 200

// state is what a page shows at a moment, for one choice of people and places.
type state struct {
	Phase string     `json:"phase"` // what is waited for; "" = all runs
	Round int        `json:"round"` // how often the demo started over
	Plugs plugState  `json:"plugs"`
	Now   time.Time  `json:"now"`   // the world's
	Ahead int64      `json:"ahead"` // seconds
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
	Status     slackfake.ThreadStatus   `json:"status"`
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

func (p *Page) showState(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get
	now := p.o.Clock.Now()
	s := state{Now: now, Ahead: int64(p.o.Clock.Ahead().Seconds()), Plugs: p.plugState(), Home: p.world.Home(),
		Slack: p.slackState(q("as"), q("channel"), q("thread")), Teams: p.teamsState(q("teams_as"), q("teams_channel"), q("teams_thread")), Mail: p.mailState(q("customer")),
		Phone: p.phoneState(q("customer"), q("chat"))}
	s.Phase, s.Round = p.phaseNow(s.Plugs), p.plugs.rounds()
	var err error
	if s.Tour, err = p.tour(r.Context()); err != nil && r.Context().Err() == nil {
		p.o.Log.Warn("tour", "error", err)
	}
	answer(w, s)
}

func (p *Page) slackState(as, channel, thread string) slackState {
	fake := p.world.Slack
	s := slackState{Users: fake.Users(), Bot: fake.BotUserID(), Views: fake.Views(as)}
	badges := fake.Inboxes.Badges(as)
	for _, c := range fake.Channels() {
		if !slices.Contains(c.Members, as) {
			continue
		}
		row := channelRow{ID: c.ID, Name: c.Name, IM: c.IM, Unread: badges.Channels[c.ID].Unread, Mentions: badges.Channels[c.ID].Mentions}
		if c.IM {
			row.Name = p.otherName(c.Members, as)
		}
		s.Channels = append(s.Channels, row)
		s.Followed = append(s.Followed, p.followed(c.ID, as, badges)...)
	}
	slices.SortStableFunc(s.Followed, func(a, b threadRow) int { return strings.Compare(b.Last.TS, a.Last.TS) })
	s.Messages = fake.Messages(channel)
	if n := len(s.Messages); n > shownMessages {
		s.Messages = s.Messages[n-shownMessages:]
	}
	if thread != "" {
		s.Thread = fake.Thread(channel, thread)
		s.Status = fake.Status(channel, thread)
	}
	for _, e := range fake.Ephemerals(as) {
		if e.Channel == channel {
			s.Ephemerals = append(s.Ephemerals, e)
		}
	}
	s.Notices = fake.Inboxes.Notifications(as)
	s.Noticed = len(s.Notices)
	if s.Noticed > 3 {
		s.Notices = s.Notices[s.Noticed-3:]
	}
	return s
}

// followed lists the threads of a channel that a person follows.
func (p *Page) followed(channel, as string, badges slackfake.Badges) []threadRow {
	var rows []threadRow
	for _, root := range p.world.Slack.Messages(channel) {
		if root.ReplyCount == 0 || !slices.Contains(p.world.Slack.Followers(channel, root.TS), as) {
			continue
		}
		all := p.world.Slack.Thread(channel, root.TS)
		row := threadRow{Channel: channel, Root: root, Last: all[len(all)-1]}
		for _, b := range badges.Threads {
			if b.Channel == channel && b.Thread == root.TS {
				row.Unread, row.Mentions = b.Unread, b.Mentions
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// otherName is whom a direct channel is with.
func (p *Page) otherName(members []string, as string) string {
	for _, u := range p.world.Slack.Users() {
		if u.ID != as && slices.Contains(members, u.ID) {
			return nameOf(u)
		}
	}
	return "direct message"
}

func nameOf(u slackfake.User) string {
	for _, name := range []string{u.DisplayName, u.RealName, u.Name} {
		if name != "" {
			return name
		}
	}
	return u.ID
}

// slackFile gives an uploaded file: pictures are shown, all else is saved.
func (p *Page) slackFile(w http.ResponseWriter, r *http.Request) {
	f := p.world.Slack.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Mimetype, f.Data)
}
