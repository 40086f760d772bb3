package teamsfake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// This file emulates what happens when a person clicks a button of a card. The client sends the bot a request and shows its
// answer, which the caller gets as an Outcome.

// Click clicks a button of a card in a message. name is the button's id, title or verb, and inputs are the values that the
// person fills in first. If channel is "", the message is in the personal chat with the bot. What the client does depends on
// the button's action:
//
//	Action.Execute                   asks the bot, which answers with a card or a text
//	Action.Submit with task/fetch    asks the bot for a dialog
//	Action.Submit                    sends the bot a message with the button's data, which nobody sees
//	Action.OpenUrl                   opens a web page
//
// Errors: those of Directory.FindLiveLocked, such as ErrNoMessage; no such button; client.ErrInvalid; ctx's.
func (p *Person) Click(ctx context.Context, channel, message, name string, inputs Inputs) (*Outcome, error) {
	b, err := p.findButton(channel, message, name, inputs)
	if err != nil {
		return nil, err
	}
	return p.press(ctx, b)
}

// pressedButton is a button that a person has clicked.
type pressedButton struct {
	at     Where    // the conversation
	m      *Message // the message with the card; guarded by the lock
	id     string   // m.ID, which needs no lock
	action Object   // the button's action, as in the card
	data   Object   // the data of the action and the inputs
}

// press carries out a button's action.
func (p *Person) press(ctx context.Context, b *pressedButton) (*Outcome, error) {
	switch b.action["type"] {
	case "Action.Execute":
		return p.executeAction(ctx, b)
	case "Action.Submit":
		return p.submitAction(ctx, b)
	case "Action.OpenUrl":
		address, _ := b.action["url"].(string)
		return &Outcome{URL: address}, nil
	}

	return &Outcome{}, nil // other actions only change what the client shows
}

// findButton returns the button with a name, and the data that it sends.
func (p *Person) findButton(channel, message, name string, inputs Inputs) (*pressedButton, error) {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.FindLiveLocked(p.id, channel, message)
	if err != nil {
		return nil, err
	}
	if m.NotShown != "" {
		return nil, fmt.Errorf("teamsfake: the card is not shown: %s", m.NotShown)
	}

	for _, card := range m.CardsForLocked(p.id) {
		action := FindAction(card, name)
		if action == nil {
			continue
		}

		b := &pressedButton{at: Where{Room: room, Root: m.Root, User: p.id}, m: m, id: m.ID, action: action}
		filled := map[string]string{}
		if action["associatedInputs"] != "none" && action["associatedInputs"] != "None" {
			if filled, err = Gather(card, inputs, people.org.IsPerson); err != nil {
				return nil, err
			}
		}

		b.data = Merge(action["data"], filled)
		return b, nil
	}

	return nil, fmt.Errorf("teamsfake: no button %q in message %s", name, message)
}

// executeAction sends the bot an Action.Execute, as a request adaptiveCard/action, and shows its answer.
// Source: "Universal Actions for Adaptive Cards", read 2026-11.
func (p *Person) executeAction(ctx context.Context, b *pressedButton) (*Outcome, error) {
	const name = "adaptiveCard/action"
	action := Object{"type": "Action.Execute", "verb": b.action["verb"], "data": b.data}
	if id := b.action["id"]; id != nil {
		action["id"] = id
	}
	out, err := p.people.invokes.ask(ctx, name, Object{"action": action, "trigger": "manual"}, p.people.invokes.invokeAt(p.id, b.at, b.id))
	if err != nil || out.Error != "" {
		return out, err
	}
	p.people.Mu.Lock()
	defer p.people.Mu.Unlock()
	return p.people.invokes.readCardAnswer(out, name, p.id, b), nil
}

// readCardAnswer completes an Outcome with the bot's answer to an Action.Execute: a card, a text or an error. The caller
// holds the lock.
func (i *invokes) readCardAnswer(out *Outcome, name, user string, b *pressedButton) *Outcome {
	var answer struct {
		StatusCode int             `json:"statusCode"`
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(out.Response, &answer); err != nil || answer.StatusCode == 0 {
		return i.noteMisread(out, name, "has no statusCode: "+string(out.Response))
	}

	isError := strings.HasPrefix(answer.Type, KindError)
	if isError != (answer.StatusCode >= http.StatusBadRequest) {
		return i.noteMisread(out, name, fmt.Sprintf("has statusCode %d with type %q", answer.StatusCode, answer.Type))
	}

	switch answer.Type {
	case KindCard:
		i.replaceCard(name, user, b, answer.Value)
		out.Card = answer.Value
	case "application/vnd.microsoft.activity.message":
		if json.Unmarshal(answer.Value, &out.Message) != nil {
			return i.noteMisread(out, name, "has a message that is no text")
		}
	case KindError, KindError + ".preconditionFailed":
		var failure struct{ Code, Message string }
		if json.Unmarshal(answer.Value, &failure) != nil || failure.Code == "" {
			return i.noteMisread(out, name, "has an error without code")
		}
		out.Error, out.Message = failure.Code, failure.Message
	default:
		return i.noteMisread(out, name, fmt.Sprintf("has type %q", answer.Type))
	}

	return out
}

// replaceCard replaces the clicked card for one user. Other people still see the original. The caller holds the lock.
func (i *invokes) replaceCard(name, user string, b *pressedButton, card json.RawMessage) {
	for _, fault := range i.org.CardFaults(card, b.at.Room) {
		i.NoteTrouble(name, b.m.ID, fault)
	}
	if b.m.View == nil {
		b.m.View = map[string]json.RawMessage{}
	}
	b.m.View[user] = card
	i.Note(Change{Kind: "view", Channel: b.at.Room.ID, Message: b.m.ID, Root: b.m.Root, User: user})
}

// submitAction carries out an Action.Submit of a message. It opens a dialog if the data say so (task/fetch), and otherwise
// sends the bot a message with the data.
func (p *Person) submitAction(ctx context.Context, b *pressedButton) (*Outcome, error) {
	msteams, _ := b.data["msteams"].(Object) // what the client should do, such as imBack
	kind, _ := msteams["type"].(string)
	if kind == "task/fetch" {
		d := &Dialog{family: "task", at: b.at, replyTo: b.id}
		return p.open(ctx, d, "task/fetch", Object{"data": b.data, "context": p.clientContext()})
	}

	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	activity := people.announcer.Base("message", b.at)
	activity["from"] = people.announcer.From(people.org.Users[p.id])
	activity["replyToId"] = b.m.ID
	activity["textFormat"] = "plain"
	activity["id"] = people.NextMessage()

	value := maps.Clone(b.data)
	delete(value, "msteams")
	activity["value"] = value

	switch kind {
	case "imBack":
		activity["text"], _ = msteams["value"].(string)
	case "messageBack":
		activity["text"], _ = msteams["text"].(string)
		if msteams["value"] != nil {
			activity["value"] = msteams["value"]
		}
	}

	if b.m.Targeted != "" {
		activity["recipient"] = Object{"id": people.Opt.BotID(), "name": people.Opt.BotName, "isTargeted": true}
	}

	people.activities.Emit(ThreadConversation(b.at.Room.ID, b.at.Root), activity)
	return &Outcome{}, nil
}
