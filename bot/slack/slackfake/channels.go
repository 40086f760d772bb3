package slackfake

import (
	"slices"
	"strings"
)

// AddChannel makes a channel; an empty ID is made up. It tells nobody, as apps only learn of
// channels by joining them or by channel_created, which is sent for public ones.
func (s *Server) AddChannel(c Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.putChannel(c)
	if !ch.Private && !ch.IM {
		s.emit("channel_created", nil, map[string]any{"type": "channel_created", "channel": map[string]any{
			"id": ch.ID, "name": ch.Name, "created": ch.Created, "creator": ch.Creator,
		}})
	}
	return ch.view()
}

// putChannel fills in and stores c. Caller holds s.mu.
func (s *Server) putChannel(c Channel) *channel {
	if c.ID == "" {
		prefix := "C"
		if c.IM {
			prefix = "D"
		}
		c.ID = s.newID(prefix)
	}
	if c.Created == 0 {
		c.Created = s.now().Unix()
	}
	ch := &channel{Channel: c, members: map[string]bool{}, byTS: map[string]*Message{}, threads: map[string]*thread{}}
	ch.Members = slices.Clone(c.Members)
	for _, m := range c.Members {
		ch.members[m] = true
	}
	if s.channels[c.ID] == nil {
		s.chanIDs = append(s.chanIDs, c.ID)
	}
	s.channels[c.ID] = ch
	s.note(Change{Kind: "channel", Channel: c.ID})
	return ch
}

func (c *channel) view() Channel {
	out := c.Channel
	out.Members = slices.Clone(c.Members)
	return out
}

// Channels lists all channels, private and direct ones included.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Channel
	for _, id := range s.chanIDs {
		out = append(out, s.channels[id].view())
	}
	return out
}

// DM returns the id of the direct channel of a person with the bot, opening it if needed.
func (s *Server) DM(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dmWith(user).ID
}

// dmWith finds or opens the direct channel with the bot. Caller holds s.mu.
func (s *Server) dmWith(user string) *channel {
	for _, id := range s.chanIDs {
		if c := s.channels[id]; c.IM && c.members[user] && c.members[s.opt.BotUser] {
			return c
		}
	}
	return s.putChannel(Channel{IM: true, Members: []string{s.opt.BotUser, user}})
}

// enter adds a member and tells the app if it is in the channel. Caller holds s.mu.
func (s *Server) enter(ch *channel, user, inviter string) {
	if ch.members[user] {
		return
	}
	ch.members[user] = true
	ch.Members = append(ch.Members, user)
	s.note(Change{Kind: "channel", Channel: ch.ID, User: user})
	ev := map[string]any{
		"type": "member_joined_channel", "user": user, "channel": ch.ID, "channel_type": memberKind(ch), "team": s.opt.TeamID,
		"event_ts": formatTS(s.now().UnixMicro()),
	}
	if inviter != "" {
		ev["inviter"] = inviter
	}
	s.emit("member_joined_channel", ch, ev)
	s.announce(ch, user, "channel_join", "<@"+user+"> has joined the channel")
}

// announce posts one of Slack's own lines about a channel; it notifies nobody. Caller holds s.mu.
func (s *Server) announce(ch *channel, user, subtype, text string) {
	s.insert(ch, &Message{Subtype: subtype, User: user, Text: text})
}

// system tells Slack's own lines from what people and apps wrote.
func (m *Message) system() bool { return strings.HasPrefix(m.Subtype, "channel_") }

// somebody is a person of the channel, in whose name an administrator's act is announced.
func (s *Server) somebody(ch *channel) string {
	for _, id := range ch.Members {
		if u := s.users[id]; u != nil && !u.Bot {
			return id
		}
	}
	return "USLACKBOT"
}

func memberKind(ch *channel) string {
	if ch.Private {
		return "G"
	}
	return "C"
}

