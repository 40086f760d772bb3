package people

import (
	"context"
	"fmt"

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/tenant"
)

// MessageAction picks one of the app's actions in a message's menu; a dialog opens.
// Errors: ErrNoMessage and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) MessageAction(ctx context.Context, channel, message, command string) (*Outcome, error) {
	s := p.s
	s.Mu.Lock()
	ch, m, err := s.org.FindVisible(p.id, channel, message)
	if err != nil {
		s.Mu.Unlock()
		return nil, err
	}
	if m.Targeted != "" {
		s.Mu.Unlock()
		return nil, fmt.Errorf("teamsfake: targeted messages have no actions: %w", tenant.ErrNoMessage)
	}

	payload, at := s.view.MessagePayload(ch, m), announce.Where{Room: ch, Root: m.Root, User: p.id}
	s.Mu.Unlock()
	return p.runExtension(ctx, at, command, "message", object{"messagePayload": payload})
}

// Compose picks one of the app's actions under the compose box of a thread (root "" means of a
// new one) or of the personal chat (channel ""); a dialog opens.
// Errors: ErrNoChannel and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) Compose(ctx context.Context, channel, root, command string) (*Outcome, error) {
	at, err := p.findBox(channel, root)
	if err != nil {
		return nil, err
	}
	return p.runExtension(ctx, at, command, "compose", object{})
}

// findBox finds the conversation under whose messages a person may write.
func (p *Person) findBox(channel, root string) (announce.Where, error) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	ch, err := p.s.org.FindPostable(p.id, tenant.Post{Channel: channel, Root: root, Text: "x"})
	return announce.Where{Room: ch, Root: root, User: p.id}, err
}

// requestIDLength is the length of the ids that clients give their requests.
const requestIDLength = 16

// runExtension asks the bot for the dialog of an extension's command (composeExtension/fetchTask).
// Source: "Create and send the dialog", read 2026-11.
func (p *Person) runExtension(ctx context.Context, at announce.Where, command, place string, value object) (*Outcome, error) {
	s := p.s
	c, err := s.App.Extension(command, "action", place)
	if err != nil {
		return nil, err
	}
	if !c.FetchTask {
		return nil, fmt.Errorf("teamsfake: the command %q shows no dialog", command)
	}

	s.Mu.Lock()
	isReachable := s.org.IsReachable(at.Room)
	value["requestId"] = s.NewID("request")[:requestIDLength]
	s.Mu.Unlock()

	if !isReachable {
		return nil, tenant.ErrNoApp
	}

	value["commandId"] = command
	value["commandContext"] = place
	value["context"] = p.clientContext()
	d := &Dialog{family: "composeExtension", at: at, command: value}
	return p.open(ctx, d, "composeExtension/fetchTask", value)
}

// resultsPerPage is how many results a client asks for.
const resultsPerPage = 25

// Search asks a search extension of the app; text "" is its first run.
// Errors: ErrNoChannel and its like, an undeclared command, ctx's.
func (p *Person) Search(ctx context.Context, channel, root, command, text string) (*Outcome, error) {
	const name = "composeExtension/query"
	s := p.s
	at, err := p.findBox(channel, root)
	if err != nil {
		return nil, err
	}

	c, err := s.App.Extension(command, "query", "compose")
	if err != nil {
		return nil, err
	}

	parameter := object{"name": "initialRun", "value": "true"}
	if text != "" {
		parameter = object{"name": "q", "value": text}
		if len(c.Parameters) > 0 {
			parameter["name"] = c.Parameters[0].Name
		}
	}

	value := object{"commandId": command, "parameters": []object{parameter}, "queryOptions": object{"skip": 0, "count": resultsPerPage}}
	out, err := s.invokes.ask(ctx, name, value, s.invokes.invokeAt(p.id, at, ""))
	if err != nil || out.Error != "" {
		return out, err
	}

	return p.show(out, &Dialog{family: "composeExtension", at: at}, name), nil
}

// Configure opens the app's settings in a team (config/fetch).
// Errors: ErrNoChannel, ErrNoApp, not declared, ctx's.
func (p *Person) Configure(ctx context.Context, team string) (*Outcome, error) {
	s := p.s
	s.Mu.Lock()
	ch := s.org.Channels[team]
	isMember := ch != nil && s.org.IsMember(ch, p.id)
	isUsable := isMember && s.org.IsReachable(ch)
	s.Mu.Unlock()
	if !isUsable {
		return nil, tenant.ErrNoApp
	}
	if !s.App.HasSettings() {
		return nil, fmt.Errorf("teamsfake: the app declares no settings")
	}
	return p.open(ctx, &Dialog{family: "config", at: announce.Where{Room: ch, User: p.id}}, "config/fetch", object{"data": object{}})
}
