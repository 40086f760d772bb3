package slackfake

import (
	"context"
	"net/http"

	"parley/channels/emulator"
)

// Act is the body of POST /_fake/person/{user}/{verb}; each verb reads what it needs:
//
//	post      post                                   → {"ts"}
//	edit      channel ts text        delete  channel ts
//	react     channel ts name        unreact channel ts name
//	click     channel ts | view, action, picked      → {"outcome"}
//	suggest   channel ts | view, action, text        → {"values"}
//	submit    view values                            → {"outcome"}
//	close     view all                               → {"outcome"}
//	shortcut  callback channel ts (message) or callback alone (global) → {"outcome"}
//	command   channel command text                   → {"outcome"}
//	home      join leave follow unfollow read        channel, ts
type Act struct {
	Post     Post                `json:"post"`
	Channel  string              `json:"channel"`
	TS       string              `json:"ts"`
	View     string              `json:"view"`
	Text     string              `json:"text"`
	Name     string              `json:"name"`
	Action   string              `json:"action"`
	Picked   []string            `json:"picked"`
	Values   map[string][]string `json:"values"`
	All      bool                `json:"all"`
	Callback string              `json:"callback"`
	Command  string              `json:"command"`
}

func (d *driver) controlPerson(w http.ResponseWriter, r *http.Request) {
	var a Act
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}

	p := d.srv.As(r.PathValue("user"))
	verb := r.PathValue("verb")
	if out, err, ok := p.runQuestion(r.Context(), verb, a); ok {
		emulator.WriteResult(w, out, err)
		return
	}
	if err, ok := p.runSimple(verb, a); ok {
		emulator.WriteResult(w, nil, err)
		return
	}

	emulator.WriteJSON(w, http.StatusNotFound, reply{"ok": false, "error": "unknown verb " + verb})
}

// runQuestion runs the verbs that return something; ok is false for others.
func (p *Person) runQuestion(ctx context.Context, verb string, a Act) (out reply, err error, ok bool) { //nolint:revive // ok last reads as in maps
	t := Target{Channel: a.Channel, TS: a.TS, View: a.View}
	var o *Outcome
	switch verb {
	case "post":
		ts, err := p.Post(a.Post)
		return reply{"ts": ts}, err, true
	case "suggest":
		values, err := p.Suggest(ctx, t, a.Action, a.Text)
		return reply{"values": values}, err, true
	case "click":
		o, err = p.Click(ctx, t, a.Action, a.Picked...)
	case "submit":
		o, err = p.Submit(ctx, a.View, a.Values)
	case "close":
		o, err = p.CloseView(ctx, a.View, a.All)
	case "command":
		o, err = p.Command(ctx, a.Channel, a.Command, a.Text)
	case "shortcut":
		if a.TS == "" {
			o, err = p.GlobalShortcut(ctx, a.Callback)
		} else {
			o, err = p.Shortcut(ctx, a.Callback, a.Channel, a.TS)
		}
	default:
		return nil, nil, false
	}

	return reply{"outcome": o}, err, true
}

// runSimple runs the verbs that only may fail; ok is false for others.
func (p *Person) runSimple(verb string, a Act) (err error, ok bool) { //nolint:revive // ok last reads as in maps
	switch verb {
	case "edit":
		err = p.Edit(a.Channel, a.TS, a.Text)
	case "delete":
		err = p.Delete(a.Channel, a.TS)
	case "react":
		err = p.React(a.Channel, a.TS, a.Name)
	case "unreact":
		err = p.Unreact(a.Channel, a.TS, a.Name)
	case "home":
		err = p.OpenHome()
	case "join":
		err = p.Join(a.Channel)
	case "leave":
		err = p.Leave(a.Channel)
	case "follow", "unfollow":
		err = p.Follow(a.Channel, a.TS, verb == "follow")
	case "read":
		if a.TS == "" {
			p.Read(a.Channel)
		} else {
			p.ReadThread(a.Channel, a.TS)
		}
	default:
		return nil, false
	}

	return err, true
}
