package people

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
)

// Click clicks a button on a card that the person sees in a message. name is the button's id, title or verb. The
// card's inputs are filled in with inputs. channel "" is the personal chat.
//
//	Action.Execute                   asks the bot, which answers with a card or text
//	Action.Submit with task/fetch    opens a dialog
//	other Action.Submit              sends the bot a message with the button's data, which nobody sees
//
// Errors: ErrNoMessage and its like, no such button, client.ErrInvalid, ctx's.
func (p *Person) Click(ctx context.Context, channel, message, name string, inputs client.Inputs) (*Outcome, error) {
	b, err := p.findButton(channel, message, name, inputs)
	if err != nil {
		return nil, err
	}
	return p.press(ctx, b)
}

// ClickOld is Click on an older client, which doesn't know Action.Execute and shows its fallback instead.
func (p *Person) ClickOld(ctx context.Context, channel, message, name string, inputs client.Inputs) (*Outcome, error) {
	b, err := p.findButton(channel, message, name, inputs)
	if err != nil {
		return nil, err
	}
	if fallback, ok := b.action["fallback"].(object); ok && b.action["type"] == "Action.Execute" {
		b.action = fallback
		b.data = client.Merge(fallback["data"], p.gatherAgain(b, inputs))
	}
	return p.press(ctx, b)
}

// pressedButton is a button that a person has clicked, with everything that the click needs.
type pressedButton struct {
	at     announce.Where
	m      *tenant.Message // guarded by the lock
	id     string          // of m
	action object
	data   object
}

// press does what a button's action says.
func (p *Person) press(ctx context.Context, b *pressedButton) (*Outcome, error) {
	switch b.action["type"] {
	case "Action.Execute":
		return p.executeAction(ctx, b, "manual")
	case "Action.Submit":
		return p.submitAction(ctx, b)
	case "Action.OpenUrl":
		address, _ := b.action["url"].(string)
		return &Outcome{URL: address}, nil
	}

	return &Outcome{}, nil // shows or hides something in the client
}

// findButton returns the button with a name, and what it sends.
func (p *Person) findButton(channel, message, name string, inputs client.Inputs) (*pressedButton, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindLiveLocked(p.id, channel, message)
	if err != nil {
		return nil, err
	}
	if m.NotShown != "" {
		return nil, fmt.Errorf("teamsfake: the card is not shown: %s", m.NotShown)
	}

	for _, card := range m.CardsForLocked(p.id) {
		action := client.FindAction(card, name)
		if action == nil {
			continue
		}

		b := &pressedButton{at: announce.Where{Room: ch, Root: m.Root, User: p.id}, m: m, id: m.ID, action: action}
		filled := map[string]string{}
		if action["associatedInputs"] != "none" && action["associatedInputs"] != "None" {
			if filled, err = client.Gather(card, inputs, s.org.IsPerson); err != nil {
				return nil, err
			}
		}

		b.data = client.Merge(action["data"], filled)
		return b, nil
	}

	return nil, fmt.Errorf("teamsfake: no button %q in message %s", name, message)
}

// gatherAgain returns what was filled in, for another action of the same card.
func (p *Person) gatherAgain(b *pressedButton, inputs client.Inputs) map[string]string {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	for _, card := range b.m.CardsForLocked(p.id) {
		if out, err := client.Gather(card, inputs, p.s.org.IsPerson); err == nil {
			return out
		}
	}
	return nil
}

// executeAction asks the bot to do what an Action.Execute says, by the invoke adaptiveCard/action.
// Source: "Universal Actions for Adaptive Cards", read 2026-11.
func (p *Person) executeAction(ctx context.Context, b *pressedButton, trigger string) (*Outcome, error) {
	const name = "adaptiveCard/action"
	action := object{"type": "Action.Execute", "verb": b.action["verb"], "data": b.data}
	if id := b.action["id"]; id != nil {
		action["id"] = id
	}
	out, err := p.s.invokes.ask(ctx, name, object{"action": action, "trigger": trigger}, p.s.invokes.invokeAt(p.id, b.at, b.id))
	if err != nil || out.Error != "" {
		return out, err
	}
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.s.invokes.readCardAnswer(out, name, p.id, b), nil
}

