package slackfake

import (
	"encoding/base64"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
)

// scopeFor names the scope that a conversations.* method needs for a kind of channel.
func scopeFor(ch *channel, verb string) string {
	switch {
	case ch.IM:
		return "im:" + verb
	case ch.Private:
		return "groups:" + verb
	}
	return "channels:" + verb
}

// conversationAPI answers what the app asks of channels.
type conversationAPI struct {
	*ground
	rooms  *rooms
	clicks *clicks
}

// readable finds a channel and checks scope and, for history, membership.
func (a *conversationAPI) readable(c *call, verb string) (*channel, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	if err != nil {
		return nil, err
	}
	if err := c.need(scopeFor(ch, verb)); err != nil {
		return nil, err
	}
	if verb == "history" && !ch.members[a.opt.BotUser] {
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// window is the part of a message list that was asked for.
type window struct {
	oldest, latest int64
	inclusive      bool
	limit, skip    int
	full           bool // metadata with payload
}

func (c *call) window(standard, most int) (window, *apiError) {
	w := window{inclusive: c.flag("inclusive"), limit: standard, latest: 1 << 62, full: c.flag("include_all_metadata")}
	if v := c.str("oldest"); v != "" {
		us, ok := parseTS(v)
		if !ok {
			return w, refuse("invalid_ts_oldest")
		}
		w.oldest = us
	}
	if v := c.str("latest"); v != "" && v != "now" {
		us, ok := parseTS(v)
		if !ok {
			return w, refuse("invalid_ts_latest")
		}
		w.latest = us
	}
	var err *apiError
	w.limit, w.skip, err = c.page(standard, most)
	return w, err
}

// page reads limit and cursor. Cursors are opaque text over an offset or a time stamp.
func (c *call) page(standard, most int) (limit, skip int, err *apiError) {
	limit = standard
	if v := c.str("limit"); v != "" {
		n, e := strconv.Atoi(v)
		if e != nil || n < 0 {
			return 0, 0, refuse("invalid_limit")
		}
		if n > 0 {
			limit = min(n, most)
		}
	}
	if v := c.str("cursor"); v != "" {
		b, e := base64.StdEncoding.DecodeString(v)
		n, e2 := strconv.Atoi(strings.TrimPrefix(string(b), "next:"))
		if e != nil || e2 != nil || n < 0 {
			return 0, 0, refuse("invalid_cursor")
		}
		skip = n
	}
	return limit, skip, nil
}

func nextCursor(n int) reply {
	v := ""
	if n > 0 {
		v = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(n)))
	}
	return reply{"next_cursor": v}
}

func (w window) holds(m *Message) bool {
	us, _ := parseTS(m.TS)
	if w.inclusive {
		return us >= w.oldest && us <= w.latest
	}
	return us > w.oldest && us < w.latest
}

func (w window) show(m *Message) *Message {
	n := m.clone()
	if n.Metadata != nil && !w.full {
		n.Metadata = &Metadata{EventType: n.Metadata.EventType}
	}
	return n
}

// history pages newest first. The cursor names the time stamp to go on below, so that new
// messages do not shift pages.
func (a *conversationAPI) history(c *call) (reply, *apiError) {
	ch, err := a.readable(c, "history")
	if err != nil {
		return nil, err
	}
	w, err := c.window(100, 999)
	if err != nil {
		return nil, err
	}
	list := ch.messages
	out := []*Message{}
	end := sort.Search(len(list), func(i int) bool {
		us, _ := parseTS(list[i].TS)
		return us > w.latest || w.skip > 0 && us >= int64(w.skip)
	})
	more := 0
	for i := end - 1; i >= 0; i-- {
		if us, _ := parseTS(list[i].TS); us < w.oldest {
			break
		}
		if !w.holds(list[i]) {
			continue
		}
		if len(out) == w.limit {
			us, _ := parseTS(out[len(out)-1].TS)
			more = int(us)
			break
		}
		out = append(out, w.show(list[i]))
	}
	return reply{
		"messages": out, "has_more": more > 0, "pin_count": 0, "response_metadata": nextCursor(more),
	}, nil
}

// repliesOf pages oldest first; every page starts with the root.
func (a *conversationAPI) repliesOf(c *call) (reply, *apiError) {
	ch, err := a.readable(c, "history")
	if err != nil {
		return nil, err
	}
	w, err := c.window(1000, 1000)
	if err != nil {
		return nil, err
	}
	root := ch.byTS[c.str("ts")]
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	if root.isReply() {
		return reply{"messages": []*Message{w.show(root)}, "has_more": false}, nil
	}
	out := []*Message{w.show(root)}
	more := 0
	if t := ch.threads[root.TS]; t != nil {
		for _, m := range t.replies[from(t.replies, w):] {
			if !w.holds(m) {
				continue
			}
			if len(out) > w.limit {
				us, _ := parseTS(out[len(out)-1].TS)
				more = int(us)
				break
			}
			out = append(out, w.show(m))
		}
	}
	return reply{"messages": out, "has_more": more > 0, "response_metadata": nextCursor(more)}, nil
}

