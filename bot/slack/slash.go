package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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

// A slash command such as "/parley #12 resolve" is typed outside of threads: Slack doesn't allow it in one. This file
// turns it into an action for the engine. If the conversation or arguments are missing, a form asks for them first.

type slashCommand struct {
	TeamID    string             `json:"team_id"`
	AppID     string             `json:"api_app_id"`
	ChannelID string             `json:"channel_id"`
	UserID    bridge.SurfaceUser `json:"user_id"`
	Command   string             `json:"command"`
	Text      string             `json:"text"`
	TriggerID string             `json:"trigger_id"`
}

// parse reads the command's words. In the texts, mentions are replaced by the names that self has. mentions has no id
// of ours.
func (c *slashCommand) parse(self *fact.Self) (p command.Parsed, mentions []string) {
	words := blockkit.ReadArguments(c.Text, self.Names)
	name := strings.TrimPrefix(c.Command, "/")
	v, known := verb.Find(name)
	if !known || v.Menus.Command == nil { // a company may have given our command another name
		name = "parley"
	}
	typed := command.Message{Plain: words.Plain, Markdown: words.Markdown, Tokens: words.Tokens}
	typed.Named = func(text string) string { return self.NameMentions(text, words.Tokens) }
	mentions = slices.DeleteFunc(words.Mentions, func(id string) bool { return id == self.User })
	return typed.Slash(name), mentions
}

// needsForm reports whether a form must ask for something before the command can be carried out.
func needsForm(p command.Parsed) bool {
	if p.Err != "" {
		return true
	}
	if verb.Of(p.Verb).Form.AtOnce {
		return false
	}
	return forms.NeedsForm(view.Filled{Verb: p.Verb, Args: p.Args, Text: p.Text})
}

// handleCommand handles a slash command. It opens the form that asks for the conversation, or for missing arguments.
// If nothing is missing, it stores the command.
func (r *responder) handleCommand(ctx context.Context, self *fact.Self, c *slashCommand, body []byte) (answer, error) {
	p, mentions := c.parse(r.directory.withNames(ctx, self, body))
	at := bridge.Place{Channel: c.ChannelID}
	in := &interaction{
		Type:      "command",
		User:      userRef{ID: c.UserID, TeamID: c.TeamID},
		TriggerID: c.TriggerID,
		Container: container{ChannelID: c.ChannelID},
	}
	if forms.IsAboutConversation(p) && p.Args.Conversation == 0 {
		pick := func(ctx context.Context) slackapi.ModalViewRequest { return r.pickModal(ctx, self, in, p, mentions) }
		return r.openWindow(self, in, pick), nil
	}

	startsWithoutText := p.Verb == bridge.VerbNew && p.Text == ""
	lacksArguments := forms.IsAboutConversation(p) && needsForm(p)
	if startsWithoutText || lacksArguments {
		return r.openForm(self, in, formRequest{verb: p.Verb, args: p.Args, at: at, user: c.UserID, text: p.Text}), nil
	}

	return answer{}, r.store(ctx, self, fact.KindCommand, c.TriggerID, at, body)
}

// pickModal makes the form that asks which conversation a command is about. It keeps the command's text and mentions.
func (r *responder) pickModal(
	ctx context.Context, self *fact.Self, in *interaction, p command.Parsed, mentions []string,
) slackapi.ModalViewRequest {
	at := in.findPlace()
	all, err := r.windows.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.User.ID)
	if err != nil {
		return self.Home.Problem(err, at, p.Text)
	}
	form, err := view.Pick(p.Verb, p.Args, all.Rows)
	if err != nil {
		return self.Home.Problem(err, at, p.Text)
	}
	memory := blockkit.Remember(at, r.windows.zone, form, r.now())
	memory.Text, memory.Mentions = p.Text, mentions
	memory.Pick = true
	return self.Home.Form(form, memory)
}

func decodeCommand(self *fact.Self, body []byte) ([]bridge.Action, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("%w: command: %w", fact.ErrDecode, err)
	}

	p, mentions := c.parse(self)
	kind := bridge.ActorPerson
	if c.TeamID != self.Team {
		kind = bridge.ActorForeign
	}

	a := bridge.Action{
		Origin:   bridge.OriginSlash,
		Actor:    bridge.Actor{ID: c.UserID, Kind: kind},
		Place:    bridge.Place{Channel: c.ChannelID},
		Raw:      c.Command + " " + c.Text,
		Mentions: mentions,
	}
	p.Fill(&a)
	return []bridge.Action{a}, nil
}
