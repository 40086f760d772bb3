package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"parley/bot/slack/manifest"
	"parley/bot/slack/slackfake"
	"parley/cmd/parley/demo/plaintext"
)

// maxNotices is how many notifications the page shows: the latest.
const maxNotices = 3

// slackPane serves the small Slack that the demo's page shows beside the customer's mailbox. Visitors act there as
// agents. The messages are in the emulator (slackfake), to which the real Parley is connected.
type slackPane struct {
	*pageState
	shortcuts []shortcut
	commands  []slashCommand
}

// shortcut is an entry of a message's menu.
type shortcut struct {
	Name     string `json:"name"`
	Callback string `json:"callback_id"`
	Type     string `json:"type"` // "message"; "global" ones are left out: the page has /parley in their place
}

// slashCommand is a command that can be typed.
type slashCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint"`
}

// readManifest reads the shortcuts and commands from Parley's manifest, from which Slack would take them.
func (p *slackPane) readManifest() error {
	raw, err := manifest.JSON(manifest.Options{})
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

// addRoutes adds the addresses that the page calls.
func (p *slackPane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /archives/{channel}/{message}", p.followLink)
	mux.HandleFunc("GET /slack/files/{id}", p.serveUpload)
	// The emulator itself handles what people do in Slack.
	mux.Handle("POST /_fake/person/", p.company.Slack)
}

// followLink opens the page where a permalink leads: at the message or, if it is a reply, at its thread.
// Shape: /archives/C0SUPPORT01/p1700000000000100?thread_ts=1700000000.000100
func (p *slackPane) followLink(w http.ResponseWriter, r *http.Request) {
	channel, digits := r.PathValue("channel"), strings.TrimPrefix(r.PathValue("message"), "p")
	ts := r.FormValue("thread_ts")
	const microDigits = 6 // of a ts, after its point
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

// readState returns what a person sees in Slack, with a channel and perhaps a thread open.
func (p *slackPane) readState(user, channel, thread string) slackState {
	fake := p.company.Slack
	s := slackState{Users: fake.Users(), Bot: fake.BotUserID(), Views: fake.Views(user)}
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

// listChannels returns the channels of which a person is a member, and the threads in them that the person follows, the latest
// first.
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

// listFollowed returns the threads of a channel that a person follows.
func (p *slackPane) listFollowed(channel, user string, badges slackfake.Badges) []threadRow {
	var rows []threadRow
	for _, root := range p.company.Slack.Messages(channel) {
		if root.ReplyCount == 0 || !slices.Contains(p.company.Slack.Followers(channel, root.TS), user) {
			continue
		}

		all := p.company.Slack.Thread(channel, root.TS)
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

// otherName returns the name of the other person in a direct channel.
func (p *slackPane) otherName(members []string, user string) string {
	for _, u := range p.company.Slack.Users() {
		if u.ID != user && slices.Contains(members, u.ID) {
			return plaintext.UserName(u)
		}
	}
	return "direct message"
}

// serveUpload sends an uploaded file. Browsers show plain pictures, and save all else.
func (p *slackPane) serveUpload(w http.ResponseWriter, r *http.Request) {
	f := p.company.Slack.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Mimetype, f.Data)
}

// watch wakes the open pages when something changes that they show, until ctx ends.
func (p *slackPane) watch(ctx context.Context) {
	sub := p.company.Slack.Subscribe()
	unseen := []string{"call", "event", "ack"} // what Parley and Slack tell each other
	isSeen := func(c slackfake.Change) bool { return !slices.Contains(unseen, c.Kind) }
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}
		if slices.ContainsFunc(changes, isSeen) {
			p.hub.wake()
		}
	}
}
