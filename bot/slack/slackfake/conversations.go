package slackfake

import (
	"sort"
	"strings"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// conversationAPI answers what the app asks of channels.
type conversationAPI struct {
	*ground
	rooms  *rooms
	clicks *clicks
}

// findReadable finds a channel and checks scope and, for history, membership.
func (a *conversationAPI) findReadable(c *call, verb string) (*channel, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if err := c.Need(ch.Scope(verb)); err != nil {
		return nil, err
	}
	if verb == "history" && !ch.members[a.Opt.BotUser] {
		return nil, workspace.Refuse("not_in_channel")
	}
	return ch, nil
}

// readHistory pages newest first. The cursor names the time stamp to go on below, so that new
// messages do not shift pages.
func (a *conversationAPI) readHistory(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findReadable(c, "history")
	if err != nil {
		return nil, err
	}
	w, err := c.Window(100, 999)
	if err != nil {
		return nil, err
	}
	list := ch.messages
	out := []*Message{}
	end := sort.Search(len(list), func(i int) bool {
		us := list[i].Micros()
		isOnEarlierPage := w.Skip > 0 && us >= int64(w.Skip)
		return us > w.Latest || isOnEarlierPage
	})
	more := 0
	for i := end - 1; i >= 0; i-- {
		if list[i].Micros() < w.Oldest {
			break
		}
		if !w.Holds(list[i]) {
			continue
		}
		if len(out) == w.Limit {
			more = int(out[len(out)-1].Micros())
			break
		}
		out = append(out, w.Show(list[i]))
	}
	return reply{
		"messages": out, "has_more": more > 0, "pin_count": 0, "response_metadata": webcall.NextCursor(more),
	}, nil
}

// readReplies pages oldest first; every page starts with the root.
func (a *conversationAPI) readReplies(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findReadable(c, "history")
	if err != nil {
		return nil, err
	}
	w, err := c.Window(1000, 1000)
	if err != nil {
		return nil, err
	}
	root := ch.byTS[c.Str("ts")]
	if root == nil {
		return nil, workspace.Refuse("thread_not_found")
	}
	if root.IsReply() {
		return reply{"messages": []*Message{w.Show(root)}, "has_more": false}, nil
	}
	out := []*Message{w.Show(root)}
	more := 0
	if t := ch.threads[root.TS]; t != nil {
		for _, m := range t.replies[webcall.From(t.replies, w):] {
			if !w.Holds(m) {
				continue
			}
			if len(out) > w.Limit {
				more = int(out[len(out)-1].Micros())
				break
			}
			out = append(out, w.Show(m))
		}
	}
	return reply{"messages": out, "has_more": more > 0, "response_metadata": webcall.NextCursor(more)}, nil
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

func (a *conversationAPI) channelInfo(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findReadable(c, "read")
	if err != nil {
		return nil, err
	}
	out := a.rooms.channelJSON(ch)
	if !c.Flag("include_num_members") {
		delete(out, "num_members")
	}
	return reply{"channel": out}, nil
}

func (a *conversationAPI) listChannels(c *call) (reply, *workspace.Refusal) {
	return a.listThose(c, false)
}
func (a *conversationAPI) listOwnChannels(c *call) (reply, *workspace.Refusal) {
	return a.listThose(c, true)
}

func (a *conversationAPI) listThose(c *call, own bool) (reply, *workspace.Refusal) {
	types := c.Str("types")
	if types == "" {
		types = "public_channel"
	}
	want := map[string]bool{}
	scopes := map[string]string{"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
	for t := range strings.SplitSeq(types, ",") {
		t = strings.TrimSpace(t)
		if scopes[t] == "" {
			return nil, workspace.Refuse("invalid_types")
		}
		if err := c.Need(scopes[t]); err != nil {
			return nil, err
		}
		want[t] = true
	}
	limit, skip, err := c.Page(100, 1000)
	if err != nil {
		return nil, err
	}
	out := []reply{}
	more, seen := 0, 0
	for _, id := range a.rooms.chanIDs {
		ch := a.rooms.channels[id]
		kind := map[string]string{"im": "im", "group": "private_channel", "channel": "public_channel"}[ch.Kind()]
		isExcluded := ch.Archived && c.Flag("exclude_archived")
		if !want[kind] || isExcluded {
			continue
		}
		isHidden := ch.Private || ch.IM
		needsMembership := own || isHidden
		if needsMembership && !ch.members[a.Opt.BotUser] {
			continue
		}
		if seen++; seen <= skip {
			continue
		}
		if len(out) == limit {
			more = skip + limit
			break
		}
		out = append(out, a.rooms.channelJSON(ch))
	}
	return reply{"channels": out, "response_metadata": webcall.NextCursor(more)}, nil
}

func (a *conversationAPI) listMembers(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findReadable(c, "read")
	if err != nil {
		return nil, err
	}
	page, next, err := webcall.PageOf(c, ch.Members)
	if err != nil {
		return nil, err
	}
	return reply{"members": append([]string{}, page...), "response_metadata": webcall.NextCursor(next)}, nil
}

// setStatus shows "… is typing" under a thread for two minutes.
func (a *conversationAPI) setStatus(c *call) (reply, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel_id"))
	if err != nil {
		return nil, err
	}
	ts := c.Str("thread_ts")
	if ch.byTS[ts] == nil {
		return nil, workspace.Refuse("invalid_thread_ts")
	}
	if !c.Has("status") {
		return nil, workspace.Refuse("invalid_arguments", "[ERROR] missing required field: status")
	}
	st := ThreadStatus{Channel: ch.ID, Thread: ts, Text: c.Str("status"), Until: a.Now().Add(statusLife)}
	if c.HasOwnAuthor() && c.Need("chat:write.customize") == nil {
		st.Username = c.Str("username")
	}
	a.clicks.statuses[ch.ID+"|"+ts] = st
	a.Note(Change{Kind: "status", Channel: ch.ID, Thread: ts})
	return reply{}, nil
}
