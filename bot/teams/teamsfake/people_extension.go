package teamsfake

import (
	"cmp"
	"context"
	"fmt"
)

// A message extension adds an app's commands to Teams: actions in the menu of a message and below the message box, and
// searches below the message box. If a person picks a command, the client sends the bot a request and shows its answer:
// a dialog for an action, a list of cards for a search. The app's manifest declares the commands with their ids.
//
// People who have the app can use its commands in each conversation that they see, even if the app wasn't added to it.
// Source: "Create and send dialogs", "Request to install your conversational bot", read 2026-11.

// MessageAction picks an action of the app in the menu of a message, and opens its dialog. command is the action's id.
// Errors: those of Directory.FindVisibleLocked; an undeclared command; ctx's.
func (p *Person) MessageAction(ctx context.Context, channel, message, command string) (*Outcome, error) {
	at, payload, err := p.findActable(channel, message)
	if err != nil {
		return nil, err
	}
	return p.runExtension(ctx, at, dialogCommand{id: command, place: "message"}, Object{"messagePayload": payload})
}

// findActable finds a message whose menu has the app's actions. It returns the conversation, and the message in the format
// in which the bot receives it.
func (p *Person) findActable(channel, message string) (at Where, payload Object, err error) {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.FindVisibleLocked(p.id, channel, message)
	if err != nil {
		return at, nil, err
	}
	if m.Targeted != "" {
		return at, nil, fmt.Errorf("teamsfake: targeted messages have no actions: %w", ErrNoMessage)
	}
	return Where{Room: room, Root: m.Root, User: p.id}, people.view.MessagePayload(room, m), nil
}

// dialogCommand is a command that opens a dialog, and the place of the menu in which it is picked: "message" for the menu of
// a message, "compose" for the one below the message box.
type dialogCommand struct{ id, place string }

// Compose picks an action of the app below the message box, and opens its dialog. The message box is that of the thread with
// this root, of a new thread if root is "", or of the personal chat if channel is "".
// Errors: those of Directory.FindPostableLocked, except ErrEmpty; an undeclared command; ctx's.
func (p *Person) Compose(ctx context.Context, channel, root, command string) (*Outcome, error) {
	at, err := p.findBox(channel, root)
	if err != nil {
		return nil, err
	}
	return p.runExtension(ctx, at, dialogCommand{id: command, place: "compose"}, Object{})
}

// findBox returns the conversation to which a message box belongs.
func (p *Person) findBox(channel, root string) (Where, error) {
	p.people.Mu.Lock()
	defer p.people.Mu.Unlock()
	sample := Post{Channel: channel, Root: root, Text: "x"} // anything that could be posted there
	room, err := p.people.org.FindPostableLocked(p.id, sample)
	return Where{Room: room, Root: root, User: p.id}, err
}

// requestIDLength is the length of a request's id.
const requestIDLength = 16

// runExtension asks the bot for a command's dialog (composeExtension/fetchTask) and shows it.
// Source: "Create and send the dialog", read 2026-11.
func (p *Person) runExtension(ctx context.Context, at Where, picked dialogCommand, value Object) (*Outcome, error) {
	people := p.people
	declared, err := people.App.Extension(picked.id, "action", picked.place)
	if err != nil {
		return nil, err
	}
	if !declared.FetchTask {
		return nil, fmt.Errorf("teamsfake: the command %q shows no dialog", picked.id)
	}

	people.Mu.Lock()
	value["requestId"] = people.NewID("request")[:requestIDLength]
	people.Mu.Unlock()

	value["commandId"] = picked.id
	value["commandContext"] = picked.place
	value["context"] = p.clientContext()
	d := &Dialog{family: "composeExtension", at: at, command: value}
	return p.open(ctx, d, "composeExtension/fetchTask", value)
}

// Maximum numbers of search results that a client requests.
// Source: github.com/MicrosoftDocs/msteams-docs, issue 865, read 2026-11.
const (
	maxResultsPerPage = 25
	maxResults        = 100 // of all pages
)

// Search uses a search command of the app, and requests further pages until one isn't full or it has maxResults. If text
// is "", it sends what Teams sends when a person opens the search.
// Errors: those of Directory.FindPostableLocked, except ErrEmpty; an undeclared command; ctx's.
func (p *Person) Search(ctx context.Context, channel, root, command, text string) (*Outcome, error) {
	const name = "composeExtension/query"
	people := p.people
	at, err := p.findBox(channel, root)
	if err != nil {
		return nil, err
	}

	declared, err := people.App.Extension(command, "query", "compose")
	if err != nil {
		return nil, err
	}

	parameter := Object{"name": "initialRun", "value": "true"}
	if text != "" {
		parameter = Object{"name": "q", "value": text}
		if len(declared.Parameters) > 0 {
			parameter["name"] = declared.Parameters[0].Name
		}
	}

	var found []Result
	perPage := cmp.Or(p.ResultsPerPage, maxResultsPerPage)
	for skip := 0; ; skip += perPage {
		value := Object{"commandId": command, "parameters": []Object{parameter}, "queryOptions": Object{"skip": skip, "count": perPage}}
		const noMessage = "" // a search isn't about a message
		out, err := people.invokes.ask(ctx, name, value, people.invokes.invokeAt(p.id, at, noMessage))
		if err != nil || out.Error != "" {
			return out, err
		}

		out = p.show(out, &Dialog{family: "composeExtension", at: at}, name)
		isFull := len(out.Results) >= perPage
		found = append(found, out.Results...)
		out.Results = found
		if !isFull || len(found) >= maxResults {
			return out, nil
		}
	}
}
