package fact

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"parley/bot/command"
	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// Whatever Slack tells is first stored as a fact: one thing that happened, in Slack's own bytes, under an id by which it
// counts only once. SplitEvent (events.go) makes the facts. Later, in the order of their thread, they are applied: then
// DecodeEvent reads what each asks for. Decoding uses nothing but the stored bytes, so that applying a fact once more
// gives the same.

// ErrDecode is the root of the errors of decoding.
var ErrDecode = errors.New("slack: decode")

// DecodeEvent returns the actions in a stored callback: what somebody typed, edited, deleted, or said by an emoji. There is
// one at most. kind is KindEvent or KindCatchUp. s is who our app was in the workspace when the fact was stored.
// Errors: ErrDecode.
func (s *Self) DecodeEvent(kind string, body []byte) ([]bridge.Action, error) {
	ev, channel, err := readEvent(body)
	if err != nil {
		return nil, err
	}
	actions := s.decodeEvent(channel, &ev)
	if kind != KindCatchUp {
		return actions, nil
	}
	for i := range actions {
		if actions[i].IsEmoji() {
			actions[i].Origin = bridge.OriginFoundEmoji
			continue
		}
		actions[i].Origin = bridge.OriginCatchUp
		actions[i].Edited = ev.Edited != nil
	}
	return actions, nil
}

// readEvent reads the event in a callback, and its channel. Most can be read in one pass (readAtOnce).
func readEvent(body []byte) (ev event, channel string, err error) {
	cb, ev, channel, ok := readAtOnce(body)
	if ok {
		return ev, channel, nil
	}
	if err := json.Unmarshal(body, &cb); err != nil {
		return event{}, "", fmt.Errorf("%w: %w", ErrDecode, err)
	}
	channel, err = ev.read(cb.Event)
	if err != nil {
		return event{}, "", fmt.Errorf("%w: event: %w", ErrDecode, err)
	}
	return ev, channel, nil
}

func (s *Self) decodeEvent(channel string, ev *event) []bridge.Action {
	switch ev.Type {
	case "message", "app_mention":
		return s.decodeMessage(channel, ev)
	case "reaction_added", "reaction_removed":
		return s.decodeReaction(ev)
	case "channel_id_changed":
		return []bridge.Action{{
			Verb:  bridge.VerbMoveChannel,
			Actor: bridge.Actor{Kind: bridge.ActorSelf},
			Place: bridge.Place{Channel: ev.OldChannel},
			Args:  bridge.Args{Note: ev.NewChannel},
		}}
	}

	return nil
}

func (s *Self) decodeMessage(channel string, ev *event) []bridge.Action {
	switch ev.Subtype {
	case "message_changed":
		return s.decodeChanged(channel, ev)
	case "message_deleted":
		return s.decodeDeleted(channel, ev)
	}

	m := &ev.Message
	if !IsWritten(m.Subtype) || s.IsOwnMessage(m) {
		return nil
	}
	if m.TS == "" { // SplitEvent puts such a message into quarantine
		return nil
	}
	return []bridge.Action{s.Said(channel, m)}
}

func (s *Self) decodeDeleted(channel string, ev *event) []bridge.Action {
	deletion := bridge.Action{
		Verb:   bridge.VerbDelete,
		Origin: bridge.OriginText,
		Place:  bridge.Place{Channel: channel, Message: ev.Deleted},
	}
	if ev.Previous != nil {
		deletion.Actor = s.actorOf(ev.Previous)
		deletion.OwnThread = s.IsInOwnThread(ev.Previous)
		deletion.Place.Thread = ev.Previous.placeIn(channel).Thread
	}
	return []bridge.Action{deletion}
}

