package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// Slack reports an event, such as a new message, as a callback: a JSON object that it posts to us. Parley handles it in
// two steps. First it stores the callback as a fact, under an id that deduplicates it (events.go). Later, when the facts
// of the same thread before it have been applied, this file decodes it to a bridge.Action, which says who asks for what:
//
//	"!resolve" typed in a thread  →  the verb "resolve", by a person, at that thread
//	a ✅ on a message             →  the verb for which this emoji stands
//
// Decoding depends on nothing but the stored fact, so that it can be repeated.

// ErrDecode is wrapped by all errors of decoding.
var ErrDecode = errors.New("slack: decode")

// DecodeEvent returns the action that a stored callback asks for, or no action. kind is KindEvent or KindCatchUp. s is the
// app's identity as it was stored with the fact.
// Errors: ErrDecode.
func (s *Self) DecodeEvent(kind string, body []byte) ([]bridge.Action, error) {
	ev, channel, err := readEvent(body)
	if err != nil {
		return nil, err
	}
	actions := s.decodeEvent(channel, &ev)
	if kind == KindCatchUp {
		forms.MarkFound(actions)
		for i := range actions {
			actions[i].Edited = ev.Edited != nil && !actions[i].IsEmoji()
		}
	}
	return actions, nil
}

// readEvent decodes the event in a callback, and its channel. For most events readAtOnce suffices, which is faster.
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
	if m.TS == "" { // SplitEvent has quarantined the callback
		return nil
	}
	return []bridge.Action{s.Said(channel, m)}
}

func (s *Self) decodeDeleted(channel string, ev *event) []bridge.Action {
	deletion := bridge.Action{
		Verb: bridge.VerbDelete, Origin: bridge.OriginText,
		Place: bridge.Place{Channel: channel, Message: ev.Deleted},
	}
	if ev.Previous != nil {
		deletion.Actor = s.actorOf(ev.Previous)
		deletion.OwnThread = s.IsInOwnThread(ev.Previous)
		deletion.Place.Thread = ev.Previous.placeIn(channel).Thread
	}
	return []bridge.Action{deletion}
}

// decodeChanged decodes a change of a message. It is either an edit or a deletion: Slack replaces a deleted message that
// has replies by a "tombstone". Slack doesn't say who deleted it, so the actor of the action is the message's author.
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
	// An edit changes only the text. A command in the edited text, such as "!resolve", isn't executed.
	edit.Args = bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: edit.Args.Promotional}}
	edit.Version = ev.editVersion()
	return []bridge.Action{edit}
}

// isEdit reports whether a person has edited the text. Slack also reports edits of our own messages, and changes that it
// makes itself, such as adding the preview of a link.
func (s *Self) isEdit(ev *event) bool {
	m := ev.Changed
	if s.IsOwnMessage(m) || !IsWritten(m.Subtype) {
		return false
	}
	return ev.Previous == nil || !m.hasSameContent(ev.Previous)
}

// latestVersion sorts after all event times, because "~" sorts after the digits.
const latestVersion = "~"

// editVersion returns a string by which the edits of a message can be sorted. Slack reports an edit only to the second
// ("edited":{"ts":"1693983118.000000"}), so the time of the event breaks ties. An edit that was found in the history has
// no event; it is the latest.
func (ev *event) editVersion() string {
	edited := ev.Changed.editedTS()
	if edited == "" {
		return ev.EventTS
	}
	return edited + "+" + cmp.Or(ev.EventTS, latestVersion)
}

// decodeReaction decodes an emoji that was added to a message or removed.
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
		// A message that we have posted under a customer's name has no user.
		OwnThread: ev.ItemUser == s.User || ev.ItemUser == "",
	}}
}

// isByBot reports whether a message was posted by an app, a workflow or Slack itself.
func isByBot(m *Message) bool {
	isOfApp := m.Subtype == "bot_message" || m.Subtype == "slackbot_response" || m.BotID != ""
	return isOfApp || m.User == slackbot || m.User == ""
}

// actorOf returns the author of a message. Only for an ActorPerson, who belongs to our workspace, may a reply be sent to a
// customer. The order of the checks matters: our own messages are a bot's, too, and a bot has no workspace.
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

// IsInOwnThread reports whether m is a reply in a thread whose first message is ours.
func (s *Self) IsInOwnThread(m *Message) bool {
	return m.ThreadTS != m.TS && m.ParentUser == s.User
}

// Said returns the action that a typed message asks for, for example to send its text to the customer or, if it is a
// command, to execute it (see command.Message). A mention of our app at the beginning of the text is removed: "@Parley
// resolve" is the command "resolve", addressed to the app.
func (s *Self) Said(channel string, m *Message) bridge.Action {
	typed := s.ReadTyped(m)
	quotes, forwards := blockkit.SharedMessages(m.Attached, channel)
	action := bridge.Action{
		Actor: s.actorOf(m), Place: m.placeIn(channel), Order: m.TS, Raw: typed.Plain, Files: s.surfaceFiles(m.Files),
		Context:   bridge.Context{Broadcast: m.Subtype == "thread_broadcast", Quotes: quotes, Forwards: forwards},
		OwnThread: s.IsInOwnThread(m),
	}

	said := verb.Message{
		Plain: typed.Plain, Markdown: typed.Markdown, Tokens: typed.Tokens,
		Named: func(text string) string { return s.NameMentions(text, typed.Tokens) },
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
		said.Markdown, _ = cutMention(typed.Markdown, token) // unchanged if formatting precedes the mention
	}

	said.Ask(&action)
	return action
}

// NameMentions replaces placeholders of mentions by names: "<@U1>" becomes "@Ann". tokens has the user id for each
// placeholder.
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

// cutMention removes a mention from the beginning of a text, with the punctuation after it. If the text doesn't begin
// with the mention, it returns the text and false.
func cutMention(text, token string) (rest string, ok bool) {
	trimmed := strings.TrimLeftFunc(text, isInvisible)
	rest, ok = strings.CutPrefix(trimmed, token)
	if !ok {
		return text, false
	}
	endsAddress := func(r rune) bool { return isInvisible(r) || strings.ContainsRune(",:", r) } // "@Parley, close this"
	return strings.TrimLeftFunc(rest, endsAddress), true
}

// isInvisible reports whether r is invisible at the beginning of a text.
func isInvisible(r rune) bool {
	const variationSelector = '\ufe0f' // neither a space nor in the category Cf
	if r == variationSelector {
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// surfaceFiles converts attached files. If the message has only the id of a file, the details are taken from s.Files.
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

// SurfaceFile converts an attached file. If the file can't be downloaded, Unavailable has the reason.
func SurfaceFile(f File) bridge.SurfaceFile {
	name := f.Name
	if name == "-" { // a canvas has no name, only a title
		name = ""
	}

	out := bridge.SurfaceFile{
		ID: f.ID, Name: cmp.Or(name, f.Title, "file-"+f.ID), ContentType: f.Mimetype, SizeBytes: f.Size,
		Unavailable: whyUnavailable(f),
	}
	if out.Unavailable == "" {
		out.URL = cmp.Or(f.Download, f.Private)
	}
	return out
}

// whyUnavailable returns why a file can't be downloaded, as a text for agents, or "" if it can.
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

// isDocument reports whether a file is a canvas or a list. These have no content to download: their URL leads to a page.
func isDocument(f File) bool {
	isOfMode := slices.Contains([]string{"quip", "canvas", "docs", "list"}, f.Mode)
	return isOfMode || f.Mimetype == "application/vnd.slack-docs" || f.Mimetype == "application/vnd.slack-list"
}