// readCardAnswer shows what the bot answered to Action.Execute. Caller holds the lock.
func (i *invokes) readCardAnswer(out *Outcome, name, user string, b *pressedButton) *Outcome {
	var answer struct {
		StatusCode int             `json:"statusCode"`
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(out.Response, &answer); err != nil || answer.StatusCode == 0 {
		return i.noteMisread(out, name, "has no statusCode: "+string(out.Response))
	}

	isError := strings.HasPrefix(answer.Type, tenant.KindError)
	if isError != (answer.StatusCode >= http.StatusBadRequest) {
		return i.noteMisread(out, name, fmt.Sprintf("has statusCode %d with type %q", answer.StatusCode, answer.Type))
	}

	switch answer.Type {
	case tenant.KindCard:
		i.replaceCard(name, user, b, answer.Value)
		out.Card = answer.Value
	case "application/vnd.microsoft.activity.message":
		if json.Unmarshal(answer.Value, &out.Message) != nil {
			return i.noteMisread(out, name, "has a message that is no text")
		}
	case tenant.KindError, tenant.KindError + ".preconditionFailed":
		var e struct{ Code, Message string }
		if json.Unmarshal(answer.Value, &e) != nil || e.Code == "" {
			return i.noteMisread(out, name, "has an error without code")
		}
		out.Error, out.Message = e.Code, e.Message
	default:
		return i.noteMisread(out, name, fmt.Sprintf("has type %q", answer.Type))
	}

	return out
}

// replaceCard shows a user another card in the place of the one that was clicked; others go on to see that. Caller holds the lock.
func (i *invokes) replaceCard(name, user string, b *pressedButton, card json.RawMessage) {
	for _, f := range i.org.CardFaults(card, b.at.Room) {
		i.NoteTrouble(name, b.m.ID, f)
	}
	if b.m.View == nil {
		b.m.View = map[string]json.RawMessage{}
	}
	b.m.View[user] = card
	i.Note(tenant.Change{Kind: "view", Channel: b.at.Room.ID, Message: b.m.ID, Root: b.m.Root, User: user})
}

// submitAction is Action.Submit of a message: a dialog, a visible text or a silent message.
func (p *Person) submitAction(ctx context.Context, b *pressedButton) (*Outcome, error) {
	ms, _ := b.data["msteams"].(object)
	kind, _ := ms["type"].(string)
	if kind == "task/fetch" {
		d := &Dialog{family: "task", at: b.at, replyTo: b.id}
		return p.open(ctx, d, "task/fetch", object{"data": b.data, "context": p.clientContext()})
	}

	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a := s.announcer.Base("message", b.at)
	a["from"] = s.announcer.From(s.org.Users[p.id])
	a["replyToId"] = b.m.ID
	a["textFormat"] = "plain"
	a["id"] = s.NextMessage()
	value := maps.Clone(b.data)
	delete(value, "msteams")
	a["value"] = value
	switch kind {
	case "imBack":
		a["text"], _ = ms["value"].(string)
	case "messageBack":
		a["text"], _ = ms["text"].(string)
		if ms["value"] != nil {
			a["value"] = ms["value"]
		}
	}
	if b.m.Targeted != "" {
		a["recipient"] = object{"id": s.Opt.BotID(), "name": s.Opt.BotName, "isTargeted": true}
	}

	s.activities.Emit(tenant.ThreadConversation(b.at.Room.ID, b.at.Root), a)
	return &Outcome{}, nil
}

// View looks at a message. If its card asks for that, the client refreshes it for this person, by an automatic
// adaptiveCard/action.
// Errors: ErrNoMessage and its like, ctx's.
func (p *Person) View(ctx context.Context, channel, message string) (*Outcome, error) {
	b, err := p.findRefresh(channel, message)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return &Outcome{}, nil
	}
	return p.executeAction(ctx, b, "automatic")
}

// findRefresh returns the action that refreshes a message's card for this person; nil if there is none.
func (p *Person) findRefresh(channel, message string) (*pressedButton, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindLiveLocked(p.id, channel, message)
	if err != nil {
		return nil, err
	}

	var b *pressedButton
	for _, card := range m.CardsForLocked(p.id) {
		r, _ := card["refresh"].(object)
		action, _ := r["action"].(object)
		ids, isNamed := r["userIds"].([]any)
		isForMe := slices.Contains(ids, any(s.org.Users[p.id].TeamsID))
		if !isNamed { // a card that names nobody is refreshed for everybody, unless these are too many
			isForMe = len(s.org.MemberIDs(ch)) <= client.MostRefreshed
		}
		if action != nil && isForMe {
			at := announce.Where{Room: ch, Root: m.Root, User: p.id}
			b = &pressedButton{at: at, m: m, id: m.ID, action: action, data: client.Merge(action["data"], nil)}
		}
	}

	return b, nil
}

// copyLive returns a copy of a message that the person sees.
func (p *Person) copyLive(channel, message string) (*tenant.Room, *tenant.Message, error) {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	ch, m, err := p.s.org.FindLiveLocked(p.id, channel, message)
	if err != nil {
		return nil, nil, err
	}
	return ch, m.Clone(), nil
}

// Suggested presses one of the suggested actions under a message of the bot.
// Errors: ErrNoMessage and its like, no such action, ctx's.
func (p *Person) Suggested(ctx context.Context, channel, message, title string) (*Outcome, error) {
	s := p.s
	ch, m, err := p.copyLive(channel, message)
	if err != nil {
		return nil, err
	}

	var offered struct {
		Actions []struct {
			Type, Title string
			Value       any
		}
	}
	if json.Unmarshal(m.Suggested, &offered) == nil {
		for _, a := range offered.Actions {
			if a.Title != title {
				continue
			}
			if a.Type == "Action.Submit" {
				return s.invokes.ask(ctx, "suggestedActions/submit", a.Value,
					s.invokes.invokeAt(p.id, announce.Where{Room: ch, Root: m.Root, User: p.id}, m.ID))
			}
			_, err := p.Post(tenant.Post{Channel: channel, Root: m.Root, Text: fmt.Sprint(a.Value)})
			return &Outcome{}, err
		}
	}

	return nil, fmt.Errorf("teamsfake: no suggested action %q in message %s", title, message)
}
