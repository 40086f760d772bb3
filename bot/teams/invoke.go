package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/wire"
)

// An invoke is a request of Teams whose response the person sees: somebody has clicked a button on a card, opened or
// submitted a dialog, or picked an entry of a menu. This file responds to invokes. What the person wants done is first
// stored as a fact (one thing that happened). The engine, the part of Parley that acts, applies it in the background.
// So the response often says only "Parley is on it."

// nonceLength is the length of nonces in dialogs and responses; see seedLength.
const nonceLength = seedLength

// settleTime is how long a response waits after a click was stored. By then, the engine has usually applied it.
const settleTime = 700 * time.Millisecond

// serveInvoke responds to an invoke. raw has its bytes. If the action can't be stored, the response is an HTTP error,
// and the client retries.
func (d *door) serveInvoke(ctx context.Context, w http.ResponseWriter, a *Activity, raw []byte) {
	people, err := d.identifyPeople(ctx, a)
	if err != nil {
		d.answerUnavailable(w, err)
		return
	}

	in := &invocation{
		door:     d,
		activity: a,
		payload:  Payload{Kind: KindClick, Me: d.Me, Who: people, Body: raw},
		value:    ReadInvoked(a),
	}

	in.user = in.payload.Actor(a)
	answer := map[string]func(context.Context) (any, error){
		InvokeCard:     in.handleButton,
		InvokeFetch:    in.openDialog,
		InvokeSubmit:   in.handleSubmit,
		InvokeCompose:  in.openFromMenu,
		InvokeComposed: in.handleSubmit,
		InvokeQuery:    in.answerSearch,
	}[a.Name]
	if answer == nil { // Teams expects 501 for an invoke that a bot doesn't know
		http.Error(w, "not implemented", http.StatusNotImplemented)
		return
	}

	body, err := answer(ctx)
	if err != nil {
		d.answerUnavailable(w, err)
		return
	}

	d.answerInvoke(w, body)
}

// invocation is one invoke while it is handled. Its methods that return (any, error) return the body of the response,
// to be encoded as JSON; nil for an empty response.
type invocation struct {
	door     *door
	activity *Activity
	payload  Payload // what is stored; its Kind is that of a click until a method sets another one
	value    Invoked
	user     bridge.Actor // who caused the invoke
}

// foreignText is what guests and people of other organisations see.
const foreignText = "Only people of this organisation can do that."

func errForeign() error { return &bridge.Problem{Code: "foreign", Text: foreignText} }

func errStaleForm() error {
	return &bridge.Problem{Code: "stale", Text: "This form is no longer valid.", Hint: "Close it and open it again."}
}

// cardAnswer is the response to a click. kind is the type of value: card.ContentType, or answerMessage for a text.
func cardAnswer(kind string, value any) map[string]any {
	return map[string]any{"statusCode": http.StatusOK, "type": kind, "value": value}
}

const (
	answerMessage = "application/vnd.microsoft.activity.message"
	answerError   = "application/vnd.microsoft.error"
)

func refusalAnswer(code, text string) map[string]any {
	return map[string]any{"statusCode": http.StatusBadRequest, "type": answerError, "value": map[string]any{"code": code, "message": text}}
}

// handleButton handles a click on a button that acts at once, without a dialog. If the button is on the card at the top
// of a thread, the response is the updated card. Otherwise it is a text.
func (in *invocation) handleButton(ctx context.Context) (any, error) {
	f, click := in.payload.ClickFact(in.activity, in.value.Action.Data)
	if click == nil {
		return refusalAnswer("BadRequest", "This button is no longer valid."), in.door.Desk.Accept(ctx, f)
	}
	if in.value.Trigger == "automatic" { // our cards don't ask clients to refresh them
		return refusalAnswer("BadRequest", "This card is brought up to date by Parley."), nil
	}
	if in.user.Kind != bridge.ActorPerson {
		return cardAnswer(answerMessage, foreignText), nil
	}

	at := ClickPlace(in.activity, click)
	inOurThread, err := in.door.Threads.IsOurs(ctx, at)
	if err != nil {
		return nil, err
	}

	in.payload.Own = inOurThread
	isRepetition, err := in.storeClick(ctx, in.value.Action.Data)
	if err != nil {
		return nil, err
	}
	if c, ok := in.currentCard(ctx, at, click.Args); ok {
		return cardAnswer(card.ContentType, c), nil
	}

	isPrivateInChannel := click.Private && IsInChannel(in.activity)
	if isPrivateInChannel && !verb.Of(click.Verb).Reads { // the message is out of date now
		in.door.RunLater(ctx, func(ctx context.Context) {
			in.door.deletePrivateMessage(ctx, PlaceOf(in.activity), in.activity.ReplyToID)
		})
	}

	if isRepetition { // perhaps the person clicked again because nothing seemed to happen
		return cardAnswer(answerMessage,
			"You pressed this a moment ago, and that counts. To do it once more, press it again in half a minute."), nil
	}
	return cardAnswer(answerMessage, "Parley is on it."), nil
}

// storeClick stores a click. isRepetition means that the same click came a moment ago, so this one has no effect.
func (in *invocation) storeClick(ctx context.Context, data json.RawMessage) (isRepetition bool, err error) {
	facts, isRepetition, err := in.door.clickFacts(ctx, in.payload, in.activity, data)
	if err != nil {
		return false, err
	}
	return isRepetition, in.door.Desk.Accept(ctx, facts...)
}

