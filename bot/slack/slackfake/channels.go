package slackfake

import (
	"slices"
	"strings"
	"time"
)

// rooms are the channels of the emulated Slack workspace, with their members, messages and threads. When something changes,
// it emits the events that Slack would send, for example member_joined_channel.
//
// "The lock" is workspace.Ground.Mu, which guards the whole workspace. A ts, such as "1700000000.000100", is both the id of
// a message in its channel and its time.
type rooms struct {
	*Ground
	people   *directory
	board    *board
	events   *Events
	channels map[string]*channel
	chanIDs  []string          // in order of creation
	moved    map[string]string // the current ids of channels by their former ids (channel_id_changed)
}

// reset deletes all channels. The caller must hold the lock.
func (r *rooms) reset() {
	r.channels = map[string]*channel{}
	r.chanIDs = nil
	r.moved = map[string]string{}
}

// channel is a Channel with its messages.
type channel struct {
	Channel
	members  map[string]bool
	messages []*Message // at top level, including replies that were also sent to the channel; sorted by ts
	byTS     map[string]*Message
	threads  map[string]*thread
	lastTS   int64 // of the newest message, in microseconds
}

// thread is a message with replies. Its root is that message.
type thread struct {
	root      *Message
	replies   []*Message
	followers map[string]bool // the ids of users who are notified of replies
	repliers  map[string]bool // the ids of the authors of replies
	locked    bool            // replies and reactions are refused
}

// isLocked reports whether the thread whose root has this ts is locked.
func (c *channel) isLocked(ts string) bool {
	t := c.threads[ts]
	return t != nil && t.locked
}

// putChannel adds or replaces a channel. It generates the ID and the time of creation if they are missing. The caller must
// hold the lock.
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

// dmWith returns the channel for direct messages between a user and the bot, and creates it if needed. The caller must hold
// the lock.
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

// enter adds a member, unless they are one already. inviter may be "". The caller must hold the lock.
func (r *rooms) enter(ch *channel, user, inviter string) {
	if ch.members[user] {
		return
	}

	ch.members[user] = true
	ch.Members = append(ch.Members, user)
	r.Note(Change{Kind: "channel", Channel: ch.ID, User: user})
	ev := map[string]any{
		"type": "member_joined_channel", "user": user, "channel": ch.ID, "channel_type": memberKind(ch), "team": r.Opt.TeamID,
		"event_ts": FormatTS(r.Now().UnixMicro()),
	}
	if inviter != "" {
		ev["inviter"] = inviter
	}

	r.events.Emit("member_joined_channel", &ch.Channel, ev)
	r.postNotice(ch, user, "channel_join", "<@"+user+"> has joined the channel")
}

// postNotice posts a message of Slack's own, such as "Ann has joined the channel". The caller must hold the lock.
func (r *rooms) postNotice(ch *channel, user, subtype, text string) {
	r.board.insertMessage(ch, &Message{Subtype: subtype, User: user, Text: text})
}

// anyPerson returns the id of some human member, in whose name an action of an admin is announced.
func (r *rooms) anyPerson(ch *channel) string {
	for _, id := range ch.Members {
		u := r.people.users[id]
		if u != nil && !u.Bot {
			return id
		}
	}
	return "USLACKBOT"
}

// memberKind returns the channel_type of member_joined_channel and member_left_channel.
func memberKind(ch *channel) string {
	if ch.Private {
		return "G"
	}
	return "C"
}

// leave removes a member. The app receives member_left_channel and, if it is the one that leaves, channel_left or
// group_left. The caller must hold the lock.
func (r *rooms) leave(ch *channel, user string) {
	if !ch.members[user] {
		return
	}

	stamp := FormatTS(r.Now().UnixMicro())
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

// nextTS returns the ts for a new message. It increases strictly, even if the clock stands still.
func (c *channel) nextTS(now time.Time) string {
	us := max(now.UnixMicro(), c.lastTS+1)
	c.lastTS = us
	return FormatTS(us)
}

// channelJSON returns a channel as conversations.info shows it to the app.
func (r *rooms) channelJSON(ch *channel) Reply {
	if ch.IM {
		other := ""
		for _, m := range ch.Members {
			if m != r.Opt.BotUser {
				other = m
			}
		}

		return Reply{
			"id": ch.ID, "created": ch.Created, "is_im": true, "is_archived": ch.Archived, "user": other,
			"is_org_shared": false, "is_open": true, "priority": 0,
		}
	}

	return Reply{
		"id": ch.ID, "name": ch.Name, "name_normalized": ch.Name, "created": ch.Created, "creator": ch.Creator,
		"is_channel": !ch.Private, "is_group": ch.Private, "is_im": false, "is_mpim": false, "is_private": ch.Private,
		"is_archived": ch.Archived, "is_general": ch.Name == "general", "is_shared": ch.ExtShared,
		"is_ext_shared": ch.ExtShared, "is_org_shared": false, "is_pending_ext_shared": false, "unlinked": 0,
		"is_member": ch.members[r.Opt.BotUser], "num_members": len(ch.Members), "context_team_id": r.Opt.TeamID,
		"topic":          Reply{"value": ch.Topic, "creator": "", "last_set": 0},
		"purpose":        Reply{"value": ch.Purpose, "creator": "", "last_set": 0},
		"previous_names": []string{}, "shared_team_ids": []string{r.Opt.TeamID},
	}
}

// findChannel returns the channel with an id, which may be a former id. Private channels of which the bot isn't a member are
// not found.
func (r *rooms) findChannel(id string) (*channel, *WorkspaceRefusal) {
	if to, ok := r.moved[id]; ok {
		id = to
	}
	ch := r.channels[id]
	if ch == nil {
		return nil, Refuse("channel_not_found")
	}
	isHidden := ch.Private || ch.IM
	if isHidden && !ch.members[r.Opt.BotUser] {
		return nil, Refuse("channel_not_found")
	}
	return ch, nil
}

// idOfName returns the id of the channel with a name, with or without "#". It returns an id, or an unknown name, unchanged.
func (r *rooms) idOfName(name string) string {
	if r.channels[name] != nil {
		return name
	}
	wanted := strings.TrimPrefix(name, "#")
	for _, id := range r.chanIDs {
		ch := r.channels[id]
		isWanted := !ch.IM && ch.Name == wanted
		if isWanted && name != "" {
			return id
		}
	}
	return name
}
