package bridgetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
)

// This file reads what a person typed in a Chat. A verb is what Parley is asked to do, such as "resolve". What may be
// typed:
//
//	note: TEXT, // TEXT    a note
//	internal: TEXT         words to colleagues
//	!VERB WORDS            a verb; "!!" and "\!" begin a text with "!"
//	<@app> VERB WORDS      a verb, after "#12" one of another conversation
//	<@app> reply: TEXT     a reply, whatever stands in the text
//	<quote ID> …           any of these, quoting a message
//	<forward> …            any of these, passing on a message of elsewhere

// typedVerbs are the verbs that may be typed here.
func typedVerbs() []bridge.Verb {
	return []bridge.Verb{
		bridge.VerbTake, bridge.VerbAssign, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag,
		bridge.VerbAnalysis, bridge.VerbTopic, bridge.VerbPending, bridge.VerbSnooze, bridge.VerbWake,
		bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbUndo, bridge.VerbCC, bridge.VerbTo,
		bridge.VerbAllow, bridge.VerbFind, bridge.VerbHistory, bridge.VerbWhy, bridge.VerbTimeline,
		bridge.VerbHelp, bridge.VerbList, bridge.VerbStats, bridge.VerbReply, bridge.VerbNote, bridge.VerbTemplate,
		bridge.VerbTemplates, bridge.VerbNew, bridge.VerbUnblock, bridge.VerbAI, bridge.VerbSend, bridge.VerbDrop,
	}
}

// Decode implements bridge.Surface: it returns what people did in a stored event.
func (*Surface) Decode(raw []byte) ([]bridge.Action, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("bridgetest: event: %w", err)
	}

	a := actionAt(e)
	switch e.Type {
	case "say":
		a.Verb = bridge.VerbSay
		parse(&a, e.Message)
	case "edit":
		readEdit(&a, e.Message)
	case "delete":
		a.Verb, a.Version = bridge.VerbDelete, versionOf(e.Message)
	case "press":
		takeButton(&a, e, bridge.OriginButton)
	case "choose":
		takeButton(&a, e, bridge.OriginShortcut)
	case "submit":
		takeButton(&a, e, bridge.OriginForm)
		a.Text = e.Message.Plain()
		a.Rich = e.Button.Rich
		a.OpenedForm = bridge.OpenedForm{Form: e.Button.Form, OpenedAt: e.Button.OpenedAt}
	case "react":
		takeButton(&a, e, bridge.OriginEmoji)
		a.Place.Thread = "" // the event doesn't say in which thread the message is
		a.OwnThread = e.Message.User == App
	default:
		return nil, fmt.Errorf("bridgetest: unknown event %q", e.Type)
	}

	switch {
	case e.CatchUp && a.IsEmoji():
		a.Origin = bridge.OriginFoundEmoji
	case e.CatchUp: // whatever was typed: also a mention of the app
		a.Origin = bridge.OriginCatchUp
		a.Edited = e.Message.Version > 0
	}
	return []bridge.Action{a}, nil
}

// actionAt returns an action by the author of an event's message, at its place and with its files.
func actionAt(e event) bridge.Action {
	m := e.Message
	a := bridge.Action{
		Origin:    bridge.OriginText,
		Actor:     bridge.Actor{ID: bridge.SurfaceUser(m.User), Kind: m.By},
		Order:     m.Order,
		Place:     bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.ID},
		Raw:       m.Plain(),
		OwnThread: e.OwnThread,
	}
	for _, f := range m.Files {
		a.Files = append(a.Files, bridge.SurfaceFile{
			ID:          f.ID,
			Name:        f.Name,
			SizeBytes:   f.Size + int64(len(f.Content)),
			Blob:        f.Blob,
			Unavailable: f.Unavailable,
		})
	}
	return a
}

// readEdit reads what a message says after an edit.
func readEdit(a *bridge.Action, m Message) {
	parse(a, m)
	markVerb(a)
	a.Verb = bridge.VerbEdit
	a.Version = versionOf(m) + ":" + m.Text
	for _, f := range m.Files {
		a.Version += " " + f.ID
	}
	a.Restored = m.Restored
}

// takeButton sets who pressed a button, and what the button does. Nothing was typed.
func takeButton(a *bridge.Action, e event, origin bridge.Origin) {
	a.Verb, a.Args = e.Button.Verb, e.Button.Args
	a.Actor = bridge.Actor{ID: bridge.SurfaceUser(e.User), Kind: e.By}
	a.Origin = origin
	a.OwnThread = false
	a.Raw = ""
}

// versionOf writes a message's version so that versions sort as texts.
func versionOf(m Message) string { return fmt.Sprintf("%06d", m.Version) }

// orderOf returns the order of what was done at a time. serial, the number of the deed, makes it differ from every
// other one.
func orderOf(at time.Time, serial int) string {
	return fmt.Sprintf("%d.%06d%06d", at.Unix(), at.Nanosecond()/int(time.Microsecond), serial)
}

// parse reads what was typed into a.
func parse(a *bridge.Action, m Message) {
	text := cutQuote(a, m.Text)
	isToApp := strings.HasPrefix(text, "<@"+App+">")
	for _, user := range m.Mentions() {
		if user == App {
			a.MentionsBot = true
		} else {
			a.Mentions = append(a.Mentions, user)
		}
		text = strings.ReplaceAll(text, "<@"+user+">", "@"+user)
	}

	text = strings.TrimSpace(Message{Text: text}.Plain())
	if isToApp {
		text = strings.TrimSpace(strings.TrimPrefix(text, "@"+App))
		var isRead bool
		if text, isRead = parseToApp(a, text); isRead {
			return
		}
	}
	parseMarked(a, text)
}

