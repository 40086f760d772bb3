package slackfake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Person lets a test act as a member of the emulated workspace, as with Slack's own client:
//
//	ts, err := srv.As(ann.ID).Post(slackfake.Post{Channel: support, Text: "Hello"})
//
// This file has posting, editing, reacting and joining; clicks, forms and commands are in personclick.go. Methods
// return Slack's error codes as errors, and list them in their comments. All methods are safe for concurrent use.
type Person struct {
	s  *Server
	id string
}

// As returns the person with a user id. It doesn't check that the user exists; the methods of Person do.
func (s *Server) As(user string) *Person { return &Person{s: s, id: user} }

// ID returns the person's user id.
func (p *Person) ID() string { return p.id }

// Post is a message that a person types. In Text, *bold* and similar marks are formatting, and <@U…>, <#C…>,
// <!here> and <https://…|label> are mentions and links (see kit.WireText). Any other &, < or > is a literal
// character.
type Post struct {
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"` // ts of the thread's root; empty for a top-level message
	Text    string    `json:"text"`
	Files   []NewFile `json:"files,omitempty"`
	// Table is a table pasted below the text, as rows of cells. Cells have the same format as Text.
	Table     [][]string `json:"table,omitempty"`
	Broadcast bool       `json:"broadcast,omitempty"` // also send to the channel
	Me        bool       `json:"me,omitempty"`        // /me
	// As makes the message look like that of a "workflow", a "bot" (another app) or "slackbot", which need not be
	// members of the channel. By default, the person is the author.
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

// composePost converts a post into a message, and stores its files. The caller holds the lock.
func (s *Server) composePost(user string, in Post) *Message {
	author := s.people.users[user]
	team := author.TeamID
	if slices.Contains(author.Teams, s.Opt.TeamID) {
		team = s.Opt.TeamID
	}
	m := &Message{User: user, Team: team, ClientMsgID: s.UUID(), ThreadTS: in.Thread}
	if team != s.Opt.TeamID { // a member of another organisation, in a shared channel
		m.UserTeam, m.SourceTeam = team, team
	}

	m.Text = WireText(in.Text)
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
		m.Upload = new(bool) // Slack sends false, not nothing, with files
	}
	return m
}

// richBlocks returns the blocks that Slack's editor creates for a text in Slack's markup. The caller holds
// the lock.
func (s *Server) richBlocks(markup string) json.RawMessage {
	return MustJSON([]any{Object{"type": "rich_text", "block_id": s.Secret(5), "elements": RichText(markup)}})
}

// findPostable returns the channel of a post, which may name it by the id from before the channel was moved.
// Errors: those of Post. The caller holds the lock.
func (r *rooms) findPostable(user string, in Post) (*channel, error) {
	ch := r.channels[in.Channel]
	if newID, ok := r.moved[in.Channel]; ok {
		ch = r.channels[newID]
	}
	author := r.people.users[user]
	switch {
	case author == nil:
		return nil, Refuse("user_not_found")
	case author.Deleted:
		return nil, Refuse("account_inactive")
	case ch == nil:
		return nil, Refuse("channel_not_found")
	case in.As == "" && !ch.members[user]:
		return nil, Refuse("not_in_channel")
	case ch.Archived:
		return nil, Refuse("is_archived")
	case r.Opt.ReadOnlyDM && ch.IM && ch.members[r.Opt.BotUser]:
		return nil, Refuse("restricted_action")
	case in.isEmpty():
		return nil, Refuse("no_text")
	case in.Thread != "":
		return ch, ch.checkThread(in.Thread)
	}
	return ch, nil
}

// isEmpty reports whether there is nothing to post.
func (p Post) isEmpty() bool {
	return strings.TrimSpace(p.Text) == "" && len(p.Files) == 0 && len(p.Table) == 0
}

