package slackfake

import (
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake/workspace"
)

// This file keeps the emulated workspace's channels (rooms), with their members, messages and threads. Its
// types are guarded by the one lock of the emulator, workspace.Ground.Mu: "Caller holds the lock" means that
// one. A ts is Slack's id of a message within its channel, and its time: "1700000000.000100".

// rooms are the channels of a workspace and who is in them.
type rooms struct {
	*ground
	people   *directory
	board    *board
	events   *Events
	channels map[string]*channel
	chanIDs  []string          // in order of creation
	moved    map[string]string // from an id before channel_id_changed to the new one
}

// reset forgets all channels. Caller holds the lock.
func (r *rooms) reset() {
	r.channels = map[string]*channel{}
	r.chanIDs = nil
	r.moved = map[string]string{}
}

// channel is a Channel with its messages.
type channel struct {
	Channel
	members  map[string]bool
	messages []*Message // at top level, replies that were also sent to the channel included; by ts
	byTS     map[string]*Message
	threads  map[string]*thread
	lastTS   int64
}

// thread is the replies under one root, which is the thread's first message.
type thread struct {
	root      *Message
	replies   []*Message
	followers map[string]bool // user ids of those who are notified of replies
	repliers  map[string]bool // authors of replies
	locked    bool            // takes no replies and no reactions
}

// isLocked reports whether the thread under ts takes no replies and no reactions.
func (c *channel) isLocked(ts string) bool {
	t := c.threads[ts]
	return t != nil && t.locked
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

// nextTS returns the channel's next time stamp: strictly rising even when the clock stands.
func (c *channel) nextTS(now time.Time) string {
	us := max(now.UnixMicro(), c.lastTS+1)
	c.lastTS = us
	return workspace.FormatTS(us)
}

func (r *rooms) channelJSON(ch *channel) reply {
	if ch.IM {
		other := ""
		for _, m := range ch.Members {
			if m != r.Opt.BotUser {
				other = m
			}
		}

		return reply{
			"id": ch.ID, "created": ch.Created, "is_im": true, "is_archived": ch.Archived, "user": other,
			"is_org_shared": false, "is_open": true, "priority": 0,
		}
	}

	return reply{
		"id": ch.ID, "name": ch.Name, "name_normalized": ch.Name, "created": ch.Created, "creator": ch.Creator,
		"is_channel": !ch.Private, "is_group": ch.Private, "is_im": false, "is_mpim": false, "is_private": ch.Private,
		"is_archived": ch.Archived, "is_general": ch.Name == "general", "is_shared": ch.ExtShared,
		"is_ext_shared": ch.ExtShared, "is_org_shared": false, "is_pending_ext_shared": false, "unlinked": 0,
		"is_member": ch.members[r.Opt.BotUser], "num_members": len(ch.Members), "context_team_id": r.Opt.TeamID,
		"topic":          reply{"value": ch.Topic, "creator": "", "last_set": 0},
		"purpose":        reply{"value": ch.Purpose, "creator": "", "last_set": 0},
		"previous_names": []string{}, "shared_team_ids": []string{r.Opt.TeamID},
	}
}

// findChannel looks a channel up by its id, or one it had before, and hides what the bot must
// not know of: private channels it is not in.
func (r *rooms) findChannel(id string) (*channel, *workspace.Refusal) {
	if to, ok := r.moved[id]; ok {
		id = to
	}
	ch := r.channels[id]
	if ch == nil {
		return nil, workspace.Refuse("channel_not_found")
	}
	isHidden := ch.Private || ch.IM
	if isHidden && !ch.members[r.Opt.BotUser] {
		return nil, workspace.Refuse("channel_not_found")
	}
	return ch, nil
}

// idOfName lets posts name a channel; other methods want its id.
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
