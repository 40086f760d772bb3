package slackfake

import (
	"context"
	"net/http"

	"parley/channels/emulator"
)

// Act is the body of POST /_fake/person/{user}/{verb}, by which a program in another process acts as a person in the
// emulated workspace (see Person). For example, {"channel":"C1","ts":"1700000000.000100","name":"wave"} with the verb
// "react" adds an emoji to a message. This table has the fields that each verb uses and, after the arrow, the field of the
// response:
//
//	post              post → "ts"
//	edit              channel, ts, text
//	delete            channel, ts
//	react, unreact    channel, ts, name
//	click             channel and ts, or view; action, picked → "outcome"
//	suggest           channel and ts, or view; action, text → "values"
//	submit            view, values → "outcome"
//	close             view, all → "outcome"
//	shortcut          callback, and channel and ts if it is one of a message → "outcome"
//	command           channel, command, text → "outcome"
//	home              –
//	join, leave       channel
//	follow, unfollow  channel, ts
//	read              channel; ts for a thread
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
	emulator.RunVerb(w, r, func(a Act) map[string]emulator.Verb { return personVerbs(d.srv.As(r.PathValue("user")), a) })
}

// personVerbs returns the actions of the verbs for a body.
func personVerbs(p *Person, a Act) map[string]emulator.Verb {
	target := Target{Channel: a.Channel, TS: a.TS, View: a.View}
	withOutcome := func(f func(context.Context) (*Outcome, error)) emulator.Verb {
		return func(ctx context.Context) (Object, error) {
			outcome, err := f(ctx)
			return Object{"outcome": outcome}, err
		}
	}

	return map[string]emulator.Verb{
		"post": func(context.Context) (Object, error) {
			ts, err := p.Post(a.Post)
			return Object{"ts": ts}, err
		},
		"suggest": func(ctx context.Context) (Object, error) {
			values, err := p.Suggest(ctx, target, a.Action, a.Text)
			return Object{"values": values}, err
		},
		"click":   withOutcome(func(ctx context.Context) (*Outcome, error) { return p.Click(ctx, target, a.Action, a.Picked...) }),
		"submit":  withOutcome(func(ctx context.Context) (*Outcome, error) { return p.Submit(ctx, a.View, a.Values) }),
		"close":   withOutcome(func(ctx context.Context) (*Outcome, error) { return p.CloseView(ctx, a.View, a.All) }),
		"command": withOutcome(func(ctx context.Context) (*Outcome, error) { return p.Command(ctx, a.Channel, a.Command, a.Text) }),
		"shortcut": withOutcome(func(ctx context.Context) (*Outcome, error) {
			if a.TS == "" {
				return p.GlobalShortcut(ctx, a.Callback)
			}
			return p.Shortcut(ctx, a.Callback, a.Channel, a.TS)
		}),
		"edit":     emulator.Try(func() error { return p.Edit(a.Channel, a.TS, a.Text) }),
		"delete":   emulator.Try(func() error { return p.Delete(a.Channel, a.TS) }),
		"react":    emulator.Try(func() error { return p.React(a.Channel, a.TS, a.Name) }),
		"unreact":  emulator.Try(func() error { return p.Unreact(a.Channel, a.TS, a.Name) }),
		"home":     emulator.Try(p.OpenHome),
		"join":     emulator.Try(func() error { return p.Join(a.Channel) }),
		"leave":    emulator.Try(func() error { return p.Leave(a.Channel) }),
		"follow":   emulator.Try(func() error { return p.Follow(a.Channel, a.TS, true) }),
		"unfollow": emulator.Try(func() error { return p.Follow(a.Channel, a.TS, false) }),
		"read": emulator.Done(func() {
			if a.TS == "" {
				p.Read(a.Channel)
			} else {
				p.ReadThread(a.Channel, a.TS)
			}
		}),
	}
}
