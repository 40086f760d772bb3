package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// interaction is the JSON that Slack sends when somebody clicks a button, submits a form, uses a shortcut or opens a menu.
// It is the union of the payloads of all of these. Stored interactions are decoded to a bridge.Action, which the engine
// performs: a verb such as "resolve", with arguments.
// Source: docs.slack.dev/reference/interaction-payloads, read 2026-11.
type interaction struct {
	Type       string             `json:"type"`
	Team       *idRef             `json:"team"`
	User       userRef            `json:"user"`
	AppID      string             `json:"api_app_id"`
	TriggerID  string             `json:"trigger_id"`
	AnswerURL  string             `json:"response_url"` // a secret: whoever knows it can post in our name
	CallbackID string             `json:"callback_id"`
	Container  container          `json:"container"`
	Channel    *idRef             `json:"channel"`
	Message    *Message           `json:"message"`
	MessageTS  string             `json:"message_ts"`
	Actions    []blockkit.Control `json:"actions"`
	View       *blockkit.View     `json:"view"`

	// Only in a block_suggestion, which requests the options of a menu.
	BlockID string `json:"block_id"`
	Value   string `json:"value"` // what was typed into the menu
}

type idRef struct {
	ID string `json:"id"`
}

type userRef struct {
	ID     bridge.SurfaceUser `json:"id"`
	TeamID string             `json:"team_id"`
}

type container struct {
	ChannelID string `json:"channel_id"`
	MessageTS string `json:"message_ts"`
	ThreadTS  string `json:"thread_ts"`
	Private   bool   `json:"is_ephemeral"` // only the person who clicked sees it
}

// listTeams returns the ids of all workspaces that an interaction names. In a channel that is shared with another
// organisation they can differ. An id may be "".
func (in *interaction) listTeams() []string {
	ids := []string{in.User.TeamID}
	if in.Team != nil {
		ids = append(ids, in.Team.ID) // the channel's
	}
	if in.View != nil {
		ids = append(ids, in.View.Installed) // that of the app's installation which opened the window
	}
	return ids
}

// findActor returns who clicked. The kind is ActorForeign if Slack names another workspace than ours as theirs. People
// of other organisations can click in shared channels.
func (in *interaction) findActor(self *Self) bridge.Actor {
	kind := bridge.ActorPerson
	if in.User.TeamID != "" && in.User.TeamID != self.Team {
		kind = bridge.ActorForeign
	}
	return bridge.Actor{ID: in.User.ID, Kind: kind}
}

// setUserTeam sets the workspace of the user, both in the interaction and in its JSON. It returns the new JSON.
func (in *interaction) setUserTeam(body []byte, team string) ([]byte, error) {
	changed, err := editJSON(body, func(user map[string]json.RawMessage) { user["team_id"] = json.RawMessage(strconv.Quote(team)) }, "user")
	if err == nil {
		in.User.TeamID = team
	}
	return changed, err
}

// findPlace returns the message that was clicked. For a window it returns the message from which it was opened.
func (in *interaction) findPlace() bridge.Place {
	if in.View != nil {
		return blockkit.ReadMemory(in.View.Private).Place // Slack doesn't know from where a window was opened
	}

	var channel, message, thread string
	if in.Channel != nil {
		channel = in.Channel.ID
	}
	if in.Message != nil {
		message = in.Message.TS
		thread = in.Message.ThreadTS
	}

	p := bridge.Place{
		Channel: cmp.Or(channel, in.Container.ChannelID),
		Message: cmp.Or(in.MessageTS, in.Container.MessageTS, message), Thread: cmp.Or(thread, in.Container.ThreadTS),
	}
	if p.Thread == p.Message { // the first message of a thread isn't a reply in it
		p.Thread = ""
	}

	return p
}

// shortcutVerb returns the verb of a message shortcut. ok is false if the callback id isn't that of a shortcut.
func shortcutVerb(callback string) (name bridge.Verb, ok bool) {
	word, hasPrefix := strings.CutPrefix(callback, ShortcutPrefix)
	name = bridge.Verb(word)
	isInMenu := verb.Of(name).Menus.Message != nil
	return name, hasPrefix && isInMenu
}

// maxQuoted limits the length of text from Slack that errors quote.
const maxQuoted = 40

// decodeShortcut returns the action that a message shortcut requests. about has who used it, and where.
func decodeShortcut(self *Self, about bridge.Action, in *interaction) ([]bridge.Action, error) {
	name, ok := shortcutVerb(in.CallbackID)
	if !ok {
		return nil, fmt.Errorf("%w: shortcut %q", ErrDecode, markdown.Cut(in.CallbackID, maxQuoted))
	}
	about.Verb = name
	about.Origin = bridge.OriginShortcut
	if in.Message != nil {
		typed := self.ReadTyped(in.Message)
		about.Raw = self.NameMentions(typed.Plain, typed.Tokens)
	}
	return []bridge.Action{about}, nil
}

// decodeForm returns the action that a submitted form requests. about has who submitted it, and where. It returns an error
// if a field is invalid or another form must follow, since handleSubmission doesn't store these.
func decodeForm(about bridge.Action, form *blockkit.View) ([]bridge.Action, error) {
	if form == nil {
		return nil, fmt.Errorf("%w: form without view", ErrDecode)
	}

	filled, errs := form.ReadFilled()
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w: form not valid: wrong fields: %d", ErrDecode, len(errs))
	}
	if filled.Next {
		return nil, fmt.Errorf("%w: form not valid: another form follows it", ErrDecode)
	}

	memory := blockkit.ReadMemory(form.Private)
	about.OpenedForm = bridge.OpenedForm{Form: form.ID, OpenedAt: memory.OpenedAt()}
	about.Origin = bridge.OriginForm
	about.Verb = filled.Verb
	about.Args = filled.Args
	about.Text = filled.Text
	about.Rich = filled.Rich
	about.Explicit = filled.Verb == bridge.VerbReply // whoever submits the form of a reply wants to send it
	if memory.Pick {
		about.Mentions = memory.Mentions // the text was typed before the form opened
	}
	return []bridge.Action{about}, nil
}
