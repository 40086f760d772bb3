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

// This file decodes events of a Chat, the chat platform for tests, into actions. An action has a verb, which is something
// that people ask Parley to do, such as "resolve". People may type:
//
//	TEXT                   a reply to the customer, or a remark: the engine decides
//	note: TEXT, // TEXT    a note
//	internal: TEXT         a remark to colleagues
//	!VERB WORDS            a verb with arguments; a text that begins with "!" is typed with "!!" or "\!"
//	<@app> VERB WORDS      the same, about another conversation with "#12" before the verb
//	<@app> reply: TEXT     an explicit reply
//	<quote ID> …           any of these, quoting a message
//	<forward> …            any of these, forwarding a message

// typedVerbs returns the verbs that may be typed.
func typedVerbs() []bridge.Verb {
	return []bridge.Verb{
		bridge.VerbTake, bridge.VerbAssign, bridge.VerbVisible, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag,
		bridge.VerbAnalysis, bridge.VerbTopic, bridge.VerbPending, bridge.VerbSnooze, bridge.VerbWake,
		bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbUndo, bridge.VerbCC, bridge.VerbTo,
		bridge.VerbAllow, bridge.VerbFind, bridge.VerbHistory, bridge.VerbWhy, bridge.VerbTimeline,
		bridge.VerbHelp, bridge.VerbList, bridge.VerbStats, bridge.VerbReply, bridge.VerbNote, bridge.VerbTemplate,
		bridge.VerbTemplates, bridge.VerbNew, bridge.VerbUnsilence, bridge.VerbBlock, bridge.VerbUnblock, bridge.VerbArchive, bridge.VerbAI,
		bridge.VerbDeleteAll, bridge.VerbOops,
		bridge.VerbSend, bridge.VerbDrop,
		bridge.VerbPin, bridge.VerbUnpin, bridge.VerbAvailable, bridge.VerbBusy, bridge.VerbBreak, bridge.VerbAway,
		bridge.VerbRead, bridge.VerbNotes, bridge.VerbNext, bridge.VerbToday, bridge.VerbChat, bridge.VerbEmail, bridge.VerbAsk,
		bridge.VerbRename, bridge.VerbProfile, bridge.VerbCustomer, bridge.VerbAbout, bridge.VerbLink, bridge.VerbUnlink,
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
	case e.CatchUp: // this replaces any other origin of a typed text
		a.Origin = bridge.OriginCatchUp
		a.Edited = e.Message.Version > 0
	}
	return []bridge.Action{a}, nil
}

// actionAt returns an action without a verb, with the author, place and files of the event's message.
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

// readEdit reads the new version of an edited message. Verbs in it are not executed, so they become markers of the text.
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

// takeButton sets the user who clicked a button, and the button's verb and arguments.
func takeButton(a *bridge.Action, e event, origin bridge.Origin) {
	a.Verb, a.Args = e.Button.Verb, e.Button.Args
	a.Actor = bridge.Actor{ID: bridge.SurfaceUser(e.User), Kind: e.By}
	a.Origin = origin
	a.OwnThread = false
	a.Raw = ""
}

// versionOf returns a message's version as a string that sorts correctly.
func versionOf(m Message) string { return fmt.Sprintf("%06d", m.Version) }

// orderOf returns the bridge.Action.Order of an action at a time. serial makes it unique.
func orderOf(at time.Time, serial int) string {
	return fmt.Sprintf("%d.%06d%06d", at.Unix(), at.Nanosecond()/int(time.Microsecond), serial)
}

// parse reads a typed message into a.
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
		rest, isDone := parseToApp(a, strings.TrimSpace(strings.TrimPrefix(text, "@"+App)))
		if isDone {
			return
		}
		text = rest
	}
	parseMarked(a, text)
}

