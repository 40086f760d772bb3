package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
	"parley/channels/pause"
)

// starter checks a conversation that a user wants to begin. Where a customer can have only one, open is
// the one that they have already; otherwise its ID is 0.
// Errors: *bridge.Problem, with the Field that is wrong.
type starter interface {
	MayStart(ctx context.Context, user string, s bridge.Start) (open bridge.Facts, err error)
}

// responder answers clicks, choices, submitted forms and slash commands.
type responder struct {
	*workspace

	journal   journal
	starter   starter
	directory *directory
	windows   *windows
}

// interact handles an interaction by its kind: a question is answered at once, a form is opened after the
// answer, and an action is stored before the answer.
func (r *responder) interact(ctx context.Context, me *fact.Self, in *interaction, body []byte) (answer, error) {
	switch in.Type {
	case "block_suggestion":
		ctx, cancel := context.WithTimeout(ctx, quickly)
		defer cancel()
		options, err := r.windows.suggest(ctx, in)
		if err != nil {
			r.log.Warn("slack options failed", "error", err)
		}
		return answer{payload: options}, nil
	case "block_actions":
		return r.pressed(ctx, me, in, body)
	case "message_action":
		return r.shortcut(ctx, me, in, body)
	case "view_submission":
		return r.submitted(ctx, me, in, body)
	case "shortcut":
		return r.globalShortcut(ctx, me, in, body)
	case "view_closed":
		r.windows.viewClosed(ctx, in)
		return answer{}, nil
	}
	return answer{}, r.journal.Accept(ctx, fact.Quarantined(body, "unknown interaction "+markdown.Cut(in.Type, 40)))
}

// shortcut handles an entry of a message's menu.
func (r *responder) shortcut(ctx context.Context, me *fact.Self, in *interaction, body []byte) (answer, error) {
	verb, ok := shortcutVerb(in.CallbackID)
	if !ok {
		return answer{}, r.journal.Accept(ctx, fact.Quarantined(body, "unknown shortcut "+markdown.Cut(in.CallbackID, 40)))
	}
	at := in.place()
	if verb == bridge.VerbUndo || verb == bridge.VerbSend {
		return answer{}, r.store(ctx, me, fact.KindInteraction, in.TriggerID, at, body)
	}
	text := ""
	if verb == bridge.VerbNote && in.Message != nil {
		t := in.Message.Typed()
		text = r.directory.naming(ctx, me, body).Named(t.Markdown, t.Tokens)
	}
	return answer{after: func(ctx context.Context) {
		r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
			return r.windows.formModal(ctx, me, verb, bridge.Args{}, at, in.User.ID, text)
		})
	}}, nil
}

// globalShortcut handles an entry of the menu beside the message box. Slack doesn't tell in which channel.
func (r *responder) globalShortcut(ctx context.Context, me *fact.Self, in *interaction, body []byte) (answer, error) {
	if in.CallbackID != startShortcut {
		return answer{}, r.journal.Accept(ctx, fact.Quarantined(body, "unknown shortcut "+markdown.Cut(in.CallbackID, 40)))
	}
	return answer{after: func(ctx context.Context) {
		r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
			return r.windows.formModal(ctx, me, bridge.VerbNew, bridge.Args{}, bridge.Place{}, in.User.ID, "")
		})
	}}, nil
}

// submitted checks a form and stores it before Slack closes it.
func (r *responder) submitted(ctx context.Context, me *fact.Self, in *interaction, body []byte) (answer, error) {
	if in.View == nil || in.View.Callback != "form" {
		return answer{}, nil
	}
	filled, errs := in.View.Submit()
	if len(errs) > 0 {
		return answer{payload: in.View.FormErrors(errs)}, nil
	}
	if filled.Verb == bridge.VerbNew && filled.Args.Recipient != "" {
		if refused := r.mayStart(ctx, me, in, filled); refused != nil {
			return answer{payload: refused}, nil
		}
	}
	if forms.Follows(filled, blockkit.ReadMemory(in.View.Private).Pick) {
		return r.follow(ctx, me, in, filled), nil
	}
	// All windows close, because the one under the form shows the state before the action.
	return answer{payload: map[string]any{"response_action": "clear"}}, r.storeForm(ctx, me, in, body)
}

