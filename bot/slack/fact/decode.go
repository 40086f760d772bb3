package fact

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"parley/bot/command"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// ErrDecode is the root of the errors of decoding.
var ErrDecode = errors.New("slack: decode")

// DecodeEvent turns a stored callback into actions; kind is KindEvent or KindCatchUp. Pure.
// Errors: ErrDecode.
func (me *Self) DecodeEvent(kind string, body []byte) ([]bridge.Action, error) {
	cb, ev, channel, whole := readWhole(body)
	if !whole {
		if err := json.Unmarshal(body, &cb); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDecode, err)
		}
		var err error
		if channel, err = ev.read(cb.Event); err != nil {
			return nil, fmt.Errorf("%w: event: %w", ErrDecode, err)
		}
	}
	var out []bridge.Action
	switch ev.Type {
	case "message", "app_mention":
		out = me.decodeMessage(channel, &ev)
	case "reaction_added":
		out = me.decodeReaction(&ev, true)
	case "reaction_removed":
		out = me.decodeReaction(&ev, false)
	case "channel_id_changed":
		out = []bridge.Action{{Verb: bridge.VerbMoveChannel, Actor: bridge.Actor{Kind: bridge.ActorSelf},
			Place: bridge.Place{Channel: ev.OldChannel}, Args: bridge.Args{Note: ev.NewChannel}}}
	}
	if kind == KindCatchUp {
		for i := range out {
			out[i].Origin = bridge.OriginCatchUp
		}
	}
	return out, nil
}

func (me *Self) decodeMessage(channel string, ev *event) []bridge.Action {
	switch ev.Subtype {
	case "message_changed":
		return me.decodeChanged(channel, ev)
	case "message_deleted":
		gone := bridge.Action{Verb: bridge.VerbDelete, Origin: bridge.OriginText, Place: bridge.Place{Channel: channel, Message: ev.Deleted}}
		if ev.Previous != nil {
			gone.Actor, gone.OwnThread = me.actor(ev.Previous), me.BeganThreadOf(ev.Previous)
			gone.Place = bridge.Place{Channel: channel, Thread: ev.Previous.place(channel).Thread, Message: ev.Deleted}
		}
		return []bridge.Action{gone}
	}
	m := &ev.Message
	if !Spoken(m.Subtype) || me.Wrote(m) || m.TS == "" {
		return nil
	}
	return []bridge.Action{me.Said(channel, m)}
}

// decodeChanged reads an edit, or the tombstone that replaces a deleted root. Slack doesn't tell who
// deleted a message, so the actor is the message's author.
func (me *Self) decodeChanged(channel string, ev *event) []bridge.Action {
	m := ev.Changed
	if m == nil || m.TS == "" {
		return nil
	}
	if m.Subtype == "tombstone" {
		gone := bridge.Action{Verb: bridge.VerbDelete, Origin: bridge.OriginText, Place: m.place(channel)}
		if ev.Previous != nil {
			gone.Actor = me.actor(ev.Previous)
		}
		return []bridge.Action{gone}
	}
	if me.Wrote(m) || !Spoken(m.Subtype) || ev.Previous != nil && m.sameContent(ev.Previous) {
		return nil
	}
	a := me.Said(channel, m)
	a.Verb, a.Origin, a.Args = bridge.VerbEdit, bridge.OriginText, bridge.Args{}
	a.Version = ev.version()
	return []bridge.Action{a}
}

// version orders the changes of a message. Slack tells of an edit only the second in which it was made
// ("edited":{"ts":"1693983118.000000"}), and people may edit twice in one: the time of the event decides then. What is found
// later, without an event, is what the message says at last.
func (ev *event) version() string {
	edited := ev.Changed.editedTS()
	if edited == "" {
		return ev.EventTS
	}
	return edited + "+" + cmp.Or(ev.EventTS, "~")
}

// decodeReaction reads an emoji that was added, or taken back.
func (me *Self) decodeReaction(ev *event, added bool) []bridge.Action {
	kind := bridge.ActorPerson
	if ev.User == me.User {
		return nil
	}
	if me.elsewhere(&ev.Message) {
		kind = bridge.ActorForeign
	}
	name, args := verb.Reaction(ev.Reaction, added)
	return []bridge.Action{{
		Verb: name, Origin: bridge.OriginEmoji, Actor: bridge.Actor{ID: ev.User, Kind: kind},
		Place: bridge.Place{Channel: ev.Item.Channel, Message: ev.Item.TS}, Args: args, Order: ev.EventTS,
		OwnThread: ev.ItemUser == me.User || ev.ItemUser == "", // our posts under a customer's name have no user
	}}
}

