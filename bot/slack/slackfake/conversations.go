package slackfake

import (
	"cmp"
	"sort"
	"strings"
)

// conversationAPI emulates the Web API's conversations.* methods, such as conversations.history. They list channels and
// members, open channels for direct messages, and return the messages of a channel or thread, page by page.
type conversationAPI struct {
	*Ground
	rooms *rooms
}

// findReadable returns the channel of a call. It returns an error if the app lacks the scope for verb, such as "history".
// For "history" the bot must also be a member.
func (a *conversationAPI) findReadable(c *WebcallCall, verb string) (*channel, *WorkspaceRefusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if err := c.Need(ch.Scope(verb)); err != nil {
		return nil, err
	}
	if verb == "history" && !ch.members[a.Opt.BotUser] {
		return nil, Refuse("not_in_channel")
	}
	return ch, nil
}

// readHistory implements conversations.history: the messages at top level, newest first. The cursor is the ts of the last
// message on the page, so that new messages don't shift the following pages.
func (a *conversationAPI) readHistory(c *WebcallCall) (Reply, *WorkspaceRefusal) {
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
		isOnEarlierPage := w.After > 0 && us >= w.After
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

	return Reply{
		"messages": out, "has_more": more > 0, "pin_count": 0, "response_metadata": ResponseMetadata(more),
	}, nil
}

// readReplies implements conversations.replies: the messages of a thread, oldest first. Each page begins with the first
// message of the thread.
func (a *conversationAPI) readReplies(c *WebcallCall) (Reply, *WorkspaceRefusal) {
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
		return nil, Refuse("thread_not_found")
	}
	if root.IsReply() {
		return Reply{"messages": []*Message{w.Show(root)}, "has_more": false}, nil
	}

	out := []*Message{w.Show(root)}
	more := 0
	if t := ch.threads[root.TS]; t != nil {
		for _, m := range t.replies[FirstAfter(t.replies, w):] {
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

	return Reply{"messages": out, "has_more": more > 0, "response_metadata": ResponseMetadata(more)}, nil
}

func (a *conversationAPI) channelInfo(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, err := a.findReadable(c, "read")
	if err != nil {
		return nil, err
	}
	out := a.rooms.channelJSON(ch)
	if !c.Flag("include_num_members") {
		delete(out, "num_members")
	}
	return Reply{"channel": out}, nil
}

func (a *conversationAPI) listChannels(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	kinds, err := readTypes(c)
	if err != nil {
		return nil, err
	}
	excludesArchived := c.Flag("exclude_archived")
	var visible []*channel
	for _, id := range a.rooms.chanIDs {
		ch := a.rooms.channels[id]
		isPublic := !ch.Private && !ch.IM
		canSee := isPublic || ch.members[a.Opt.BotUser]
		isExcluded := ch.Archived && excludesArchived
		if kinds[ch.Kind()] && canSee && !isExcluded {
			visible = append(visible, ch)
		}
	}

	page, next, err := PageOf(c, visible)
	if err != nil {
		return nil, err
	}
	out := []Reply{}
	for _, ch := range page {
		out = append(out, a.rooms.channelJSON(ch))
	}
	return Reply{"channels": out, "response_metadata": ResponseMetadata(next)}, nil
}

// readTypes reads the argument "types", such as "public_channel,im", and returns the kinds of channels in it (see
// Channel.Kind). Each type requires a scope.
func readTypes(c *WebcallCall) (kinds map[string]bool, err *WorkspaceRefusal) {
	type channelType struct{ kind, scope string }
	known := map[string]channelType{
		"public_channel":  {kind: "channel", scope: "channels:read"},
		"private_channel": {kind: "group", scope: "groups:read"},
		"im":              {kind: "im", scope: "im:read"},
		"mpim":            {kind: "mpim", scope: "mpim:read"}, // the emulator has none
	}
	kinds = map[string]bool{}
	for name := range strings.SplitSeq(cmp.Or(c.Str("types"), "public_channel"), ",") {
		t, ok := known[strings.TrimSpace(name)]
		if !ok {
			return nil, Refuse("invalid_types")
		}
		if err := c.Need(t.scope); err != nil {
			return nil, err
		}
		kinds[t.kind] = true
	}
	return kinds, nil
}

func (a *conversationAPI) listMembers(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, err := a.findReadable(c, "read")
	if err != nil {
		return nil, err
	}
	page, next, err := PageOf(c, ch.Members)
	if err != nil {
		return nil, err
	}
	return Reply{"members": append([]string{}, page...), "response_metadata": ResponseMetadata(next)}, nil
}

func (a *conversationAPI) joinChannel(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if ch.Private || ch.IM {
		return nil, Refuse("method_not_supported_for_channel_type")
	}
	if ch.Archived {
		return nil, Refuse("is_archived")
	}

	out := Reply{}
	if ch.members[a.Opt.BotUser] {
		out["warning"] = "already_in_channel"
		out["response_metadata"] = Reply{"warnings": []string{"already_in_channel"}}
	}

	a.rooms.enter(ch, a.Opt.BotUser, "")
	out["channel"] = a.rooms.channelJSON(ch)
	return out, nil
}

func (a *conversationAPI) openDM(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	if id := c.Str("channel"); id != "" {
		ch, err := a.rooms.findChannel(id)
		if err != nil {
			return nil, err
		}
		if !ch.IM {
			return nil, Refuse("method_not_supported_for_channel_type")
		}
		return a.showOpened(c, ch, wasOpen), nil
	}

	ids := List(c.Str("users"))
	switch len(ids) {
	case 0:
		return nil, Refuse("users_list_not_supplied")
	case 1:
		// a conversation with one person, which is opened below
	default:
		return nil, &WorkspaceRefusal{Code: "missing_scope", Needed: "mpim:write"}
	}

	u := a.rooms.people.users[ids[0]]
	if u == nil {
		return nil, Refuse("user_not_found")
	}
	if u.Deleted {
		return nil, Refuse("user_disabled")
	}
	if u.Bot {
		return nil, Refuse("cannot_dm_bot")
	}

	channels := len(a.rooms.chanIDs)
	ch := a.rooms.dmWith(u.ID)
	if len(a.rooms.chanIDs) > channels {
		return a.showOpened(c, ch, isNew), nil
	}
	return a.showOpened(c, ch, wasOpen), nil
}

// openState says whether a conversation existed before it was opened.
type openState bool

const (
	isNew   openState = false
	wasOpen openState = true
)

// showOpened returns the response of conversations.open.
func (a *conversationAPI) showOpened(c *WebcallCall, ch *channel, state openState) Reply {
	out := Reply{"channel": Reply{"id": ch.ID}}
	if c.Flag("return_im") {
		out["channel"] = a.rooms.channelJSON(ch)
	}
	if state == wasOpen {
		out["no_op"], out["already_open"] = true, true
	}
	return out
}
