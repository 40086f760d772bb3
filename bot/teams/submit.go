package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/teams/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/pause"
)

// submit handles what a dialog sends: a filled form, or a click on a button of a window.
func (in *invocation) submit(ctx context.Context) (any, error) {
	if uploaded(in.value.Data) {
		return nil, nil
	}
	read, err := card.Read(in.value.Data)
	switch {
	case err != nil:
		return task(in.problem(&bridge.Problem{Code: "stale", Text: "This form is no longer valid.", Hint: "Close it and open it again."}, fact.PlaceOf(in.a))),
			in.door.desk.Accept(ctx, fact.Quarantined(in.p.Body, "form not readable: "+err.Error()))
	case read.Click != nil:
		return in.clickedIn(ctx, read.Click)
	case in.user.Kind != bridge.ActorPerson:
		return task(in.problem(&bridge.Problem{Code: "foreign", Text: "Only people of this organisation can do that."}, fact.PlaceOf(in.a))), nil
	}
	f := read.Form
	at := f.Memory.Place
	if f.Memory.Files {
		return in.attach(ctx, f), nil
	}
	filled, errs := f.Fill()
	if len(errs) > 0 {
		return task(in.again(ctx, f, errs)), nil
	}
	if filled.Verb == bridge.VerbNew && filled.Args.Recipient != "" {
		if d, refused := in.mayStart(ctx, f, filled); refused {
			return task(d), nil
		}
	}
	if forms.NeedsNextForm(filled, f.Memory.Pick) {
		return task(in.form(ctx, filled.Verb, filled.Args, at, filled.Text)), nil
	}
	if in.p.Own, err = in.door.threads.ours(ctx, at); err != nil {
		return nil, err
	}
	return nil, in.door.desk.Accept(ctx, in.p.FormFact(in.a, f, in.value.Data))
}

// clickedIn handles a button of a window: it opens another window or form, or acts and then shows the
// conversation's details.
func (in *invocation) clickedIn(ctx context.Context, c *card.Click) (any, error) {
	if c.Opens != view.OpensNothing {
		return task(in.dialog(ctx, c, c.Place)), nil
	}
	if in.user.Kind != bridge.ActorPerson {
		return task(in.dialog(ctx, c, c.Place)), nil
	}
	facts, _, err := in.door.clickFacts(ctx, in.p, in.a, in.value.Data)
	if err == nil {
		err = in.door.desk.Accept(ctx, facts...)
	}
	if err != nil {
		return nil, err
	}
	if c.Args.Conversation == 0 || !pause.For(ctx, settles) {
		return nil, nil
	}
	return task(in.window(ctx, view.OpensDetails, c.Args, c.Place)), nil
}

// again shows a form again with its errors, or says why the form can't be made any more.
func (in *invocation) again(ctx context.Context, f *card.Submitted, errs map[string]string) card.Dialog {
	name, args, err := verb.Pressed(f.Memory.Verb, f.Memory.Args)
	if err != nil {
		return in.problem(&bridge.Problem{Code: "stale", Text: "This form is no longer valid.", Hint: "Close it and open it again."}, f.Memory.Place)
	}
	form, _, err := in.door.forms().Form(ctx, name, args, f.Memory.Place, in.user.ID, f.Memory.Text)
	if err != nil {
		return in.problem(err, f.Memory.Place)
	}
	return card.Again(form, *f, errs, in.door.Home())
}

// mayStart gives the dialog that says why a conversation can't begin; false if it may, or if nobody can tell now.
func (in *invocation) mayStart(ctx context.Context, f *card.Submitted, filled view.Filled) (card.Dialog, bool) {
	open, err := in.door.desk.MayStart(ctx, in.user.ID, bridge.Start{Account: filled.Args.Account, Recipient: filled.Args.Recipient, Subject: filled.Args.Subject, Text: filled.Text})
	var p *bridge.Problem
	switch {
	case errors.As(err, &p) && p.Field != "" && f.Values[p.Field] != nil:
		return in.again(ctx, f, map[string]string{p.Field: strings.TrimSpace(p.Text + " " + p.Hint)}), true
	case errors.As(err, &p):
		return in.problem(p, f.Memory.Place), true
	case err != nil: // the engine says so afterwards
		in.door.Log.Warn("teams form not checked", "error", err)
	case open.ID != 0:
		return card.Window(view.Exists(open, filled.Text), f.Memory.Place, in.door.Home(), in.nonce()), true
	}
	return card.Dialog{}, false
}
