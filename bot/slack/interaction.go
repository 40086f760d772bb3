package slack

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/markdown"
)

// interaction is the union of the payloads of clicks, forms, shortcuts and menus.
// Source: docs.slack.dev/reference/interaction-payloads, read 2026-11.
type interaction struct {
	Type       string             `json:"type"`
	Team       *teamRef           `json:"team"`
	User       userRef            `json:"user"`
	AppID      string             `json:"api_app_id"`
	TriggerID  string             `json:"trigger_id"`
	AnswerURL  string             `json:"response_url"` // a secret: it acts in our name
	CallbackID string             `json:"callback_id"`
	Container  container          `json:"container"`
	Channel    *teamRef           `json:"channel"`
	Message    *fact.Message      `json:"message"`
	MessageTS  string             `json:"message_ts"`
	Actions    []blockkit.Control `json:"actions"`
	View       *blockkit.View     `json:"view"`
	ActionID   string             `json:"action_id"` // block_suggestion
	BlockID    string             `json:"block_id"`
	Value      string             `json:"value"`
}

type teamRef struct {
	ID string `json:"id"`
}

type userRef struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
}

type container struct {
	Type      string `json:"type"`
	ChannelID string `json:"channel_id"`
	MessageTS string `json:"message_ts"`
	ThreadTS  string `json:"thread_ts"`
	Private   bool   `json:"is_ephemeral"` // only the person who clicked sees it
}

// teams are the workspaces that an interaction names. One in a channel that another organisation shares with ours names
// that of the channel, of the person, and of the app's installation where a window is concerned.
func (in *interaction) teams() []string {
	names := []string{in.User.TeamID}
	if in.Team != nil {
		names = append(names, in.Team.ID)
	}
	if in.View != nil {
		names = append(names, in.View.Installed)
	}
	return names
}

// actor is the person who clicked. It may be somebody of another organisation, who sees our cards in a shared channel.
func (in *interaction) actor(me *fact.Self) bridge.Actor {
	kind := bridge.ActorPerson
	if in.User.TeamID != "" && in.User.TeamID != me.Team {
		kind = bridge.ActorForeign
	}
	return bridge.Actor{ID: in.User.ID, Kind: kind}
}

// place is where an interaction happened: at the message of a click or shortcut, or where a form was opened.
func (in *interaction) place() bridge.Place {
	if in.View != nil {
		return blockkit.ReadMemory(in.View.Private).Place
	}
	p := bridge.Place{Channel: in.Container.ChannelID, Message: in.Container.MessageTS, Thread: in.Container.ThreadTS}
	if in.Channel != nil && in.Channel.ID != "" {
		p.Channel = in.Channel.ID
	}
	if in.MessageTS != "" {
		p.Message = in.MessageTS
	}
	if in.Message != nil {
		if p.Message == "" {
			p.Message = in.Message.TS
		}
		if in.Message.ThreadTS != "" {
			p.Thread = in.Message.ThreadTS
		}
	}
	if p.Thread == p.Message {
		p.Thread = ""
	}
	return p
}

// placeOrder is the order key of the thread in which something happened.
func placeOrder(p bridge.Place) string {
	if p.Thread != "" {
		return fact.OrderKey(p.Channel, p.Thread)
	}
	return fact.OrderKey(p.Channel, p.Message)
}

// startShortcut is the callback id of the global shortcut that begins a conversation.
const startShortcut = "conv_start"

// shortcutPrefix begins the callback ids of message shortcuts; the verb follows.
const shortcutPrefix = "conv_"

// shortcutVerb gives the verb of a message shortcut, by its callback id.
func shortcutVerb(callback string) (bridge.Verb, bool) {
	name, ok := strings.CutPrefix(callback, shortcutPrefix)
	return bridge.Verb(name), ok && verb.Of(bridge.Verb(name)).Menus.Message != nil
}

// decodeInteraction reads a stored click, form or shortcut.
func decodeInteraction(me *fact.Self, body []byte) ([]bridge.Action, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: interaction: %w", fact.ErrDecode, err)
	}
	a := bridge.Action{Actor: in.actor(me), Place: in.place(), OwnThread: in.Message != nil && me.BeganThreadOf(in.Message)}
	switch in.Type {
	case "block_actions":
		return decodeClick(a, in.Actions)
	case "message_action":
		v, ok := shortcutVerb(in.CallbackID)
		if !ok {
			return nil, fmt.Errorf("%w: shortcut %q", fact.ErrDecode, markdown.Cut(in.CallbackID, 40))
		}
		a.Verb, a.Origin = v, bridge.OriginShortcut
		if in.Message != nil {
			t := in.Message.Typed()
			a.Raw = me.Named(t.Plain, t.Tokens)
		}
		return []bridge.Action{a}, nil
	case "view_submission":
		if in.View == nil {
			return nil, fmt.Errorf("%w: form without view", fact.ErrDecode)
		}
		filled, errs := in.View.Submit()
		if len(errs) > 0 || filled.Next {
			return nil, fmt.Errorf("%w: form not valid", fact.ErrDecode)
		}
		a.Form = in.View.ID
		a.Origin, a.Verb, a.Args, a.Text, a.Rich = bridge.OriginForm, filled.Verb, filled.Args, filled.Text, filled.Rich
		a.Explicit = filled.Verb == bridge.VerbReply
		return []bridge.Action{a}, nil
	}
	return nil, fmt.Errorf("%w: interaction %q", fact.ErrDecode, markdown.Cut(in.Type, 40))
}