// elsewhere tells that the author belongs to another organisation.
func (me *Self) elsewhere(m *Message) bool {
	for _, team := range []string{m.Team, m.UserTeam, m.SourceTeam} {
		if team != "" && team != me.Team {
			return true
		}
	}
	return false
}

// actor tells who wrote m. Only a person of our own team may ever cause a reply.
func (me *Self) actor(m *Message) bridge.Actor {
	switch {
	case me.Wrote(m):
		return bridge.Actor{ID: me.User, Kind: bridge.ActorSelf}
	case m.BotID != "" || m.Subtype == "bot_message" || m.User == slackbot || m.User == "" || m.Subtype == "slackbot_response":
		id := m.User
		if id == "" {
			id = m.BotID
		}
		return bridge.Actor{ID: id, Kind: bridge.ActorBot}
	case me.elsewhere(m):
		return bridge.Actor{ID: m.User, Kind: bridge.ActorForeign}
	}
	return bridge.Actor{ID: m.User, Kind: bridge.ActorPerson}
}

// BeganThreadOf tells whether m is a reply under a post of ours.
func (me *Self) BeganThreadOf(m *Message) bool { return m.ThreadTS != m.TS && m.ParentUser == me.User }

// Said reads what somebody typed.
func (me *Self) Said(channel string, m *Message) bridge.Action {
	t := m.Typed()
	a := bridge.Action{
		Actor: me.actor(m), Place: m.place(channel), Order: m.TS,
		Raw: t.Plain, Files: SurfaceFiles(m.Files), Broadcast: m.Subtype == "thread_broadcast", OwnThread: me.BeganThreadOf(m),
	}
	bot := false
	for _, id := range t.Mentions {
		if id == me.User {
			bot = true
		} else {
			a.Mentions = append(a.Mentions, id)
		}
	}
	said := command.Message{Plain: t.Plain, Markdown: t.Markdown, Tokens: t.Tokens, NamesApp: bot, Named: func(text string) string { return me.Named(text, t.Tokens) }}
	if rest, ok := cutMention(t.Plain, markdown.MentionToken(me.User)); ok {
		said.Plain, said.ToApp = rest, true
		said.Markdown, _ = cutMention(t.Markdown, markdown.MentionToken(me.User))
	}
	said.Ask(&a)
	return a
}

// Named replaces mentions by names. A person who is no agent is named by their id.
func (me *Self) Named(s string, tokens map[string]string) string {
	names := map[string]string{}
	for token, id := range tokens {
		names[token] = cmp.Or(me.Names[id], id)
		if id == me.User {
			names[token] = "Parley"
		}
	}
	return markdown.Named(s, names)
}

// cutMention removes a mention of the app from the front of a text; false if there is none.
func cutMention(text, token string) (string, bool) {
	trimmed := strings.TrimLeftFunc(text, blank)
	rest, ok := strings.CutPrefix(trimmed, token)
	if !ok {
		return text, false
	}
	return strings.TrimLeftFunc(rest, func(r rune) bool { return blank(r) || r == ',' || r == ':' }), true
}

// blank is what a person doesn't see at the beginning of a text.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\u00a0' || r == '\u2060' || r == '\ufe0f'
}

// SurfaceFiles reads attached files. A file that can't be fetched has the reason in Unavailable.
func SurfaceFiles(files []File) []bridge.SurfaceFile {
	var out []bridge.SurfaceFile
	for _, f := range files {
		s := bridge.SurfaceFile{ID: f.ID, Name: f.Name, ContentType: f.Mimetype, SizeBytes: f.Size, URL: f.Download}
		if s.Name == "" {
			s.Name = f.Title
		}
		if s.Name == "" {
			s.Name = "file-" + f.ID
		}
		if s.URL == "" {
			s.URL = f.Private
		}
		switch {
		case f.Mode == "tombstone":
			s.Unavailable = "deleted"
		case f.Mode == "hidden_by_limit":
			s.Unavailable = "hidden by the limit of the Slack plan"
		case f.Mode == "external" || f.IsExternal:
			s.Unavailable = "external link"
		case f.Access == "access_denied" || f.Access == "file_not_found":
			s.Unavailable = "no access"
		}
		if s.Unavailable != "" {
			s.URL = ""
		}
		out = append(out, s)
	}
	return out
}
