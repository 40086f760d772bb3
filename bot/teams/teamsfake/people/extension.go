package people

import (
	"cmp"
	"context"
	"fmt"

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/tenant"
)

// Message extensions are entries that an app adds to Teams: actions in the menu of a message and below the message
// box, and searches there. Teams asks the bot by an invoke when a person picks one.

// MessageAction picks one of the app's actions in the menu of a message. A dialog opens. command is the action's id
// in the app's manifest.
// Errors: ErrNoMessage and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) MessageAction(ctx context.Context, channel, message, command string) (*Outcome, error) {
	at, payload, err := p.findActable(channel, message)
	if err != nil {
		return nil, err
	}
	return p.runExtension(ctx, at, dialogCommand{id: command, place: "message"}, object{"messagePayload": payload})
}

// findActable finds a message in whose menu the app has actions. It returns the conversation, and the message as the
// bot gets it.
func (p *Person) findActable(channel, message string) (at announce.Where, payload object, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindVisibleLocked(p.id, channel, message)
	if err != nil {
		return at, nil, err
	}
	if m.Targeted != "" {
		return at, nil, fmt.Errorf("teamsfake: targeted messages have no actions: %w", tenant.ErrNoMessage)
	}
	return announce.Where{Room: ch, Root: m.Root, User: p.id}, s.view.MessagePayload(ch, m), nil
}

// dialogCommand is an extension's command that opens a dialog, and where a person picks it: in the menu of a
// "message", or under the "compose" box.
type dialogCommand struct{ id, place string }

// Compose picks one of the app's actions below the message box of a thread (root "" means of a new one) or of the
// personal chat (channel ""). A dialog opens.
// Errors: ErrNoChannel and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) Compose(ctx context.Context, channel, root, command string) (*Outcome, error) {
	at, err := p.findBox(channel, root)
	if err != nil {
		return nil, err
	}
	return p.runExtension(ctx, at, dialogCommand{id: command, place: "compose"}, object{})
}

// findBox returns the conversation whose message box the person uses.
func (p *Person) findBox(channel, root string) (announce.Where, error) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	ch, err := p.s.org.FindPostableLocked(p.id, tenant.Post{Channel: channel, Root: root, Text: "x"})
	return announce.Where{Room: ch, Root: root, User: p.id}, err
}

// requestIDLength is the length of the ids that clients give their requests.
const requestIDLength = 16

// runExtension asks the bot for the dialog of an extension's command (composeExtension/fetchTask).
// Source: "Create and send the dialog", read 2026-11.
func (p *Person) runExtension(ctx context.Context, at announce.Where, picked dialogCommand, value object) (*Outcome, error) {
	s := p.s
	c, err := s.App.Extension(picked.id, "action", picked.place)
	if err != nil {
		return nil, err
	}
	if !c.FetchTask {
		return nil, fmt.Errorf("teamsfake: the command %q shows no dialog", picked.id)
	}

	s.Mu.Lock()
	isReachable := s.org.IsReachable(at.Room)
	value["requestId"] = s.NewID("request")[:requestIDLength]
	s.Mu.Unlock()

	if !isReachable {
		return nil, tenant.ErrNoApp
	}

	value["commandId"] = picked.id
	value["commandContext"] = picked.place
	value["context"] = p.clientContext()
	d := &Dialog{family: "composeExtension", at: at, command: value}
	return p.open(ctx, d, "composeExtension/fetchTask", value)
}

// A client asks for so many results at a time, or fewer, and in all.
// Source: github.com/MicrosoftDocs/msteams-docs, issue 865, read 2026-11.
const (
	maxResultsPerPage = 25
	maxResults        = 100
)

// Search searches with a search of the app, and scrolls to the end of the results. text "" is what Teams sends when
// the search is opened. A page with fewer results than were asked for counts as the last one.
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

	var found []Result
	perPage := cmp.Or(p.ResultsPerPage, maxResultsPerPage)
	for skip := 0; ; skip += perPage {
		value := object{"commandId": command, "parameters": []object{parameter}, "queryOptions": object{"skip": skip, "count": perPage}}
		out, err := s.invokes.ask(ctx, name, value, s.invokes.invokeAt(p.id, at, ""))
		if err != nil || out.Error != "" {
			return out, err
		}

		out = p.show(out, &Dialog{family: "composeExtension", at: at}, name)
		page := len(out.Results)
		found = append(found, out.Results...)
		out.Results = found
		if page < perPage || len(found) >= maxResults {
			return out, nil
		}
	}
}