// decodeChanged reads an edit. It may also be a deletion: if a message with replies is deleted, Slack changes it into a
// "tombstone". Slack doesn't tell who deleted it, so the action's actor is the author.
func (s *Self) decodeChanged(channel string, ev *event) []bridge.Action {
	m := ev.Changed
	if m == nil || m.TS == "" {
		return nil
	}

	if m.Subtype == Tombstone {
		deletion := bridge.Action{Verb: bridge.VerbDelete, Origin: bridge.OriginText, Place: m.placeIn(channel)}
		if ev.Previous != nil {
			deletion.Actor = s.actorOf(ev.Previous)
		}
		return []bridge.Action{deletion}
	}

	if !s.isEdit(ev) {
		return nil
	}

	edit := s.Said(channel, m)
	edit.Verb = bridge.VerbEdit
	edit.Origin = bridge.OriginText
	// Verbs in an edited text are not done: an edit only says something else.
	edit.Args = bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: edit.Args.Promotional}}
	edit.Version = ev.editVersion()
	return []bridge.Action{edit}
}

// isEdit reports whether a person edited the changed message. Slack also reports changes of our own messages, and changes
// that it made itself, such as the preview of a link.
func (s *Self) isEdit(ev *event) bool {
	m := ev.Changed
	if s.IsOwnMessage(m) || !IsWritten(m.Subtype) {
		return false
	}
	return ev.Previous == nil || !m.hasSameContent(ev.Previous)
}

// latestVersion sorts behind the time of every event, since "~" sorts behind the digits.
const latestVersion = "~"

// editVersion returns a text by which the edits of a message sort. Slack gives only the second of an edit
// ("edited":{"ts":"1693983118.000000"}), and people may edit twice in a second. Then the time of the event decides. An edit
// that was found in the history, without an event, is the latest.
func (ev *event) editVersion() string {
	edited := ev.Changed.editedTS()
	if edited == "" {
		return ev.EventTS
	}
	return edited + "+" + cmp.Or(ev.EventTS, latestVersion)
}

// decodeReaction reads an emoji that was added, or taken back.
func (s *Self) decodeReaction(ev *event) []bridge.Action {
	if ev.User == s.User {
		return nil
	}

	kind := bridge.ActorPerson
	if s.isForeign(&ev.Message) {
		kind = bridge.ActorForeign
	}

	name, args := verb.Reaction(ev.Reaction, ev.Type == "reaction_added")
	return []bridge.Action{{
		Verb:   name,
		Origin: bridge.OriginEmoji,
		Actor:  bridge.Actor{ID: bridge.SurfaceUser(ev.User), Kind: kind},
		Place:  bridge.Place{Channel: ev.Item.Channel, Message: ev.Item.TS},
		Args:   args,
		Order:  ev.EventTS,
		// Our posts under a customer's name have no user.
		OwnThread: ev.ItemUser == s.User || ev.ItemUser == "",
	}}
}

// isByBot reports whether another app, a workflow or Slack itself wrote m.
func isByBot(m *Message) bool {
	switch m.Subtype {
	case "bot_message", "slackbot_response":
		return true
	}
	if m.BotID != "" {
		return true
	}
	return m.User == slackbot || m.User == ""
}

// actorOf returns who wrote m. Only a person of our own workspace may ever cause a reply to a customer. The order of the
// cases matters: our own messages are a bot's, too, and a bot has no workspace.
func (s *Self) actorOf(m *Message) bridge.Actor {
	if s.IsOwnMessage(m) {
		return bridge.Actor{ID: bridge.SurfaceUser(s.User), Kind: bridge.ActorSelf}
	}
	if isByBot(m) {
		return bridge.Actor{ID: bridge.SurfaceUser(cmp.Or(m.User, m.BotID)), Kind: bridge.ActorBot}
	}
	if s.isForeign(m) {
		return bridge.Actor{ID: bridge.SurfaceUser(m.User), Kind: bridge.ActorForeign}
	}
	return bridge.Actor{ID: bridge.SurfaceUser(m.User), Kind: bridge.ActorPerson}
}

// IsInOwnThread reports whether m is a reply in a thread that begins with a post of ours.
func (s *Self) IsInOwnThread(m *Message) bool {
	return m.ThreadTS != m.TS && m.ParentUser == s.User
}