// from finds the first reply that a page may start with.
func from(list []*Message, w window) int {
	return sort.Search(len(list), func(i int) bool {
		us, _ := parseTS(list[i].TS)
		return us >= w.oldest && us > int64(w.skip)
	})
}

func (r *rooms) channelJSON(ch *channel) reply {
	if ch.IM {
		other := ""
		for _, m := range ch.Members {
			if m != r.opt.BotUser {
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
		"is_member": ch.members[r.opt.BotUser], "num_members": len(ch.Members), "context_team_id": r.opt.TeamID,
		"topic":          reply{"value": ch.Topic, "creator": "", "last_set": 0},
		"purpose":        reply{"value": ch.Purpose, "creator": "", "last_set": 0},
		"previous_names": []string{}, "shared_team_ids": []string{r.opt.TeamID},
	}
}

func (a *conversationAPI) channelInfo(c *call) (reply, *apiError) {
	ch, err := a.readable(c, "read")
	if err != nil {
		return nil, err
	}
	out := a.rooms.channelJSON(ch)
	if !c.flag("include_num_members") {
		delete(out, "num_members")
	}
	return reply{"channel": out}, nil
}

func (a *conversationAPI) listChannels(c *call) (reply, *apiError)    { return a.listThose(c, false) }
func (a *conversationAPI) listOwnChannels(c *call) (reply, *apiError) { return a.listThose(c, true) }

func (a *conversationAPI) listThose(c *call, own bool) (reply, *apiError) {
	types := c.str("types")
	if types == "" {
		types = "public_channel"
	}
	want := map[string]bool{}
	scopes := map[string]string{"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
	for t := range strings.SplitSeq(types, ",") {
		t = strings.TrimSpace(t)
		if scopes[t] == "" {
			return nil, refuse("invalid_types")
		}
		if err := c.need(scopes[t]); err != nil {
			return nil, err
		}
		want[t] = true
	}
	limit, skip, err := c.page(100, 1000)
	if err != nil {
		return nil, err
	}
	out, more, seen := []reply{}, 0, 0
	for _, id := range a.rooms.chanIDs {
		ch := a.rooms.channels[id]
		kind := map[string]string{"im": "im", "group": "private_channel", "channel": "public_channel"}[ch.kind()]
		in := ch.members[a.opt.BotUser]
		if !want[kind] || (own || ch.Private || ch.IM) && !in || ch.Archived && c.flag("exclude_archived") {
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
	return reply{"channels": out, "response_metadata": nextCursor(more)}, nil
}

func (a *conversationAPI) listMembers(c *call) (reply, *apiError) {
	ch, err := a.readable(c, "read")
	if err != nil {
		return nil, err
	}
	limit, skip, err := c.page(100, 1000)
	if err != nil {
		return nil, err
	}
	skip = min(skip, len(ch.Members))
	end := min(skip+limit, len(ch.Members))
	more := 0
	if end < len(ch.Members) {
		more = end
	}
	return reply{"members": append([]string{}, ch.Members[skip:end]...), "response_metadata": nextCursor(more)}, nil
}

// setStatus shows "… is typing" under a thread for two minutes.
func (a *conversationAPI) setStatus(c *call) (reply, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel_id"))
	if err != nil {
		return nil, err
	}
	ts := c.str("thread_ts")
	if ch.byTS[ts] == nil {
		return nil, refuse("invalid_thread_ts")
	}
	if !c.has("status") {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: status")
	}
	st := ThreadStatus{Channel: ch.ID, Thread: ts, Text: c.str("status"), Until: a.now().Add(statusLife)}
	if (c.str("username") != "" || c.str("icon_url") != "" || c.str("icon_emoji") != "") && c.need("chat:write.customize") == nil {
		st.Username = c.str("username")
	}
	a.clicks.statuses[ch.ID+"|"+ts] = st
	a.note(Change{Kind: "status", Channel: ch.ID, Thread: ts})
	return reply{}, nil
}

// jsonList encodes ids for arguments that accept a JSON array or a comma list.
func jsonList(v string) []string {
	var list []string
	if json.Unmarshal([]byte(v), &list) == nil {
		return list
	}
	for p := range strings.SplitSeq(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}