// mayStart gives the answer that shows in the form why a conversation can't begin. nil means that it may,
// or that the check took too long: then the engine refuses it afterwards.
func (r *responder) mayStart(ctx context.Context, me *fact.Self, in *interaction, f view.Filled) any {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	open, err := r.starter.MayStart(ctx, in.User.ID, bridge.Start{Account: f.Args.Account, Recipient: f.Args.Recipient, Subject: f.Args.Subject, Text: f.Text})
	var p *bridge.Problem
	switch {
	case errors.As(err, &p) && in.View.State.Values[blockkit.FieldID(p.Field)] == nil:
		return map[string]any{"response_action": "update", "view": me.Home.Problem(p, in.place())}
	case errors.As(err, &p):
		return in.View.FormErrors(map[string]string{p.Field: strings.TrimSpace(p.Text + " " + p.Hint)})
	case err != nil:
		r.log.Warn("slack form not checked", "error", err)
	case open.ID != 0:
		return map[string]any{"response_action": "update", "view": me.Home.Window(view.Exists(open, f.Text), in.place())}
	}
	return nil
}

// storeForm stores a filled form under an id made of its values. A form that a client sends twice,
// because it missed the answer, so counts once.
func (r *responder) storeForm(ctx context.Context, me *fact.Self, in *interaction, body []byte) error {
	filled, err := json.Marshal(in.View.State.Values) // by sorted keys
	if err != nil || in.View.ID == "" {
		return r.store(ctx, me, fact.KindInteraction, in.TriggerID, in.place(), body)
	}
	return r.storeAs(ctx, me, fact.KindInteraction, "i:"+in.View.ID+":"+fact.Digest(string(filled)), in.place(), body)
}

// follow puts the verb's own form in place of the one that was submitted. If making the form takes long,
// or the form is too large for an answer, the answer is a waiting view. The form replaces that a little
// later, since Slack may handle our next call before the answer.
func (r *responder) follow(ctx context.Context, me *fact.Self, in *interaction, f view.Filled) answer {
	at := in.place()
	quick, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	m := r.windows.formModal(quick, me, f.Verb, f.Args, at, in.User.ID, f.Text)
	if raw, err := json.Marshal(m); err == nil && len(raw) < answerBytes-1000 && quick.Err() == nil {
		return answer{payload: map[string]any{"response_action": "update", "view": m}}
	}
	return answer{
		payload: map[string]any{"response_action": "update", "view": waiting(me, at)},
		after: func(ctx context.Context) {
			if !pause.For(ctx, 700*time.Millisecond) {
				return
			}
			m := r.windows.formModal(ctx, me, f.Verb, f.Args, at, in.User.ID, f.Text)
			if _, err := r.api.UpdateViewContext(ctx, m, "", "", in.View.ID); err != nil {
				r.windows.notOpened(ctx, in, m, err)
			}
		},
	}
}

// store stores an action with an id made of its trigger, which Slack uses only once.
func (r *responder) store(ctx context.Context, me *fact.Self, kind, trigger string, at bridge.Place, body []byte) error {
	id := "i:" + trigger
	if trigger == "" {
		id = "i:" + fact.Digest(string(body))
	}
	return r.storeAs(ctx, me, kind, id, at, body)
}

func (r *responder) storeAs(ctx context.Context, me *fact.Self, kind, id string, at bridge.Place, body []byte) error {
	f, err := r.directory.naming(ctx, me, body).Fact(kind, id, placeOrder(at), scrub(body))
	if err != nil {
		return err
	}
	return r.journal.Accept(ctx, f)
}

// scrub removes secrets with which a reader of the journal could act in our name. Nobody needs them later.
func scrub(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return body
	}
	for _, secret := range []string{"token", "response_url", "response_urls"} {
		delete(fields, secret)
	}
	clean, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return clean
}
