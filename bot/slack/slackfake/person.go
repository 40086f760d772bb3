package slackfake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// Person acts as one member of the workspace, as with Slack's own client: writes, edits, reacts, joins. Clicks,
// forms and commands are in personclick.go. The errors that methods name are the codes with which Slack
// refuses.
type Person struct {
	s  *Server
	id string
}

// As returns the person with a user id. It doesn't check that there is such a user: each method says how it
// refuses one.
func (s *Server) As(user string) *Person { return &Person{s: s, id: user} }

// ID returns the person's user id.
func (p *Person) ID() string { return p.id }

// Post is what a person writes. Text is as it is typed: *bold* and so on are formatting. <@U…>, <#C…>, <!here>
// and <https://…|label> stand for what the editor shows as one piece (kit.WireText knows them all); any other
// &, < or > is that character.
type Post struct {
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"` // the ts of the root; empty means the top level
	Text    string    `json:"text"`
	Files   []NewFile `json:"files,omitempty"`
	// Table is a table that is pasted below the text: rows of cells. Cells are typed text, too.
	Table     [][]string `json:"table,omitempty"`
	Broadcast bool       `json:"broadcast,omitempty"` // also send to the channel
	Me        bool       `json:"me,omitempty"`        // /me
	// As makes the message look as if something else had posted it: "workflow", "bot" (another app) or
	// "slackbot". It then needs no membership. Anything else means the person.
	As string `json:"as,omitempty"`
}

// Post writes a message and returns its ts.
// Errors: user_not_found, account_inactive, channel_not_found, not_in_channel, is_archived, restricted_action
// (Options.ReadOnlyDM), no_text, thread_not_found, restricted_action_thread_locked.
func (p *Person) Post(in Post) (ts string, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, err := s.rooms.findPostable(p.id, in)
	if err != nil {
		return "", err
	}
	m := s.composePost(p.id, in)
	s.board.insertMessage(ch, m)
	s.files.shareAll(ch, m)
	return m.TS, nil
}

// composePost makes the message of a post, and keeps its files. Caller holds the lock.
func (s *Server) composePost(user string, in Post) *Message {
	author := s.people.users[user]
	team := author.TeamID
	if slices.Contains(author.Teams, s.Opt.TeamID) {
		team = s.Opt.TeamID
	}
	m := &Message{User: user, Team: team, ClientMsgID: s.UUID(), ThreadTS: in.Thread}
	if team != s.Opt.TeamID { // somebody of another organisation, in a shared channel
		m.UserTeam, m.SourceTeam = team, team
	}

	m.Text = kit.WireText(in.Text)
	if strings.TrimSpace(in.Text) != "" && !in.Me {
		m.Blocks = s.richBlocks(m.Text)
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
		m.Files = append(m.Files, s.files.keepFile(f, user, team))
	}

	if len(m.Files) > 0 {
		m.Upload = new(bool) // not absent but false: that is how a message with files looks
	}
	return m
}

// richBlocks returns the blocks that Slack's editor makes of a text in the wire form. Caller holds the lock.
func (s *Server) richBlocks(wire string) json.RawMessage {
	return workspace.MustJSON([]any{object{"type": "rich_text", "block_id": s.Secret(5), "elements": kit.RichText(wire)}})
}

// findPostable returns the channel to which a user posts; the id that a channel had before it moved finds it, too.
// Errors: those of Post. Caller holds the lock.
func (r *rooms) findPostable(user string, in Post) (*channel, error) {
	ch := r.channels[in.Channel]
	if to, ok := r.moved[in.Channel]; ok {
		ch = r.channels[to]
	}
	author := r.people.users[user]
	switch {
	case author == nil:
		return nil, workspace.Refuse("user_not_found")
	case author.Deleted:
		return nil, workspace.Refuse("account_inactive")
	case ch == nil:
		return nil, workspace.Refuse("channel_not_found")
	case in.As == "" && !ch.members[user]:
		return nil, workspace.Refuse("not_in_channel")
	case ch.Archived:
		return nil, workspace.Refuse("is_archived")
	case r.Opt.ReadOnlyDM && ch.IM && ch.members[r.Opt.BotUser]:
		return nil, workspace.Refuse("restricted_action")
	case in.isEmpty():
		return nil, workspace.Refuse("no_text")
	case in.Thread != "":
		return ch, ch.checkThread(in.Thread)
	}
	return ch, nil
}

// isEmpty reports whether there is nothing to post.
func (p Post) isEmpty() bool {
	return strings.TrimSpace(p.Text) == "" && len(p.Files) == 0 && len(p.Table) == 0
}

// checkThread returns why a person can't reply below a message, or nil.
func (c *channel) checkThread(ts string) error {
	root := c.byTS[ts]
	if root == nil || root.IsReply() {
		return workspace.Refuse("thread_not_found")
	}
	if c.isLocked(ts) {
		return workspace.Refuse("restricted_action_thread_locked")
	}
	return nil
}

// disguiseAuthor makes m look as if guise had posted it (see Post.As).
func disguiseAuthor(m *Message, guise string) {
	switch guise {
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

// findVisible returns a message that a user can see, and its channel. Errors: user_not_found, channel_not_found,
// message_not_found. Caller holds the lock.
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

// Edit replaces the text of one of the person's own messages. Errors: user_not_found, channel_not_found,
// message_not_found, cant_update_message, no_text.
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
		m.Blocks = s.richBlocks(m.Text)
	}

	// Slack gives the time of an edit in whole seconds.
	m.Edited = &Edited{User: p.id, TS: workspace.FormatTS(s.Now().Truncate(time.Second).UnixMicro())}
	s.board.emitChange(ch, m, prev)
	return nil
}

// Delete removes one of the person's messages, or anybody's if the person is an admin. Errors: user_not_found,
// channel_not_found, message_not_found, cant_delete_message.
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

// React adds an emoji, which is named without colons ("+1"). Errors: user_not_found, channel_not_found,
// message_not_found, invalid_name, already_reacted, too_many_reactions, thread_locked.
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

// Unreact takes an emoji of the person off. Errors: user_not_found, channel_not_found, message_not_found,
// no_reaction.
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

// asError converts a refusal to an error. A nil *Refusal in an error would not be nil.
func asError(e *workspace.Refusal) error {
	if e == nil {
		return nil
	}
	return e
}

// Join enters a public channel. Errors: channel_not_found (also for a private one, and for an unknown person),
// is_archived.
func (p *Person) Join(channel string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	isPublic := ch != nil && !ch.Private && !ch.IM
	if !isPublic || s.people.users[p.id] == nil {
		return workspace.Refuse("channel_not_found")
	}
	if ch.Archived {
		return workspace.Refuse("is_archived")
	}

	s.rooms.enter(ch, p.id, "")
	return nil
}

// Leave leaves a channel, if the person is in it. Errors: channel_not_found.
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

// OpenHome opens the app's home tab, of which the app is told by app_home_opened. Errors: user_not_found,
// not_enabled.
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

// Follow makes the person follow a thread without having written in it or, if on is false, stop following it. Errors:
// thread_not_found, whatever the reason.
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

// Read marks a channel as read: its badge is cleared.
func (p *Person) Read(channel string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	p.s.Inboxes.inboxOf(p.id).channelBadge(channel).clear()
}

// ReadThread marks a thread as read: it is no longer among the unread ones of the Threads view.
func (p *Person) ReadThread(channel, thread string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	delete(p.s.Inboxes.inboxOf(p.id).threads, threadKey{channel, thread})
}
