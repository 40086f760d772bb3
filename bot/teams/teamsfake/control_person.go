package teamsfake

import (
	"context"
	"encoding/json"
	"net/http"

	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// Act is the body of POST /_fake/person/{user}/{verb}. A verb reads the fields that stand beside it, and answers ok with what
// stands behind the arrow. Each also reads theme, that of the person's client.
//
//	post                   post → "id"
//	reply, private, slash  channel, root, text → "id"
//	say                    text → "id"
//	edit                   channel, message, text
//	delete, undelete       channel, message
//	react, unreact         channel, message, name
//	click                  channel, message, name, inputs, old → "outcome"
//	submit                 name, inputs → "outcome"
//	complete               result (of the dialog's page) → "outcome"
//	view                   channel, message → "outcome"
//	suggested              channel, message, name → "outcome"
//	action                 channel, message, name (of a message extension's command) → "outcome"
//	compose                channel, root, name → "outcome"
//	search                 channel, root, name, text → "outcome"
//	close                  –
type Act struct {
	Post    tenant.Post   `json:"post"`
	Channel string        `json:"channel"`
	Root    string        `json:"root"`
	Message string        `json:"message"`
	Text    string        `json:"text"`
	Name    string        `json:"name"`
	Inputs  client.Inputs `json:"inputs"`
	Old     bool          `json:"old"`
	Theme   string        `json:"theme"`

	Result json.RawMessage `json:"result"`
}

func (d *driver) controlPerson(w http.ResponseWriter, r *http.Request) {
	emulator.RunVerb(w, r, func(a Act) map[string]emulator.Verb { return personVerbs(d.srv.As(r.PathValue("user")), a) })
}

// personVerbs returns what each verb of a person does.
func personVerbs(p *people.Person, a Act) map[string]emulator.Verb {
	p.Theme = a.Theme
	written := func(f func() (string, error)) emulator.Verb {
		return func(context.Context) (object, error) {
			id, err := f()
			return object{"id": id}, err
		}
	}
	answered := func(f func(context.Context) (*people.Outcome, error)) emulator.Verb {
		return func(ctx context.Context) (object, error) {
			outcome, err := f(ctx)
			return object{"outcome": outcome}, err
		}
	}
	click := p.Click
	if a.Old {
		click = p.ClickOld
	}

	type ctx = context.Context
	type outcome = people.Outcome
	return map[string]emulator.Verb{
		"post":      written(func() (string, error) { return p.Post(a.Post) }),
		"reply":     written(func() (string, error) { return p.Reply(a.Channel, a.Root, a.Text) }),
		"say":       written(func() (string, error) { return p.Say(a.Text) }),
		"private":   written(func() (string, error) { return p.Private(a.Channel, a.Root, a.Text) }),
		"slash":     written(func() (string, error) { return p.Slash(a.Channel, a.Root, a.Text) }),
		"click":     answered(func(c ctx) (*outcome, error) { return click(c, a.Channel, a.Message, a.Name, a.Inputs) }),
		"submit":    answered(func(c ctx) (*outcome, error) { return p.Submit(c, a.Name, a.Inputs) }),
		"complete":  answered(func(c ctx) (*outcome, error) { return p.Complete(c, a.Result) }),
		"view":      answered(func(c ctx) (*outcome, error) { return p.View(c, a.Channel, a.Message) }),
		"suggested": answered(func(c ctx) (*outcome, error) { return p.Suggested(c, a.Channel, a.Message, a.Name) }),
		"action":    answered(func(c ctx) (*outcome, error) { return p.MessageAction(c, a.Channel, a.Message, a.Name) }),
		"compose":   answered(func(c ctx) (*outcome, error) { return p.Compose(c, a.Channel, a.Root, a.Name) }),
		"search":    answered(func(c ctx) (*outcome, error) { return p.Search(c, a.Channel, a.Root, a.Name, a.Text) }),
		"edit":      emulator.Try(func() error { return p.Edit(a.Channel, a.Message, a.Text) }),
		"delete":    emulator.Try(func() error { return p.Delete(a.Channel, a.Message) }),
		"undelete":  emulator.Try(func() error { return p.Undelete(a.Channel, a.Message) }),
		"react":     emulator.Try(func() error { return p.React(a.Channel, a.Message, a.Name) }),
		"unreact":   emulator.Try(func() error { return p.Unreact(a.Channel, a.Message, a.Name) }),
		"close":     emulator.Try(p.CloseDialog),
	}
}
