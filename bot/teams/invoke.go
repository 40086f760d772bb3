package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/pause"
)

// settles is how long we wait for a click to be applied before the answer shows the new state.
const settles = 700 * time.Millisecond

// serveInvoke answers an invoke of a person's client. An action is stored before the answer; if it can't
// be stored, the answer is an error, so that the client tries again.
func (d *door) serveInvoke(ctx context.Context, w http.ResponseWriter, a *connector.Activity, raw []byte) {
	if a.Conversation == nil {
		http.Error(w, "no conversation", http.StatusBadRequest)
		return
	}
	people, err := d.meet(ctx, a)
	if err != nil {
		d.unavailable(w, err)
		return
	}
	in := &invocation{door: d, a: a, p: fact.Payload{Kind: fact.KindClick, Me: d.Me, Who: people, Body: raw}, value: fact.ReadInvoked(a)}
	in.user = in.p.Actor(a)
	answer := map[string]func(context.Context) (any, error){
		fact.InvokeCard: in.pressed, fact.InvokeFetch: in.fetch, fact.InvokeSubmit: in.submit, fact.InvokeCompose: in.compose, fact.InvokeComposed: in.submit, fact.InvokeQuery: in.query,
		fact.InvokeConfig: in.configure, fact.InvokeConfiged: in.configure, fact.InvokeConsent: nothing,
	}[a.Name]
	if answer == nil { // 501 is what Teams expects for what a bot doesn't know, and Microsoft's own libraries answer
		http.Error(w, "not implemented", http.StatusNotImplemented)
		return
	}
	body, err := answer(ctx)
	if err != nil {
		d.unavailable(w, err)
		return
	}
	d.respond(w, body)
}

func nothing(context.Context) (any, error) { return nil, nil }

// invocation is one invoke that is being answered.
type invocation struct {
	door  *door
	a     *connector.Activity
	p     fact.Payload
	value fact.Invoked
	user  bridge.Actor
}

// cardAnswer is the answer to a click: a card for the person who clicked, or a text.
func cardAnswer(kind string, value any) map[string]any {
	return map[string]any{"statusCode": http.StatusOK, "type": kind, "value": value}
}

const (
	answerMessage = "application/vnd.microsoft.activity.message"
	answerError   = "application/vnd.microsoft.error"
)

func refusal(code, text string) map[string]any {
	return map[string]any{"statusCode": http.StatusBadRequest, "type": answerError, "value": map[string]any{"code": code, "message": text}}
}

// pressed handles a button that acts at once. A click on the root's card is answered with the card as
// it is afterwards; a click on another card is only acknowledged.
func (in *invocation) pressed(ctx context.Context) (any, error) {
	f, click := in.p.ClickFact(in.a, in.value.Action.Data)
	if click == nil {
		return refusal("BadRequest", "This button is no longer valid."), in.door.desk.Accept(ctx, f)
	}
	if in.value.Trigger == "automatic" { // our cards ask for no refresh
		return refusal("BadRequest", "This card is brought up to date by Parley."), nil
	}
	if in.user.Kind != bridge.ActorPerson {
		return cardAnswer(answerMessage, "Only people of this organisation can do that."), nil
	}
	at := fact.ClickPlace(in.a, click)
	own, err := in.door.threads.ours(ctx, at)
	if err != nil {
		return nil, err
	}
	in.p.Own = own
	facts, _, err := in.door.clickFacts(ctx, in.p, in.a, in.value.Action.Data)
	if err == nil {
		err = in.door.desk.Accept(ctx, facts...)
	}
	if err != nil {
		return nil, err
	}
	if c, ok := in.current(ctx, at, click.Args); ok {
		return cardAnswer(card.ContentType, c), nil
	}
	if click.Alone && fact.InChannel(in.a) && !click.Verb.Reads() {
		in.door.Later(ctx, func(ctx context.Context) { in.door.takeAway(ctx, fact.PlaceOf(in.a), in.a.ReplyToID) })
	}
	return cardAnswer(answerMessage, "Parley is on it."), nil
}

// takeAway deletes a private message after one of its buttons was pressed: what it says is out of date
// then.
func (d *door) takeAway(ctx context.Context, at bridge.Place, message string) {
	service, err := d.Notes.WhereIs(ctx, at.Channel)
	if err == nil {
		err = d.Bot.DeleteTargeted(ctx, connector.Conversation{Service: service, ID: connector.ThreadID(at.Channel, at.Thread)}, message)
	}
	if err != nil {
		d.Log.Info("teams private message not taken away", "error", err)
	}
}