// Said reads what somebody typed: the action has what command.Message reads from the text. If the text begins with a mention
// of our app, the app is addressed, and the mention isn't part of the text.
func (s *Self) Said(channel string, m *Message) bridge.Action {
	typed := s.ReadTyped(m)
	quotes, forwards := blockkit.SharedMessages(m.Attached, channel)
	action := bridge.Action{
		Actor:     s.actorOf(m),
		Place:     m.placeIn(channel),
		Order:     m.TS,
		Raw:       typed.Plain,
		Files:     s.surfaceFiles(m.Files),
		Context:   bridge.Context{Broadcast: m.Subtype == "thread_broadcast", Quotes: quotes, Forwards: forwards},
		OwnThread: s.IsInOwnThread(m),
	}

	said := command.Message{
		Plain:    typed.Plain,
		Markdown: typed.Markdown,
		Tokens:   typed.Tokens,
		Named:    func(text string) string { return s.NameMentions(text, typed.Tokens) },
	}
	for _, id := range typed.Mentions {
		if id == s.User {
			said.NamesApp = true
		} else {
			action.Mentions = append(action.Mentions, id)
		}
	}

	token := markdown.MentionToken(s.User)
	if rest, ok := cutMention(typed.Plain, token); ok {
		said.ToApp = true
		said.Plain = rest
		said.Markdown, _ = cutMention(typed.Markdown, token) // stays whole if formatting stands before the mention
	}

	said.Ask(&action)
	return action
}

// NameMentions replaces the tokens of mentions by names.
func (s *Self) NameMentions(text string, tokens map[string]string) string {
	names := map[string]string{}
	for token, id := range tokens {
		names[token] = s.Names[id]
		if id == s.User {
			names[token] = "Parley"
		}
	}
	return markdown.NameMentions(text, names)
}

// cutMention removes a mention of the app from the beginning of a text. ok is false if the text doesn't begin with one.
func cutMention(text, token string) (rest string, ok bool) {
	trimmed := strings.TrimLeftFunc(text, isInvisible)
	rest, ok = strings.CutPrefix(trimmed, token)
	if !ok {
		return text, false
	}
	endsAddress := func(r rune) bool { return isInvisible(r) || strings.ContainsRune(",:", r) } // "@Parley, close this"
	return strings.TrimLeftFunc(rest, endsAddress), true
}

// isInvisible reports whether a person doesn't see r at the beginning of a text.
func isInvisible(r rune) bool {
	const variationSelector = '\ufe0f' // it is neither a space nor of the category Cf
	if r == variationSelector {
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// surfaceFiles reads attached files. If the message doesn't describe a file, s.Files has Slack's description from when the fact was
// stored (Self.Files).
func (s *Self) surfaceFiles(files []File) []bridge.SurfaceFile {
	var out []bridge.SurfaceFile
	for _, f := range files {
		if described, ok := s.Files[f.ID]; ok {
			f = described
		}
		out = append(out, SurfaceFile(f))
	}
	return out
}

// SurfaceFile reads an attached file. If it can't be fetched, the reason is in Unavailable.
func SurfaceFile(f File) bridge.SurfaceFile {
	name := f.Name
	if name == "-" { // a canvas has no name, only a title
		name = ""
	}

	out := bridge.SurfaceFile{
		ID:          f.ID,
		Name:        cmp.Or(name, f.Title, "file-"+f.ID),
		ContentType: f.Mimetype,
		SizeBytes:   f.Size,
		Unavailable: whyUnavailable(f),
	}
	if out.Unavailable == "" {
		out.URL = cmp.Or(f.Download, f.Private)
	}
	return out
}

// whyUnavailable says for people why a file can't be fetched. It returns "" if it can.
func whyUnavailable(f File) string {
	switch f.Mode {
	case deletedMode:
		return bridge.FileDeleted
	case "hidden_by_limit":
		return "hidden by the limit of the Slack plan"
	}
	if f.Mode == "external" || f.IsExternal {
		return "external link"
	}
	if isDocument(f) {
		return "a Slack canvas or list, which only Slack can show"
	}
	if f.Access == "access_denied" || f.Access == "file_not_found" {
		return "no access"
	}
	return ""
}

// isDocument reports whether a file is a canvas or a list. There are no bytes to fetch: at its address is a web page.
func isDocument(f File) bool {
	switch f.Mode {
	case "quip", "canvas", "docs", "list":
		return true
	}
	return f.Mimetype == "application/vnd.slack-docs" || f.Mimetype == "application/vnd.slack-list"
}
