package slackfake

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// Person acts as one member of the workspace through Slack's own client.
type Person struct {
	s  *Server
	id string
}

// As returns the person with this user id. Actions of unknown people fail with user_not_found.
func (s *Server) As(user string) *Person { return &Person{s: s, id: user} }

// ID is the person's user id.
func (p *Person) ID() string { return p.id }

// Post is what a person writes. Text is typed text with *bold* and so on; <@U…>, <#C…>,
// <!here> and <https://…|label> are chips, other & < > are literal.
type Post struct {
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"` // ts of the root; empty means top level
	Text    string    `json:"text"`
	Files   []NewFile `json:"files,omitempty"`
	// Table is pasted below the text: rows of cells, which are typed text.
	Table     [][]string `json:"table,omitempty"`
	Broadcast bool       `json:"broadcast,omitempty"` // also send to the channel
	Me        bool       `json:"me,omitempty"`        // /me
	// As posts in another guise: "workflow", "bot" (another app's), "slackbot"; default a person.
	As string `json:"as,omitempty"`
}

// Post writes a message and returns its ts.
// Errors: channel_not_found, not_in_channel, is_archived, thread_not_found, no_text, restricted_action_thread_locked,
// restricted_action (Options.ReadOnlyDM).
func (p *Person) Post(in Post) (ts string, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, err := s.rooms.findPostable(p.id, in)
	if err != nil {
		return "", err
	}

	author := s.people.users[p.id]
	team := author.TeamID
	if slices.Contains(author.Teams, s.Opt.TeamID) {
		team = s.Opt.TeamID
	}
	m := &Message{User: p.id, Team: team, ClientMsgID: s.UUID(), ThreadTS: in.Thread}
	if team != s.Opt.TeamID {
		m.UserTeam, m.SourceTeam = team, team
	}

	m.Text = kit.WireText(in.Text)
	if strings.TrimSpace(in.Text) != "" && !in.Me {
		m.Blocks = workspace.MustJSON([]any{object{"type": "rich_text", "block_id": s.Secret(5), "elements": kit.RichText(m.Text)}})
	}
	if len(in.Table) > 0 {
		m.Attachments = s.board.pastedTable(in.Table)
	}

	switch {
	case in.Me:
		m.Subtype = "me_message"
	case in.Broadcast && in.Thread != "":
		m.Subtype = "thread_broadcast"
	case len(in.Files) > 0:
		m.Subtype = "file_share"
	}

	disguiseAuthor(m, in.As)

	for _, f := range in.Files {
		m.Files = append(m.Files, s.files.keepFile(f, p.id, team))
	}

	if len(m.Files) > 0 {
		no := false
		m.Upload = &no
	}

	s.board.insertMessage(ch, m)
	s.files.shareAll(ch, m)
	return m.TS, nil
}

// findPostable finds the channel to which a person posts, and checks that they may. Caller holds the lock.
func (r *rooms) findPostable(user string, in Post) (*channel, error) {
	ch := r.channels[in.Channel]
	if to, ok := r.moved[in.Channel]; ok {
		ch = r.channels[to]
	}
	if r.people.users[user] == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	if r.people.users[user].Deleted {
		return nil, workspace.Refuse("account_inactive")
	}
	if ch == nil {
		return nil, workspace.Refuse("channel_not_found")
	}
	if !ch.members[user] && in.As == "" {
		return nil, workspace.Refuse("not_in_channel")
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}

	isWithBot := ch.IM && ch.members[r.Opt.BotUser]
	if isWithBot && r.Opt.ReadOnlyDM {
		return nil, workspace.Refuse("restricted_action")
	}
	if strings.TrimSpace(in.Text) == "" && len(in.Files)+len(in.Table) == 0 {
		return nil, workspace.Refuse("no_text")
	}

	if in.Thread != "" {
		root := ch.byTS[in.Thread]
		if root == nil || root.IsReply() {
			return nil, workspace.Refuse("thread_not_found")
		}

		t := ch.threads[in.Thread]
		if t != nil && t.locked {
			return nil, workspace.Refuse("restricted_action_thread_locked")
		}
	}

	return ch, nil
}

// disguiseAuthor makes m come from something other than a person.
func disguiseAuthor(m *Message, as string) {
	switch as {
	case "slackbot":
		m.User, m.ClientMsgID = "USLACKBOT", ""
	case "bot":
		m.Subtype = "bot_message"
		m.User, m.ClientMsgID = "", ""
		m.BotID, m.AppID = "B0OTHERAPP1", "A0OTHERAPP1"
		m.Username = "other app"
	case "workflow":
		m.Subtype = "bot_message"
		m.User, m.ClientMsgID = "", ""
		m.BotID, m.Username = "B0WORKFLOW1", "Workflow"
	}
}

// findVisible finds a message that a person sees. Caller holds the lock.
func (r *rooms) findVisible(user, channel, ts string) (*channel, *Message, error) {
	ch := r.channels[channel]
	if r.people.users[user] == nil {
		return nil, nil, workspace.Refuse("user_not_found")
	}
	if ch == nil || !ch.members[user] {
		return nil, nil, workspace.Refuse("channel_not_found")
	}
	m := ch.byTS[ts]
	if m == nil || m.Subtype == "tombstone" {
		return nil, nil, workspace.Refuse("message_not_found")
	}
	return ch, m, nil
}

