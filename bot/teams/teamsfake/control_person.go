package teamsfake

import (
	"context"
	"encoding/json"
	"net/http"

	"parley/channels/emulator"
)

// Act is the body of POST /_fake/person/{user}/{verb}, by which a test in another process acts as a person in the emulated
// organisation. For example, POST /_fake/person/{user}/reply with a channel, the root of a thread and a text posts a reply,
// and returns its id. Each verb uses the fields listed after it, and returns the value after the arrow. All verbs also use
// theme, the theme of the person's client.
//
//	post                   post → "id"
//	reply, private, slash  channel, root, text → "id"
//	say                    text → "id"
//	edit                   channel, message, text
//	delete, undelete       channel, message
//	react, unreact         channel, message, name
//	click                  channel, message, name, inputs → "outcome"
//	submit                 name, inputs → "outcome"
//	complete               result (that the dialog's web page submits) → "outcome"
//	action                 channel, message, name (a command of the app's message extension) → "outcome"
//	compose                channel, root, name → "outcome"
//	search                 channel, root, name, text → "outcome"
//	close                  –
type Act struct {
	Post    Post   `json:"post"`
	Channel string `json:"channel"`
	Root    string `json:"root"`
	Message string `json:"message"`
	Text    string `json:"text"`
	Name    string `json:"name"`
	Inputs  Inputs `json:"inputs"`
	Theme   string `json:"theme"`

	Result json.RawMessage `json:"result"`
}

func (d *driver) controlPerson(w http.ResponseWriter, r *http.Request) {
	emulator.RunVerb(w, r, func(a Act) map[string]emulator.Verb { return personVerbs(d.srv.As(r.PathValue("user")), a) })
}

// withID makes a verb that returns the id of a new message.
func withID(post func() (string, error)) emulator.Verb {
	return func(context.Context) (Object, error) {
		id, err := post()
		return Object{"id": id}, err
	}
}

// withOutcome makes a verb that returns how the bot responded.
func withOutcome(invoke func(context.Context) (*Outcome, error)) emulator.Verb {
	return func(ctx context.Context) (Object, error) {
		outcome, err := invoke(ctx)
		return Object{"outcome": outcome}, err
	}
}

// personVerbs returns the function of each verb.
func personVerbs(p *Person, a Act) map[string]emulator.Verb {
	p.Theme = a.Theme
	type ctx = context.Context
	type outcome = Outcome
	return map[string]emulator.Verb{
		"post":     withID(func() (string, error) { return p.Post(a.Post) }),
		"reply":    withID(func() (string, error) { return p.Reply(a.Channel, a.Root, a.Text) }),
		"say":      withID(func() (string, error) { return p.Say(a.Text) }),
		"private":  withID(func() (string, error) { return p.Private(a.Channel, a.Root, a.Text) }),
		"slash":    withID(func() (string, error) { return p.Slash(a.Channel, a.Root, a.Text) }),
		"click":    withOutcome(func(c ctx) (*outcome, error) { return p.Click(c, a.Channel, a.Message, a.Name, a.Inputs) }),
		"submit":   withOutcome(func(c ctx) (*outcome, error) { return p.Submit(c, a.Name, a.Inputs) }),
		"complete": withOutcome(func(c ctx) (*outcome, error) { return p.Complete(c, a.Result) }),
		"action":   withOutcome(func(c ctx) (*outcome, error) { return p.MessageAction(c, a.Channel, a.Message, a.Name) }),
		"compose":  withOutcome(func(c ctx) (*outcome, error) { return p.Compose(c, a.Channel, a.Root, a.Name) }),
		"search":   withOutcome(func(c ctx) (*outcome, error) { return p.Search(c, a.Channel, a.Root, a.Name, a.Text) }),
		"edit":     emulator.Try(func() error { return p.Edit(a.Channel, a.Message, a.Text) }),
		"delete":   emulator.Try(func() error { return p.Delete(a.Channel, a.Message) }),
		"undelete": emulator.Try(func() error { return p.Undelete(a.Channel, a.Message) }),
		"react":    emulator.Try(func() error { return p.React(a.Channel, a.Message, a.Name) }),
		"unreact":  emulator.Try(func() error { return p.Unreact(a.Channel, a.Message, a.Name) }),
		"close":    emulator.Try(p.CloseDialog),
	}
}
