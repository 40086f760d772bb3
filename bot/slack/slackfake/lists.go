package slackfake

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// listReactions returns the messages to which somebody reacted, the newest first.
// Source: docs.slack.dev/reference/methods/reactions.list, read 2026-11.
func (a *chatAPI) listReactions(c *call) (reply, *workspace.Refusal) {
	user := cmp.Or(c.Str("user"), a.Opt.BotUser)
	if !a.rooms.people.hasUser(user) {
		return nil, workspace.Refuse("user_not_found")
	}
	type reacted struct {
		channel *channel
		message *Message
	}
	var all []reacted
	for _, id := range a.rooms.chanIDs {
		ch := a.rooms.channels[id]
		for _, m := range ch.byTS {
			if ch.members[a.Opt.BotUser] && slices.ContainsFunc(m.Reactions, func(r Reaction) bool { return slices.Contains(r.Users, user) }) {
				all = append(all, reacted{ch, m})
			}
		}
	}
	slices.SortFunc(all, func(x, y reacted) int {
		return cmp.Or(strings.Compare(y.message.TS, x.message.TS), strings.Compare(x.channel.ID, y.channel.ID))
	})
	page, next, err := webcall.PageOf(c, all)
	items := []reply{}
	for _, r := range page {
		items = append(items, reply{"type": "message", "channel": r.channel.ID, "message": r.message.Clone()})
	}
	return reply{"items": items, "response_metadata": webcall.NextCursor(next)}, err
}

// listFiles returns the files that the app may see, the newest first, in numbered pages.
// Source: docs.slack.dev/reference/methods/files.list, read 2026-11.
func (a *fileAPI) listFiles(c *call) (reply, *workspace.Refusal) {
	count, page := 100, 1
	for key, to := range map[string]*int{"count": &count, "page": &page} {
		n, err := strconv.Atoi(c.Str(key))
		if err == nil && n > 0 {
			*to = min(n, 1000)
		}
	}
	var all []*File
	for _, f := range a.files.files {
		if a.isListed(f, c) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(x, y *File) int { return cmp.Or(cmp.Compare(y.Created, x.Created), strings.Compare(y.ID, x.ID)) })
	out := []*File{}
	for _, f := range all[min((page-1)*count, len(all)):min(page*count, len(all))] {
		out = append(out, f.Clone())
	}
	return reply{"files": out, "paging": reply{"count": count, "total": len(all), "page": page, "pages": (len(all) + count - 1) / count}}, nil
}

// isListed reports whether a call asks for a file, and the app is where the file is.
func (a *fileAPI) isListed(f *File, c *call) bool {
	user, only := c.Str("user"), c.Str("channel")
	if user != "" && user != f.User {
		return false
	}
	if only == "" && f.User == a.Opt.BotUser {
		return true
	}
	for _, places := range f.Shares {
		for id := range places {
			isMeant := only == "" || only == id
			ch := a.rooms.channels[id]
			if ch == nil || !isMeant {
				continue
			}
			if ch.members[a.Opt.BotUser] {
				return true
			}
		}
	}
	return false
}

// listNothing answers for what nobody made in this workspace.
func listNothing(key string, empty any) func(*call) (reply, *workspace.Refusal) {
	return func(*call) (reply, *workspace.Refusal) { return reply{key: empty}, nil }
}

// notModelled answers for a method of Slack's that this emulator doesn't know. Without its scope the answer is Slack's own.
func notModelled(*call) (reply, *workspace.Refusal) { return nil, workspace.Refuse("unknown_method") }