// leave takes a member out. The app hears of others by member_left_channel and of itself by
// channel_left or group_left. Caller holds s.mu.
func (s *Server) leave(ch *channel, user string) {
	if !ch.members[user] {
		return
	}
	stamp := formatTS(s.now().UnixMicro())
	s.emit("member_left_channel", ch, map[string]any{
		"type": "member_left_channel", "user": user, "channel": ch.ID, "channel_type": memberKind(ch), "team": s.opt.TeamID,
		"event_ts": stamp,
	})
	delete(ch.members, user)
	ch.Members = slices.DeleteFunc(ch.Members, func(m string) bool { return m == user })
	if user == s.opt.BotUser {
		name := ch.kind() + "_left"
		s.emit(name, nil, map[string]any{"type": name, "channel": ch.ID, "actor_id": "", "event_ts": stamp})
	}
	s.note(Change{Kind: "channel", Channel: ch.ID, User: user})
}

func (c *call) joinChannel() (reply, *apiError) {
	ch, err := c.findChannel(c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.Private, ch.IM:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, refuse("is_archived")
	}
	out := reply{}
	if ch.members[c.opt.BotUser] {
		out["warning"] = "already_in_channel"
		out["response_metadata"] = reply{"warnings": []string{"already_in_channel"}}
	}
	c.enter(ch, c.opt.BotUser, "")
	out["channel"] = c.channelJSON(ch)
	return out, nil
}

func (c *call) leaveChannel() (reply, *apiError) {
	ch, err := c.findChannel(c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.IM:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, refuse("is_archived")
	case ch.Name == "general":
		return nil, refuse("cant_leave_general")
	case !ch.members[c.opt.BotUser]:
		return reply{"not_in_channel": true}, nil
	}
	if err := c.need(manageScope(ch.Private)); err != nil {
		return nil, err
	}
	c.leave(ch, c.opt.BotUser)
	return reply{}, nil
}

func (c *call) inviteUsers() (reply, *apiError) {
	ch, err := c.managed()
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, refuse("is_archived")
	}
	ids := jsonList(c.str("users"))
	if len(ids) == 0 {
		return nil, refuse("no_user")
	}
	for _, id := range ids {
		switch {
		case c.users[id] == nil || c.users[id].Deleted:
			return nil, refuse("user_not_found")
		case id == c.opt.BotUser:
			return nil, refuse("cant_invite_self")
		case ch.members[id]:
			return nil, refuse("already_in_channel")
		}
	}
	for _, id := range ids {
		c.enter(ch, id, c.opt.BotUser)
	}
	return reply{"channel": c.channelJSON(ch)}, nil
}

// freeName checks a new channel's name.
func (s *Server) freeName(name string) *apiError {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r < 0x80
	}
	switch {
	case name == "":
		return refuse("invalid_name_required")
	case len([]rune(name)) > 80:
		return refuse("invalid_name_maxlength")
	case strings.ContainsFunc(name, bad):
		return refuse("invalid_name_specials")
	}
	for _, ch := range s.channels {
		if ch.Name == name && !ch.IM {
			return refuse("name_taken")
		}
	}
	return nil
}

func (c *call) createChannel() (reply, *apiError) {
	if err := c.need(manageScope(c.flag("is_private"))); err != nil {
		return nil, err
	}
	name := c.str("name")
	if err := c.freeName(name); err != nil {
		return nil, err
	}
	ch := c.putChannel(Channel{Name: name, Private: c.flag("is_private"), Creator: c.opt.BotUser, Members: []string{c.opt.BotUser}})
	return reply{"channel": c.channelJSON(ch)}, nil
}

func (c *call) openDM() (reply, *apiError) {
	if id := c.str("channel"); id != "" {
		ch, err := c.findChannel(id)
		if err != nil {
			return nil, err
		}
		if !ch.IM {
			return nil, refuse("method_not_supported_for_channel_type")
		}
		return c.opened(ch, true), nil
	}
	ids := jsonList(c.str("users"))
	switch len(ids) {
	case 0:
		return nil, refuse("users_list_not_supplied")
	case 1:
	default:
		return nil, &apiError{code: "missing_scope", needed: "mpim:write"}
	}
	u := c.users[ids[0]]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	}
	before := len(c.chanIDs)
	ch := c.dmWith(u.ID)
	return c.opened(ch, len(c.chanIDs) == before), nil
}

func (c *call) opened(ch *channel, already bool) reply {
	out := reply{"channel": reply{"id": ch.ID}}
	if c.flag("return_im") {
		out["channel"] = c.channelJSON(ch)
	}
	if already {
		out["no_op"], out["already_open"] = true, true
	}
	return out
}
