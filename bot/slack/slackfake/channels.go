package slackfake

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// rooms are the channels of a workspace and who is in them. Guarded by the lock.
type rooms struct {
	*ground
	people   *directory
	board    *board
	events   *Events
	channels map[string]*channel
	chanIDs  []string
	moved    map[string]string // ids before channel_id_changed
}

// reset forgets all channels. Caller holds the lock.
func (r *rooms) reset() {
	r.channels = map[string]*channel{}
	r.chanIDs = nil
	r.moved = map[string]string{}
}

// channel is a Channel with its messages. Guarded by the lock.
type channel struct {
	Channel
	members  map[string]bool
	messages []*Message // top-level and broadcasts, by ts
	byTS     map[string]*Message
	threads  map[string]*thread
	lastTS   int64
}

// thread is the replies under one root. Guarded by the lock.
type thread struct {
	root      *Message
	replies   []*Message
	followers map[string]bool
	repliers  map[string]bool // authors of replies
	locked    bool
}

// AddChannel makes a channel; an empty ID is made up. It tells nobody, as apps only learn of
// channels by joining them or by channel_created, which is sent for public ones.
func (a *Administrator) AddChannel(c Channel) Channel {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	ch := a.rooms.putChannel(c)
	if !ch.Private && !ch.IM {
		a.events.Emit("channel_created", nil, map[string]any{"type": "channel_created", "channel": map[string]any{
			"id": ch.ID, "name": ch.Name, "created": ch.Created, "creator": ch.Creator,
		}})
	}
	return ch.cloneChannel()
}

// putChannel fills in and stores c. Caller holds the lock.
func (r *rooms) putChannel(c Channel) *channel {
	if c.ID == "" {
		prefix := "C"
		if c.IM {
			prefix = "D"
		}
		c.ID = r.NewID(prefix)
	}
	if c.Created == 0 {
		c.Created = r.Now().Unix()
	}
	ch := &channel{Channel: c, members: map[string]bool{}, byTS: map[string]*Message{}, threads: map[string]*thread{}}
	ch.Members = slices.Clone(c.Members)
	for _, m := range c.Members {
		ch.members[m] = true
	}
	if r.channels[c.ID] == nil {
		r.chanIDs = append(r.chanIDs, c.ID)
	}
	r.channels[c.ID] = ch
	r.Note(Change{Kind: "channel", Channel: c.ID})
	return ch
}

func (c *channel) cloneChannel() Channel {
	out := c.Channel
	out.Members = slices.Clone(c.Members)
	return out
}

// Channels lists all channels, private and direct ones included.
func (s *Server) Channels() []Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Channel
	for _, id := range s.rooms.chanIDs {
		out = append(out, s.rooms.channels[id].cloneChannel())
	}
	return out
}

// DM returns the id of the direct channel of a person with the bot, opening it if needed.
func (s *Server) DM(user string) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.rooms.dmWith(user).ID
}

// dmWith finds or opens the direct channel with the bot. Caller holds the lock.
func (r *rooms) dmWith(user string) *channel {
	for _, id := range r.chanIDs {
		c := r.channels[id]
		isBetweenThem := c.members[user] && c.members[r.Opt.BotUser]
		if c.IM && isBetweenThem {
			return c
		}
	}
	return r.putChannel(Channel{IM: true, Members: []string{r.Opt.BotUser, user}})
}

// enter adds a member and tells the app if it is in the channel. Caller holds the lock.
func (r *rooms) enter(ch *channel, user, inviter string) {
	if ch.members[user] {
		return
	}
	ch.members[user] = true
	ch.Members = append(ch.Members, user)
	r.Note(Change{Kind: "channel", Channel: ch.ID, User: user})
	ev := map[string]any{
		"type": "member_joined_channel", "user": user, "channel": ch.ID, "channel_type": memberKind(ch), "team": r.Opt.TeamID,
		"event_ts": workspace.FormatTS(r.Now().UnixMicro()),
	}
	if inviter != "" {
		ev["inviter"] = inviter
	}
	r.events.Emit("member_joined_channel", &ch.Channel, ev)
	r.postNotice(ch, user, "channel_join", "<@"+user+"> has joined the channel")
}

// postNotice posts one of Slack's own lines about a channel; it notifies nobody. Caller holds the lock.
func (r *rooms) postNotice(ch *channel, user, subtype, text string) {
	r.board.insertMessage(ch, &Message{Subtype: subtype, User: user, Text: text})
}

// anyPerson is the id of a person of the channel, in whose name an administrator's act is announced.
func (r *rooms) anyPerson(ch *channel) string {
	for _, id := range ch.Members {
		u := r.people.users[id]
		if u != nil && !u.Bot {
			return id
		}
	}
	return "USLACKBOT"
}

// memberKind returns the letter that events about members have for a kind of channel.
func memberKind(ch *channel) string {
	if ch.Private {
		return "G"
	}
	return "C"
}

// leave takes a member out. The app hears of others by member_left_channel and of itself by
// channel_left or group_left. Caller holds the lock.
func (r *rooms) leave(ch *channel, user string) {
	if !ch.members[user] {
		return
	}
	stamp := workspace.FormatTS(r.Now().UnixMicro())
	r.events.Emit("member_left_channel", &ch.Channel, map[string]any{
		"type": "member_left_channel", "user": user, "channel": ch.ID, "channel_type": memberKind(ch), "team": r.Opt.TeamID,
		"event_ts": stamp,
	})
	delete(ch.members, user)
	ch.Members = slices.DeleteFunc(ch.Members, func(m string) bool { return m == user })
	if user == r.Opt.BotUser {
		name := ch.Kind() + "_left"
		r.events.Emit(name, nil, map[string]any{"type": name, "channel": ch.ID, "actor_id": "", "event_ts": stamp})
	}
	r.Note(Change{Kind: "channel", Channel: ch.ID, User: user})
}