// Edit changes a message of the person. Errors: message_not_found, cant_update_message, no_text.
func (p *Person) Edit(channel, ts, text string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, ts)
	if err != nil {
		return err
	}
	if m.User != p.id {
		return workspace.Refuse("cant_update_message")
	}
	if strings.TrimSpace(text) == "" {
		return workspace.Refuse("no_text")
	}

	prev := m.Clone()
	m.Text = kit.WireText(text)
	if m.Subtype != "me_message" {
		m.Blocks = workspace.MustJSON([]any{object{"type": "rich_text", "block_id": s.Secret(5), "elements": kit.RichText(m.Text)}})
	}

	m.Edited = &Edited{User: p.id, TS: workspace.FormatTS(s.Now().Truncate(time.Second).UnixMicro())} // Slack tells no more of it
	s.board.emitChange(ch, m, prev)
	return nil
}

// Delete removes a message of the person, or anybody's when the person is an admin.
// Errors: message_not_found, cant_delete_message.
func (p *Person) Delete(channel, ts string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, ts)
	if err != nil {
		return err
	}
	if m.User != p.id && !s.people.users[p.id].Admin {
		return workspace.Refuse("cant_delete_message")
	}
	s.board.removePosted(ch, m)
	return nil
}

// React adds an emoji (name without colons). Errors: message_not_found, already_reacted, invalid_name.
func (p *Person) React(channel, ts, name string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, ts)
	if err != nil {
		return err
	}
	return asError(s.board.addEmoji(ch, m, p.id, name))
}

// Unreact takes an emoji off. Errors: message_not_found, no_reaction.
func (p *Person) Unreact(channel, ts, name string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, ts)
	if err != nil {
		return err
	}
	return asError(s.board.removeEmoji(ch, m, p.id, name))
}

// asError keeps a nil *Refusal from becoming a non-nil error.
func asError(e *workspace.Refusal) error {
	if e == nil {
		return nil
	}
	return e
}

// Join enters a public channel. Errors: channel_not_found, is_archived.
func (p *Person) Join(channel string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || s.people.users[p.id] == nil {
		return workspace.Refuse("channel_not_found")
	}
	if ch.Private || ch.IM {
		return workspace.Refuse("channel_not_found")
	}
	if ch.Archived {
		return workspace.Refuse("is_archived")
	}

	s.rooms.enter(ch, p.id, "")
	return nil
}

// Leave leaves a channel. Errors: channel_not_found.
func (p *Person) Leave(channel string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil {
		return workspace.Refuse("channel_not_found")
	}
	if ch.members[p.id] {
		s.rooms.postNotice(ch, p.id, "channel_leave", "<@"+p.id+"> has left the channel")
	}
	s.rooms.leave(ch, p.id)
	return nil
}

// OpenHome opens the app's home tab; the app hears app_home_opened. Errors: user_not_found, not_enabled.
func (p *Person) OpenHome() error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()

	if s.people.users[p.id] == nil {
		return workspace.Refuse("user_not_found")
	}
	if s.Opt.NoHome {
		return workspace.Refuse("not_enabled")
	}

	ev := map[string]any{"type": "app_home_opened", "user": p.id, "channel": s.rooms.dmWith(p.id).ID, "tab": "home"}
	if v := s.screens.Homes[p.id]; v != nil {
		ev["view"] = v.Clone()
	}

	s.Events.Emit("app_home_opened", nil, ev)
	return nil
}

var nameInText = regexp.MustCompile(`[@#][a-z0-9][a-z0-9._-]*`)

// escapeNames does for slash commands what should_escape asks for. Caller holds the lock.
func (r *rooms) escapeNames(text string) string {
	return nameInText.ReplaceAllStringFunc(kit.WireText(text), func(w string) string {
		for _, id := range r.people.userIDs {
			if u := r.people.users[id]; w == "@"+u.Name {
				return "<@" + u.ID + "|" + u.Name + ">"
			}
		}

		for _, id := range r.chanIDs {
			c := r.channels[id]
			if w == "#"+c.Name && !c.IM {
				return "<#" + c.ID + "|" + c.Name + ">"
			}
		}

		return w
	})
}

// Follow makes the person follow a thread by hand, or not. Errors: thread_not_found.
func (p *Person) Follow(channel, thread string, on bool) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, thread)
	if err != nil || m.IsReply() {
		return workspace.Refuse("thread_not_found")
	}

	t := ch.threadOf(thread)
	if on {
		t.followers[p.id] = true
	} else {
		delete(t.followers, p.id)
	}

	return nil
}

// Read looks at a channel: its badge goes.
func (p *Person) Read(channel string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	p.s.Inboxes.inboxOf(p.id).channelBadge(channel).clear()
}

// ReadThread looks at a thread: its entry in the Threads view goes.
func (p *Person) ReadThread(channel, thread string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	delete(p.s.Inboxes.inboxOf(p.id).threads, channel+"|"+thread)
}
