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
	"parley/cmd/parley/demo/plaintext"
)

// shownNotices is how many notifications the page shows, the latest ones.
const shownNotices = 3

// slackPane is the page's Slack.
type slackPane struct {
	*house
	shortcuts []shortcut
	commands  []slashCommand
}

// shortcut is an entry of a message's menu.
type shortcut struct {
	Name     string `json:"name"`
	Callback string `json:"callback_id"`
	Type     string `json:"type"` // message, or global: beside the message box, where the page has /parley
}

// slashCommand is a command that can be typed.
type slashCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint"`
}

// readManifest learns from Parley's own manifest what Slack would offer.
func (p *slackPane) readManifest() error {
	raw, err := slack.Manifest(slack.ManifestOptions{})
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

func (p *slackPane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /archives/{channel}/{message}", p.followLink)
	mux.HandleFunc("GET /slack/files/{id}", p.serveUpload)
	// The emulator itself handles what people do in Slack.
	mux.Handle("POST /_fake/person/", p.world.Slack)
}

// followLink opens the page at a message that a permalink names.
// Shape: /archives/C0SUPPORT01/p1700000000000100?thread_ts=1700000000.000100
func (p *slackPane) followLink(w http.ResponseWriter, r *http.Request) {
	channel, digits := r.PathValue("channel"), strings.TrimPrefix(r.PathValue("message"), "p")
	ts := r.FormValue("thread_ts")
	const microDigits = 6 // of a ts, behind the dot
	if ts == "" && len(digits) > microDigits {
		dot := len(digits) - microDigits
		ts = digits[:dot] + "." + digits[dot:]
	}
	if p.world.Slack.Message(channel, ts) == nil {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/#"+channel+"/"+ts, http.StatusSeeOther)
}

func (p *slackPane) readState(as, channel, thread string) slackState {
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
		s.Followed = append(s.Followed, p.listFollowed(c.ID, as, badges)...)
	}

	slices.SortStableFunc(s.Followed, func(a, b threadRow) int { return strings.Compare(b.Last.TS, a.Last.TS) })
	s.Messages = fake.Messages(channel)
	if n := len(s.Messages); n > shownMessages {
		s.Messages = s.Messages[n-shownMessages:]
	}
	if thread != "" {
		s.Thread = fake.Thread(channel, thread)
	}

	for _, e := range fake.Ephemerals(as) {
		if e.Channel == channel {
			s.Ephemerals = append(s.Ephemerals, e)
		}
	}

	s.Notices = fake.Inboxes.Notifications(as)
	s.Noticed = len(s.Notices)
	s.Notices = s.Notices[max(0, s.Noticed-shownNotices):]
	return s
}

// listFollowed lists the threads of a channel that a person follows.
func (p *slackPane) listFollowed(channel, as string, badges slackfake.Badges) []threadRow {
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
func (p *slackPane) otherName(members []string, as string) string {
	for _, u := range p.world.Slack.Users() {
		if u.ID != as && slices.Contains(members, u.ID) {
			return plaintext.UserName(u)
		}
	}
	return "direct message"
}

// serveUpload gives an uploaded file: pictures are shown, all else is saved.
func (p *slackPane) serveUpload(w http.ResponseWriter, r *http.Request) {
	f := p.world.Slack.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Mimetype, f.Data)
}

// watch tells open pages what happens in Slack.
func (p *slackPane) watch(ctx context.Context) {
	sub := p.world.Slack.Subscribe()
	quiet := []string{"call", "event", "ack"} // what Parley and Slack tell each other: nobody sees it
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}

		for _, c := range changes {
			if !slices.Contains(quiet, c.Kind) {
				p.hub.wake()
				break
			}
		}
	}
}