// checkThread returns an error if a person can't reply to the message ts.
func (c *channel) checkThread(ts string) error {
	root := c.byTS[ts]
	if root == nil || root.IsReply() {
		return Refuse("thread_not_found")
	}
	if c.isLocked(ts) {
		return Refuse("restricted_action_thread_locked")
	}
	return nil
}

// disguiseAuthor replaces the author of a message; see Post.As.
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

// findVisible returns a message that a user can see, and its channel. Errors: user_not_found, channel_not_found,
// message_not_found. The caller holds the lock.
func (r *rooms) findVisible(user, channel, ts string) (*channel, *Message, error) {
	ch := r.channels[channel]
	if r.people.users[user] == nil {
		return nil, nil, Refuse("user_not_found")
	}
	if ch == nil || !ch.members[user] {
		return nil, nil, Refuse("channel_not_found")
	}
	m := ch.byTS[ts]
	if m == nil || m.Subtype == "tombstone" {
		return nil, nil, Refuse("message_not_found")
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
		return Refuse("cant_update_message")
	}
	if strings.TrimSpace(text) == "" {
		return Refuse("no_text")
	}

	prev := m.Clone()
	m.Text = WireText(text)
	if m.Subtype != "me_message" {
		m.Blocks = s.richBlocks(m.Text)
	}

	// Slack truncates the time of an edit to seconds.
	m.Edited = &Edited{User: p.id, TS: FormatTS(s.Now().Truncate(time.Second).UnixMicro())}
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
		return Refuse("cant_delete_message")
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

// Unreact removes one of the person's emoji. Errors: user_not_found, channel_not_found, message_not_found,
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
func asError(e *WorkspaceRefusal) error {
	if e == nil {
		return nil
	}
	return e
}

// Join joins a public channel. Errors: channel_not_found (also for private channels and unknown people),
// is_archived.
func (p *Person) Join(channel string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	isPublic := ch != nil && !ch.Private && !ch.IM
	if !isPublic || s.people.users[p.id] == nil {
		return Refuse("channel_not_found")
	}
	if ch.Archived {
		return Refuse("is_archived")
	}

	s.rooms.enter(ch, p.id, "")
	return nil
}

// Leave leaves a channel. It does nothing if the person isn't a member. Errors: channel_not_found.
func (p *Person) Leave(channel string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil {
		return Refuse("channel_not_found")
	}
	if ch.members[p.id] {
		s.rooms.postNotice(ch, p.id, "channel_leave", "<@"+p.id+"> has left the channel")
	}
	s.rooms.leave(ch, p.id)
	return nil
}

// OpenHome opens the app's home tab, which sends the event app_home_opened to the app. Errors:
// user_not_found, not_enabled.
func (p *Person) OpenHome() error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()

	if s.people.users[p.id] == nil {
		return Refuse("user_not_found")
	}
	if s.Opt.NoHome {
		return Refuse("not_enabled")
	}

	event := map[string]any{"type": "app_home_opened", "user": p.id, "channel": s.rooms.dmWith(p.id).ID, "tab": "home"}
	if v := s.screens.Homes[p.id]; v != nil {
		event["view"] = v.Clone()
	}

	s.Events.Emit("app_home_opened", nil, event)
	return nil
}

// Follow makes the person follow a thread or, if on is false, stop following it. The only error is
// thread_not_found.
func (p *Person) Follow(channel, thread string, on bool) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, thread)
	if err != nil || m.IsReply() {
		return Refuse("thread_not_found")
	}

	t := ch.threadOf(thread)
	if on {
		t.followers[p.id] = true
	} else {
		delete(t.followers, p.id)
	}

	return nil
}

// Read marks a channel as read, which clears its badge.
func (p *Person) Read(channel string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	p.s.Inboxes.inboxOf(p.id).channelBadge(channel).clear()
}

// ReadThread marks a thread as read in the person's Threads view.
func (p *Person) ReadThread(channel, thread string) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	delete(p.s.Inboxes.inboxOf(p.id).threads, threadKey{channel, thread})
}
