package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"parley/bot/slack"
	"parley/bot/slack/slackfake"
)

// maxNotices is the number of notifications the page shows. It shows the latest.
const maxNotices = 3

// slackPane serves the Slack pane of the demo's page. The page shows a small Slack next to a customer's mailbox, and the
// visitor acts in it as an agent, for example by answering a customer's mail in its thread. The messages are stored in
// an emulator of Slack (package slackfake), to which a real Parley is connected.
type slackPane struct {
	*pageState
	shortcuts []shortcut
	commands  []slashCommand
}

// shortcut is an entry in the menu of a message.
type shortcut struct {
	Name     string `json:"name"`
	Callback string `json:"callback_id"`
	Type     string `json:"type"` // always "message"; global shortcuts are omitted because the page has /parley
}

// slashCommand is a command that agents type, such as /parley.
type slashCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint"`
}

// readManifest reads the shortcuts and slash commands from Parley's app manifest, as Slack does when the app is
// installed.
func (p *slackPane) readManifest() error {
	raw, err := slack.JSON(slack.ManifestOptions{})
	if err != nil {
		return err
	}

	var m struct {
		Features struct {
			Shortcuts []shortcut     `json:"shortcuts"`
			Commands  []slashCommand `json:"slash_commands"`
		} `json:"features"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("demo: manifest: %w", err)
	}

	p.shortcuts = slices.DeleteFunc(m.Features.Shortcuts, func(s shortcut) bool { return s.Type != "message" })
	p.commands = m.Features.Commands
	return nil
}

// addRoutes registers the handlers for links to messages, for files and for what the visitor does in Slack.
func (p *slackPane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /archives/{channel}/{message}", p.followLink)
	mux.HandleFunc("GET /slack/files/{id}", p.serveUpload)
	// The emulator itself handles what people do in Slack.
	mux.Handle("POST /_fake/person/", p.company.Slack)
}

// followLink handles a Slack permalink. It opens the page at the message or, for a reply, at the reply's thread.
// Example: /archives/C0SUPPORT01/p1700000000000100?thread_ts=1700000000.000100
func (p *slackPane) followLink(w http.ResponseWriter, r *http.Request) {
	channel, digits := r.PathValue("channel"), strings.TrimPrefix(r.PathValue("message"), "p")
	ts := r.FormValue("thread_ts")
	const microDigits = 6 // digits after the decimal point of a Slack timestamp
	if ts == "" && len(digits) > microDigits {
		dot := len(digits) - microDigits
		ts = digits[:dot] + "." + digits[dot:]
	}
	if p.company.Slack.Message(channel, ts) == nil {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/#"+channel+"/"+ts, http.StatusSeeOther)
}

// readState returns what a user sees in Slack while channel is open. thread is the timestamp of the first message of the
// open thread, or "" if no thread is open.
func (p *slackPane) readState(user, channel, thread string) slackState {
	fake := p.company.Slack
	s := slackState{Users: fake.Users(), Bot: fake.BotUserID(), Views: fake.Views(user), Home: fake.Home(user)}
	s.Channels, s.Followed = p.listChannels(user)
	s.Messages = fake.Messages(channel)
	s.Messages = s.Messages[max(0, len(s.Messages)-maxMessages):]
	if thread != "" {
		s.Thread = fake.Thread(channel, thread)
	}

	for _, e := range fake.Ephemerals(user) {
		if e.Channel == channel {
			s.Ephemerals = append(s.Ephemerals, e)
		}
	}

	s.Notices = fake.Inboxes.Notifications(user)
	s.Noticed = len(s.Notices)
	s.Notices = s.Notices[max(0, s.Noticed-maxNotices):]
	return s
}

// listChannels returns the channels that a user is a member of, and the threads in them that the user follows. The thread
// with the latest reply comes first.
func (p *slackPane) listChannels(user string) (channels []channelRow, followed []threadRow) {
	badges := p.company.Slack.Inboxes.Badges(user)
	for _, c := range p.company.Slack.Channels() {
		if !slices.Contains(c.Members, user) {
			continue
		}

		row := channelRow{ID: c.ID, Name: c.Name, IM: c.IM, Unread: badges.Channels[c.ID].Unread, Mentions: badges.Channels[c.ID].Mentions}
		if c.IM {
			row.Name = p.otherName(c.Members, user)
		}

		channels = append(channels, row)
		followed = append(followed, p.listFollowed(c.ID, user, badges)...)
	}

	slices.SortStableFunc(followed, func(a, b threadRow) int { return strings.Compare(b.Last.TS, a.Last.TS) })
	return channels, followed
}

// listFollowed returns the threads of a channel that a user follows.
func (p *slackPane) listFollowed(channel, user string, badges slackfake.Badges) []threadRow {
	var rows []threadRow
	for _, root := range p.company.Slack.Messages(channel) {
		if root.ReplyCount == 0 || !slices.Contains(p.company.Slack.Followers(channel, root.TS), user) {
			continue
		}

		messages := p.company.Slack.Thread(channel, root.TS)
		row := threadRow{Channel: channel, Root: root, Last: messages[len(messages)-1]}
		for _, b := range badges.Threads {
			if b.Channel == channel && b.Thread == root.TS {
				row.Unread, row.Mentions = b.Unread, b.Mentions
			}
		}

		rows = append(rows, row)
	}

	return rows
}

// otherName returns the name of the other member of a direct-message channel.
func (p *slackPane) otherName(members []string, user string) string {
	for _, u := range p.company.Slack.Users() {
		if u.ID != user && slices.Contains(members, u.ID) {
			return UserName(u)
		}
	}
	return "direct message"
}

// serveUpload sends an uploaded file. Browsers display images and download other files.
func (p *slackPane) serveUpload(w http.ResponseWriter, r *http.Request) {
	f := p.company.Slack.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Mimetype, f.Data)
}

// watch tells open pages to refresh when something that they show has changed. It returns when ctx ends.
func (p *slackPane) watch(ctx context.Context) {
	sub := p.company.Slack.Subscribe()
	traffic := []string{"call", "event", "ack"} // API traffic between Parley and Slack, which users don't see
	isVisible := func(c slackfake.Change) bool { return !slices.Contains(traffic, c.Kind) }
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}
		if slices.ContainsFunc(changes, isVisible) {
			p.hub.wake()
		}
	}
}