func (a *conversationAPI) joinChannel(c *call) (reply, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if ch.Private || ch.IM {
		return nil, workspace.Refuse("method_not_supported_for_channel_type")
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}
	out := reply{}
	if ch.members[a.Opt.BotUser] {
		out["warning"] = "already_in_channel"
		out["response_metadata"] = reply{"warnings": []string{"already_in_channel"}}
	}
	a.rooms.enter(ch, a.Opt.BotUser, "")
	out["channel"] = a.rooms.channelJSON(ch)
	return out, nil
}

func (a *conversationAPI) leaveChannel(c *call) (reply, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if ch.IM {
		return nil, workspace.Refuse("method_not_supported_for_channel_type")
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}
	if ch.Name == "general" {
		return nil, workspace.Refuse("cant_leave_general")
	}
	if !ch.members[a.Opt.BotUser] {
		return reply{"not_in_channel": true}, nil
	}
	if err := c.Need(manageScope(ch.Private)); err != nil {
		return nil, err
	}
	a.rooms.leave(ch, a.Opt.BotUser)
	return reply{}, nil
}

func (a *conversationAPI) inviteUsers(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}
	ids := webcall.List(c.Str("users"))
	if len(ids) == 0 {
		return nil, workspace.Refuse("no_user")
	}
	for _, id := range ids {
		if a.rooms.people.users[id] == nil || a.rooms.people.users[id].Deleted {
			return nil, workspace.Refuse("user_not_found")
		}
		if id == a.Opt.BotUser {
			return nil, workspace.Refuse("cant_invite_self")
		}
		if ch.members[id] {
			return nil, workspace.Refuse("already_in_channel")
		}
	}
	for _, id := range ids {
		a.rooms.enter(ch, id, a.Opt.BotUser)
	}
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

// maxChannelName is how many characters a channel's name may have.
const maxChannelName = 80

// checkNewName checks a new channel's name.
func (r *rooms) checkNewName(name string) *workspace.Refusal {
	isForbidden := func(x rune) bool {
		isLetter := x >= 'a' && x <= 'z'
		isDigit := x >= '0' && x <= '9'
		if isLetter || isDigit {
			return false
		}
		return x < utf8.RuneSelf && !strings.ContainsRune("-_", x) // letters beyond ASCII are allowed
	}
	if name == "" {
		return workspace.Refuse("invalid_name_required")
	}
	if len([]rune(name)) > maxChannelName {
		return workspace.Refuse("invalid_name_maxlength")
	}
	if strings.ContainsFunc(name, isForbidden) {
		return workspace.Refuse("invalid_name_specials")
	}
	for _, ch := range r.channels {
		if ch.Name == name && !ch.IM {
			return workspace.Refuse("name_taken")
		}
	}
	return nil
}

func (a *conversationAPI) createChannel(c *call) (reply, *workspace.Refusal) {
	if err := c.Need(manageScope(c.Flag("is_private"))); err != nil {
		return nil, err
	}
	name := c.Str("name")
	if err := a.rooms.checkNewName(name); err != nil {
		return nil, err
	}
	ch := a.rooms.putChannel(Channel{Name: name, Private: c.Flag("is_private"), Creator: a.Opt.BotUser, Members: []string{a.Opt.BotUser}})
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

func (a *conversationAPI) openDM(c *call) (reply, *workspace.Refusal) {
	if id := c.Str("channel"); id != "" {
		ch, err := a.rooms.findChannel(id)
		if err != nil {
			return nil, err
		}
		if !ch.IM {
			return nil, workspace.Refuse("method_not_supported_for_channel_type")
		}
		return a.showOpened(c, ch, true), nil
	}
	ids := webcall.List(c.Str("users"))
	switch len(ids) {
	case 0:
		return nil, workspace.Refuse("users_list_not_supplied")
	case 1:
	default:
		return nil, &workspace.Refusal{Code: "missing_scope", Needed: "mpim:write"}
	}
	u := a.rooms.people.users[ids[0]]
	if u == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	if u.Deleted {
		return nil, workspace.Refuse("user_disabled")
	}
	if u.Bot {
		return nil, workspace.Refuse("cannot_dm_bot")
	}
	before := len(a.rooms.chanIDs)
	ch := a.rooms.dmWith(u.ID)
	return a.showOpened(c, ch, len(a.rooms.chanIDs) == before), nil
}

func (a *conversationAPI) showOpened(c *call, ch *channel, already bool) reply {
	out := reply{"channel": reply{"id": ch.ID}}
	if c.Flag("return_im") {
		out["channel"] = a.rooms.channelJSON(ch)
	}
	if already {
		out["no_op"], out["already_open"] = true, true
	}
	return out
}

// nextTS returns the channel's next time stamp: strictly rising even when the clock stands.
func (c *channel) nextTS(now time.Time) string {
	us := max(now.UnixMicro(), c.lastTS+1)
	c.lastTS = us
	return workspace.FormatTS(us)
}
