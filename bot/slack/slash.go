package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"

	"parley/bot/command"
	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// slashCommand is a slash command, as JSON.
type slashCommand struct {
	TeamID    string `json:"team_id"`
	AppID     string `json:"api_app_id"`
	ChannelID string `json:"channel_id"`
	UserID    string `json:"user_id"`
	Command   string `json:"command"`
	Text      string `json:"text"`
	TriggerID string `json:"trigger_id"`
}

// parse reads the command's words. Slack marks mentions in them (should_escape).
func (c *slashCommand) parse() command.Parsed {
	t := blockkit.ReadArguments(c.Text)
	name := strings.TrimPrefix(c.Command, "/")
	if v, ok := verb.Find(name); !ok || v.Menus.Command == nil { // a company may have given our command another name
		name = "parley"
	}
	return command.Slash(name, t.Plain, command.Options{Mentions: t.Tokens})
}

// incomplete tells whether a command needs a form first. Verbs with AtOnce, such as resolve, never do.
func incomplete(p command.Parsed) bool {
	if p.Err != "" {
		return true
	}
	return !verb.Of(p.Verb).Form.AtOnce && forms.Asks(view.Filled{Verb: p.Verb, Args: p.Args, Text: p.Text})
}

// commanded handles a slash command, which has no thread. Where it names no conversation, a form asks
// which one is meant; where arguments are missing, a form asks for them.
func (r *responder) commanded(ctx context.Context, me *fact.Self, c *slashCommand, body []byte) (answer, error) {
	p := c.parse()
	at := bridge.Place{Channel: c.ChannelID}
	in := &interaction{Type: "command", User: userRef{ID: c.UserID, TeamID: c.TeamID}, TriggerID: c.TriggerID, Container: container{ChannelID: c.ChannelID}}
	switch {
	case forms.About(p) && p.Args.Conversation == 0:
		return answer{after: func(ctx context.Context) {
			r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
				all, err := r.windows.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, c.UserID)
				if err != nil {
					return me.Home.Problem(err, at)
				}
				form, err := view.Pick(p.Verb, p.Args, all.Rows)
				if err != nil {
					return me.Home.Problem(err, at)
				}
				kept := blockkit.Remember(at, r.windows.zone, form, r.now())
				kept.Text, kept.Pick = p.Text, true
				return me.Home.Form(form, kept)
			})
		}}, nil
	case p.Verb == bridge.VerbNew && p.Text == "", forms.About(p) && incomplete(p):
		return answer{after: func(ctx context.Context) {
			r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
				return r.windows.formModal(ctx, me, p.Verb, p.Args, at, c.UserID, p.Text)
			})
		}}, nil
	}
	return answer{}, r.store(ctx, me, fact.KindCommand, c.TriggerID, at, body)
}

func decodeCommand(me *fact.Self, body []byte) ([]bridge.Action, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("%w: command: %w", fact.ErrDecode, err)
	}
	p := c.parse()
	kind := bridge.ActorPerson
	if c.TeamID != me.Team {
		kind = bridge.ActorForeign
	}
	return []bridge.Action{{
		Verb: p.Verb, Origin: bridge.OriginSlash, Actor: bridge.Actor{ID: c.UserID, Kind: kind}, Place: bridge.Place{Channel: c.ChannelID},
		Text: p.Text, Raw: c.Command + " " + c.Text, Marker: p.Marker, Args: p.Args, Explicit: p.Explicit,
	}}, nil
}
