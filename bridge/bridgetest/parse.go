package bridgetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
)

// A Chat's own tiny forms: note: text · // text · internal: text · !verb words · <@app> verb words ·
// <@app> #12 verb words · <@app> reply: text · !! escapes.

// typedVerbs are the verbs that may be typed here.
func typedVerbs() []bridge.Verb {
	return []bridge.Verb{bridge.VerbTake, bridge.VerbAssign, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbAnalysis, bridge.VerbTopic,
		bridge.VerbPending, bridge.VerbSnooze, bridge.VerbWake, bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbUndo,
		bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow, bridge.VerbFind, bridge.VerbHistory, bridge.VerbWhy, bridge.VerbTimeline, bridge.VerbHelp, bridge.VerbList, bridge.VerbStats,
		bridge.VerbReply, bridge.VerbNote, bridge.VerbTemplate, bridge.VerbTemplates, bridge.VerbNew, bridge.VerbUnblock, bridge.VerbAI, bridge.VerbSend}
}

// decode turns a stored event into what people did.
func decode(raw []byte) ([]bridge.Action, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("bridgetest: event: %w", err)
	}
	m := e.Message
	a := bridge.Action{Origin: bridge.OriginText, Actor: bridge.Actor{ID: m.User, Kind: m.By}, Order: m.Order,
		Place: bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.ID}, Raw: m.Plain(), OwnThread: e.OwnThread}
	if e.CatchUp {
		a.Origin = bridge.OriginCatchUp
	}
	for _, f := range m.Files {
		a.Files = append(a.Files, bridge.SurfaceFile{ID: f.ID, Name: f.Name, SizeBytes: f.Size + int64(len(f.Content)), Blob: f.Blob, Unavailable: f.Unavailable})
	}
	switch e.Type {
	case "say":
		a.Verb = bridge.VerbSay
		parse(&a, m)
	case "edit":
		parse(&a, m)
		a.Verb, a.Version, a.Restored = bridge.VerbEdit, version(m)+":"+m.Text, m.Restored
	case "delete":
		a.Verb, a.Version = bridge.VerbDelete, version(m)
	case "press", "submit", "choose":
		a.Origin, a.Verb, a.Args, a.Actor = bridge.OriginButton, e.Button.Verb, e.Button.Args, bridge.Actor{ID: e.User, Kind: e.By}
		a.Raw, a.OwnThread = "", false
		switch e.Type {
		case "submit":
			a.Origin, a.Text, a.Rich, a.Form = bridge.OriginForm, m.Plain(), e.Button.Rich, e.Button.Form
		case "choose":
			a.Origin = bridge.OriginShortcut
		}
	case "react": // whose thread it is in nobody tells
		a.Origin, a.Verb, a.Args, a.Actor, a.Raw = bridge.OriginEmoji, e.Button.Verb, e.Button.Args, bridge.Actor{ID: e.User, Kind: e.By}, ""
		a.Place.Thread, a.OwnThread = "", m.User == App
	default:
		return nil, fmt.Errorf("bridgetest: unknown event %q", e.Type)
	}
	return []bridge.Action{a}, nil
}

func version(m Message) string { return fmt.Sprintf("%06d", m.Version) }

// parse reads what was typed.
func parse(a *bridge.Action, m Message) {
	text := m.Text
	own := strings.HasPrefix(text, "<@"+App+">")
	for _, user := range m.Mentions() {
		if user == App {
			a.MentionsBot = true
		} else {
			a.Mentions = append(a.Mentions, user)
		}
		text = strings.ReplaceAll(text, "<@"+user+">", "@"+user)
	}
	text = strings.TrimSpace(Message{Text: text}.Plain())
	if own {
		text = strings.TrimSpace(strings.TrimPrefix(text, "@"+App))
		if reply, ok := strings.CutPrefix(text, "reply:"); ok {
			a.Explicit, a.Text = true, strings.TrimSpace(reply)
			return
		}
		if number, rest, ok := strings.Cut(text, " "); ok && strings.HasPrefix(number, "#") {
			id, _ := strconv.ParseInt(number[1:], 10, 64) // else it is none
			a.Args.Conversation = bridge.ConversationID(id)
			text = strings.TrimSpace(rest)
		}
		if verb(a, text) {
			a.Origin, a.Explicit = bridge.OriginMention, a.Verb == bridge.VerbReply
			return
		}
	}
	a.Text = text
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "note:"):
		a.Verb, a.Marker, a.Text = bridge.VerbNote, bridge.MarkNote, strings.TrimSpace(text[len("note:"):])
	case strings.HasPrefix(text, "//"):
		a.Verb, a.Marker, a.Text = bridge.VerbNote, bridge.MarkNote, strings.TrimSpace(text[2:])
	case strings.HasPrefix(text, "!!"), strings.HasPrefix(text, `\!`):
		a.Text = "!" + text[2:]
	case len(text) > 1 && text[0] == '!' && letter(text[1]):
		if !verb(a, text[1:]) {
			a.Verb, a.Marker = bridge.VerbUnknown, bridge.MarkBang
			if rest, ok := strings.CutPrefix(text, "!assing "); ok {
				a.Meant = &bridge.Meant{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: strings.Fields(rest)}}
			}
		}
	case len(text) > 1 && text[0] == '/' && letter(text[1]):
		a.Verb, a.Marker = bridge.VerbUnknown, bridge.MarkSlash
	case strings.HasPrefix(lower, "internal:"):
		a.Marker = bridge.MarkColleagues
	case slices.Contains(typedVerbs(), bridge.Verb(lower)):
		a.Marker = bridge.MarkLone
	}
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// verb reads "word rest" and reports whether the word is a verb.
func verb(a *bridge.Action, text string) bool {
	word, rest, _ := strings.Cut(text, " ")
	v := bridge.Verb(strings.ToLower(word))
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
		a.Args.List = rest
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
			a.Args.Wanted = &bridge.WantedText{Task: analysis.Task(words[0]), Language: words[1], Style: words[2]}
		}
	case bridge.VerbTopic, bridge.VerbAnalysis, bridge.VerbResolve, bridge.VerbHelp, bridge.VerbTemplate:
		a.Args.Note = rest
	}
	return true
}