// parseToApp reads what was typed behind a mention of the app. If that is neither a reply nor a verb, it returns the text
// without the number of the conversation that it is about.
func parseToApp(a *bridge.Action, text string) (rest string, isRead bool) {
	if reply, ok := strings.CutPrefix(text, "reply:"); ok {
		a.Explicit, a.Text = true, strings.TrimSpace(reply)
		return "", true
	}

	number, behind, hasMore := strings.Cut(text, " ")
	if hasMore && strings.HasPrefix(number, "#") {
		id, _ := strconv.ParseInt(number[1:], 10, 64) // unreadable: 0, no conversation
		a.Args.Conversation = bridge.ConversationID(id)
		text = strings.TrimSpace(behind)
	}

	if !parseVerb(a, text) {
		return text, false
	}
	a.Origin = bridge.OriginMention
	a.Explicit = a.Verb == bridge.VerbReply
	return "", true
}

// parseMarked reads a text that may begin with a mark, such as "note:" or "!".
func parseMarked(a *bridge.Action, text string) {
	a.Text = text
	lower := strings.ToLower(text)
	switch { // "!!" and "\!" come before "!", because they escape it
	case strings.HasPrefix(lower, "note:"):
		a.Verb, a.Marker = bridge.VerbNote, bridge.MarkNote
		a.Text = strings.TrimSpace(text[len("note:"):])
	case strings.HasPrefix(text, "//"):
		a.Verb, a.Marker = bridge.VerbNote, bridge.MarkNote
		a.Text = strings.TrimSpace(text[len("//"):])
	case strings.HasPrefix(text, "!!"), strings.HasPrefix(text, `\!`):
		a.Text = "!" + text[2:]
	case isCommand(text, '!'):
		if !parseVerb(a, text[1:]) {
			a.Verb, a.Marker = bridge.VerbUnknown, bridge.MarkBang
			if rest, ok := strings.CutPrefix(text, "!assing "); ok { // the mistake for which a verb is proposed here
				a.Meant = &bridge.Meant{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: strings.Fields(rest)}}
			}
		}
	case isCommand(text, '/'):
		a.Verb, a.Marker = bridge.VerbUnknown, bridge.MarkSlash
	case strings.HasPrefix(lower, "internal:"):
		a.Marker = bridge.MarkColleagues
	case slices.Contains(typedVerbs(), bridge.Verb(lower)):
		a.Marker = bridge.MarkLone
	}
}

// cutQuote notes the message that a text quotes, or that it passes on one of elsewhere, and returns what follows.
func cutQuote(a *bridge.Action, text string) string {
	if rest, ok := strings.CutPrefix(text, "<forward> "); ok {
		a.Forwards = true
		return rest
	}
	quoted, ok := strings.CutPrefix(text, "<quote ")
	if !ok {
		return text
	}
	id, rest, _ := strings.Cut(quoted, "> ")
	a.Quotes = []string{id}
	return rest
}

// markVerb gives an edit the marker of the verb that was typed, which an edit doesn't do.
func markVerb(a *bridge.Action) {
	switch {
	case a.Verb == bridge.VerbNote:
		a.Marker = bridge.MarkNote
	case a.Verb == bridge.VerbReply:
		a.Explicit = true
	case slices.Contains(typedVerbs(), a.Verb):
		a.Marker, a.Text = bridge.MarkBang, ""
	}
}

// isCommand reports whether a text begins with a mark and a letter: "!resolve", not "! well" or "!!".
func isCommand(text string, mark byte) bool {
	if len(text) < 2 || text[0] != mark {
		return false
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.IndexByte(letters, text[1]) >= 0
}

// parseVerb reads "word rest" into a. It returns false, and leaves a as it is, if the word isn't a verb.
func parseVerb(a *bridge.Action, text string) bool {
	word, rest, _ := strings.Cut(text, " ")
	v := bridge.Verb(strings.ToLower(word))
	if v == "promo" {
		v, a.Args.Promotional = bridge.VerbReply, true
	}
	if !slices.Contains(typedVerbs(), v) {
		return false
	}

	rest = strings.TrimSpace(rest)
	a.Verb, a.Text = v, rest
	switch v {
	case bridge.VerbAssign:
		if team, ok := strings.CutPrefix(rest, "#"); ok {
			a.Args.Team, a.Args.Note, _ = strings.Cut(team, " ")
			return true
		}

		for _, who := range strings.Fields(rest) {
			a.Args.Agents = append(a.Args.Agents, strings.TrimPrefix(who, "@"))
		}
	case bridge.VerbTag, bridge.VerbUntag:
		a.Args.Tags = strings.Split(rest, ",")
	case bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow, bridge.VerbUnblock:
		a.Args.Addresses = strings.Fields(rest)
	case bridge.VerbSnooze:
		a.Args.Until = rest
	case bridge.VerbList:
		a.Args.List = bridge.ListName(rest)
	case bridge.VerbHistory:
		if page, err := strconv.Atoi(rest); err == nil {
			a.Args.Page = page - 1
		}
	case bridge.VerbNew:
		a.Args.Account, rest, _ = strings.Cut(rest, " ")
		a.Args.Recipient, a.Text, _ = strings.Cut(strings.TrimSpace(rest), " ")
	case bridge.VerbAI: // !ai task:language:style text
		task, text, _ := strings.Cut(rest, " ")
		words := append(strings.Split(task, ":"), "", "")
		a.Text = text
		if task != "" {
			a.Args.TextRequest = &bridge.TextRequest{Task: analysis.Task(words[0]), Language: words[1], Style: words[2]}
		}
	case bridge.VerbTopic, bridge.VerbAnalysis, bridge.VerbResolve, bridge.VerbHelp, bridge.VerbTemplate:
		a.Args.Note = rest
	}

	return true
}