// parseToApp reads the text after a mention of the app. If that is neither a reply nor a verb, isDone is false, and rest is
// the text without the number of its conversation.
func parseToApp(a *bridge.Action, text string) (rest string, isDone bool) {
	if reply, ok := strings.CutPrefix(text, "reply:"); ok {
		a.Explicit, a.Text = true, strings.TrimSpace(reply)
		return "", true
	}

	number, after, hasMore := strings.Cut(text, " ")
	if hasMore && strings.HasPrefix(number, "#") {
		id, _ := strconv.ParseInt(number[1:], 10, 64) // 0, for no conversation, if it can't be parsed
		a.Args.Conversation = bridge.ConversationID(id)
		text = strings.TrimSpace(after)
	}

	if !parseVerb(a, text) {
		return text, false
	}
	a.Origin = bridge.OriginMention
	a.Explicit = a.Verb == bridge.VerbReply
	return "", true
}

// parseMarked reads a text that may begin with a marker, such as "note:" or "!".
func parseMarked(a *bridge.Action, text string) {
	a.Text = text
	lower := strings.ToLower(text)
	switch { // the escapes "!!" and "\!" must come before "!"
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
			if rest, ok := strings.CutPrefix(text, "!assing "); ok { // the only typing error for which a Chat suggests a verb
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

// cutQuote cuts a leading quote or forward off a text, and records it in a.
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

// markVerb sets the marker that belongs to the verb of an edited text.
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

// isCommand reports whether a text begins with a sign and a letter: "!resolve", but not "! well" or "!!".
func isCommand(text string, sign byte) bool {
	if len(text) < 2 || text[0] != sign {
		return false
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.IndexByte(letters, text[1]) >= 0
}

// parseVerb reads a verb and its arguments into a. It returns false, and does not change a, if the first word isn't a verb.
func parseVerb(a *bridge.Action, text string) bool {
	word, rest, _ := strings.Cut(text, " ")
	v := bridge.Verb(strings.ToLower(word))
	if v == "promo" { // a reply with advertising
		v, a.Args.Promotional = bridge.VerbReply, true
	}
	if !slices.Contains(typedVerbs(), v) {
		return false
	}

	a.Verb, a.Text = v, strings.TrimSpace(rest)
	parseArgs(a)
	return true
}

// parseArgs reads the arguments of a.Verb from a.Text.
func parseArgs(a *bridge.Action) {
	rest := a.Text
	switch a.Verb {
	case bridge.VerbAssign, bridge.VerbVisible, bridge.VerbChat:
		if team, ok := strings.CutPrefix(rest, "#"); ok {
			a.Args.Team, a.Args.Note, _ = strings.Cut(team, " ")
			return
		}

		for _, who := range strings.Fields(rest) {
			a.Args.Agents = append(a.Args.Agents, strings.TrimPrefix(who, "@"))
		}
	case bridge.VerbAsk:
		a.Args.Whom, a.Text, _ = strings.Cut(rest, " ")
	case bridge.VerbAway: // !away TIME cover WHO
		until, cover, _ := strings.Cut(rest, "cover @")
		a.Args.Until, a.Args.Agents = strings.TrimSpace(until), strings.Fields(cover)
	case bridge.VerbTag, bridge.VerbUntag:
		if rest != "" {
			a.Args.Tags = strings.Split(rest, ",")
		}
	case bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow, bridge.VerbUnsilence:
		a.Args.Addresses = strings.Fields(rest)
	case bridge.VerbSnooze, bridge.VerbBusy, bridge.VerbBreak:
		a.Args.Until = rest
	case bridge.VerbList:
		list, words, _ := strings.Cut(rest, " ")
		a.Args.List = bridge.ListName(list)
		a.Args.View, _ = bridge.ParseListView(words)
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
	case bridge.VerbLink: // !link RECORD, or !link WORDS
		if id, err := strconv.ParseInt(rest, 10, 64); err == nil {
			a.Args.Record = bridge.RecordID(id)
			return
		}
		a.Args.Note = rest
	case bridge.VerbTopic, bridge.VerbRename, bridge.VerbCustomer, bridge.VerbAbout, bridge.VerbAnalysis, bridge.VerbResolve,
		bridge.VerbClose, bridge.VerbArchive, bridge.VerbBlock, bridge.VerbDeleteAll, bridge.VerbHelp, bridge.VerbTemplate:
		a.Args.Note = rest
	}
}