// deletePrivateMessage deletes a message that only one person sees. Errors are only logged.
func (d *door) deletePrivateMessage(ctx context.Context, at bridge.Place, message string) {
	service, err := d.Notes.ServiceOf(ctx, at.Channel)
	if err == nil {
		err = d.Bot.DeleteTargeted(ctx, Conversation{Service: service, ID: ThreadID(at.Channel, at.Thread)}, message)
	}
	if err != nil {
		d.Log.Info("teams private message not taken away", "error", err)
	}
}

// currentCard returns the card at the top of a thread as it is after the click. It returns false if another card was
// clicked, or if the card can't be read at the moment.
func (in *invocation) currentCard(ctx context.Context, at bridge.Place, args bridge.Args) (json.RawMessage, bool) {
	if at.Thread != "" || !IsInChannel(in.activity) {
		return nil, false
	}

	before, err := in.door.Desk.FactsAt(ctx, at, in.user.ID)
	if err != nil || args.Conversation != before.ID {
		return nil, false
	}
	if !wire.For(ctx, settleTime) {
		return nil, false
	}

	f, err := in.door.Desk.FactsAt(ctx, at, in.user.ID)
	if err != nil {
		return nil, false
	}

	pages := card.Render(view.Root(f), in.door.Home(), forms.Digest(in.activity.ID, in.activity.Timestamp)[:nonceLength])
	return pages[0].Card, true
}

func dialogAnswer(d card.Dialog) map[string]any {
	return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
		"title": d.Title, "width": d.Width, "height": d.Height,
		"card": map[string]any{"contentType": card.ContentType, "content": d.Card},
	}}}
}

// pageAnswer opens one of Parley's web pages as a dialog. Clients that can't show it open the link in a browser.
func pageAnswer(title, link string) map[string]any {
	return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
		"title": title, "width": "medium", "height": "medium", "url": link, "fallbackUrl": link,
	}}}
}

func (in *invocation) openDialog(ctx context.Context) (any, error) {
	read, err := card.Read(in.value.Data)
	if err != nil || read.Click == nil {
		stale := &bridge.Problem{Code: "stale", Text: "This button is no longer valid.", Hint: "Use the card at the top of the thread."}
		return dialogAnswer(in.problemDialog(stale, PlaceOf(in.activity))), nil
	}
	return dialogAnswer(in.clickDialog(ctx, read.Click, ClickPlace(in.activity, read.Click))), nil
}

func (in *invocation) clickDialog(ctx context.Context, c *card.Click, at bridge.Place) card.Dialog {
	if in.user.Kind != bridge.ActorPerson {
		return in.problemDialog(errForeign(), at)
	}
	if c.Opens == view.OpensForm {
		return in.verbDialog(ctx, c.Verb, c.Args, at)
	}
	return in.windowDialog(ctx, c.Opens, c.Args, at)
}

// verbDialog makes the dialog with the form of a verb (an action such as "snooze"), or one that says why there is none.
func (in *invocation) verbDialog(ctx context.Context, verb bridge.Verb, args bridge.Args, at bridge.Place) card.Dialog {
	return in.filledDialog(ctx, view.Filled{Verb: verb, Args: args}, at, view.Memory{})
}

// filledDialog makes the dialog of a verb's form with what is filled in already. If there is no form, the dialog says why, and has
// the text. earlier is the memory of the form that this one follows; the zero value if it follows none.
func (in *invocation) filledDialog(ctx context.Context, filled view.Filled, at bridge.Place, earlier view.Memory) card.Dialog {
	f, zone, err := in.door.formMaker().Form(ctx, filled.Verb, filled.Args, at, in.user.ID, filled.Text)
	if err != nil {
		return in.dialogWithTyped(err, at, filled.Text)
	}
	return in.formDialog(ctx, f, zone, at, earlier)
}

// formDialog makes the dialog of a form. If it is the form of a reply, the engine is notified that the user has it open.
func (in *invocation) formDialog(
	ctx context.Context, f view.Form, zone *time.Location, at bridge.Place, earlier view.Memory,
) card.Dialog {
	if f.At.IsZero() {
		f.At = in.door.Now()
	}
	if forms.IsReply(f) { // Teams won't tell us when the form is closed
		if err := in.door.Desk.ReplyOpened(ctx, f.Args.Conversation, in.user.ID, f.At); err != nil {
			in.door.Log.Info("teams form not noted as open", "error", err)
		}
	}
	memory := card.Remember(at, zone, f.At, in.makeNonce())
	memory.Memory = memory.Following(earlier)
	return card.Form(f, memory, in.door.Home())
}

func (in *invocation) windowDialog(ctx context.Context, opens view.Opens, args bridge.Args, at bridge.Place) card.Dialog {
	c, err := in.door.formMaker().Window(ctx, opens, args, at, in.user.ID)
	if err != nil {
		return in.problemDialog(err, at)
	}
	return card.Window(c, at, in.door.Home(), in.makeNonce())
}

// problemDialog makes a dialog that says what is wrong.
func (in *invocation) problemDialog(err error, at bridge.Place) card.Dialog {
	const typed = ""
	return in.dialogWithTyped(err, at, typed)
}

// dialogWithTyped makes a dialog that says what is wrong, and returns what was typed into a form.
func (in *invocation) dialogWithTyped(err error, at bridge.Place, typed string) card.Dialog {
	const nonce = "" // the dialog has no buttons
	return card.Window(view.Problem(err, typed), at, in.door.Home(), nonce)
}

// makeNonce returns the id for buttons in the response. It is the same if a client repeats the invoke.
func (in *invocation) makeNonce() string {
	return forms.Digest(in.activity.ID, in.activity.Timestamp, string(in.activity.Value))[:nonceLength]
}
