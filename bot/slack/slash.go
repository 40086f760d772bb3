package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// This file handles slash commands such as "/parley #12 resolve", which resolves conversation 12. Slack doesn't allow slash
// commands in threads, so the command has to name the conversation by its number. If the number or an argument is missing,
// a modal form asks for it first. Otherwise the command is stored, and decodeCommand later turns it into a bridge.Action.

// slashCommand is the payload that Slack sends.
type slashCommand struct {
	TeamID    string             `json:"team_id"`
	AppID     string             `json:"api_app_id"`
	ChannelID string             `json:"channel_id"`
	UserID    bridge.SurfaceUser `json:"user_id"`
	Command   string             `json:"command"`
	Text      string             `json:"text"`
	TriggerID string             `json:"trigger_id"`
}

// parse parses the text of the command. Mentions in the parsed texts are replaced by names that self knows. mentions are the
// ids of the mentioned users, except our own.
func (c *slashCommand) parse(self *Self) (p verb.Parsed, mentions []string) {
	words := blockkit.ReadArguments(c.Text, self.Names)
	name := strings.TrimPrefix(c.Command, "/")
	v, isVerb := verb.Find(name)
	if !isVerb || v.Menus.Command == nil { // a company may have renamed the command
		name = "parley"
	}
	message := verb.Message{Plain: words.Plain, Markdown: words.Markdown, Tokens: words.Tokens}
	message.Named = func(text string) string { return self.NameMentions(text, words.Tokens) }
	mentions = slices.DeleteFunc(words.Mentions, func(id string) bool { return id == self.User })
	return message.Slash(name), mentions
}

// needsForm reports whether a form must ask for something before the command can be done.
func needsForm(p verb.Parsed) bool {
	if p.Err != "" {
		return true
	}
	if verb.Of(p.Verb).Form.AtOnce {
		return false
	}
	return forms.NeedsForm(view.Filled{Verb: p.Verb, Args: p.Args, Text: p.Text})
}

// handleCommand handles a slash command. If nothing is missing, it stores the command. Otherwise it opens a form that asks for
// the conversation or for the missing arguments.
func (r *responder) handleCommand(ctx context.Context, self *Self, c *slashCommand, body []byte) (answer, error) {
	p, mentions := c.parse(r.directory.withNames(ctx, self, body))
	at := bridge.Place{Channel: c.ChannelID}
	in := &interaction{
		Type: "command", User: userRef{ID: c.UserID, TeamID: c.TeamID}, TriggerID: c.TriggerID,
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

	return answer{}, r.store(ctx, self, KindCommand, c.TriggerID, at, body)
}

// pickModal returns the form that asks which conversation a command is about. The form's private data has the text and the
// mentions of the command.
func (r *responder) pickModal(
	ctx context.Context, self *Self, in *interaction, p verb.Parsed, mentions []string,
) slackapi.ModalViewRequest {
	at := in.findPlace()
	conversations, err := r.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.User.ID)
	if err != nil {
		return self.Home.Problem(err, at, p.Text)
	}
	form, err := view.Pick(p.Verb, p.Args, conversations.Rows)
	if err != nil {
		return self.Home.Problem(err, at, p.Text)
	}
	memory := blockkit.Remember(at, r.zone, form, r.now())
	memory.Text, memory.Mentions = p.Text, mentions
	memory.Pick = true
	return self.Home.Form(form, memory)
}

// decodeCommand turns a stored command into an action. It does no I/O, so that stored commands can be replayed.
func decodeCommand(self *Self, body []byte) ([]bridge.Action, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("%w: command: %w", ErrDecode, err)
	}

	p, mentions := c.parse(self)
	actorKind := bridge.ActorPerson
	if c.TeamID != self.Team {
		actorKind = bridge.ActorForeign
	}

	action := bridge.Action{
		Origin: bridge.OriginSlash, Actor: bridge.Actor{ID: c.UserID, Kind: actorKind},
		Place: bridge.Place{Channel: c.ChannelID}, Raw: c.Command + " " + c.Text, Mentions: mentions,
	}
	p.Fill(&action)
	return []bridge.Action{action}, nil
}
