package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/manifest"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// An interaction is what Slack sends when somebody clicks a button, submits a form or uses a shortcut. This file
// reads its JSON: who did it and where. decodeInteraction turns a stored one into a bridge.Action, which is what the
// engine handles: a verb such as "resolve", with arguments.

// interaction is the union of the payloads of clicks, forms, shortcuts and menus.
// Source: docs.slack.dev/reference/interaction-payloads, read 2026-11.
type interaction struct {
	Type       string             `json:"type"`
	Team       *idRef             `json:"team"`
	User       userRef            `json:"user"`
	AppID      string             `json:"api_app_id"`
	TriggerID  string             `json:"trigger_id"`
	AnswerURL  string             `json:"response_url"` // a secret: it acts in our name
	CallbackID string             `json:"callback_id"`
	Container  container          `json:"container"`
	Channel    *idRef             `json:"channel"`
	Message    *fact.Message      `json:"message"`
	MessageTS  string             `json:"message_ts"`
	Actions    []blockkit.Control `json:"actions"`
	View       *blockkit.View     `json:"view"`

	// Of block_suggestion, the question for the options of a menu.
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

// listTeams returns the ids of the workspaces that an interaction names: the person's, the channel's, and the one
// whose installation of the app opened the window. In a shared channel they can differ. Ids may be "".
func (in *interaction) listTeams() []string {
	names := []string{in.User.TeamID} // the person's
	if in.Team != nil {
		names = append(names, in.Team.ID) // the channel's
	}
	if in.View != nil {
		names = append(names, in.View.Installed) // that of the app's installation which opened the window
	}
	return names
}

// findActor returns who clicked. The kind is ActorForeign if Slack names another workspace than ours as theirs:
// people of other organisations see our cards in shared channels.
func (in *interaction) findActor(self *fact.Self) bridge.Actor {
	kind := bridge.ActorPerson
	if in.User.TeamID != "" && in.User.TeamID != self.Team {
		kind = bridge.ActorForeign
	}
	return bridge.Actor{ID: in.User.ID, Kind: kind}
}

// nameTeam sets the person's workspace, in the interaction and in its JSON body. It returns the new body.
func (in *interaction) nameTeam(body []byte, team string) ([]byte, error) {
	var fields, user map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return body, err
	}
	if err := json.Unmarshal(fields["user"], &user); err != nil {
		return body, err
	}

	var err error
	if user["team_id"], err = json.Marshal(team); err != nil {
		return body, err
	}
	if fields["user"], err = json.Marshal(user); err != nil {
		return body, err
	}
	named, err := json.Marshal(fields)
	if err != nil {
		return body, err
	}

	in.User.TeamID = team
	return named, nil
}

// findPlace returns where an interaction happened: at the message of a click or shortcut, or where a form was opened.
func (in *interaction) findPlace() bridge.Place {
	if in.View != nil {
		return blockkit.ReadMemory(in.View.Private).Place // Slack doesn't say where a window was opened
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
		Message: cmp.Or(in.MessageTS, in.Container.MessageTS, message),
		Thread:  cmp.Or(thread, in.Container.ThreadTS),
	}
	if p.Thread == p.Message { // Slack names a root as its own thread
		p.Thread = ""
	}

	return p
}

// placeOrder returns the order key of the thread that a place is in. Facts with the same key are applied in order.
func placeOrder(p bridge.Place) string { return fact.OrderKey(p.Channel, cmp.Or(p.Thread, p.Message)) }

// shortcutVerb returns the verb of a message shortcut from its callback id. ok is false if there is no such shortcut.
func shortcutVerb(callback string) (name bridge.Verb, ok bool) {
	word, hasPrefix := strings.CutPrefix(callback, manifest.ShortcutPrefix)
	name = bridge.Verb(word)
	isInMenu := verb.Of(name).Menus.Message != nil
	return name, hasPrefix && isInMenu
}

// maxQuoted bounds how many characters of an unknown word from Slack are quoted in an error.
const maxQuoted = 40

// decodeShortcut reads an entry of a message's menu. about says who chose it, and where.
func decodeShortcut(self *fact.Self, about bridge.Action, in *interaction) ([]bridge.Action, error) {
	name, ok := shortcutVerb(in.CallbackID)
	if !ok {
		return nil, fmt.Errorf("%w: shortcut %q", fact.ErrDecode, markdown.Cut(in.CallbackID, maxQuoted))
	}
	about.Verb = name
	about.Origin = bridge.OriginShortcut
	if in.Message != nil {
		typed := self.ReadTyped(in.Message)
		about.Raw = self.NameMentions(typed.Plain, typed.Tokens)
	}
	return []bridge.Action{about}, nil
}

// decodeForm reads a submitted form. about says who submitted it, and where. A form with wrong fields, or one that
// another form follows, is an error: handleSubmission doesn't store those.
func decodeForm(about bridge.Action, form *blockkit.View) ([]bridge.Action, error) {
	if form == nil {
		return nil, fmt.Errorf("%w: form without view", fact.ErrDecode)
	}

	filled, errs := form.ReadFilled()
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w: form not valid: wrong fields: %d", fact.ErrDecode, len(errs))
	}
	if filled.Next {
		return nil, fmt.Errorf("%w: form not valid: another form follows it", fact.ErrDecode)
	}

	memory := blockkit.ReadMemory(form.Private)
	about.OpenedForm = bridge.OpenedForm{Form: form.ID, OpenedAt: memory.OpenedAt()}
	about.Origin = bridge.OriginForm
	about.Verb = filled.Verb
	about.Args = filled.Args
	about.Text = filled.Text
	about.Rich = filled.Rich
	about.Explicit = filled.Verb == bridge.VerbReply // who fills in the form of a reply wants it to be sent
	if memory.Pick {
		about.Mentions = memory.Mentions // the text was typed before the form opened
	}
	return []bridge.Action{about}, nil
}
