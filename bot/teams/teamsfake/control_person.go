package teamsfake

import (
	"context"
	"encoding/json"
	"net/http"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// Act is the body of POST /_fake/person/{user}/{verb}; each verb reads what it needs:
//
//	post      post                               → {"id"}
//	reply     channel root text                  → {"id"}
//	say       text                               → {"id"}
//	private   channel root text                  → {"id"}
//	slash     channel root text                  → {"id"}
//	edit      channel message text     delete undelete  channel message
//	react     channel message name     unreact          channel message name
//	click     channel message name inputs old    → {"outcome"}
//	submit    name inputs                        → {"outcome"}
//	complete  result (of the dialog's page)      → {"outcome"}
//	view      channel message                    → {"outcome"}
//	suggested channel message name               → {"outcome"}
//	action    channel message name (of a message extension's command) → {"outcome"}
//	compose   channel root name                  → {"outcome"}
//	search    channel root name text             → {"outcome"}
//	configure channel (a team's id)              → {"outcome"}
//	close
//
// Theme is that of the person's client.
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
	var a Act
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}

	p, verb := d.srv.As(r.PathValue("user")), r.PathValue("verb")
	p.Theme = a.Theme
	if id, err, ok := runWriting(p, verb, a); ok {
		emulator.WriteResult(w, object{"id": id}, err)
		return
	}
	if out, err, ok := runAsking(r.Context(), p, verb, a); ok {
		emulator.WriteResult(w, object{"outcome": out}, err)
		return
	}
	if err, ok := runChange(p, verb, a); ok {
		emulator.WriteResult(w, nil, err)
		return
	}

	calls.WriteJSON(w, http.StatusNotFound, object{"ok": false, "error": "unknown verb " + verb})
}

// runWriting runs the verbs that make a message; ok is false for others.
func runWriting(p *people.Person, verb string, a Act) (id string, err error, ok bool) { //nolint:revive // ok last reads as in maps
	switch verb {
	case "post":
		id, err = p.Post(a.Post)
	case "reply":
		id, err = p.Reply(a.Channel, a.Root, a.Text)
	case "say":
		id, err = p.Say(a.Text)
	case "private":
		id, err = p.Private(a.Channel, a.Root, a.Text)
	case "slash":
		id, err = p.Slash(a.Channel, a.Root, a.Text)
	default:
		return "", nil, false
	}

	return id, err, true
}

// runAsking runs the verbs that the bot answers; ok is false for others.
func runAsking(ctx context.Context, p *people.Person, verb string, a Act) (out *people.Outcome, err error, ok bool) { //nolint:revive // ok last reads as in maps
	switch verb {
	case "click":
		press := p.Click
		if a.Old {
			press = p.ClickOld
		}
		out, err = press(ctx, a.Channel, a.Message, a.Name, a.Inputs)
	case "submit":
		out, err = p.Submit(ctx, a.Name, a.Inputs)
	case "complete":
		out, err = p.Complete(ctx, a.Result)
	case "view":
		out, err = p.View(ctx, a.Channel, a.Message)
	case "suggested":
		out, err = p.Suggested(ctx, a.Channel, a.Message, a.Name)
	case "action":
		out, err = p.MessageAction(ctx, a.Channel, a.Message, a.Name)
	case "compose":
		out, err = p.Compose(ctx, a.Channel, a.Root, a.Name)
	case "search":
		out, err = p.Search(ctx, a.Channel, a.Root, a.Name, a.Text)
	case "configure":
		out, err = p.Configure(ctx, a.Channel)
	default:
		return nil, nil, false
	}

	return out, err, true
}

// runChange runs the verbs that return nothing but an error; ok is false for others.
func runChange(p *people.Person, verb string, a Act) (err error, ok bool) { //nolint:revive // ok last reads as in maps
	switch verb {
	case "edit":
		err = p.Edit(a.Channel, a.Message, a.Text)
	case "delete":
		err = p.Delete(a.Channel, a.Message)
	case "undelete":
		err = p.Undelete(a.Channel, a.Message)
	case "react":
		err = p.React(a.Channel, a.Message, a.Name)
	case "unreact":
		err = p.Unreact(a.Channel, a.Message, a.Name)
	case "close":
		err = p.CloseDialog()
	default:
		return nil, false
	}

	return err, true
}