// current gives the root's card as it is now, if that card was clicked; false for other cards.
func (in *invocation) current(ctx context.Context, at bridge.Place, args bridge.Args) (json.RawMessage, bool) {
	if at.Thread != "" || !fact.InChannel(in.a) {
		return nil, false
	}
	before, err := in.door.desk.FactsAt(ctx, at, in.user.ID)
	if err != nil || args.Conversation != before.ID {
		return nil, false
	}
	if !pause.For(ctx, settles) {
		return nil, false
	}
	f, err := in.door.desk.FactsAt(ctx, at, in.user.ID)
	if err != nil {
		return nil, false
	}
	pages := card.Render(view.Root(f), in.door.Home(), fact.Digest(in.a.ID, in.a.Timestamp)[:12])
	return pages[0].Card, true
}

// task wraps a dialog.
func task(d card.Dialog) map[string]any {
	return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
		"title": d.Title, "width": d.Width, "height": d.Height,
		"card": map[string]any{"contentType": card.ContentType, "content": d.Card},
	}}}
}

// webPage wraps a page of ours as a dialog. Where a client can't show it, the link opens it.
func webPage(title, link string) map[string]any {
	return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
		"title": title, "width": "medium", "height": "medium", "url": link, "fallbackUrl": link,
	}}}
}

// fetch opens the dialog of a button.
func (in *invocation) fetch(ctx context.Context) (any, error) {
	read, err := card.Read(in.value.Data)
	if err != nil || read.Click == nil {
		return task(card.Problem(&bridge.Problem{Code: "stale", Text: "This button is no longer valid.", Hint: "Use the card at the top of the thread."}, fact.PlaceOf(in.a), in.door.Home())), nil
	}
	return task(in.dialog(ctx, read.Click, fact.ClickPlace(in.a, read.Click))), nil
}

// dialog makes what a click opens.
func (in *invocation) dialog(ctx context.Context, c *card.Click, at bridge.Place) card.Dialog {
	if in.user.Kind != bridge.ActorPerson {
		return card.Problem(&bridge.Problem{Code: "foreign", Text: "Only people of this organisation can do that."}, at, in.door.Home())
	}
	if c.Opens == view.OpensForm {
		return in.form(ctx, c.Verb, c.Args, at, "")
	}
	return in.window(ctx, c.Opens, c.Args, at)
}

// form makes a verb's dialog, or says why there is none.
func (in *invocation) form(ctx context.Context, verb bridge.Verb, args bridge.Args, at bridge.Place, text string) card.Dialog {
	f, zone, err := in.door.forms().Form(ctx, verb, args, at, in.user.ID, text)
	if err != nil {
		return in.problem(err, at)
	}
	return in.opened(ctx, f, zone, at)
}

// opened shows a form that was made for a place.
func (in *invocation) opened(ctx context.Context, f view.Form, zone *time.Location, at bridge.Place) card.Dialog {
	if f.At.IsZero() {
		f.At = in.door.Now()
	}
	if forms.IsReply(f) { // Teams doesn't tell when it is closed
		if err := in.door.desk.ReplyOpened(ctx, f.Args.Conversation, in.user.ID, f.At); err != nil {
			in.door.Log.Info("teams form not noted as open", "error", err)
		}
	}
	return card.Form(f, card.Remember(at, zone, f.At, in.nonce()), in.door.Home())
}

func (in *invocation) window(ctx context.Context, opens view.Opens, args bridge.Args, at bridge.Place) card.Dialog {
	c, err := in.door.forms().Window(ctx, opens, args, at, in.user.ID)
	if err != nil {
		return in.problem(err, at)
	}
	return card.Window(c, at, in.door.Home(), in.nonce())
}

func (in *invocation) problem(err error, at bridge.Place) card.Dialog {
	return card.Problem(err, at, in.door.Home())
}

// nonce names what this invocation shows. A client that repeats the invoke gets the same nonce.
func (in *invocation) nonce() string {
	return fact.Digest(in.a.ID, in.a.Timestamp, string(in.a.Value))[:12]
}

// configure answers a person who opens the app's settings in a team: Parley is configured elsewhere.
func (in *invocation) configure(context.Context) (any, error) {
	const text = "Parley is configured in its set-up file: an admin changes the file and runs parley apply."
	return map[string]any{"responseType": "config", "config": map[string]any{"type": "message", "value": text}}, nil
}
